//! Scores of the probabilities of ensembles, for people and in the table.

use std::collections::BTreeMap;

use stormlens_data::score::probability::{
    PROBABILITY_SCORES, ProbabilityScore, ProbabilityVerification, ScoreValue,
};

/// Of each ensemble and threshold, the scores that a line has room for.
pub fn said(probabilities: &[ProbabilityVerification]) -> String {
    let score = |of: &ProbabilityVerification, name: &str| super::number(of.score(name));
    let line = |of: &ProbabilityVerification| {
        let scores = ["brier", "brier_skill", "roc_area"].map(|name| score(of, name));
        let [brier, skill, area] = scores;
        format!("\n{}, {}: Brier {brier}, skill {skill}, ROC area {area}", of.event, of.forecast)
    };
    probabilities.iter().map(line).collect()
}

/// The same as rows of the table, all scores: of all cases, and of each lead time.
pub fn lines(probabilities: &[ProbabilityVerification]) -> String {
    let of = |of: &ProbabilityVerification| {
        let by_lead = of.by_lead.iter().map(|lead| {
            let place = format!("{}, lead time {} h", of.event, lead.lead_h);
            score_lines(&of.forecast, &place, &lead.scores)
        });
        score_lines(&of.forecast, &of.event, &of.scores) + &by_lead.collect::<String>()
    };
    probabilities.iter().map(of).collect()
}

fn score_lines(forecast: &str, place: &str, scores: &BTreeMap<String, ScoreValue>) -> String {
    let text = |value: Option<f64>| value.map_or_else(String::new, |value| value.to_string());
    let line = |score: &ProbabilityScore| {
        let found = scores.get(score.name)?;
        let [value, low, high] = [found.value, found.low, found.high].map(text);
        Some(format!("\"{forecast}\",{},,\"{place}\",{value},{low},{high}\n", score.name))
    };
    PROBABILITY_SCORES.iter().filter_map(line).collect()
}
