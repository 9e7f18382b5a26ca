//! Weights of a 3 × 3 convolution, transformed for its tiles.

use std::sync::Arc;

use super::tiles::POSITIONS;
use crate::Level;
use crate::product::{Forms, Weights};

/// One matrix for each position within a tile.
pub(super) type Matrices = [Weights; POSITIONS];

/// The weights of a 3 × 3 convolution, which keeps them as its kernels take them once they have been
/// asked for.
#[derive(Debug)]
pub struct Filter {
    values: Arc<Vec<f32>>,
    n_out: usize,
    n_in: usize,
    transformed: Forms<Matrices>,
}

impl Filter {
    /// From `[n_out × n_in × 9]`, row-major.
    ///
    /// # Panics
    /// If there are no outputs or no inputs, or not as many kernels of nine weights for each.
    pub fn new(values: Arc<Vec<f32>>, n_out: usize) -> Self {
        assert!(n_out > 0 && values.len().is_multiple_of(9 * n_out), "nine weights for each pair");
        let n_in = values.len() / (9 * n_out);
        assert!(n_in > 0, "a convolution of no channels");
        Self { values, n_out, n_in, transformed: Forms::default() }
    }

    pub fn n_out(&self) -> usize {
        self.n_out
    }

    pub fn n_in(&self) -> usize {
        self.n_in
    }

    /// Transforms the weights for both directions now, so that no first pass has to.
    ///
    /// # Panics
    /// If this processor lacks the level.
    pub fn prepare(&self, level: Level) {
        rayon::join(|| self.forward(level), || self.turned(level));
    }

    fn kernel(&self, out: usize, channel: usize) -> [f64; 9] {
        let kernel = &self.values[9 * (out * self.n_in + channel)..][..9];
        std::array::from_fn(|i| f64::from(kernel[i]))
    }

    /// From inputs to outputs.
    pub(super) fn forward(&self, level: Level) -> Arc<Matrices> {
        self.transformed.get((level, false), || {
            let sizes = [self.n_out, self.n_in];
            Weights::pack_each(level, sizes, |out, channel| transform(self.kernel(out, channel)))
        })
    }

    /// From the gradients of outputs to those of inputs: every kernel turned by 180°.
    pub(super) fn turned(&self, level: Level) -> Arc<Matrices> {
        self.transformed.get((level, true), || {
            let sizes = [self.n_in, self.n_out];
            Weights::pack_each(level, sizes, |channel, out| {
                let mut kernel = self.kernel(out, channel);
                kernel.reverse();
                transform(kernel)
            })
        })
    }
}

/// `G k Gᵀ` in `f64`, so that only the results are rounded.
fn transform(kernel: [f64; 9]) -> [f32; POSITIONS] {
    let spread = |[a, b, c]: [f64; 3]| [a, (a + b + c) / 2.0, (a - b + c) / 2.0, c];
    let across = [0, 3, 6].map(|i| spread([kernel[i], kernel[i + 1], kernel[i + 2]]));
    let columns: [[f64; 4]; 4] =
        std::array::from_fn(|j| spread([across[0][j], across[1][j], across[2][j]]));
    std::array::from_fn(|i| columns[i % 4][i / 4] as f32)
}
