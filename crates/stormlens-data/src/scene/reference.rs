//! What the scenes that a network has learnt from look like, in ranges of a few statistics.

use super::Statistics;

/// Share of the scenes below the low and above the high end of a range.
const TAIL: f64 = 0.005;
/// A range is widened at both ends by this share of its width …
const MARGIN_SHARE: f64 = 0.1;
/// … and by no less than this, so that a feature that never varied does not fail by one pixel.
const MIN_MARGIN: f64 = 0.01;

/// The values of one feature in the training scenes, widened a little.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Range {
    pub low: f64,
    pub high: f64,
}

/// What the training scenes look like; the features are those of [`Statistics`].
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Reference {
    pub no_data_share: Range,
    pub red_equals_green_share: Range,
    pub grey_share: Range,
    pub mean: [Range; 3],
    pub std: [Range; 3],
}

impl Range {
    pub(super) fn contains(&self, value: f64) -> bool {
        (self.low..=self.high).contains(&value)
    }

    /// From the 0.5th to the 99.5th percentile, widened and kept within 0 to 1.
    fn of(mut values: Vec<f64>) -> Self {
        values.sort_by(f64::total_cmp);
        let (low, high) = (quantile(&values, TAIL), quantile(&values, 1.0 - TAIL));
        let margin = (MARGIN_SHARE * (high - low)).max(MIN_MARGIN);
        Self { low: (low - margin).max(0.0), high: (high + margin).min(1.0) }
    }
}

/// Linear between the values around the place; the values are sorted, and there is one at least.
fn quantile(sorted: &[f64], share: f64) -> f64 {
    let place = share * (sorted.len() - 1) as f64;
    let (low, high) = (sorted[place.floor() as usize], sorted[place.ceil() as usize]);
    low + (high - low) * place.fract()
}

impl Reference {
    /// From the statistics of the scenes that a network was trained on. Scenes without a valid
    /// pixel are left out; `None` where no other is left.
    pub fn from_statistics(scenes: &[Statistics]) -> Option<Self> {
        let scenes: Vec<_> = scenes.iter().filter(|scene| scene.n_valid > 0).collect();
        if scenes.is_empty() {
            return None;
        }
        let range = |feature: &dyn Fn(&Statistics) -> f64| {
            Range::of(scenes.iter().map(|scene| feature(scene)).collect())
        };
        Some(Self {
            no_data_share: range(&|s| s.no_data_share),
            red_equals_green_share: range(&|s| s.red_equals_green_share),
            grey_share: range(&|s| s.grey_share),
            mean: std::array::from_fn(|channel| range(&|s| s.mean[channel])),
            std: std::array::from_fn(|channel| range(&|s| s.std[channel])),
        })
    }

    /// What is known of the published data set (doi:10.18710/FV5T9U) without its scenes.
    ///
    /// Known are the mean and the standard deviation of each channel, the same for red and green,
    /// and the colours of the scenes that the authors show: red is green in every pixel, and all
    /// three channels are the same where there is one polarisation. We take the moments to be
    /// pooled over the pixels of all scenes, those without data included. They bound a single scene
    /// loosely, so these ranges are wide: its mean over valid pixels may lie between a tenth of the
    /// pooled mean and two pooled standard deviations above it, its standard deviation between a
    /// tenth and one and a half times the pooled one. That up to 90 % of a scene may be without data
    /// is our assumption too; of the two scenes shown, one has 42.5 %.
    pub fn published() -> Self {
        let (means, stds) = ([0.2872, 0.2872, 0.4595], [0.1806, 0.1806, 0.2621]);
        let mean = |channel: usize| Range {
            low: 0.1 * means[channel],
            high: means[channel] + 2.0 * stds[channel],
        };
        let std = |channel: usize| Range { low: 0.1 * stds[channel], high: 1.5 * stds[channel] };
        Self {
            no_data_share: Range { low: 0.0, high: 0.9 },
            red_equals_green_share: Range { low: 1.0 - MIN_MARGIN, high: 1.0 },
            grey_share: Range { low: 0.0, high: 1.0 },
            mean: std::array::from_fn(mean),
            std: std::array::from_fn(std),
        }
    }
}
