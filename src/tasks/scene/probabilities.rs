//! How good the probability of a polar low is, over scenes of one place and another.

use std::collections::BTreeMap;

use stormlens_data::scene::{Label, footprint};
use stormlens_data::score::probability::{
    CaseError, Cases, Labels, ProbabilityVerification, Settings,
};

use super::evaluate::Verdict;

/// Of the network alone. Scenes of one footprint share an event id, as they share a block of the split: they show
/// the same part of the Earth. A scene whose name tells no footprint stands for itself.
pub fn probabilities(
    verdicts: &[Verdict],
    is_simulated: bool,
) -> Result<Vec<ProbabilityVerification>, CaseError> {
    let place = |verdict: &Verdict| {
        let name = verdict.file.rsplit(['/', '\\']).next().unwrap_or(&verdict.file);
        footprint(name).unwrap_or_else(|| verdict.file.clone())
    };
    let places: Vec<String> = verdicts.iter().map(place).collect();
    let ids: BTreeMap<&String, u64> = places.iter().map(|place| (place, 0)).collect();
    let ids: BTreeMap<&String, u64> = ids.into_keys().zip(0..).collect();
    let events: Vec<u64> = places.iter().map(|place| ids[place]).collect();
    let said: Vec<f64> = verdicts.iter().map(|verdict| verdict.probability).collect();
    let is_positive = |verdict: &Verdict| Some(verdict.label == Label::Positive.name());
    let cases = Cases::new(&said, &verdicts.iter().map(is_positive).collect::<Vec<_>>(), &events)?;
    let labels = Labels {
        forecast: "network",
        event: "a polar low",
        cases: if is_simulated { "simulated scenes" } else { "scenes" },
        drawn: "footprints",
    };
    Ok(ProbabilityVerification::of(&labels, &cases, &Settings::default()).into_iter().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(file: &str, label: Label, probability: f64) -> Verdict {
        Verdict { file: file.into(), label: label.name(), probability, predicted: "" }
    }

    #[test]
    fn scenes_of_one_footprint_are_drawn_together() {
        let day =
            |day: u32| format!("test/pos/cffe42_201910{day}T084028_201910{day}T084212_mos_rgb.png");
        let verdicts = [
            verdict(&day(12), Label::Positive, 0.9),
            verdict(&day(24), Label::Negative, 0.2),
            verdict("test/neg/other.png", Label::Negative, 0.1),
            verdict("test/neg/another.png", Label::Negative, f64::NAN),
        ];
        let found = probabilities(&verdicts, true).expect("cases").remove(0);
        assert_eq!((found.n_cases, found.n_events, found.n_missing), (3, 2, 1));
        assert_eq!((found.cases.as_str(), found.base_rate), ("simulated scenes", 1.0 / 3.0));
        assert_eq!(found.score("roc_area"), Some(1.0));
        assert!(probabilities(&[], false).expect("none").is_empty());
    }
}
