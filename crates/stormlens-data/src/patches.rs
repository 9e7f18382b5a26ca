//! Patches of a sequence of frames, as SpaT-SparK sees them: 32 × 32 pixels of all frames together, each with a mean and a
//! spread of its own, from which its forecast gets its size.

mod gaps;

pub use gaps::filled_from_around;

use crate::probability::{Tokens, all_but};
use crate::simulate::Random;

/// What the authors' program divides rain by, mm in 5 minutes.
pub const PUBLISHED_NORMALISATION_MM_5MIN: f64 = 47.18;
/// Height and width of a patch.
pub const SIDE_PX: usize = 32;
/// Whose square the authors' program adds to the variance of a patch, in its unit of rain (mm in 5 minutes over a maximum of 47.18).
pub const PUBLISHED_FLOOR: f64 = 1e-3;
/// The same of our own weights, in mm in 5 minutes / 47.83: 1.7 mm/h, so that a patch that was dry can rain.
pub const DEFAULT_FLOOR: f64 = 3e-3;

/// The tensor in which weights state whose square is added to the variance of a patch, in the unit of the input; where there is none it
/// is the published thousandth. With it also a dry patch can rain: by so much for one unit of what the decoder says.
pub const FLOOR: &str = "stated.statistics_floor";

/// A stream of random numbers of its own.
const MASK_STREAM: u64 = 0x5061_7443;

/// The patches of frames of that size; they are [`Tokens`] that hold all frames.
///
/// # Errors
/// In words, for sizes that are no multiples of [`SIDE_PX`].
pub fn tokens(n_frames: usize, [height, width]: [usize; 2]) -> Result<Tokens, String> {
    Tokens::new(n_frames, [height, width], [n_frames, SIDE_PX, SIDE_PX]).map_err(|_| {
        format!(
            "frames of {height} × {width} pixels do not fall into patches of {SIDE_PX} × {SIDE_PX}"
        )
    })
}

/// The share of a patch's values that may be missing, as where radars do not reach. Of such a patch the missing values are
/// taken as dry; one that misses more is not seen at all.
pub const MOST_MISSING: f64 = 0.5;

/// Decides what of incomplete frames a network sees: see [`MOST_MISSING`]. What is hidden is missing as a whole then.
///
/// # Panics
/// For another number of values than the patches hold.
pub fn settle(values: &mut [f32], patches: &Tokens) {
    let mut n_missing = vec![0usize; patches.n()];
    for (i, _) in values.iter().enumerate().filter(|(_, value)| value.is_nan()) {
        n_missing[patches.of_value(i)] += 1;
    }
    let most = MOST_MISSING * values.len() as f64 / patches.n() as f64;
    let hidden: Vec<bool> = n_missing.iter().map(|&n| n as f64 > most).collect();
    values.iter_mut().filter(|value| value.is_nan()).for_each(|value| *value = 0.0);
    patches.hide(values, &hidden);
}

/// Height and width rounded up to whole patches.
pub fn whole_patches(size: [usize; 2]) -> [usize; 2] {
    size.map(|n| n.next_multiple_of(SIDE_PX))
}

/// Frames in the upper left corner of larger ones, with missing values around them.
///
/// # Panics
/// For a smaller size, and for another number of values than whole frames have.
pub fn enlarged(
    frames: &[f32],
    [height, width]: [usize; 2],
    [rows, columns]: [usize; 2],
) -> Vec<f32> {
    assert!(height <= rows && width <= columns && frames.len().is_multiple_of(height * width));
    let n_frames = frames.len() / (height * width);
    let mut large = vec![f32::NAN; n_frames * rows * columns];
    for (row, values) in frames.chunks_exact(width).enumerate() {
        let (frame, row) = (row / height, row % height);
        large[(frame * rows + row) * columns..][..width].copy_from_slice(values);
    }
    large
}

/// The upper left corner of frames of that size.
///
/// # Panics
/// As [`enlarged`].
pub fn cropped(
    frames: &[f32],
    [rows, columns]: [usize; 2],
    [height, width]: [usize; 2],
) -> Vec<f32> {
    assert!(height <= rows && width <= columns && frames.len().is_multiple_of(rows * columns));
    let plane = |plane: &[f32]| -> Vec<f32> {
        plane.chunks_exact(columns).take(height).flat_map(|row| row[..width].to_vec()).collect()
    };
    frames.chunks_exact(rows * columns).flat_map(plane).collect()
}

/// Hides a share of patches, given a number for each: those with the smallest numbers are seen, as many as the authors'
/// program keeps, `n (1 − ratio)` rounded, of two equally near numbers to the even one.
pub fn hidden_by_noise(noise: &[f32], ratio: f64) -> Vec<bool> {
    all_but(noise, (noise.len() as f64 * (1.0 - ratio)).round_ties_even() as usize)
}

/// The mask of that number behind a seed, which hides a share of `n` patches.
pub fn random_mask(n: usize, ratio: f64, seed: u64, number: u64) -> Vec<bool> {
    let mut random = Random::of(seed, MASK_STREAM, number);
    let noise: Vec<f32> = (0..n).map(|_| random.unit() as f32).collect();
    hidden_by_noise(&noise, ratio)
}

/// Mean and spread of the patches of one sequence.
#[derive(Clone, Debug, PartialEq)]
pub struct Statistics {
    pub mean: Vec<f64>,
    pub spread: Vec<f64>,
}

