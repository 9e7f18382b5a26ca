//! Fields and rain of a run.

use std::path::Path;

use stormlens_data::card::{FieldStatement, Part};
use stormlens_data::probability::iberia::{GAUGES, Iberia, part};
use stormlens_data::probability::synthetic::{SyntheticOptions, SyntheticWorld};
use stormlens_data::probability::{ReferenceError, ReferenceFolder};

use super::options::{FieldData, FieldSource};
use crate::train::run::TrainError;
use crate::train::supervision::Block;

/// Everything that trains and validates, and names of what tests.
pub(super) struct Samples {
    pub statement: FieldStatement,
    /// Names, of training, validation and test.
    pub ids: [Vec<String>; 3],
    train: Store,
    validation: Store,
    /// Channels of the source, where some are left out.
    chosen: Vec<usize>,
}

/// Where samples are until they are needed.
enum Store {
    /// Normalised fields and rain in memory.
    Memory(Vec<(Vec<f32>, Vec<f32>)>),
    /// Too large for that.
    Folder(ReferenceFolder),
}

impl Samples {
    /// Reads all but what tests. Rain is looked for where `with_rain` says so.
    ///
    /// # Errors
    /// For data that cannot be read, and options that do not fit them.
    pub fn open(data: &FieldData, with_rain: bool) -> Result<Self, TrainError> {
        let mut samples = match &data.source {
            FieldSource::Iberia { folder } => iberia(folder)?,
            FieldSource::Synthetic { seed, seasons, events, days } => synthetic(SyntheticOptions {
                seed: *seed,
                n_seasons: *seasons,
                n_events: *events,
                n_days: *days,
            }),
            FieldSource::Reference { folder, training, validation } => {
                reference(folder, [training, validation], with_rain)?
            }
        };
        samples.restrict(data).map_err(TrainError::Options)?;
        Ok(samples)
    }

    /// Keeps what the options want of the source.
    fn restrict(&mut self, data: &FieldData) -> Result<(), String> {
        let statement = &mut self.statement;
        if let Some(hours) = data.hours.filter(|&hours| hours != statement.hours) {
            return Err(format!(
                "[data] says sums of {hours} h, and the source has sums of {} h",
                statement.hours
            ));
        }
        if let Some(thresholds) = data.thresholds_mm {
            statement.thresholds_mm = thresholds.to_vec();
        }
        if !data.variables.is_empty() {
            let known: Vec<&str> =
                statement.variables.iter().map(|variable| variable.name.as_str()).collect();
            let place = |name: &String| {
                statement.channel(name).ok_or_else(|| {
                    format!("there is no variable {name:?}; choose one of: {}", known.join(", "))
                })
            };
            self.chosen = data.variables.iter().map(place).collect::<Result<_, _>>()?;
            statement.variables =
                self.chosen.iter().map(|&place| statement.variables[place].clone()).collect();
        }
        statement.check()
    }

    /// Fills the last group of channels up to the depth of a token.
    pub fn pad(&mut self, depth: usize) {
        let n = self.statement.variables.len();
        self.statement.padded_channels = n.next_multiple_of(depth.max(1)) - n;
    }

    pub fn len(&self, block: Block) -> usize {
        self.ids[block as usize].len()
    }

    /// Normalised fields `[channels, rows, columns]` and rain `[rows, columns]` of a sample; no rain where it was not looked
    /// for.
    ///
    /// # Errors
    /// For a file that cannot be read.
    pub fn get(&self, block: Block, number: usize) -> Result<(Vec<f32>, Vec<f32>), TrainError> {
        let store = if block == Block::Train { &self.train } else { &self.validation };
        let (fields, rain) = match store {
            Store::Memory(samples) => samples[number].clone(),
            Store::Folder(folder) => {
                let fields = folder.input(number)?;
                (fields, folder.rain(number)?.unwrap_or_default())
            }
        };
        Ok((self.channels(fields), rain))
    }

    /// The chosen channels, and zeros in those that fill up.
    fn channels(&self, fields: Vec<f32>) -> Vec<f32> {
        let n_nodes = self.statement.size[0] * self.statement.size[1];
        let mut channels = match self.chosen.is_empty() {
            true => fields,
            false => self
                .chosen
                .iter()
                .flat_map(|&c| fields[c * n_nodes..][..n_nodes].to_vec())
                .collect(),
        };
        channels.resize(self.statement.n_channels() * n_nodes, 0.0);
        channels
    }
}

