//! The gradient of the weights of a 3 × 3 convolution.
//!
//! Minimal filtering takes 4 products for each pixel and pair of channels where the definition has 9, but transforms four
//! numbers for each pixel of every channel, and sums up 16 where the definition has 9. So it pays where there are many
//! channels, and still more pixels.

mod direct;
mod minimal;

use super::{Convolution, Input, Inputs};
use crate::Level;
use crate::bands::Maps;

/// Whether minimal filtering is quicker: found by measuring both for 16 to 1,024 channels and 128 to 10⁵ pixels.
fn is_minimal([n_in, n_out]: [usize; 2], n_pixels: usize) -> bool {
    let is_large = n_pixels * n_in * n_out > 1 << 26;
    is_large && n_in.min(n_out) >= 64 && n_pixels >= 2 * n_in.max(n_out)
}

impl Convolution<'_> {
    /// The gradient of the weights, `[channels out × channels in × 9]`, from that of the result before its ReLU.
    ///
    /// # Panics
    /// If shapes and weights do not fit each other.
    pub fn weight_gradient(
        &self,
        level: Level,
        inputs: &[Input<Maps>],
        gradient: Maps,
    ) -> Vec<f32> {
        let shapes: Vec<_> = inputs.iter().map(|input| input.shape()).collect();
        assert_eq!(gradient.shape, self.shape_out(&shapes), "the gradient of another result");
        let (n_in, n_out) = (self.filter.n_in(), self.filter.n_out());
        let rows = Inputs::new(inputs);
        let n_pixels = gradient.shape.n_batch * gradient.shape.plane();
        match is_minimal([n_in, n_out], n_pixels) {
            true => minimal::gradient(level, &rows, n_in, gradient),
            false => direct::gradient(level, &rows, n_in, gradient),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Both ways to compute it agree, whatever the number of channels.
    #[test]
    fn both_ways_agree() {
        let draw = |seed: usize, n: usize| -> Vec<f32> {
            (0..n).map(|i| ((i * 37 + seed * 11) % 101) as f32 / 50.0 - 1.0).collect()
        };
        for ([n_batch, n_in, height, width], n_out) in [
            ([2, 3, 5, 7], 4),
            ([1, 130, 4, 3], 20),
            ([3, 17, 1, 1], 70),
            // Several parts, the last one smaller; groups of several parts.
            ([3, 1, 400, 300], 1),
            ([7, 2, 301, 200], 1),
        ] {
            let x = draw(1, n_batch * n_in * height * width);
            let g = draw(2, n_batch * n_out * height * width);
            let maps = Maps::new(&x, [n_batch, n_in, height, width]);
            let rows = Inputs::new(&[Input::plain(maps)]);
            let gradient = Maps::new(&g, [n_batch, n_out, height, width]);
            for level in Level::available() {
                let found = direct::gradient(level, &rows, n_in, gradient);
                let other = minimal::gradient(level, &rows, n_in, gradient);
                let largest = found.iter().fold(1f32, |m, v| m.max(v.abs()));
                for (a, b) in found.iter().zip(&other) {
                    assert!(
                        (a - b).abs() <= 1e-5 * largest,
                        "{level}, {n_in} to {n_out}: {a}, {b}"
                    );
                }
            }
        }
    }
}