impl Statistics {
    /// Of `[frames × height × width]`. The spread is `√(variance + floor²)` with the unbiased variance. Hidden patches (those
    /// that hold a missing value) have mean and spread of all visible ones together.
    ///
    /// # Panics
    /// For another number of values than the patches hold.
    pub fn of(values: &[f32], patches: &Tokens, floor: f64) -> Self {
        let hidden = patches.hidden(values);
        let n = values.len() as f64 / patches.n() as f64;
        let mut mean = vec![0.0; patches.n()];
        for (i, value) in values.iter().enumerate().filter(|(_, value)| !value.is_nan()) {
            mean[patches.of_value(i)] += f64::from(*value) / n;
        }
        let mut squares = vec![0.0; patches.n()];
        for (i, value) in values.iter().enumerate().filter(|(_, value)| !value.is_nan()) {
            let patch = patches.of_value(i);
            squares[patch] += (f64::from(*value) - mean[patch]).powi(2);
        }
        let seen: Vec<usize> = (0..patches.n()).filter(|&patch| !hidden[patch]).collect();
        let n_seen = seen.len().max(1) as f64;
        let whole = seen.iter().map(|&patch| mean[patch]).sum::<f64>() / n_seen;
        let of_whole = |&patch: &usize| squares[patch] + n * (mean[patch] - whole).powi(2);
        let of_whole = seen.iter().map(of_whole).sum::<f64>() / (n_seen * n - 1.0);
        let spread = |variance: f64| (variance + floor.powi(2)).sqrt();
        let mut spreads: Vec<f64> = squares.iter().map(|s| spread(s / (n - 1.0))).collect();
        for patch in (0..patches.n()).filter(|&patch| hidden[patch]) {
            (mean[patch], spreads[patch]) = (whole, spread(of_whole));
        }
        Self { mean, spread: spreads }
    }

    /// What a network forecast with these statistics as it would be with others: `(y − μ) / s · s′ + μ′`.
    ///
    /// # Panics
    /// If these are statistics of other patches.
    pub fn exchange(&self, forecast: &mut [f32], patches: &Tokens, other: &Self) {
        for (i, value) in forecast.iter_mut().enumerate() {
            let patch = patches.of_value(i);
            let said = (f64::from(*value) - self.mean[patch]) / self.spread[patch];
            *value = (said * other.spread[patch] + other.mean[patch]) as f32;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_many_patches_stay_as_the_authors_keep() {
        for (n, ratio, n_seen) in
            [(81, 0.3, 57), (81, 0.6, 32), (9, 0.6, 4), (9, 0.5, 4), (4, 0.0, 4), (4, 1.0, 0)]
        {
            let mask = random_mask(n, ratio, 7, 0);
            assert_eq!(mask.iter().filter(|hidden| !**hidden).count(), n_seen, "{n}, {ratio}");
        }
        assert_ne!(random_mask(81, 0.5, 7, 0), random_mask(81, 0.5, 7, 1));
    }

    #[test]
    fn what_misses_little_is_seen_and_what_misses_much_is_not() {
        let patches = tokens(1, [32, 64]).expect("two patches");
        let mut values = enlarged(&vec![1.0; 32 * 45], [32, 45], [32, 64]);
        assert_eq!(cropped(&values, [32, 64], [32, 45]), vec![1.0; 32 * 45]);
        settle(&mut values, &patches);
        // Of the right patch 19 of 32 columns are missing.
        assert_eq!(patches.hidden(&values), [false, true]);
        let mut values = enlarged(&vec![1.0; 32 * 50], [32, 50], [32, 64]);
        settle(&mut values, &patches);
        assert_eq!((values[49], values[50], patches.hidden(&values)), (1.0, 0.0, vec![false; 2]));
        assert_eq!(whole_patches([190, 228]), [192, 256]);
    }

    #[test]
    fn hidden_patches_have_the_statistics_of_the_others() {
        let patches = tokens(2, [32, 96]).expect("three patches");
        let mut values = vec![0f32; 2 * 32 * 96];
        for (i, value) in values.iter_mut().enumerate() {
            *value = match patches.of_value(i) {
                0 => f32::NAN,
                1 => 1.0,
                _ => 3.0 + (i % 2) as f32,
            };
        }
        let found = Statistics::of(&values, &patches, 0.5);
        assert_eq!(found.mean[1..], [1.0, 3.5]);
        assert!((found.mean[0] - 2.25).abs() < 1e-12);
        assert_eq!(found.spread[1], 0.5);
        // 2048 values each: 1 by 1.25, and 3 and 4 by 0.75 and 1.75 away from 2.25.
        let variance = 1024.0 * (2.0 * 1.5625 + 0.5625 + 3.0625) / 4095.0;
        assert!((found.spread[0] - (variance + 0.25f64).sqrt()).abs() < 1e-12);
        let mut forecast = vec![2f32; values.len()];
        let others = Statistics { mean: vec![1.0; 3], spread: vec![1.0, 2.0, 3.0] };
        found.exchange(&mut forecast, &patches, &others);
        assert_eq!(forecast[32], 1.0 + 2.0 * 2.0);
        assert!(tokens(12, [100, 96]).unwrap_err().contains("32 × 32"));
    }
}
