//! From rain to what a network should say: hard classes, and probabilistic density labels.
//!
//! Lee, An, You and Cho, WACV 2025 (SSLPDL). The density label of an amount lies linearly between the centres 0, first and
//! second threshold, so that 5 mm/h counts about half as heavy rain: it is no probability of an event.

use serde::{Deserialize, Serialize};

/// Dry, rain, heavy rain.
pub const N_CLASSES: usize = 3;
/// The class of a pixel of which nothing is known.
pub const IGNORED: u8 = u8::MAX;

/// How density labels are rounded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Rounding {
    /// Not at all: the three add up to one.
    #[default]
    Exact,
    /// As the published program does it, to two decimals (half to even) but for the dry part: the three add up to one
    /// within 0.005.
    Published,
}

/// How rain becomes labels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LabelOptions {
    /// Where rain and heavy rain begin, ascending, in the unit of the amounts.
    pub thresholds: [f64; 2],
    /// Share that is spread evenly over the classes (label smoothing), 0 to 1.
    pub alpha: f64,
    pub rounding: Rounding,
}

impl LabelOptions {
    /// Exact labels without smoothing.
    pub fn exact(thresholds: [f64; 2]) -> Self {
        Self { thresholds, alpha: 0.0, rounding: Rounding::Exact }
    }

    /// The class of an amount; `None` for what is no number. Less than no rain is no rain.
    pub fn hard(&self, amount: f32) -> Option<usize> {
        let amount = f64::from(amount);
        let [rain, heavy] = self.thresholds.map(rounded);
        amount.is_finite().then(|| usize::from(amount >= rain) + usize::from(amount >= heavy))
    }

    /// The density label of an amount; `None` for what is no number.
    pub fn density(&self, amount: f32) -> Option<[f64; N_CLASSES]> {
        let amount = f64::from(amount);
        let [rain, heavy] = self.thresholds.map(rounded);
        if !amount.is_finite() {
            return None;
        }
        let between = |from: f64, to: f64| (to - amount) / (to - from);
        let label = if amount <= 0.0 {
            [1.0, 0.0, 0.0]
        } else if amount < rain {
            let dry = between(0.0, rain);
            [dry, self.round(1.0 - dry), 0.0]
        } else if amount < heavy {
            let light = between(rain, heavy);
            [0.0, self.round(light), self.round(1.0 - light)]
        } else {
            [0.0, 0.0, 1.0]
        };
        let even = self.alpha / N_CLASSES as f64;
        Some(label.map(|share| (1.0 - self.alpha) * share + even))
    }

    fn round(&self, share: f64) -> f64 {
        match self.rounding {
            Rounding::Exact => share,
            Rounding::Published => (share * 100.0).round_ties_even() / 100.0,
        }
    }

    /// Labels of a map. Pixels outside of the valid area, and those without a number, are ignored.
    ///
    /// # Panics
    /// If the valid area has another size.
    pub fn labels(&self, amounts: &[f32], valid: Option<&[bool]>) -> Labels {
        if let Some(valid) = valid {
            assert_eq!(valid.len(), amounts.len(), "a valid area of the size of the map");
        }
        let n = amounts.len();
        let mut labels = Labels { hard: vec![IGNORED; n], soft: vec![f32::NAN; N_CLASSES * n] };
        for (i, &amount) in amounts.iter().enumerate() {
            let is_valid = valid.is_none_or(|valid| valid[i]);
            let Some((hard, soft)) = self.hard(amount).zip(self.density(amount)) else { continue };
            if is_valid {
                labels.hard[i] = hard as u8;
                for (class, share) in soft.into_iter().enumerate() {
                    labels.soft[class * n + i] = share as f32;
                }
            }
        }
        labels
    }
}

/// A threshold as amounts of single precision are compared with it: 0.1f32 is rain.
fn rounded(threshold: f64) -> f64 {
    f64::from(threshold as f32)
}

