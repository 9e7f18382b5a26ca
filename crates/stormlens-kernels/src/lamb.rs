//! A step of LAMB (You et al. 2020, <https://arxiv.org/abs/1904.00962>) in two passes over weights, gradient and moments: how
//! far a step goes is known only when its direction is.

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
