//! The Gaussian error linear unit (Hendrycks and Gimpel 2016, <https://arxiv.org/abs/1606.08415>), `x · Φ(x)`, and its
//! slope, `Φ(x) + x · φ(x)`, with distribution and density of the normal distribution; not the approximation by a
//! hyperbolic tangent.
//!
//! Distribution and density are polynomials, so that they are plain arithmetic in vectors: off by 10⁻⁷ at most.

use rayon::prelude::*;

use crate::Level;
use crate::level::{Sums, at_level};

/// Numbers that a task takes.
const CHUNK: usize = 16 << 10;

/// `[n]` from `[n]`.
pub fn forward(level: Level, x: &[f32]) -> Vec<f32> {
    let mut y = vec![0.0; x.len()];
    y.par_chunks_mut(CHUNK).zip(x.par_chunks(CHUNK)).for_each(|(y, x)| {
        at_level!(level, |sums| {
            for (y, &x) in y.iter_mut().zip(x) {
                *y = value(sums, x);
            }
        });
    });
    y
}

/// The gradient of the input `x` from that of the result.
///
/// # Panics
/// If both are of different lengths.
pub fn backward(level: Level, x: &[f32], gradient: &[f32]) -> Vec<f32> {
    assert_eq!(x.len(), gradient.len(), "the gradient of another result");
    let mut out = vec![0.0; x.len()];
    let chunks = out.par_chunks_mut(CHUNK).zip(x.par_chunks(CHUNK));
    chunks.zip(gradient.par_chunks(CHUNK)).for_each(|((out, x), gradient)| {
        at_level!(level, |sums| {
            for (out, (&x, &g)) in out.iter_mut().zip(x.iter().zip(gradient)) {
                *out = g * slope(sums, x);
            }
        });
    });
    out
}

#[inline(always)]
pub(crate) fn value(sums: Sums, x: f32) -> f32 {
    x * distribution(sums, x)
}

#[inline(always)]
pub(crate) fn slope(sums: Sums, x: f32) -> f32 {
    distribution(sums, x) + x * density(sums, x)
}

/// Beyond it the error function is ±1 in `f32`.
const FAR: f32 = 3.93;

/// Numerator and denominator of `erf(t) / t` as a function of `t²`, up to `t = FAR`: fitted for the least largest error
/// of `erf`, which is 4.4·10⁻⁸ before rounding.
const NUMERATOR: [f32; 7] = [
    1.128_378_8,
    0.207_051,
    0.051_520_664,
    0.004_010_839_6,
    0.000_149_732_38,
    -1.992_964_4e-6,
    1.982_384_4e-8,
];
const DENOMINATOR: [f32; 5] = [1.0, 0.516_822_8, 0.117_951_005, 0.014_967_976, 0.001_032_786_9];

#[inline(always)]
fn distribution(sums: Sums, x: f32) -> f32 {
    let t = (x * std::f32::consts::FRAC_1_SQRT_2).clamp(-FAR, FAR);
    let square = t * t;
    let ratio = polynomial(sums, NUMERATOR, square) / polynomial(sums, DENOMINATOR, square);
    let share = sums.add(0.5, 0.5 * t, ratio);
    // Exactly nothing far below, lest a large `x` makes something of what rounding left.
    if t <= -FAR { 0.0 } else { share }
}

/// `exp(−r)` for `r` from 0 to 1, interpolated at Chebyshev's points: off by 5·10⁻¹⁰ before rounding.
const POWER: [f32; 8] = [
    1.0,
    -0.999_999_94,
    0.499_998_7,
    -0.166_656,
    0.041_624_155,
    -0.008_240_357,
    0.001_274_09,
    -0.000_121_181_72,
];

/// `φ(x) = exp(−x² / 2) / √(2 π)`, the power being one of a sixteenth, squared four times. Beyond `x = 5.7` the density
/// at that place is taken, which is 5·10⁻⁸.
#[inline(always)]
fn density(sums: Sums, x: f32) -> f32 {
    let sixteenth = (x * x * (0.5 / 16.0)).clamp(0.0, 1.0);
    let mut power = polynomial(sums, POWER, sixteenth);
    for _ in 0..4 {
        power *= power;
    }
    // Where it is multiplied by a large `x` nothing must be left.
    let is_near = x * x <= 32.0;
    let density = power * 0.398_942_3;
    if is_near { density } else { 0.0 }
}

#[inline(always)]
pub(crate) fn polynomial<const N: usize>(sums: Sums, coefficients: [f32; N], x: f32) -> f32 {
    let mut sum = coefficients[N - 1];
    for i in (0..N - 1).rev() {
        sum = sums.add(coefficients[i], sum, x);
    }
    sum
}
