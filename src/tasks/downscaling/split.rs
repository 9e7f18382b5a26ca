//! What weights have seen of rain, by the place and the time of the training.

use stormlens_data::card::{CheckpointCard, Part, RainPlace};
use stormlens_data::request::Subject;

use super::fields::{Entry, Fields};
use super::question::rain_of;
use crate::catalog::Catalog;
use crate::tasks::split::Seen;

const ALL_OF_THE_EARTH: [f64; 4] = [-180.0, -90.0, 360.0, 90.0];

/// Of a domain `[west, south, east, north]` of a sum.
pub fn part(entry: &Entry, domain: [f64; 4], checkpoint: &CheckpointCard) -> Part {
    let Some(blocks) = checkpoint.split.as_ref().and_then(|split| split.blocks.as_ref()) else {
        return Part::Unknown;
    };
    let start_s = entry.end.as_second() - entry.hours * 3600;
    blocks.part_of_rain(&RainPlace { domain, start_s, is_sample: entry.is_sample })
}

/// Of what is asked about; numbers that are no field have neither place nor time.
pub fn part_of(fields: &Fields, subject: &Subject, checkpoint: &CheckpointCard) -> Part {
    match (fields.find(rain_of(subject)), subject) {
        (Ok(entry), Subject::Downscaling { domain, .. }) => part(&entry, *domain, checkpoint),
        _ => Part::Unknown,
    }
}

/// What all weights for sums of its length have seen of one.
pub fn seen(entry: &Entry, catalog: &Catalog) -> Seen {
    let domain = entry.domain.unwrap_or(ALL_OF_THE_EARTH);
    let weights = catalog.models().iter().flat_map(|model| catalog.checkpoints(model.id));
    let parts = weights.filter(|card| fits(card, entry)).map(|card| part(entry, domain, card));
    Seen::of(&parts.collect::<Vec<_>>())
}

/// Whether weights are of sums of that length.
pub fn fits(card: &CheckpointCard, entry: &Entry) -> bool {
    card.refining.is_some_and(|own| i64::from(own.rain.hours) == entry.hours)
}
