//! Cases by lead time.

use super::{CaseError, Cases, Common, places};

impl Cases {
    /// The same cases with their lead times: hours from the start of the model's run to the valid time, one for each
    /// case that was given, those that are left out too. `None`: there is no run, as in an analysis.
    ///
    /// # Errors
    /// If their number differs, or one is below 0 or no number.
    pub fn with_leads(mut self, leads_h: &[Option<f64>]) -> Result<Self, CaseError> {
        let n_cases = self.common.given.len() + self.common.n_missing;
        if leads_h.len() != n_cases {
            return Err(CaseError::Leads { n_leads: leads_h.len(), n_cases });
        }
        check_leads(leads_h.iter().copied())?;
        self.common.leads_h = self.common.given.iter().map(|&place| leads_h[place]).collect();
        Ok(self)
    }

    /// Lead times that cases have, hours, each once, ascending.
    pub fn leads_h(&self) -> Vec<f64> {
        let mut leads: Vec<f64> = self.common.leads_h.iter().copied().flatten().collect();
        leads.sort_unstable_by(f64::total_cmp);
        leads.dedup();
        leads
    }

    /// The cases of one lead time.
    pub fn of_lead(&self, lead_h: f64) -> Self {
        let common = &self.common;
        let kept: Vec<usize> =
            (0..common.leads_h.len()).filter(|&i| common.leads_h[i] == Some(lead_h)).collect();
        let ids = places(kept.iter().map(|&i| common.events[i] as u64));
        Self {
            probabilities: kept.iter().map(|&i| self.probabilities[i]).collect(),
            common: Common {
                occurred: kept.iter().map(|&i| common.occurred[i]).collect(),
                weights: kept.iter().map(|&i| common.weights[i]).collect(),
                repeats: kept.iter().map(|&i| common.repeats[i]).collect(),
                events: kept.iter().map(|&i| ids[&(common.events[i] as u64)]).collect(),
                n_events: ids.len(),
                n_missing: 0,
                leads_h: vec![Some(lead_h); kept.len()],
                given: (0..kept.len()).collect(),
            },
        }
    }
}

pub(super) fn check_leads(leads_h: impl Iterator<Item = Option<f64>>) -> Result<(), CaseError> {
    for (index, lead_h) in leads_h.enumerate() {
        if let Some(lead_h) = lead_h.filter(|hours| !(hours.is_finite() && *hours >= 0.0)) {
            return Err(CaseError::Lead { index, lead_h });
        }
    }
    Ok(())
}
