//! Cases that were counted as they came, however many they are.

use super::leads::check_leads;
use super::{CaseError, Cases, Common, places};

/// Cases of one event id with the same probability: what the pixels of an ensemble come down to, however many they are.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CaseCount {
    pub event: u64,
    /// Hours from the start of the model's run to the valid time; `None` where there is no run.
    pub lead_h: Option<f64>,
    pub probability: f64,
    /// Cases in which the event occurred.
    pub n_occurred: u64,
    /// Cases in which it did not.
    pub n_quiet: u64,
}

impl CaseCount {
    fn n_cases(&self) -> u64 {
        self.n_occurred + self.n_quiet
    }
}

impl Cases {
    /// Cases that are counted already: a pixel is a case, and those of one event id with the same probability are
    /// one count. Bands and intervals are those of the single cases.
    ///
    /// # Errors
    /// If a probability is missing or not from 0 to 1.
    pub fn counted(counts: &[CaseCount], n_missing: usize) -> Result<Self, CaseError> {
        let wrong = |count: &CaseCount| !(0.0..=1.0).contains(&count.probability);
        if let Some(index) = counts.iter().position(wrong) {
            let probability = counts[index].probability;
            return Err(CaseError::Probability { index, probability });
        }
        check_leads(counts.iter().map(|count| count.lead_h))?;
        let events = counts.iter().filter(|count| count.n_cases() > 0).map(|count| count.event);
        let ids = places(events);
        let mut cases = Self { probabilities: Vec::new(), common: Common::default() };
        cases.common.n_events = ids.len();
        cases.common.n_missing = n_missing;
        for (place, count) in counts.iter().enumerate() {
            for (occurred, n) in [(true, count.n_occurred), (false, count.n_quiet)] {
                if n > 0 {
                    cases.push((place, count), occurred, n, ids[&count.event]);
                }
            }
        }
        Ok(cases)
    }

    fn push(&mut self, (place, of): (usize, &CaseCount), occurred: bool, n: u64, event: usize) {
        self.probabilities.push(of.probability);
        self.common.occurred.push(occurred);
        self.common.weights.push(n as f64);
        self.common.repeats.push(n);
        self.common.events.push(event);
        self.common.leads_h.push(of.lead_h);
        self.common.given.push(place);
    }
}
