//! From the attribution of every pixel and channel to maps that people can look at.
//!
//! [`Visualiser`] is the post-processing of integrated gradients that Grahn and Bianchi (2022,
//! <https://arxiv.org/abs/2203.16401>) publish their figures with: one sign, the mean of the channels,
//! a range of colours that ends at a share of the attribution's mass, and specks removed on request.
//! [`outline`] draws the border of the regions that hold most of it. [`signed_sum`] keeps both signs,
//! which is what adds up to the output.
//!
//! All functions look at the centre crop alone. The attribution around it is exactly zero, since the
//! network does not see it, and the published program works on the whole picture; what it does at
//! the border of the crop is done here too.

mod morphology;
mod outline;

use crate::choice::choice;

pub use outline::{Outline, Ranking, outline};

#[cfg(test)]
mod tests;

choice! {
    /// Which sign of an attribution is shown.
    Polarity("polarity") {
        /// What speaks for the class.
        #[default]
        Positive = "positive",
        /// What speaks against it.
        Negative = "negative",
    }
}

/// How one sign of an attribution becomes a map from 0 to 1.
///
/// `above` and `below` are shares of the attribution's mass in percent, not of its pixels: with 99
/// and 0, as published, the map is 1 where the largest 1 % of the mass lies, and nothing is left out.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Visualiser {
    pub polarity: Polarity,
    /// Percent of the mass below the value that becomes 1.
    pub above: f64,
    /// Percent of the mass below the value that becomes 0.
    pub below: f64,
    /// Whether specks and gaps smaller than 3 × 3 pixels are removed: a grey closing, then a grey
    /// opening.
    pub cleanup: bool,
}

impl Default for Visualiser {
    /// As published: the positive sign, everything up to the largest 1 % of the mass.
    fn default() -> Self {
        Self { polarity: Polarity::Positive, above: 99.0, below: 0.0, cleanup: false }
    }
}

/// The values that become 0 and 1, in units of the channels' mean.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Thresholds {
    pub low: f32,
    pub high: f32,
}

impl Visualiser {
    /// The map of an attribution `[3 × side_px × side_px]`, channel by channel: `[side_px × side_px]`
    /// values from 0 to 1. All zero where nothing of this sign is there, and where `above` and
    /// `below` leave no range between them.
    ///
    /// # Panics
    /// For an attribution of another size.
    pub fn map(&self, attribution: &[f32], side_px: usize) -> Vec<f32> {
        self.map_of(self.mean(attribution, side_px), side_px)
    }

    /// The same from the values of [`Self::mean`].
    pub fn map_of(&self, mut values: Vec<f32>, side_px: usize) -> Vec<f32> {
        match self.thresholds(&values) {
            Some(range) => values.iter_mut().for_each(|value| *value = range.share(*value)),
            None => values.fill(0.0),
        }
        if self.cleanup { morphology::clean(&values, side_px) } else { values }
    }

    /// The size of this sign, clipped to 1, channel by channel, then averaged over the channels:
    /// `[side_px × side_px]`.
    ///
    /// The published program clips before it averages, so that a channel that speaks for the class
    /// is not weighed against another one that speaks against it.
    ///
    /// # Panics
    /// For an attribution of another size.
    pub fn mean(&self, attribution: &[f32], side_px: usize) -> Vec<f32> {
        let sign = match self.polarity {
            Polarity::Positive => 1.0,
            Polarity::Negative => -1.0,
        };
        // The maximum with 0 is 0 where a value is no number.
        let size = |value: f32| (sign * value).max(0.0).clamp(0.0, 1.0);
        over_channels(attribution, side_px, |[r, g, b]| (size(r) + size(g) + size(b)) / 3.0)
    }

    /// The ends of the range; `None` where there is none. `values` are those of [`Self::mean`].
    pub fn thresholds(&self, values: &[f32]) -> Option<Thresholds> {
        let mass = Mass::of(values)?;
        let (low, high) = (mass.value_at(100.0 - self.below), mass.value_at(100.0 - self.above));
        (low < high).then_some(Thresholds { low, high })
    }
}

impl Thresholds {
    /// How far a value is on the way from the low to the high end, 0 to 1.
    pub fn share(&self, value: f32) -> f32 {
        ((value - self.low) / (self.high - self.low)).clamp(0.0, 1.0)
    }
}

/// Positive values from the largest, and their sum.
struct Mass {
    descending: Vec<f32>,
    sum: f64,
}

impl Mass {
    fn of(values: &[f32]) -> Option<Self> {
        let positive = values.iter().filter(|value| **value > 0.0);
        // The bits of positive floats have the order of the floats, and integers sort faster.
        let mut bits: Vec<u32> = positive.map(|value| value.to_bits()).collect();
        bits.sort_unstable();
        let descending: Vec<f32> = bits.into_iter().rev().map(f32::from_bits).collect();
        let sum = descending.iter().map(|&value| f64::from(value)).sum();
        (!descending.is_empty()).then_some(Self { descending, sum })
    }

    /// The first value at which the largest ones hold `percent` of the mass; with 100 the smallest
    /// of all, which is the zero around the crop.
    fn value_at(&self, percent: f64) -> f32 {
        if percent >= 100.0 {
            return 0.0;
        }
        let mut cumulative = 0.0;
        let reached = self.descending.iter().find(|value| {
            cumulative += f64::from(**value);
            100.0 * cumulative / self.sum >= percent
        });
        reached.copied().unwrap_or(0.0)
    }
}

/// The sum over the channels of an attribution `[3 × side_px × side_px]`, with its sign:
/// `[side_px × side_px]` in units of the output.
///
/// # Panics
/// For an attribution of another size.
pub fn signed_sum(attribution: &[f32], side_px: usize) -> Vec<f32> {
    over_channels(attribution, side_px, |[r, g, b]| r + g + b)
}

fn over_channels(attribution: &[f32], side_px: usize, merge: impl Fn([f32; 3]) -> f32) -> Vec<f32> {
    let n_pixels = side_px * side_px;
    assert_eq!(
        attribution.len(),
        3 * n_pixels,
        "an attribution has three channels of {side_px} px"
    );
    let (red, rest) = attribution.split_at(n_pixels);
    let (green, blue) = rest.split_at(n_pixels);
    red.iter().zip(green).zip(blue).map(|((&r, &g), &b)| merge([r, g, b])).collect()
}
