//! Fields that come with the program: days of the archive, and a world that it makes.

use std::path::Path;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use stormlens_data::card::FieldStatement;
use stormlens_data::field::FieldError;
use stormlens_data::files::read_file;
use stormlens_data::hash::sha256;
use stormlens_data::probability::Found;
use stormlens_data::probability::iberia::{self, GAUGES, Iberia, NOTICE};
use stormlens_data::probability::synthetic::{SyntheticOptions, SyntheticWorld};

use super::{Credit, Gauge, Loaded, SYNTHETIC};
use crate::tasks::rain_probability::ground::Ground;

const MAX_FILE_BYTES: u64 = 64 << 20;

/// The days of the archive, with the hash of its files.
pub struct Days {
    pub iberia: Iberia,
    credit: Credit,
}

impl Days {
    /// # Errors
    /// In words, for files that cannot be read.
    pub fn open(folder: &Path) -> Result<Self, String> {
        let iberia = Iberia::open(folder).map_err(|error| error.to_string())?;
        let mut files = Vec::new();
        let mut hashes = String::new();
        for path in Iberia::files(folder) {
            let bytes = read_file(&path, MAX_FILE_BYTES).map_err(|error| error.to_string())?;
            hashes += &sha256(&bytes);
            files.push(path.file_name().unwrap_or_default().to_string_lossy().into_owned());
        }
        let credit = Credit {
            source: NOTICE.to_owned(),
            licence: "free of restrictions".to_owned(),
            files,
            sha256: sha256(hashes.as_bytes()),
        };
        Ok(Self { iberia, credit })
    }

    pub fn load(&self, day: usize, statement: &FieldStatement) -> Loaded {
        let (rain, model) = (self.iberia.gauge_rain(day), self.iberia.model_rain(day));
        let gauge = |(i, gauge): (usize, &iberia::Gauge)| Gauge {
            name: gauge.name,
            latitude: gauge.latitude,
            longitude: gauge.longitude,
            observed_mm: rain[i],
            model_mm: model[i],
        };
        let values = self.iberia.values(day, statement);
        let found = |map: &[f32]| match map.iter().filter(|value| value.is_nan()).count() {
            n if n == map.len() => {
                Found::Hidden { why: "the archive has none of this day".to_owned() }
            }
            n_missing => present(&self.credit.source, n_missing, statement),
        };
        let n_nodes = statement.size[0] * statement.size[1];
        Loaded {
            found: values.chunks_exact(n_nodes).map(found).collect(),
            values,
            is_normalised: false,
            gauges: GAUGES.iter().enumerate().map(gauge).collect(),
            world: None,
            masked: None,
            is_only_one: false,
            end: end_of(self.iberia.days()[day]),
            left_out: Vec::new(),
            credit: self.credit.clone(),
        }
    }
}

/// Midnight behind a day, UTC.
fn end_of(day: Date) -> Option<Timestamp> {
    let next = day.tomorrow().ok()?;
    Some(next.to_zoned(TimeZone::UTC).ok()?.timestamp())
}

/// The synthetic world, and which of its days an id means.
pub fn synthetic(id: &str) -> Option<(SyntheticWorld, usize)> {
    let name = id.strip_prefix(SYNTHETIC)?;
    let world = SyntheticWorld::new(SyntheticOptions::default());
    let sample = world.find(name)?;
    Some((world, sample))
}

/// A day of the synthetic world, with its truth.
///
/// # Errors
/// For weights of anything else.
pub fn of_world(
    world: &SyntheticWorld,
    sample: usize,
    statement: &FieldStatement,
) -> Result<Loaded, FieldError> {
    if statement.variables != world.statement().variables || !statement.synthetic {
        let what = "these weights are not of the synthetic world: choose other fields".to_owned();
        return Err(FieldError::Domains { what });
    }
    let truth = statement.thresholds_mm.iter().flat_map(|&mm| world.truth(sample, mm));
    let truth: Vec<f32> = truth.map(|p| p as f32).collect();
    let values = world.values(sample);
    let bytes: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
    let source = "a synthetic world, made by this program".to_owned();
    Ok(Loaded {
        is_normalised: false,
        found: statement.variables.iter().map(|_| present(&source, 0, statement)).collect(),
        gauges: Vec::new(),
        world: Some((world.rain(sample), truth)),
        masked: None,
        is_only_one: false,
        end: None,
        left_out: Vec::new(),
        credit: Credit {
            sha256: sha256(&bytes),
            licence: "MIT OR Apache-2.0".to_owned(),
            files: Vec::new(),
            source,
        },
        values,
    })
}

/// A variable that is there on the grid of the weights, in their unit.
fn present(source: &str, n_missing: usize, statement: &FieldStatement) -> Found {
    let [rows, columns] = statement.size;
    Found::Present {
        source: source.to_owned(),
        unit: String::new(),
        grid: format!("{rows} × {columns} nodes, {}", Ground(statement).words()),
        spacing_deg: statement.spacing_deg(),
        n_missing,
    }
}