fn iberia(folder: &Path) -> Result<Samples, TrainError> {
    let iberia = Iberia::open(folder)?;
    let statement = iberia.statement();
    let block = |day: usize| match part(iberia.days()[day])? {
        Part::Training => Some(Block::Train),
        Part::Validation => Some(Block::Validation),
        Part::Test => Some(Block::Test),
        Part::Unused | Part::Unknown => None,
    };
    let mut ids: [Vec<String>; 3] = Default::default();
    let mut stores = [Vec::new(), Vec::new()];
    for day in 0..iberia.days().len() {
        let Some(block) = block(day) else { continue };
        ids[block as usize].push(iberia.name(day));
        if let Some(store) = stores.get_mut(block as usize) {
            store.push((iberia.input(day, &statement), gauge_map(&iberia, day, &statement)));
        }
    }
    let [train, validation] = stores.map(Store::Memory);
    Ok(Samples { statement, ids, train, validation, chosen: Vec::new() })
}

/// Rain at the gauges' nodes; nothing is known anywhere else.
fn gauge_map(iberia: &Iberia, day: usize, statement: &FieldStatement) -> Vec<f32> {
    let [rows, columns] = statement.size;
    let mut map = vec![f32::NAN; rows * columns];
    for (gauge, mm) in GAUGES.iter().zip(iberia.gauge_rain(day)) {
        if let Some([row, column]) = gauge.node(statement) {
            map[row * columns + column] = mm;
        }
    }
    map
}

fn synthetic(options: SyntheticOptions) -> Samples {
    let world = SyntheticWorld::new(options);
    let names =
        |part| world.samples_of(part).into_iter().map(|sample| world.name(sample)).collect();
    let store = |part| {
        let sample = |sample: usize| (world.input(sample), world.rain(sample));
        Store::Memory(world.samples_of(part).into_iter().map(sample).collect())
    };
    Samples {
        statement: world.statement().clone(),
        ids: [Part::Training, Part::Validation, Part::Test].map(names),
        train: store(Part::Training),
        validation: store(Part::Validation),
        chosen: Vec::new(),
    }
}

fn reference(folder: &Path, lists: [&String; 2], with_rain: bool) -> Result<Samples, TrainError> {
    let statement = FieldStatement::published();
    let open = |list: &String| ReferenceFolder::open(folder, list, &statement, with_rain);
    let [train, validation] = [open(lists[0])?, open(lists[1])?];
    if let Some(both) = train.times().iter().find(|time| validation.times().contains(time)) {
        let what = format!(
            "{both} is in both lists, {} and {}: a block shares no time with another",
            lists[0], lists[1]
        );
        return Err(TrainError::Options(what));
    }
    by_time(train.times(), validation.times()).map_err(TrainError::Options)?;
    let ids = [train.times().to_vec(), validation.times().to_vec(), Vec::new()];
    Ok(Samples {
        statement,
        ids,
        train: Store::Folder(train),
        validation: Store::Folder(validation),
        chosen: Vec::new(),
    })
}

/// Refuses a split by frame: two lists in order of time that change places again and again share their weather.
fn by_time(training: &[String], validation: &[String]) -> Result<(), String> {
    let mut all: Vec<(&String, bool)> = training.iter().map(|time| (time, true)).collect();
    all.extend(validation.iter().map(|time| (time, false)));
    all.sort();
    let n_changes = all.windows(2).filter(|pair| pair[0].1 != pair[1].1).count();
    // Whole days and longer: a block of validation has some times in a row.
    match n_changes > (validation.len() / 4).max(2) {
        true => Err(format!(
            "the lists of training and validation change places {n_changes} times along {} times: that is a split by frame, \
             whose blocks share their weather; take whole seasons or years for each",
            all.len()
        )),
        false => Ok(()),
    }
}

impl From<ReferenceError> for TrainError {
    fn from(error: ReferenceError) -> Self {
        Self::Options(error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::by_time;

    #[test]
    fn a_split_by_frame_is_refused() {
        let names =
            |days: &[u32]| days.iter().map(|day| format!("202307{day:02}")).collect::<Vec<_>>();
        let check =
            |training: &[u32], validation: &[u32]| by_time(&names(training), &names(validation));
        assert_eq!(check(&[1, 2, 3, 4, 5, 6], &[7, 8, 9, 10]), Ok(()));
        // Blocks in turns.
        assert_eq!(check(&[1, 2, 3, 4, 9, 10], &[5, 6, 7, 8]), Ok(()));
        let error = check(&[1, 3, 5, 7, 9, 11], &[2, 4, 6, 8]).expect_err("every other frame");
        assert!(error.contains("split by frame"), "{error}");
    }
}
