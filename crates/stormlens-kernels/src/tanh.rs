//! The hyperbolic tangent, as a ratio of polynomials: plain arithmetic in vectors, off by 3·10⁻⁷ at most.

use rayon::prelude::*;

use crate::Level;
use crate::gelu::polynomial;
use crate::level::at_level;

/// Numbers that a task takes.
const CHUNK: usize = 16 << 10;

/// Beyond it the tangent is ±1 in `f32`.
const FAR: f32 = 9.0;

/// Numerator and denominator of `tanh(x) / x` as a function of `x²`, up to `x = FAR`: fitted for the least largest error of
/// the tangent, which is 4·10⁻¹¹ before rounding.
const NUMERATOR: [f32; 6] =
    [1.0, 0.140_971_91, 0.004_423_280_2, 4.220_669_5e-5, 1.108_107_5e-7, 3.653_423e-11];
const DENOMINATOR: [f32; 6] =
    [1.0, 0.474_305_24, 0.029_191_699, 5.003_259e-4, 2.597_763_8e-6, 2.938_130_2e-9];

/// `[n]` from `[n]`.
pub fn forward(level: Level, x: &[f32]) -> Vec<f32> {
    let mut y = vec![0.0; x.len()];
    y.par_chunks_mut(CHUNK).zip(x.par_chunks(CHUNK)).for_each(|(y, x)| {
        at_level!(level, |sums| {
            for (y, &x) in y.iter_mut().zip(x) {
                let x = x.clamp(-FAR, FAR);
                let square = x * x;
                let below = polynomial(sums, DENOMINATOR, square);
                *y = (x * polynomial(sums, NUMERATOR, square) / below).clamp(-1.0, 1.0);
            }
        });
    });
    y
}

/// The gradient of the input from that of the result `y`.
///
/// # Panics
/// If both are of different lengths.
pub fn backward(level: Level, y: &[f32], gradient: &[f32]) -> Vec<f32> {
    assert_eq!(y.len(), gradient.len(), "the gradient of another result");
    let mut out = vec![0.0; y.len()];
    let chunks = out.par_chunks_mut(CHUNK).zip(y.par_chunks(CHUNK));
    chunks.zip(gradient.par_chunks(CHUNK)).for_each(|((out, y), gradient)| {
        at_level!(level, || {
            for (out, (&y, &g)) in out.iter_mut().zip(y.iter().zip(gradient)) {
                *out = g * (1.0 - y * y);
            }
        });
    });
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tangent_and_its_slope_are_their_definition() {
        let x: Vec<f32> = (-1300..=1300).map(|i| i as f32 * 0.01).chain([-1e9, 1e9]).collect();
        for level in Level::available() {
            let y = forward(level, &x);
            let slopes = backward(level, &y, &vec![1.0; x.len()]);
            for ((&x, &y), slope) in x.iter().zip(&y).zip(slopes) {
                let expected = f64::from(x).tanh();
                assert!((f64::from(y) - expected).abs() < 4e-7, "{level}: tanh {x}");
                let expected = 1.0 - expected * expected;
                assert!((f64::from(slope) - expected).abs() < 8e-7, "{level}: slope at {x}");
            }
            assert!(forward(level, &[f32::NAN])[0].is_nan());
        }
    }
}
