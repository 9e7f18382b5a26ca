//! Probabilities that an ensemble gives: the share of its members at or above a threshold, pixel by pixel.

use std::collections::BTreeMap;

use super::{CaseCount, CaseError, Cases};

/// Counts of pixels by event id, threshold and number of members at or above it. However many maps are added, what is
/// kept is 16 bytes × event ids × lead times × thresholds × (members + 1).
#[derive(Clone, Debug, PartialEq)]
pub struct ExceedanceCounts {
    n_members: usize,
    thresholds: Vec<f64>,
    /// By event id and lead time; at threshold × (members + 1) + members above: pixels where the event occurred, and did not.
    by_event: BTreeMap<(u64, Option<u32>), Vec<[u64; 2]>>,
    n_missing: usize,
}

impl ExceedanceCounts {
    /// Of an ensemble of so many members; thresholds in the unit of the maps.
    ///
    /// # Panics
    /// Without members.
    pub fn new(n_members: usize, thresholds: &[f64]) -> Self {
        assert!(n_members > 0, "an ensemble has members");
        let thresholds = thresholds.to_vec();
        Self { n_members, thresholds, by_event: BTreeMap::new(), n_missing: 0 }
    }

    /// Adds maps of all members and of the observation, `[pixels]` each, with the minutes from the start of the model's
    /// run to the valid time, where there is a run. A pixel without an observation or without
    /// one of the members is counted as missing, and nothing else.
    ///
    /// # Panics
    /// For another number of members, and maps of different sizes.
    pub fn add(
        &mut self,
        (event, lead_min): (u64, Option<u32>),
        members: &[&[f32]],
        observation: &[f32],
    ) {
        assert_eq!(members.len(), self.n_members, "all members");
        assert!(members.iter().all(|map| map.len() == observation.len()), "equally large maps");
        let width = self.n_members + 1;
        let none = || vec![[0; 2]; width * self.thresholds.len()];
        let counts = self.by_event.entry((event, lead_min)).or_insert_with(none);
        for (i, &observed) in observation.iter().enumerate() {
            if observed.is_nan() || members.iter().any(|map| map[i].is_nan()) {
                self.n_missing += 1;
                continue;
            }
            for (t, &threshold) in self.thresholds.iter().enumerate() {
                let is_at_least = |mm: f32| f64::from(mm) >= threshold;
                let n = members.iter().filter(|map| is_at_least(map[i])).count();
                counts[t * width + n][usize::from(!is_at_least(observed))] += 1;
            }
        }
    }

    /// Of the event *at least the threshold*, by its place: every pixel is a case.
    ///
    /// # Errors
    /// As [`Cases::counted`].
    ///
    /// # Panics
    /// If there is no such threshold.
    pub fn cases(&self, threshold: usize) -> Result<Cases, CaseError> {
        assert!(threshold < self.thresholds.len(), "one of the thresholds");
        let width = self.n_members + 1;
        type Kept<'a> = (&'a (u64, Option<u32>), &'a Vec<[u64; 2]>);
        let of_event = |(&(event, lead_min), counts): Kept<'_>| {
            let counts = &counts[threshold * width..][..width];
            let count = |(n, &[n_occurred, n_quiet]): (usize, &[u64; 2])| CaseCount {
                event,
                lead_h: lead_min.map(|minutes| f64::from(minutes) / 60.0),
                probability: n as f64 / self.n_members as f64,
                n_occurred,
                n_quiet,
            };
            counts.iter().enumerate().map(count).collect::<Vec<_>>()
        };
        let counts: Vec<CaseCount> = self.by_event.iter().flat_map(of_event).collect();
        Cases::counted(&counts, self.n_missing)
    }
}
