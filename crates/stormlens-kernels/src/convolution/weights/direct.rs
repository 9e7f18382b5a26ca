//! The gradient of the weights by the definition: nine products of matrices.
//!
//! Behind each row of pixels lies a zero, and above each example a row of zeros. Then the pixel under each place of a
//! kernel is as far from every pixel, and the map is brought into the order of the innermost kernels once for all nine.

use rayon::prelude::*;

use crate::bands::{Maps, Shape};
use crate::convolution::Inputs;
use crate::convolution::pass::Rows as _;
use crate::level::at_level;
use crate::parts::Parts;
use crate::product::{Columns, LANES, Pixels};
use crate::{Level, scratch};

/// Numbers of pixels and gradients that are summed up together: they stay in a cache that cores share.
const NEAR: usize = 512 << 10;

/// The same where each group of parts has a core: they stay in its second-level cache.
const NEAR_CORE: usize = 96 << 10;

/// Places of a kernel.
const PLACES: usize = 9;

/// `[channels out × n_in × 9]`
pub(super) fn gradient(level: Level, rows: &Inputs, n_in: usize, gradient: Maps) -> Vec<f32> {
    let n_out = gradient.shape.n_channels;
    let stack = Stack { shape: gradient.shape };
    let stride = n_in.next_multiple_of(LANES);
    let n_sums = PLACES * n_out * stride;
    let near = if Parts::n_groups(n_sums) > 1 { NEAR_CORE } else { NEAR }.max(n_sums / 4);
    let n_rows = (near / ((n_in + n_out) * stack.pitch())).clamp(1, stack.n_rows().max(1));
    let begin = || {
        let columns = Columns::new(level, n_in, 1, stack.n_seen(n_rows));
        (columns, vec![0.0; n_out * stack.n(n_rows)])
    };
    let parts = Parts { n: stack.n_rows().div_ceil(n_rows), n_sums };
    let sums = parts.sum(begin, |(columns, gradients), number, sums| {
        let first = number * n_rows;
        let n_rows = n_rows.min(stack.n_rows() - first);
        let n = stack.n(n_rows);
        columns.fill(stack.n_seen(n_rows), |channel, out| {
            scratch::with(2 * gradient.shape.width, |line| {
                at_level!(level, || stack.pixels(rows, channel, first, line, out));
            });
        });
        let gradients = &mut gradients[..n_out * n];
        gradients.par_chunks_exact_mut(n).enumerate().for_each(|(channel, out)| {
            stack.gradients(gradient, channel, first, out);
        });
        let pixels = Pixels { values: gradients, stride: n };
        sums.par_chunks_exact_mut(n_out * stride).enumerate().for_each(|(place, sums)| {
            let from = place / 3 * stack.pitch() + place % 3;
            columns.add_products_of(from..from + n, pixels, sums, stride);
        });
    });
    let mut found = vec![0.0; n_out * n_in * PLACES];
    for (place, sums) in sums.chunks_exact(n_out * stride).enumerate() {
        let rows = sums.chunks_exact(stride).flat_map(|row| &row[..n_in]);
        for (found, &sum) in found.iter_mut().skip(place).step_by(PLACES).zip(rows) {
            *found = sum;
        }
    }
    found
}

/// The rows of all examples, one below the other, with a row of zeros above each and one at the end.
#[derive(Clone, Copy)]
struct Stack {
    /// Of the result.
    shape: Shape,
}

impl Stack {
    /// From one row to the next.
    fn pitch(self) -> usize {
        self.shape.width + 1
    }

    /// Rows of gradients: those of each example, and one of zeros behind them.
    fn n_rows(self) -> usize {
        self.shape.n_batch * (self.shape.height + 1)
    }

    /// Room for gradients of some rows.
    fn n(self, n_rows: usize) -> usize {
        n_rows * self.pitch()
    }

    /// Room for the pixels under all places of kernels there.
    fn n_seen(self, n_rows: usize) -> usize {
        self.n(n_rows + 2) + 2
    }

    /// Which row of which example that is, counted from a row of zeros on.
    fn row(self, number: usize) -> Option<(usize, usize)> {
        let (example, row) = (number / (self.shape.height + 1), number % (self.shape.height + 1));
        (row > 0 && example < self.shape.n_batch).then(|| (example, row - 1))
    }

    /// Pixels of a channel from the row above `first` on; each row begins with a zero.
    #[inline(always)]
    fn pixels(
        self,
        rows: &Inputs,
        channel: usize,
        first: usize,
        line: &mut [f32],
        out: &mut [f32],
    ) {
        let mut places = out.chunks_mut(self.pitch());
        for (i, out) in places.by_ref().enumerate() {
            match self.row(first + i).filter(|_| out.len() == self.pitch()) {
                Some((example, row)) => {
                    out[0] = 0.0;
                    out[1..].copy_from_slice(rows.row(example, channel, row, line));
                }
                None => out.fill(0.0),
            }
        }
    }

    /// Gradients of a channel; each row ends with a zero.
    fn gradients(self, gradient: Maps, channel: usize, first: usize, out: &mut [f32]) {
        let width = self.shape.width;
        for (i, out) in out.chunks_exact_mut(self.pitch()).enumerate() {
            match self.row(first + i + 1) {
                Some((example, row)) => {
                    let plane = gradient.plane(example, channel);
                    out[..width].copy_from_slice(&plane[row * width..][..width]);
                    out[width] = 0.0;
                }
                None => out.fill(0.0),
            }
        }
    }
}
