//! The options of a run that learns to refine rain.

use std::path::PathBuf;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use stormlens_data::card::RainStatement;
use stormlens_data::downscale::{Domain, Geometry, Registration, Split};
use stormlens_data::field::number;

use crate::train::config::{Monitor, Recipe, TrainConfig};
use crate::train::limits::{check_range, check_rate, exactly_if_given};
use crate::train::optimiser::OptimiserOptions;
use crate::train::schedule::{EarlyStopping, ReduceOnPlateau};

/// A run that learns from coarse and fine rain of the same tiles.
pub type TileConfig = TrainConfig<TileData, TileTraining, TileAugmentation>;

/// Where rain and terrain come from, and how both are divided.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TileData {
    /// Hourly rain in NetCDF, or GRIB with sums from which hours can be made.
    pub rain: PathBuf,
    /// Name of the rain in that file.
    #[serde(default = "tp")]
    pub variable: String,
    /// Hours of which each field of the rain is the sum, where its times have no bounds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub each_hours: Option<u32>,
    /// A file with one field of heights in metres.
    pub terrain: PathBuf,
    /// Tiles are cut from its south-western corner on, as published.
    pub domain: Domain,
    /// Length of the sums, as published.
    #[serde(default = "three")]
    pub hours: u32,
    /// Where coarse rain is placed on the fine nodes.
    #[serde(default)]
    pub registration: Registration,
    /// Rain of each tile is multiplied so that its wettest coarse node has so much, mm, and what the network says is divided
    /// by the same; without it, as published, rain is as it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wettest_mm: Option<f64>,
    /// Tiles up to this longitude train and validate, tiles from it on test.
    pub split_longitude: f64,
    /// The last end of a sum that trains.
    pub training_until: Timestamp,
    /// The last end of a sum that validates; what comes later tests.
    pub validation_until: Timestamp,
    /// One sentence for the checkpoint's metadata.
    pub description: String,
    pub licence: String,
}

fn tp() -> String {
    "tp".into()
}

fn three() -> u32 {
    3
}

impl TileData {
    pub fn split(&self) -> Split {
        Split {
            longitude: self.split_longitude,
            training_until: self.training_until,
            validation_until: self.validation_until,
            interval_s: i64::from(self.hours) * 3600,
        }
    }

    fn check(&self) -> Result<(), String> {
        let all = [("hours", self.hours), ("each_hours", self.each_hours.unwrap_or(1))];
        if let Some((name, hours)) =
            all.into_iter().find(|(_, hours)| !RainStatement::HOURS.contains(hours))
        {
            let (least, most) = RainStatement::HOURS.into_inner();
            return Err(format!("{name} is {hours}; it is a whole number from {least} to {most}"));
        }
        if let Some(mm) = self.wettest_mm {
            RainStatement::check_wettest_mm(mm, self.hours)
                .map_err(|why| format!("wettest_mm is {}; {why}", number(mm)))?;
        }
        self.check_places()?;
        match self.training_until < self.validation_until {
            true => Ok(()),
            false => Err(format!(
                "training_until ({}) is not before validation_until ({})",
                self.training_until, self.validation_until
            )),
        }
    }
}

impl TileData {
    fn check_places(&self) -> Result<(), String> {
        let Domain { south, north, west, east } = self.domain;
        for (low, of_low, high, of_high) in
            [(south, "south", north, "north"), (west, "west", east, "east")]
        {
            if !(low < high && (-360.0..=360.0).contains(&low) && high <= 540.0) {
                return Err(format!(
                    "domain: {of_low} is {} and {of_high} is {}; give degrees, the smaller number as {of_low}",
                    number(low),
                    number(high)
                ));
            }
        }
        match self.split_longitude > west && self.split_longitude <= east {
            true => Ok(()),
            // Places that test would train, or none would be left to train.
            false => Err(format!(
                "split_longitude is {}; give degrees east above {} and up to {}, within the domain: tiles from it on are for \
                 tests",
                number(self.split_longitude),
                number(west),
                number(east)
            )),
        }
    }
}

/// What a wrong answer costs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TileLoss {
    /// As published: half the square of errors below 1, their size minus a half above, in the network's unit. It rewards
    /// the median of rain more than its mean where errors are large.
    #[default]
    SmoothL1,
    /// The square of the error in millimetres, multiplied as `wettest_mm` says, whose best answer is the mean.
    SquaredMm,
}

/// Optimiser, batches and averages; defaults as published for version 4, but for the epochs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TileTraining {
    pub batch_size: usize,
    /// Adam, betas 0.9 and 0.999, epsilon 10⁻⁸.
    pub learning_rate: f64,
    pub max_epochs: usize,
    /// Epochs without improvement before the learning rate falls to a third; without it, it stays.
    pub lr_patience: Option<usize>,
    /// Epochs without improvement before training ends; without it, all are run.
    pub stop_patience: Option<usize>,
    pub loss: TileLoss,
    /// So many of the best epochs are averaged at most, and are the members of an ensemble.
    pub max_average: usize,
    /// Weights to begin with; their network and unit are kept.
    pub start_from: Option<PathBuf>,
    /// Only these tiles train and validate, by their ids; empty: all.
    pub tiles: Vec<usize>,
}

