//! What weights have seen of fields: by the years of the archive, the seasons of the synthetic world, or the time of a file.

use jiff::SignedDuration;
use jiff::tz::TimeZone;
use stormlens_data::card::{Blocks, CheckpointCard, Part};
use stormlens_data::probability::iberia;

use super::samples::{Samples, parse, synthetic};
use crate::catalog::Catalog;

/// Of fields that can be asked about, by their id.
pub fn part(samples: &Samples, id: &str, checkpoint: &CheckpointCard) -> Part {
    let Some(blocks) = checkpoint.split.as_ref().and_then(|split| split.blocks.as_ref()) else {
        return Part::Unknown;
    };
    if let Some((world, sample)) = synthetic(id) {
        return match blocks {
            Blocks::Synthetic(options) if options == world.options() => world.part(sample),
            Blocks::Synthetic(_) => Part::Unused,
            _ => Part::Unknown,
        };
    }
    if let Some((iberia, day)) = samples.iberia().zip(samples.day(id)) {
        return blocks.part_of_day(iberia.days()[day]);
    }
    // The time of a file is where its interval ends: that of a day is already the next day.
    let day = || {
        let (_, end) = parse(id)?;
        let statement = &checkpoint.fields.as_ref()?.fields;
        let hours = statement.hours.max(statement.mean_hours.unwrap_or(0));
        let start = end.checked_sub(SignedDuration::from_hours(i64::from(hours))).ok()?;
        Some(start.to_zoned(TimeZone::UTC).date())
    };
    // A file may hold what was trained on, or another model's fields of the same time.
    match day().map(iberia::part) {
        Some(None | Some(Part::Test)) if *blocks == Blocks::Iberia => Part::Unused,
        _ => Part::Unknown,
    }
}

/// What all weights that can look at fields have seen of them, each by its name: `Test sample (iberia-narrow)`.
pub fn in_words(samples: &Samples, id: &str, catalog: &Catalog) -> String {
    let weights = catalog.models().iter().flat_map(|model| catalog.checkpoints(model.id));
    let suits = |card: &&std::sync::Arc<CheckpointCard>| {
        let fields = card.fields.as_ref().filter(|fields| fields.n_classes.is_some());
        fields.is_some_and(|fields| samples.suits(id, fields))
    };
    let words = weights
        .filter(suits)
        .map(|card| format!("{} ({})", part(samples, id, card).label(), card.name));
    words.collect::<Vec<_>>().join("; ")
}
