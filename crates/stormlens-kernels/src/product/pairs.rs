//! Sums over pixels of products of pairs of channels: what the gradients of weights are made of.

use std::ops::Range;

use rayon::prelude::*;

use super::{Kernel, LANES, Pixels};
use crate::Level;
use crate::level::at_level;
use crate::scratch;

/// Pixels whose rearranged channels stay in the nearest cache.
const DEEP: usize = 256;

/// Pixels that are rearranged together.
const EDGE: usize = 8;

/// Channels as the innermost kernels of a level take them where pixels are summed over: blocks of
/// channels lie together, pixels first. There may be several sets of pixels, which are summed apart.
pub(crate) struct Columns {
    /// `[block, set, pixel, channel of the block]`
    values: Vec<f32>,
    n_channels: usize,
    /// Channels that lie together.
    width: usize,
    n_sets: usize,
    n_pixels: usize,
    level: Level,
}

impl Columns {
    /// Room for so many pixels of so many channels.
    ///
    /// # Panics
    /// If this processor lacks the level.
    pub fn new(level: Level, n_channels: usize, n_sets: usize, n_pixels: usize) -> Self {
        assert!(level.is_available(), "this processor has no {level}");
        let width = width(level, n_channels);
        let values = vec![0.0; n_channels.next_multiple_of(width) * n_sets * n_pixels];
        Self { values, n_channels, width, n_sets, n_pixels, level }
    }

    /// Takes other pixels; `rows` writes those of a channel, set after set.
    ///
    /// # Panics
    /// If there is no room for them.
    pub fn fill(&mut self, n_pixels: usize, rows: impl Fn(usize, &mut [f32]) + Sync) {
        let Self { level, n_channels, width, n_sets, .. } = *self;
        self.n_pixels = n_pixels;
        if n_pixels == 0 {
            return;
        }
        let n_of_channel = n_sets * n_pixels;
        let values = &mut self.values[..n_channels.next_multiple_of(width) * n_of_channel];
        let blocks = values.par_chunks_exact_mut(width * n_of_channel).enumerate();
        blocks.for_each(|(block, out)| {
            let first = block * width;
            let n = width.min(n_channels - first);
            scratch::with(n * n_of_channel, |space| {
                for (i, values) in space.chunks_exact_mut(n_of_channel).enumerate() {
                    rows(first + i, values);
                }
                for (set, out) in out.chunks_exact_mut(width * n_pixels).enumerate() {
                    let channels =
                        Pixels { values: &space[set * n_pixels..], stride: n_of_channel };
                    at_level!(level, || rearrange(channels, n, out, width));
                }
            });
        });
    }

    /// `sums[o × stride + i] += Σ_p gradient[o, p] · self[i, p]` of one set, for each of the rows of
    /// `sums`.
    ///
    /// Rows are summed apart, each in the order of the pixels: how many cores there are changes no digit.
    ///
    /// # Panics
    /// If a row has no room for all channels in whole vectors, or the gradient not as many rows or
    /// pixels.
    pub fn add_products(&self, set: usize, gradient: Pixels, sums: &mut [f32], stride: usize) {
        assert!(set < self.n_sets);
        let n_pixels = self.n_pixels;
        self.add_products_of(set * n_pixels..(set + 1) * n_pixels, gradient, sums, stride);
    }

    /// The same for some pixels, counted over all sets.
    ///
    /// # Panics
    /// As [`Self::add_products`], and if there are not as many pixels.
    pub fn add_products_of(
        &self,
        pixels: Range<usize>,
        gradient: Pixels,
        sums: &mut [f32],
        stride: usize,
    ) {
        let padded = self.n_channels.next_multiple_of(LANES);
        if pixels.is_empty() || sums.is_empty() {
            return;
        }
        let n_rows = sums.len() / stride;
        assert!(padded <= stride && sums.len().is_multiple_of(stride), "room for all channels");
        assert!((n_rows - 1) * gradient.stride + pixels.len() <= gradient.values.len());
        assert!(pixels.end <= self.n_sets * self.n_pixels);
        let together = self.rows_together(n_rows);
        sums.par_chunks_mut(together * stride).enumerate().for_each(|(i, sums)| {
            let values = &gradient.values[i * together * gradient.stride..];
            let gradient = Pixels { values, stride: gradient.stride };
            self.add_rows(pixels.clone(), gradient, sums, stride);
        });
    }

    /// Rows of one task: some for each core, if there are enough.
    fn rows_together(&self, n_rows: usize) -> usize {
        let n_tasks = 2 * rayon::current_num_threads();
        n_rows.div_ceil(n_tasks).next_multiple_of(Kernel::of(self.level).n_columns)
    }

    fn add_rows(&self, pixels: Range<usize>, gradient: Pixels, sums: &mut [f32], stride: usize) {
        let (width, n_pixels) = (self.width, pixels.len());
        let padded = self.n_channels.next_multiple_of(LANES);
        for (block, first) in (0..padded).step_by(width).enumerate() {
            let m = width.min(padded - first);
            let first_pixel = block * self.n_sets * self.n_pixels + pixels.start;
            let block = &self.values[first_pixel * width..];
            for start in (0..n_pixels).step_by(DEEP) {
                let deep = DEEP.min(n_pixels - start);
                let columns = &block[start * width..][..deep * width];
                let gradient =
                    Pixels { values: &gradient.values[start..], stride: gradient.stride };
                self.add_block(columns, m, gradient, &mut sums[first..], stride);
            }
        }
    }

