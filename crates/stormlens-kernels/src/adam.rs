//! A step of Adam (Kingma and Ba 2015) in one pass over weights, gradient and moments.

use rayon::prelude::*;

use crate::Level;
use crate::level::at_level;

/// What a step does with every weight: m and v are the moments of its gradient.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Adam {
    /// `m ← β₁ m + (1 − β₁) g`
    pub beta_1: f32,
    /// `v ← β₂ v + (1 − β₂) g²`
    pub beta_2: f32,
    /// What weights lose before the step: `w ← w − decay · w`.
    pub decay: f32,
    /// `w ← w − rate · (factor · m / (√v + ε))`
    pub factor: f32,
    pub epsilon: f32,
    pub rate: f32,
}

/// Weights that a task takes.
const TOGETHER: usize = 16 << 10;

impl Adam {
    /// Every operation is rounded by itself, in the order in which they are written above.
    ///
    /// # Panics
    /// If the lengths differ.
    pub fn step(
        &self,
        level: Level,
        weights: &mut [f32],
        gradient: &[f32],
        [first, second]: [&mut [f32]; 2],
    ) {
        let n = weights.len();
        assert_eq!([gradient.len(), first.len(), second.len()], [n; 3], "values of each weight");
        let moments = first.par_chunks_mut(TOGETHER).zip(second.par_chunks_mut(TOGETHER));
        let values = weights.par_chunks_mut(TOGETHER).zip(gradient.par_chunks(TOGETHER));
        values.zip(moments).for_each(|((weights, gradient), (first, second))| {
            at_level!(level, || self.chunk(weights, gradient, first, second));
        });
    }

    #[inline(always)]
    fn chunk(&self, weights: &mut [f32], gradient: &[f32], first: &mut [f32], second: &mut [f32]) {
        let moments = first.iter_mut().zip(second);
        for ((w, &g), (m, v)) in weights.iter_mut().zip(gradient).zip(moments) {
            *m = *m * self.beta_1 + g * (1.0 - self.beta_1);
            *v = *v * self.beta_2 + g * g * (1.0 - self.beta_2);
            let kept = *w - *w * self.decay;
            *w = kept - *m * self.factor / (v.sqrt() + self.epsilon) * self.rate;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_steps_are_those_of_the_paper() {
        let (beta_1, beta_2, epsilon, rate, decay) = (0.9f64, 0.999f64, 1e-8f64, 1e-2f64, 0.1f64);
        let gradients = [[0.5f32, -2.0, 0.0], [0.25, 3.0, 1.0]];
        for level in Level::available() {
            let (mut weights, mut first, mut second) = ([1.0f32, -1.0, 0.5], [0.0; 3], [0.0; 3]);
            let (mut w, mut m, mut v) = (weights.map(f64::from), [0.0f64; 3], [0.0f64; 3]);
            for (t, gradient) in gradients.iter().enumerate() {
                let t = t as i32 + 1;
                let root = (1.0 - beta_2.powi(t)).sqrt();
                let adam = Adam {
                    beta_1: beta_1 as f32,
                    beta_2: beta_2 as f32,
                    decay: decay as f32,
                    factor: (root / (1.0 - beta_1.powi(t))) as f32,
                    epsilon: (epsilon * root) as f32,
                    rate: rate as f32,
                };
                adam.step(level, &mut weights, gradient, [&mut first, &mut second]);
                for i in 0..3 {
                    let g = f64::from(gradient[i]);
                    m[i] = beta_1 * m[i] + (1.0 - beta_1) * g;
                    v[i] = beta_2 * v[i] + (1.0 - beta_2) * g * g;
                    let (mean, square) =
                        (m[i] / (1.0 - beta_1.powi(t)), v[i] / (1.0 - beta_2.powi(t)));
                    w[i] -= decay * w[i];
                    w[i] -= rate * mean / (square.sqrt() + epsilon);
                }
            }
            for (ours, expected) in weights.iter().zip(w) {
                assert!((f64::from(*ours) - expected).abs() < 1e-6, "{level}: {weights:?}, {w:?}");
            }
        }
    }
}
