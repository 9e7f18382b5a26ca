//! Samples to begin with.

use std::collections::BTreeMap;
use std::sync::Arc;

use stormlens_data::card::ModelCard;

use crate::catalog::Catalog;
use crate::tasks::nowcast::samples::{SampleEntry, Samples};
use crate::tasks::nowcast::split::Memberships;

/// One row of cards on a wide page.
const N_SUGGESTIONS: usize = 6;
/// Share of the area with rain or clouds from which on there is something to see.
const WET_SHARE: f64 = 0.05;

/// A few samples that can be verified and that some weights are for, of as many events as there are and
/// spread evenly over the time of each, latest first: wet ones that no network has seen where there are enough of them,
/// and the wettest where each event gives one.
pub fn suggestions<'a>(samples: &'a Samples, catalog: &Catalog) -> Vec<&'a SampleEntry> {
    let of = |model: &Arc<ModelCard>| catalog.checkpoints(model.id).cloned().collect::<Vec<_>>();
    let weights: Vec<_> = catalog.models().iter().flat_map(of).collect();
    let fields: Vec<_> =
        weights.iter().filter_map(|w| Some(w.nowcasting.as_ref()?.field)).collect();
    let can_be_asked =
        |s: &&SampleEntry| s.observed && (fields.is_empty() || fields.contains(&s.field));
    let mut found: Vec<_> = samples.list().iter().filter(can_be_asked).collect();
    let memberships = Memberships::new(samples, catalog);
    retain_if_enough(&mut found, |sample| !memberships.worst(sample).is_seen());
    let listed = |s: &SampleEntry| samples.listed_share(s).unwrap_or(0.0);
    retain_if_enough(&mut found, |s| listed(s) >= WET_SHARE);
    let mut events: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for sample in found.into_iter().rev() {
        let event = sample.event.as_ref().map(|event| &event.id);
        events.entry((sample.archive(), event)).or_default().push(sample);
    }
    let share = N_SUGGESTIONS.div_ceil(events.len().max(1));
    let spread = |of: Vec<&'a SampleEntry>| {
        if share == 1 {
            let wettest = of.into_iter().max_by(|a, b| listed(a).total_cmp(&listed(b)));
            return wettest.into_iter().collect();
        }
        let step = (of.len() / share).max(1);
        of.into_iter().step_by(step).take(share).collect::<Vec<_>>()
    };
    // The first of each event, then the second of each.
    let mut chosen: Vec<_> =
        events.into_values().flat_map(|of| spread(of).into_iter().enumerate()).collect();
    chosen.sort_by_key(|(round, sample)| (*round, std::cmp::Reverse(sample.time)));
    let mut chosen: Vec<_> = chosen.into_iter().map(|found| found.1).take(N_SUGGESTIONS).collect();
    chosen.sort_by_key(|sample| std::cmp::Reverse(sample.time));
    chosen
}

/// Keeps what is wanted, where a start page can be filled with that.
fn retain_if_enough(samples: &mut Vec<&SampleEntry>, is_wanted: impl Fn(&SampleEntry) -> bool) {
    if samples.iter().filter(|sample| is_wanted(sample)).count() >= N_SUGGESTIONS {
        samples.retain(|sample| is_wanted(sample));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tasks::tests::{catalog, data};

    #[test]
    fn suggestions_can_be_verified_and_are_few() {
        let samples = Samples::open(&data()).expect("the repository has samples");
        let catalog = catalog();
        let suggested = suggestions(&samples, &catalog);
        assert_eq!(suggested.len(), N_SUGGESTIONS);
        assert!(suggested.iter().all(|sample| sample.observed));
        assert!(suggested.is_sorted_by(|a, b| a.time > b.time));
    }

    /// Where no weights say what they have seen, samples are of as many events as there are.
    #[test]
    fn suggestions_are_of_different_events_and_wet() {
        let samples = Samples::open(&data()).expect("the repository has samples");
        let catalog = Catalog::new(crate::catalog::CardBox::default(), Vec::new());
        let suggested = suggestions(&samples, &catalog);
        let mut events: Vec<_> = suggested.iter().map(|s| (s.archive(), &s.event)).collect();
        events.sort();
        events.dedup();
        assert_eq!(events.len(), N_SUGGESTIONS, "{events:?}");
        let is_wet = |s: &&SampleEntry| samples.listed_share(s).expect("listed") >= WET_SHARE;
        assert!(suggested.iter().all(is_wet));
    }
}