impl Default for TileTraining {
    fn default() -> Self {
        Self {
            batch_size: 64,
            learning_rate: 1e-4,
            max_epochs: 10,
            lr_patience: None,
            stop_patience: None,
            loss: TileLoss::SmoothL1,
            max_average: 4,
            start_from: None,
            tiles: Vec::new(),
        }
    }
}

/// By which steps tiles are moved.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Shift {
    /// Not at all, as published.
    #[default]
    None,
    /// To any coarse node: coarse nodes stay where the grid of a global model has them.
    Coarse,
    /// To any fine node: coarse nodes lie between those of the grid.
    Fine,
}

impl Shift {
    /// Degrees; `None` where nothing moves.
    pub(super) fn step_deg(self, geometry: &Geometry) -> Option<f64> {
        match self {
            Self::None => None,
            Self::Coarse => Some(geometry.coarse_deg),
            Self::Fine => Some(geometry.fine_deg),
        }
    }
}

/// What may be done to a tile before it trains; nothing by default, as published.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TileAugmentation {
    /// Anywhere within the tiles that train, at the same time.
    pub shift: Shift,
    /// Seen in a mirror, from north to south and from west to east, with its terrain.
    pub mirror: bool,
    /// Coarse and fine nodes lie nearer to each other by one factor between these two, at most 1: a smaller piece of the same
    /// rain and its terrain, which is smoother from node to node. Rain of other places may be smoother than that of the
    /// training.
    #[serde(deserialize_with = "exactly_if_given", skip_serializing_if = "Option::is_none")]
    pub zoom: Option<[f64; 2]>,
    /// Coarse and fine rain are multiplied by one factor between these two, so that heavier rain than that of the
    /// training is known, too: a network that normalises its layers does not go beyond what it has seen.
    #[serde(deserialize_with = "exactly_if_given", skip_serializing_if = "Option::is_none")]
    pub rain_factor: Option<[f64; 2]>,
}

/// Below a tenth a whole tile lies between six nodes of rain every 0.04°, and the network would learn interpolation.
const ZOOM: [f64; 2] = [0.1, 1.0];
/// A hundred times as much as a shower is above the record of a gauge.
const RAIN_FACTOR: [f64; 2] = [0.01, 100.0];

impl TileAugmentation {
    fn check(&self) -> Result<(), String> {
        let both = [("zoom", self.zoom, ZOOM), ("rain_factor", self.rain_factor, RAIN_FACTOR)];
        both.into_iter().try_for_each(|(name, range, limits)| {
            range.map_or(Ok(()), |range| check_range(name, range, limits))
        })
    }
}

impl TileConfig {
    /// What the loop needs to know.
    pub fn recipe(&self) -> Recipe {
        let options = &self.training;
        // How long to train and what to average does not decide what is learnt until then.
        let deciding = TileTraining { max_epochs: 0, max_average: 0, ..options.clone() };
        let never = usize::MAX;
        let patience = options.lr_patience.unwrap_or(never);
        Recipe {
            output: self.output.clone(),
            seed: self.seed,
            max_epochs: options.max_epochs,
            optimiser: OptimiserOptions::adam().into(),
            rates: Vec::new(),
            schedule: ReduceOnPlateau::by_third(options.learning_rate, patience).into(),
            stopping: EarlyStopping::new(options.stop_patience.unwrap_or(never)),
            monitor: Monitor::Validation,
            keeps_epochs: true,
            fingerprint: self.fingerprint(deciding),
        }
    }

    /// Checks all that is known before rain is read.
    ///
    /// # Errors
    /// Which option makes no sense, in words.
    pub fn check(&self) -> Result<(), String> {
        let TileTraining { batch_size, max_epochs, max_average, learning_rate, .. } = self.training;
        let of_at_least_one =
            [("batch_size", batch_size), ("max_epochs", max_epochs), ("max_average", max_average)];
        if let Some((name, _)) = of_at_least_one.iter().find(|(_, n)| *n == 0) {
            return Err(format!("{name} is 0; it is at least 1"));
        }
        check_rate("learning_rate", learning_rate)?;
        self.augmentation.check()?;
        self.data.check()?;
        if self.data.wettest_mm.is_some() && self.augmentation.rain_factor.is_some() {
            return Err("wettest_mm multiplies the rain of each tile, and so does rain_factor; leave one out".into());
        }
        if !self.training.tiles.is_empty() && self.augmentation.shift != Shift::None {
            return Err("tiles names the only places that train, and shift moves them anywhere; leave one out".into());
        }
        Ok(())
    }
}
