//! What a classifier is worth on a held-out set, as the page of its model shows it.

use std::path::Path;

use serde::Deserialize;
use stormlens_data::files::read_text;

use crate::web::format;

/// Scores for a template.
#[derive(Debug, PartialEq, Eq)]
pub struct ClassScores {
    pub split: String,
    pub n_cases: String,
    /// True positives, false positives, false negatives, true negatives.
    pub confusion: [String; 4],
    /// Name, what it is, and the value; a dash where it is undefined.
    pub rows: Vec<(&'static str, &'static str, String)>,
}

/// The `evaluation.json` of `stormlens evaluate`, as far as it is shown.
#[derive(Deserialize)]
struct Evaluation {
    split: String,
    scores: Scores,
}

#[derive(Deserialize)]
struct Scores {
    n_cases: usize,
    true_positives: usize,
    false_positives: usize,
    false_negatives: usize,
    true_negatives: usize,
    precision: Option<f64>,
    recall: Option<f64>,
    f1: Option<f64>,
    accuracy: Option<f64>,
    brier: Option<f64>,
    roc_auc: Option<f64>,
    average_precision: Option<f64>,
}

impl ClassScores {
    /// Reads the file beside a checkpoint; `None` where there is none or it holds something else.
    pub fn read(file: &Path) -> Option<Self> {
        Self::parse(&read_text(file).ok()?)
    }

    fn parse(text: &str) -> Option<Self> {
        let Evaluation { split, scores } = serde_json::from_str(text).ok()?;
        let counts = [
            scores.true_positives,
            scores.false_positives,
            scores.false_negatives,
            scores.true_negatives,
        ];
        let n_cases = format::count(scores.n_cases);
        Some(Self { split, n_cases, confusion: counts.map(format::count), rows: rows(&scores) })
    }
}

fn rows(scores: &Scores) -> Vec<(&'static str, &'static str, String)> {
    let rows = [
        ("F1", "Harmonic mean of precision and recall; best 1", scores.f1),
        ("Precision", "True positives / all called positive; best 1", scores.precision),
        ("Recall", "True positives / all that are positive; best 1", scores.recall),
        ("Accuracy", "Called right / all; best 1", scores.accuracy),
        ("ROC AUC", "A positive is more probable than a negative; best 1", scores.roc_auc),
        (
            "Average precision",
            "Mean of the precision at each positive; best 1",
            scores.average_precision,
        ),
        ("Brier score", "Mean squared error of the probability; best 0", scores.brier),
    ];
    let text = |score: Option<f64>| score.map_or_else(|| "–".to_owned(), format::number);
    rows.into_iter().map(|(name, what, score)| (name, what, text(score))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const EVALUATION: &str = r#"{"model": "polar-low", "split": "test", "scores": {"n_cases": 1240,
        "true_positives": 610, "false_positives": 20, "false_negatives": 10, "true_negatives": 600,
        "precision": 0.9683, "recall": 0.9839, "f1": 0.976, "accuracy": 0.9758, "brier": 0.02,
        "roc_auc": 0.99, "average_precision": null}, "scenes": []}"#;

    #[test]
    fn an_evaluation_of_scenes_is_read() {
        let scores = ClassScores::parse(EVALUATION).expect("it is one");
        assert_eq!((scores.split.as_str(), scores.n_cases.as_str()), ("test", "1,240"));
        assert_eq!(scores.confusion, ["610", "20", "10", "600"]);
        assert_eq!(scores.rows[0].2, "0.976");
        assert_eq!(scores.rows[5].2, "–");
    }

    #[test]
    fn another_file_is_none() {
        for text in ["", "{}", r#"{"rows": []}"#] {
            assert_eq!(ClassScores::parse(text), None, "{text}");
        }
    }
}