/// What a network should say of a map.
#[derive(Clone, Debug, PartialEq)]
pub struct Labels {
    /// A class a pixel; [`IGNORED`] where nothing is known.
    pub hard: Vec<u8>,
    /// Shares of the classes, `[3 × pixels]`; `NaN` where nothing is known.
    pub soft: Vec<f32>,
}

impl Labels {
    /// Number of pixels of which something is known.
    pub fn n_known(&self) -> usize {
        self.hard.iter().filter(|&&class| class != IGNORED).count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probability::testing::golden_array;

    const THRESHOLDS: [f64; 2] = [0.1, 10.0];

    /// Against the authors' function, with amounts at, between and beyond the thresholds.
    #[test]
    fn the_published_labels_are_met() {
        let (shape, rain) = golden_array("pdl_rain_mm.npy");
        assert_eq!(shape, [8, 8]);
        let (_, classes) = golden_array("pdl_onehot_class.npy");
        for (alpha, file) in [(0.0, "pdl_labels_alpha0.0.npy"), (0.1, "pdl_labels_alpha0.1.npy")] {
            let options =
                LabelOptions { thresholds: THRESHOLDS, alpha, rounding: Rounding::Published };
            let found = options.labels(&rain, None);
            let hard: Vec<f32> = found.hard.iter().map(|&class| f32::from(class)).collect();
            assert_eq!(hard, classes);
            let (shape, expected) = golden_array(file);
            assert_eq!(shape, [3, 8, 8]);
            let mut n_ties = 0;
            for (i, (found, expected)) in found.soft.iter().zip(&expected).enumerate() {
                let error = (found - expected).abs();
                // The authors work in single precision, where a share that is a tie of rounding may fall on the other side.
                let is_tie = (error - 0.01 * (1.0 - alpha as f32)).abs() < 1e-5;
                n_ties += usize::from(is_tie);
                assert!(error < 1e-6 || is_tie, "{file} {i}: {found}, {expected}");
            }
            assert!(n_ties <= 2, "{n_ties} ties of 192");
        }
    }

    #[test]
    fn exact_labels_add_up_to_one_and_are_within_the_rounding_of_the_published() {
        let exact = LabelOptions::exact(THRESHOLDS);
        let published = LabelOptions { rounding: Rounding::Published, ..exact };
        let smoothed = LabelOptions { alpha: 0.3, ..exact };
        for i in -10..3_000 {
            let amount = i as f32 * 0.004;
            let label = exact.density(amount).unwrap();
            for options in [exact, smoothed] {
                let sum: f64 = options.density(amount).unwrap().iter().sum();
                assert!((sum - 1.0).abs() < 1e-12, "{amount}");
            }
            for (a, b) in label.iter().zip(published.density(amount).unwrap()) {
                assert!((a - b).abs() <= 0.005 + 1e-12, "{amount}");
            }
        }
        // 5 mm/h counts half as heavy rain: (10 − 5) / 9.9.
        let [dry, rain, heavy] = exact.density(5.0).unwrap();
        assert!(
            dry == 0.0 && (rain - 0.505_050_5).abs() < 1e-6 && (heavy - 0.494_949_5).abs() < 1e-6
        );
    }

    #[test]
    fn what_is_unknown_is_ignored() {
        let options = LabelOptions::exact(THRESHOLDS);
        let rain = [0.0, f32::NAN, 20.0, f32::INFINITY, 0.1, -1.0];
        let found = options.labels(&rain, Some(&[true, true, false, true, true, true]));
        assert_eq!(found.hard, [0, IGNORED, IGNORED, IGNORED, 1, 0]);
        assert_eq!(found.n_known(), 3);
        assert!(found.soft[1].is_nan() && found.soft[2].is_nan() && found.soft[6 + 3].is_nan());
        assert_eq!(found.soft[6 + 4], 1.0);
    }
}
