//! Where fields stand beside rain that was measured, or made: what weights are calibrated and verified on.

use std::path::Path;

use anyhow::{Context as _, bail};
use stormlens_data::card::{FieldStatement, Part};
use stormlens_data::probability::iberia::{self, GAUGES, Iberia};
use stormlens_data::probability::synthetic::{SyntheticOptions, SyntheticWorld};

use super::samples::is_of;

/// The name that stands for the synthetic world where a folder would.
pub const SYNTHETIC: &str = "synthetic";
/// Days in a row share weather: they are drawn again together.
const DAYS_TOGETHER: usize = 7;
/// Of a synthetic map every so many pixels are verified, along rows and columns: neighbours share their weather. All of
/// them calibrate, where the more there are the better, and nothing is tested.
const EVERY: usize = 4;

/// Fields with rain.
pub enum World {
    Iberia(Box<Iberia>),
    Synthetic(Box<SyntheticWorld>),
}

/// A place at a time.
#[derive(Clone, Debug, PartialEq)]
pub struct Case {
    /// Which sample it is of.
    pub sample: usize,
    /// The pixel of the network's map.
    pub node: usize,
    /// What shares weather.
    pub event: u64,
    /// Measured, mm; `NaN` where nothing was.
    pub observed_mm: f32,
    /// What the model itself says, mm.
    pub raw_mm: f32,
    /// Which gauge it is, for rivals that know gauges.
    pub place: usize,
    /// The true probability of each event, where somebody knows it.
    pub truth: Option<Vec<f64>>,
}

impl World {
    /// # Errors
    /// For a folder that cannot be read, or is of other fields than the weights.
    pub fn open(dataset: &Path, statement: &FieldStatement) -> anyhow::Result<Self> {
        if dataset == Path::new(SYNTHETIC) {
            let world = SyntheticWorld::new(SyntheticOptions::default());
            // Another seed makes another truth; normalisation tells worlds apart.
            let known = &world.statement().variables;
            if !statement.synthetic || !statement.variables.iter().all(|v| known.contains(v)) {
                bail!("these weights are not of the synthetic world that this program verifies on");
            }
            return Ok(Self::Synthetic(Box::new(world)));
        }
        let iberia = Iberia::open(dataset).with_context(|| dataset.display().to_string())?;
        if !is_of(statement) {
            bail!("these weights are of other fields than {} holds", dataset.display());
        }
        Ok(Self::Iberia(Box::new(iberia)))
    }

    /// Samples of a block.
    pub fn samples(&self, part: Part) -> Vec<usize> {
        match self {
            Self::Iberia(iberia) => iberia.days_of(part),
            Self::Synthetic(world) => world.samples_of(part),
        }
    }

    /// The network's input, normalised.
    pub fn input(&self, sample: usize, statement: &FieldStatement) -> Vec<f32> {
        match self {
            Self::Iberia(iberia) => iberia.input(sample, statement),
            Self::Synthetic(world) => of_names(world, &world.input(sample), statement),
        }
    }

    /// The places of a sample that count in its block.
    pub fn cases(&self, sample: usize, part: Part, statement: &FieldStatement) -> Vec<Case> {
        match self {
            Self::Iberia(iberia) => of_gauges(iberia, sample, statement),
            Self::Synthetic(world) => {
                let every = if part == Part::Validation { 1 } else { EVERY };
                of_pixels(world, sample, every, statement)
            }
        }
    }

    /// What a case is, and what is drawn again together, in the plural.
    pub fn words(&self) -> [&'static str; 2] {
        match self {
            Self::Iberia(_) => ["gauges and days", "weeks"],
            Self::Synthetic(_) => ["pixels and days", "weather situations"],
        }
    }
}

/// The channels that a statement names, and zeros in those that fill the last group up.
fn of_names(world: &SyntheticWorld, all: &[f32], statement: &FieldStatement) -> Vec<f32> {
    let n = statement.size[0] * statement.size[1];
    let channel = |name: &str| world.statement().channel(name).map(|c| &all[c * n..(c + 1) * n]);
    let mut chosen: Vec<f32> = statement
        .variables
        .iter()
        .flat_map(|variable| channel(&variable.name).unwrap_or_default())
        .copied()
        .collect();
    chosen.resize(statement.n_channels() * n, 0.0);
    chosen
}

fn of_gauges(iberia: &Iberia, day: usize, statement: &FieldStatement) -> Vec<Case> {
    let (rain, model) = (iberia.gauge_rain(day), iberia.model_rain(day));
    let case = |(i, gauge): (usize, &iberia::Gauge)| {
        let [row, column] = gauge.node(statement)?;
        Some(Case {
            sample: day,
            node: row * statement.size[1] + column,
            event: (day / DAYS_TOGETHER) as u64,
            observed_mm: rain[i],
            raw_mm: model[i],
            place: i,
            truth: None,
        })
    };
    GAUGES.iter().enumerate().filter_map(case).collect()
}

fn of_pixels(
    world: &SyntheticWorld,
    sample: usize,
    every: usize,
    statement: &FieldStatement,
) -> Vec<Case> {
    let (rain, raw) = (world.rain(sample), world.raw_rain(sample));
    let truth: Vec<Vec<f64>> =
        statement.thresholds_mm.iter().map(|&mm| world.truth(sample, mm)).collect();
    let [height, width] = statement.size;
    let along = |n: usize| (every / 2..n).step_by(every);
    let nodes = along(height).flat_map(|row| along(width).map(move |column| row * width + column));
    nodes
        .map(|node| Case {
            sample,
            node,
            event: world.event(sample),
            observed_mm: rain[node],
            raw_mm: raw[node],
            place: 0,
            truth: Some(truth.iter().map(|map| map[node]).collect()),
        })
        .collect()
}
