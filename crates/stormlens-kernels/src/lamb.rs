//! A step of LAMB (You et al. 2020, <https://arxiv.org/abs/1904.00962>) in two passes over weights, gradient and moments: how
//! far a step goes is known only when its direction is. How long all gradients are together takes one more over these.

use rayon::prelude::*;

use crate::Level;
use crate::level::at_level;
use crate::planes::dot;

/// What a step does with every weight: m and v are the moments of its gradient.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Lamb {
    /// What the gradient is multiplied by before anything else.
    pub clip: f32,
    /// `m ← β₁ m + (1 − β₁) g`
    pub beta_1: f32,
    /// `v ← β₂ v + (1 − β₂) g²`
    pub beta_2: f32,
    /// What both moments are divided by, which corrects them for their beginning: `m̂ = m / c₁` and `v̂ = v / c₂`.
    pub corrections: [f32; 2],
    pub epsilon: f32,
    /// A step goes along `m̂ / (√v̂ + ε) + decay · w`.
    pub decay: f32,
}

/// Weights that a task takes.
const TOGETHER: usize = 16 << 10;

impl Lamb {
    /// Takes the gradient into the moments, and puts the direction of the step in its place. Gives the sums of squares of weights
    /// and direction.
    ///
    /// # Panics
    /// If the lengths differ.
    pub fn turn(
        &self,
        level: Level,
        weights: &[f32],
        gradient: &mut [f32],
        [first, second]: [&mut [f32]; 2],
    ) -> [f64; 2] {
        let n = weights.len();
        assert_eq!([gradient.len(), first.len(), second.len()], [n; 3], "values of each weight");
        let moments = first.par_chunks_mut(TOGETHER).zip(second.par_chunks_mut(TOGETHER));
        let values = weights.par_chunks(TOGETHER).zip(gradient.par_chunks_mut(TOGETHER));
        let sums: Vec<[f32; 2]> = values
            .zip(moments)
            .map(|((weights, gradient), (first, second))| {
                at_level!(level, || {
                    self.chunk(weights, gradient, first, second);
                    [dot(weights, weights), dot(gradient, gradient)]
                })
            })
            .collect();
        [0, 1].map(|i| sums.iter().map(|sums| f64::from(sums[i])).sum())
    }

    #[inline(always)]
    fn chunk(&self, weights: &[f32], gradient: &mut [f32], first: &mut [f32], second: &mut [f32]) {
        let factor = 1.0 / self.corrections[0];
        let root = 1.0 / self.corrections[1].sqrt();
        let moments = first.iter_mut().zip(second);
        for ((&w, g), (m, v)) in weights.iter().zip(gradient).zip(moments) {
            let clipped = *g * self.clip;
            *m = *m * self.beta_1 + clipped * (1.0 - self.beta_1);
            *v = *v * self.beta_2 + clipped * clipped * (1.0 - self.beta_2);
            *g = *m * factor / (v.sqrt() * root + self.epsilon) + w * self.decay;
        }
    }
}

/// `w ← w − rate · direction`
///
/// # Panics
/// If the lengths differ.
pub fn go(level: Level, weights: &mut [f32], direction: &[f32], rate: f32) {
    assert_eq!(weights.len(), direction.len(), "a direction for each weight");
    let chunks = weights.par_chunks_mut(TOGETHER).zip(direction.par_chunks(TOGETHER));
    chunks.for_each(|(weights, direction)| {
        at_level!(level, || {
            for (w, &d) in weights.iter_mut().zip(direction) {
                *w -= rate * d;
            }
        });
    });
}

/// The sum of squares.
pub fn squares(level: Level, values: &[f32]) -> f64 {
    let chunks = values.par_chunks(TOGETHER);
    let sums: Vec<f32> = chunks.map(|values| at_level!(level, || dot(values, values))).collect();
    sums.into_iter().map(f64::from).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// More weights than a task takes.
    #[test]
    fn a_step_is_that_of_the_paper() {
        let n = TOGETHER + 5;
        let draw = |seed: usize| -> Vec<f32> {
            (0..n).map(|i| ((i * 37 + seed * 11) % 101) as f32 / 50.0 - 1.0).collect()
        };
        let (beta_1, beta_2, epsilon, decay, clip) = (0.9f64, 0.95f64, 1e-6f64, 0.02f64, 0.5f64);
        let lamb = Lamb {
            clip: clip as f32,
            beta_1: beta_1 as f32,
            beta_2: beta_2 as f32,
            corrections: [1.0 - beta_1.powi(3), 1.0 - beta_2.powi(3)].map(|c| c as f32),
            epsilon: epsilon as f32,
            decay: decay as f32,
        };
        for level in Level::available() {
            let (before, gradient, moments) = (draw(1), draw(2), [draw(3), draw(4)]);
            let (mut weights, mut direction) = (before.clone(), gradient.clone());
            let (mut first, mut second) =
                (moments[0].clone(), moments[1].iter().map(|v| v * v).collect::<Vec<f32>>());
            let found = lamb.turn(level, &weights, &mut direction, [&mut first, &mut second]);
            let (mut expected, mut squares_of) = (Vec::new(), [0.0f64; 2]);
            for (i, &w) in weights.iter().enumerate() {
                let [g, m, v] = [
                    f64::from(gradient[i]) * clip,
                    f64::from(moments[0][i]),
                    f64::from(moments[1][i]).powi(2),
                ];
                let (m, v) = (beta_1 * m + (1.0 - beta_1) * g, beta_2 * v + (1.0 - beta_2) * g * g);
                let (mean, square) = (m / (1.0 - beta_1.powi(3)), v / (1.0 - beta_2.powi(3)));
                let step = mean / (square.sqrt() + epsilon) + decay * f64::from(w);
                squares_of = [squares_of[0] + f64::from(w).powi(2), squares_of[1] + step * step];
                expected.push(step);
            }
            for (found, expected) in found.iter().zip(squares_of) {
                assert!((found / expected - 1.0).abs() < 1e-5, "{level}: {found}, not {expected}");
            }
            go(level, &mut weights, &direction, 0.25);
            for (i, (w, step)) in weights.iter().zip(&expected).enumerate() {
                let expected = f64::from(before[i]) - 0.25 * step;
                assert!((f64::from(*w) - expected).abs() < 1e-5, "{level}, {i}: {w}, {expected}");
            }
            let total: f64 = gradient.iter().map(|&v| f64::from(v).powi(2)).sum();
            assert!((squares(level, &gradient) / total - 1.0).abs() < 1e-5);
        }
    }
}
