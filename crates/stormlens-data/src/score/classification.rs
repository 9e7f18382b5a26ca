//! Scores of a classifier that says with which probability a case is positive.

use serde::{Deserialize, Serialize};

use super::list::ratio;

/// Numbers of cases. A case is predicted positive where its probability is above one half, which is
/// the more probable of two classes; one half itself is predicted negative.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Confusion {
    pub true_positives: u64,
    pub false_positives: u64,
    pub false_negatives: u64,
    pub true_negatives: u64,
}

/// Cases and what was said of them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Classification {
    /// Probability of being positive, and whether the case is.
    cases: Vec<(f64, bool)>,
}

/// Scores of a classifier; a score without a denominator is `None`, never zero.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct ClassificationScores {
    pub n_cases: u64,
    #[serde(flatten)]
    pub confusion: Confusion,
    /// TP / (TP + FP).
    pub precision: Option<f64>,
    /// TP / (TP + FN).
    pub recall: Option<f64>,
    /// Harmonic mean of precision and recall: 2 TP / (2 TP + FP + FN).
    pub f1: Option<f64>,
    /// (TP + TN) / all.
    pub accuracy: Option<f64>,
    /// Mean of (probability − outcome)², where an outcome is 0 or 1 (Brier 1950).
    pub brier: Option<f64>,
    /// Area under the ROC curve: how often a positive case has a higher probability than a negative
    /// one, ties counting half (Hanley and McNeil 1982).
    pub roc_auc: Option<f64>,
    /// Area under the curve of precision over recall as a sum of steps: the mean of the precision at
    /// each positive case.
    pub average_precision: Option<f64>,
}

/// Whether a case of this probability is predicted positive.
pub fn is_predicted_positive(probability: f64) -> bool {
    probability > 0.5
}

impl Confusion {
    /// Counts one case.
    pub fn add(&mut self, probability: f64, is_positive: bool) {
        *match (is_predicted_positive(probability), is_positive) {
            (true, true) => &mut self.true_positives,
            (true, false) => &mut self.false_positives,
            (false, true) => &mut self.false_negatives,
            (false, false) => &mut self.true_negatives,
        } += 1;
    }

    pub fn n_cases(&self) -> u64 {
        self.true_positives + self.false_positives + self.false_negatives + self.true_negatives
    }

    /// TP / (TP + FP).
    pub fn precision(&self) -> Option<f64> {
        share(self.true_positives, self.true_positives + self.false_positives)
    }

    /// TP / (TP + FN).
    pub fn recall(&self) -> Option<f64> {
        share(self.true_positives, self.true_positives + self.false_negatives)
    }

    /// 2 TP / (2 TP + FP + FN).
    pub fn f1(&self) -> Option<f64> {
        let twice = 2 * self.true_positives;
        share(twice, twice + self.false_positives + self.false_negatives)
    }

    /// (TP + TN) / all.
    pub fn accuracy(&self) -> Option<f64> {
        share(self.true_positives + self.true_negatives, self.n_cases())
    }
}

impl Classification {
    /// Counts one case.
    pub fn add(&mut self, probability: f64, is_positive: bool) {
        self.cases.push((probability, is_positive));
    }

    pub fn finish(&self) -> ClassificationScores {
        let mut confusion = Confusion::default();
        self.cases.iter().for_each(|&(p, is_positive)| confusion.add(p, is_positive));
        ClassificationScores {
            n_cases: confusion.n_cases(),
            confusion,
            precision: confusion.precision(),
            recall: confusion.recall(),
            f1: confusion.f1(),
            accuracy: confusion.accuracy(),
            brier: self.brier(),
            roc_auc: self.roc_auc(),
            average_precision: self.average_precision(),
        }
    }

    fn brier(&self) -> Option<f64> {
        let square =
            |&(p, is_positive): &(f64, bool)| (p - f64::from(u8::from(is_positive))).powi(2);
        ratio(self.cases.iter().map(square).sum(), self.cases.len() as f64)
    }

    fn roc_auc(&self) -> Option<f64> {
        let (mut n_positive, mut n_negative, mut pairs) = (0.0, 0.0, 0.0);
        for (positive, negative) in self.ties() {
            // A negative case loses to every positive one above it and halves with its equals.
            pairs += negative * (n_positive + positive / 2.0);
            n_positive += positive;
            n_negative += negative;
        }
        ratio(pairs, n_positive * n_negative)
    }

    fn average_precision(&self) -> Option<f64> {
        let (mut n_positive, mut n_above, mut sum) = (0.0, 0.0, 0.0);
        for (positive, negative) in self.ties() {
            n_positive += positive;
            n_above += positive + negative;
            sum += positive * n_positive / n_above;
        }
        ratio(sum, n_positive)
    }

    /// How many positive and negative cases there are of each probability, the highest first.
    fn ties(&self) -> Vec<(f64, f64)> {
        let mut cases = self.cases.clone();
        cases.sort_by(|a, b| b.0.total_cmp(&a.0));
        let count = |cases: &[(f64, bool)]| {
            let n_positive = cases.iter().filter(|case| case.1).count();
            (n_positive as f64, (cases.len() - n_positive) as f64)
        };
        cases.chunk_by(|a, b| a.0 == b.0).map(count).collect()
    }
}

fn share(part: u64, whole: u64) -> Option<f64> {
    ratio(part as f64, whole as f64)
}

#[cfg(test)]
mod tests;