    /// Adds some pixels of `m` channels to their places in all rows. `sums` and `gradient` begin with
    /// the first of them in the first row.
    fn add_block(
        &self,
        columns: &[f32],
        m: usize,
        gradient: Pixels,
        sums: &mut [f32],
        stride: usize,
    ) {
        let (kernel, width) = (Kernel::of(self.level), self.width);
        let deep = columns.len() / width;
        let n_rows = sums.len().div_ceil(stride);
        assert!((n_rows - 1) * stride + m <= sums.len() && m <= width);
        assert!((n_rows - 1) * gradient.stride + deep <= gradient.values.len());
        for row in (0..n_rows).step_by(kernel.n_columns) {
            let n = kernel.n_columns.min(n_rows - row);
            for lane in (0..m).step_by(kernel.n_rows()) {
                let m = kernel.n_rows().min(m - lane);
                // SAFETY: columns are made only for a level whose instructions this processor has. The
                // kernel reads `m` of the `width` channels of each of `deep` pixels, from `lane` on, in
                // whole vectors since all channels are padded to them; `deep` pixels of each of `n` rows
                // of the gradient (the second assertion); and it adds to `m` sums, from `lane` on, of
                // each of `n` rows (the first one). Source and result are different slices.
                unsafe {
                    kernel.micro(m, n)(
                        m,
                        n,
                        deep,
                        sums.as_mut_ptr().add(row * stride + lane),
                        columns.as_ptr().add(lane),
                        gradient.values.as_ptr().add(row * gradient.stride),
                        stride as isize,
                        1,
                        width as isize,
                        1,
                        gradient.stride as isize,
                        1.0,
                        1.0,
                        1,
                        false,
                        false,
                        false,
                        std::ptr::null(),
                    );
                }
            }
        }
    }
}

/// Channels that lie together: whole vectors of the widest level, and no more than there are.
fn width(level: Level, n_channels: usize) -> usize {
    let most = Kernel::of(level).n_rows().next_multiple_of(EDGE).max(LANES);
    n_channels.next_multiple_of(LANES).clamp(LANES, most)
}

/// From `[channels, pixels]` to `[pixels × width]`, with zeros where there are fewer channels.
#[inline(always)]
fn rearrange(channels: Pixels, n_channels: usize, out: &mut [f32], width: usize) {
    let n_pixels = out.len() / width;
    for first in (0..width).step_by(EDGE) {
        let n = EDGE.min(n_channels.saturating_sub(first));
        let of = |i: usize| &channels.values[(first + i) * channels.stride..][..n_pixels];
        let n_whole = if n == EDGE { n_pixels / EDGE * EDGE } else { 0 };
        for start in (0..n_whole).step_by(EDGE) {
            let square: [[f32; EDGE]; EDGE] =
                std::array::from_fn(|i| *of(i)[start..].first_chunk().expect("eight pixels"));
            for j in 0..EDGE {
                let column: [f32; EDGE] = std::array::from_fn(|i| square[i][j]);
                out[(start + j) * width + first..][..EDGE].copy_from_slice(&column);
            }
        }
        for pixel in n_whole..n_pixels {
            let out = &mut out[pixel * width + first..][..EDGE];
            out.fill(0.0);
            for (i, place) in out[..n].iter_mut().enumerate() {
                *place = of(i)[pixel];
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn products_are_summed_over_pixels() {
        let value = |seed: usize, i: usize| ((i * 37 + seed * 11) % 17) as f32 - 8.0;
        for (n_channels, n_rows, n_pixels) in [(1, 1, 1), (5, 3, 7), (24, 4, 300), (50, 9, 33)] {
            let pixels: Vec<f32> = (0..n_channels * n_pixels).map(|i| value(1, i)).collect();
            let gradient: Vec<f32> = (0..n_rows * n_pixels).map(|i| value(2, i)).collect();
            for level in Level::available() {
                let mut columns = Columns::new(level, n_channels, 2, n_pixels + 3);
                columns.fill(n_pixels, |channel, sets| {
                    let (other, own) = sets.split_at_mut(n_pixels);
                    other.fill(f32::NAN);
                    own.copy_from_slice(&pixels[channel * n_pixels..][..n_pixels]);
                });
                let stride = n_channels.next_multiple_of(LANES);
                let mut sums = vec![1.0; n_rows * stride];
                let gradient = Pixels { values: &gradient, stride: n_pixels };
                columns.add_products(1, gradient, &mut sums, stride);
                for (o, sums) in sums.chunks_exact(stride).enumerate() {
                    for (i, sum) in sums[..n_channels].iter().enumerate() {
                        let product =
                            |p| gradient.values[o * n_pixels + p] * pixels[i * n_pixels + p];
                        let expected = 1.0 + (0..n_pixels).map(product).sum::<f32>();
                        assert_eq!(*sum, expected, "{level}: {o}, {i} of {n_channels}");
                    }
                }
            }
        }
    }
}
