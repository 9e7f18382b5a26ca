//! The gradient of the weights of a linear map of channels.

use std::ops::Range;

use super::Pointwise;
use crate::Level;
use crate::bands::{Maps, Shape};
use crate::parts::Parts;
use crate::product::{Columns, LANES, Pixels};

/// Numbers of a few rows of all channels that are summed up together: they stay in a cache that cores
/// share.
const NEAR: usize = 256 << 10;

/// The same where each group of parts has a core.
const NEAR_CORE: usize = 96 << 10;

impl Pointwise<'_> {
    /// The gradient of the weights, `[channels out × channels in]`, from that of the result.
    ///
    /// # Panics
    /// If shapes and weights do not fit each other.
    pub fn weight_gradient(&self, level: Level, sources: &[Maps], gradient: Maps) -> Vec<f32> {
        let n_in: usize = sources.iter().map(|s| s.shape.n_channels).sum();
        let sizes = (n_in, gradient.shape.n_channels);
        assert_eq!(sizes, (self.n_in(), self.weight.n_out()), "channels and weights");
        let fits = |s: &Maps| self.shape_out(s.shape) == gradient.shape;
        assert!(sources.iter().all(fits), "gradients of different sizes");
        let (step, width_out) = (self.step, gradient.shape.width);
        weight_gradient(level, n_in, gradient, |example, channel, rows, out| {
            let (source, channel) = source_of(sources, channel);
            let width = source.shape.width;
            let plane = source.plane(example, channel);
            if step == 1 {
                out.copy_from_slice(&plane[rows.start * width..rows.end * width]);
                return;
            }
            for (row, out) in rows.zip(out.chunks_exact_mut(width_out)) {
                let values = plane[step * row * width..][..width].iter().step_by(step);
                out.iter_mut().zip(values).for_each(|(out, &v)| *out = v);
            }
        })
    }
}

/// Which of the maps side by side has that channel, and its number there.
pub(crate) fn source_of<'a, 'b>(sources: &'b [Maps<'a>], channel: usize) -> (&'b Maps<'a>, usize) {
    let mut channel = channel;
    for source in sources {
        if channel < source.shape.n_channels {
            return (source, channel);
        }
        channel -= source.shape.n_channels;
    }
    panic!("weights for more channels than there are")
}

/// `Σ gradient[o] · x[i]` over examples and pixels, `[channels out × n_in]`. `rows` writes some rows of a channel of x:
/// it gets the example, the channel, the rows and their place.
pub(crate) fn weight_gradient(
    level: Level,
    n_in: usize,
    gradient: Maps,
    rows: impl Fn(usize, usize, Range<usize>, &mut [f32]) + Sync,
) -> Vec<f32> {
    let Shape { n_batch, n_channels: n_out, height, width } = gradient.shape;
    let stride = n_in.next_multiple_of(LANES);
    let n_sums = n_out * stride;
    let near = if Parts::n_groups(n_sums) > 1 { NEAR_CORE } else { NEAR };
    let together = (near.max(n_sums) / ((n_in + n_out) * width).max(1)).clamp(1, height.max(1));
    let of_example = height.div_ceil(together);
    let parts = Parts { n: n_batch * of_example, n_sums };
    let begin = || Columns::new(level, n_in, 1, together * width);
    let sums = parts.sum(begin, |columns, number, sums| {
        let (example, start) = (number / of_example, number % of_example * together);
        let seen = start..(start + together).min(height);
        columns.fill(seen.len() * width, |channel, out| rows(example, channel, seen.clone(), out));
        let first = example * n_out * gradient.shape.plane() + start * width;
        let pixels = Pixels { values: &gradient.values[first..], stride: gradient.shape.plane() };
        columns.add_products(0, pixels, sums, stride);
    });
    sums.chunks_exact(stride.max(1)).flat_map(|row| row[..n_in].iter().copied()).collect()
}
