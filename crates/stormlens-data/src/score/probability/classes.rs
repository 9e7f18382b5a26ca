//! Probabilities of ordered classes, such as dry, rain and heavy rain.

use serde::{Deserialize, Serialize};

use super::{CaseError, Cases, Contingency};
use crate::score::list::ratio;

/// By how much the probabilities of all classes may miss 1: sums in single precision do so.
const ROUNDING: f64 = 1e-4;

/// Why cases are refused. Cases are counted from 0.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum ClassError {
    #[error(
        "there are {n_values} probabilities for {n_cases} cases of {n_classes} classes and {n_events} event ids"
    )]
    Lengths { n_values: usize, n_cases: usize, n_classes: usize, n_events: usize },
    #[error(
        "the probabilities of case {index} make {sum}: give one from 0 to 1 for each class, together 1"
    )]
    Sum { index: usize, sum: f64 },
    #[error("case {index} is of class {class}, but classes are counted from 0 to {last}")]
    Class { index: usize, class: usize, last: usize },
    #[error(transparent)]
    Case(#[from] CaseError),
}

/// Cases of one forecast of ordered classes. A case with a missing probability, or without a class, is left out and counted.
#[derive(Clone, Debug, PartialEq)]
pub struct ClassCases {
    n_classes: usize,
    /// Case by case, class by class.
    probabilities: Vec<f64>,
    classes: Vec<usize>,
    events: Vec<u64>,
    n_missing: usize,
}

/// Observed classes against most likely ones, numbers of cases.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Matrix {
    /// Row by row, a row an observed class and a column a forecast one.
    pub counts: Vec<Vec<u64>>,
}

impl ClassCases {
    /// `probabilities` are `[cases, classes]`, the lowest class first; `classes` what was observed.
    ///
    /// # Errors
    /// If lengths differ, a case's probabilities do not make 1, or a class is not one of these.
    pub fn new(
        n_classes: usize,
        probabilities: &[f64],
        classes: &[Option<usize>],
        events: &[u64],
    ) -> Result<Self, ClassError> {
        let (n_values, n_cases, n_events) = (probabilities.len(), classes.len(), events.len());
        if n_classes < 2 || n_values != n_cases * n_classes || n_events != n_cases {
            return Err(ClassError::Lengths { n_values, n_cases, n_classes, n_events });
        }
        let mut cases = Self {
            n_classes,
            probabilities: Vec::new(),
            classes: Vec::new(),
            events: Vec::new(),
            n_missing: 0,
        };
        for (index, row) in probabilities.chunks(n_classes).enumerate() {
            cases.add(index, row, classes[index], events[index])?;
        }
        Ok(cases)
    }

    fn add(
        &mut self,
        index: usize,
        row: &[f64],
        class: Option<usize>,
        event: u64,
    ) -> Result<(), ClassError> {
        let last = self.n_classes - 1;
        if let Some(class) = class.filter(|&class| class > last) {
            return Err(ClassError::Class { index, class, last });
        }
        let Some(class) = class.filter(|_| row.iter().all(|p| !p.is_nan())) else {
            self.n_missing += 1;
            return Ok(());
        };
        let sum: f64 = row.iter().sum();
        let is_right = |p: &f64| (-ROUNDING..=1.0 + ROUNDING).contains(p);
        if !row.iter().all(is_right) || (sum - 1.0).abs() > ROUNDING {
            return Err(ClassError::Sum { index, sum });
        }
        self.probabilities.extend_from_slice(row);
        self.classes.push(class);
        self.events.push(event);
        Ok(())
    }

    /// Number of cases that count.
    pub fn len(&self) -> usize {
        self.classes.len()
    }

    pub fn is_empty(&self) -> bool {
        self.classes.is_empty()
    }

    pub fn n_missing(&self) -> usize {
        self.n_missing
    }

    fn rows(&self) -> impl Iterator<Item = (&[f64], usize)> {
        self.probabilities.chunks(self.n_classes).zip(self.classes.iter().copied())
    }

    /// The event *this class or a higher one*.
    ///
    /// # Errors
    /// Never for classes that there are; class 0 is a certain event.
    pub fn exceeding(&self, from_class: usize) -> Result<Cases, CaseError> {
        let at_least = |(row, _): (&[f64], usize)| {
            row[from_class.min(row.len())..].iter().sum::<f64>().clamp(0.0, 1.0)
        };
        let probabilities: Vec<f64> = self.rows().map(at_least).collect();
        let occurred: Vec<_> =
            self.classes.iter().map(|&class| Some(class >= from_class)).collect();
        Cases::new(&probabilities, &occurred, &self.events)
    }

    /// Ranked probability score: the sum over all classes but the lowest of the Brier scores of *this class or a
    /// higher one* (Epstein 1969; not divided by their number). Best 0.
    pub fn rps(&self) -> Option<f64> {
        let sum = self.rows().map(|(row, class)| ranked(row, class)).sum();
        ratio(sum, self.len() as f64)
    }

    /// The RPS of the classes' frequencies in these cases, a climatology that knows them.
    pub fn rps_of_climatology(&self) -> Option<f64> {
        let n = self.len() as f64;
        let share = |class| self.classes.iter().filter(|&&c| c == class).count() as f64 / n;
        let row: Vec<f64> = (0..self.n_classes).map(share).collect();
        ratio(self.classes.iter().map(|&class| ranked(&row, class)).sum(), n)
    }

    /// Skill of the RPS over [`Self::rps_of_climatology`].
    pub fn rps_skill(&self) -> Option<f64> {
        super::skill(self.rps(), self.rps_of_climatology())
    }

    /// Against the most likely class of each case; of equal ones, the lower.
    pub fn matrix(&self) -> Matrix {
        let mut counts = vec![vec![0; self.n_classes]; self.n_classes];
        self.rows().for_each(|(row, class)| counts[class][most_likely(row)] += 1);
        Matrix { counts }
    }
}

impl Matrix {
    /// The event *this class or a higher one*, forecast where the most likely class is one of them.
    pub fn exceeding(&self, from_class: usize) -> Contingency {
        let mut table = Contingency::default();
        for (observed, row) in self.counts.iter().enumerate() {
            for (forecast, &n) in row.iter().enumerate() {
                *match (forecast >= from_class, observed >= from_class) {
                    (true, true) => &mut table.hits,
                    (false, true) => &mut table.misses,
                    (true, false) => &mut table.false_alarms,
                    (false, false) => &mut table.correct_negatives,
                } += n as f64;
            }
        }
        table
    }

    /// Share of the cases whose most likely class was observed.
    pub fn accuracy(&self) -> Option<f64> {
        let right: u64 = self.counts.iter().enumerate().map(|(i, row)| row[i]).sum();
        ratio(right as f64, self.counts.iter().flatten().sum::<u64>() as f64)
    }
}

fn ranked(row: &[f64], class: usize) -> f64 {
    let mut at_least = 0.0;
    let square = |i: usize| {
        at_least += row[i];
        (at_least - f64::from(u8::from(class >= i))).powi(2)
    };
    (1..row.len()).rev().map(square).sum()
}

fn most_likely(row: &[f64]) -> usize {
    (1..row.len()).fold(0, |best, i| if row[i] > row[best] { i } else { best })
}
