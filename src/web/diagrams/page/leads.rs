//! Scores by lead time, as a table.

use stormlens_data::score::probability::{LeadScores, ProbabilityScore, ProbabilityVerification};

use super::cell;
use crate::web::format;

/// Scores by lead time that a table has room for; the file has all.
const LEAD_SCORES: [&str; 6] =
    ["brier", "brier_skill", "miscalibration", "discrimination", "roc_area", "csi"];

/// Scores of a forecast by lead time.
pub struct LeadTable {
    pub forecast: String,
    /// Label and meaning.
    pub columns: Vec<(&'static str, &'static str)>,
    /// Lead time, cases, base rate, and a value for each column.
    pub rows: Vec<(String, String, String, Vec<String>)>,
}

impl LeadTable {
    /// `None` where no case has a lead time.
    pub fn of(of: &ProbabilityVerification) -> Option<Self> {
        let columns = || LEAD_SCORES.into_iter().filter_map(ProbabilityScore::find);
        let row = |lead: &LeadScores| {
            (
                format!("{} h", format::number(lead.lead_h)),
                format::count(lead.n_cases),
                format::percent(lead.base_rate),
                columns().map(|score| cell(lead.scores.get(score.name))).collect(),
            )
        };
        (!of.by_lead.is_empty()).then(|| Self {
            forecast: of.forecast.clone(),
            columns: columns().map(|score| (score.label, score.meaning)).collect(),
            rows: of.by_lead.iter().map(row).collect(),
        })
    }
}
