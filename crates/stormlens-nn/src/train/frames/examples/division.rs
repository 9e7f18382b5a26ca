//! Which block a sample of an archive is in.

use std::collections::BTreeSet;

use jiff::Timestamp;
use stormlens_data::card::Nowcasting;
use stormlens_data::dataset::DatasetError;

use super::archive::{Frames, event, target_times};
use crate::train::frames::options::DataConfig;
use crate::train::supervision::Block;

/// How samples are divided: never so that what validates or tests was trained on.
pub(super) enum Division {
    /// By the times of the targets: a sample whose targets lie in two blocks is in neither.
    Times { train_until: Timestamp, validate_until: Timestamp },
    /// By the names of events: a sample whose frames are of several events is in no block.
    Events { train: BTreeSet<String>, validation: BTreeSet<String>, test: BTreeSet<String> },
}

impl Division {
    /// The events that the options name, if they do.
    ///
    /// # Errors
    /// For an event in two blocks.
    pub fn by_events(config: &DataConfig) -> Result<Option<Self>, DatasetError> {
        let lists = [&config.train_events, &config.validation_events, &config.test_events];
        let [train, validation, test] =
            lists.map(|names| names.iter().cloned().collect::<BTreeSet<String>>());
        let twice = train.intersection(&validation).chain(test.intersection(&train));
        if let Some(name) = twice.chain(test.intersection(&validation)).next() {
            return Err(DatasetError::Options(format!(
                "the event {name:?} is in two blocks; [data] may name it in one only"
            )));
        }
        let any = lists.iter().any(|names| !names.is_empty());
        Ok(any.then_some(Self::Events { train, validation, test }))
    }

    /// The block of a sample by the time of its last input frame.
    pub fn block(&self, frames: &dyn Frames, task: &Nowcasting, last: Timestamp) -> Option<Block> {
        match self {
            Self::Times { train_until, validate_until } => {
                let block = |target: Timestamp| match target {
                    t if t <= *train_until => Block::Train,
                    t if t <= *validate_until => Block::Validation,
                    _ => Block::Test,
                };
                let mut blocks = target_times(task, last).into_iter().map(block);
                let first = blocks.next()?;
                blocks.all(|other| other == first).then_some(first)
            }
            Self::Events { train, validation, test } => {
                let event = event(frames, task, last)?;
                let blocks =
                    [(train, Block::Train), (validation, Block::Validation), (test, Block::Test)];
                blocks.into_iter().find(|(names, _)| names.contains(&event)).map(|(_, block)| block)
            }
        }
    }

    /// Refuses names of events that no sample has.
    ///
    /// # Errors
    /// Names those that there are.
    pub fn check<F: Frames>(
        &self,
        archives: &[(String, F)],
        task: &Nowcasting,
    ) -> Result<(), DatasetError> {
        let Self::Events { train, validation, test } = self else { return Ok(()) };
        let mut known = BTreeSet::new();
        for (_, archive) in archives {
            known.extend(archive.samples(task).iter().filter_map(|s| event(archive, task, s.time)));
        }
        let mut wanted = train.iter().chain(validation).chain(test);
        let Some(name) = wanted.find(|name| !known.contains(*name)) else { return Ok(()) };
        let known = known.into_iter().collect::<Vec<_>>().join(", ");
        let known = if known.is_empty() { "none".to_owned() } else { known };
        Err(DatasetError::Options(format!(
            "no sample is of the event {name:?}; the archives have samples of these events: {known}"
        )))
    }
}
