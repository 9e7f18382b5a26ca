//! Bilinear interpolation to twice the size, corners aligned, row by row.

use std::ops::Range;

use crate::bands::{self, Maps, Shape};
use crate::level::at_level;
use crate::{Level, scratch};

/// The two points between which each of `2 n` interpolated ones lies, and the second one's share.
///
/// In `f32` and in this order, as PyTorch computes it, so that results agree to the last digits.
pub fn sources(n: usize) -> Vec<(usize, f32)> {
    let scale = if n > 1 { (n - 1) as f32 / (2 * n - 1) as f32 } else { 0.0 };
    let source = |i: usize| {
        let position = scale * i as f32;
        let low = (position as usize).min(n - 1);
        (low, position - low as f32)
    };
    (0..2 * n).map(source).collect()
}

/// What interpolates along a row of `n` points: even and odd results apart, since each kind takes
/// its two points in the same way everywhere.
///
/// Result `2 i` lies between points `i − 1` and `i`, result `2 i + 1` between `i` and `i + 1`.
#[derive(Clone, Debug)]
pub(crate) struct Across {
    n: usize,
    /// Share of point `i − 1` in result `2 i`; that of point `i` is the rest.
    before: Vec<f32>,
    /// Share of point `i + 1` in result `2 i + 1`; the last result is another matter.
    after: Vec<f32>,
    /// Share of the last point but one in the last result: what rounding left of zero.
    end: f32,
}

impl Across {
    pub fn new(n: usize) -> Self {
        let sources = sources(n);
        // A point that rounding moved onto its upper neighbour has a share of zero before it.
        let before = (0..n).map(|i| {
            let (low, share) = sources[2 * i];
            if low < i { 1.0 - share } else { 0.0 }
        });
        let after = (0..n).map(|i| if i + 1 < n { sources[2 * i + 1].1 } else { 0.0 });
        let (low, share) = sources[2 * n - 1];
        let end = if low + 1 < n { 1.0 - share } else { 0.0 };
        Self { n, before: before.collect(), after: after.collect(), end }
    }

    /// `row` holds `n` points, `out` twice as many.
    #[inline(always)]
    pub fn interpolate(&self, row: &[f32], out: &mut [f32]) {
        let n = self.n;
        let (row, out) = (&row[..n], &mut out[..2 * n]);
        let (before, after) = (&self.before[..n], &self.after[..n]);
        let (pairs, _) = out.as_chunks_mut::<2>();
        if n >= 2 {
            let windows = row.windows(3).zip(before[1..].iter().zip(&after[1..]));
            for (out, (p, (&before, &after))) in pairs[1..n - 1].iter_mut().zip(windows) {
                out[0] = p[0] * before + p[1] * (1.0 - before);
                out[1] = p[1] * (1.0 - after) + p[2] * after;
            }
            pairs[0] = [row[0], row[0] * (1.0 - after[0]) + row[1] * after[0]];
            let last = n - 1;
            let even = row[last - 1] * before[last] + row[last] * (1.0 - before[last]);
            pairs[last] = [even, row[last - 1] * self.end + row[last] * (1.0 - self.end)];
        } else {
            pairs[0] = [row[0]; 2];
        }
    }

    /// The adjoint: `gradient` holds `2 n` values, `out` gets `n`.
    #[inline(always)]
    pub fn gather(&self, gradient: &[f32], out: &mut [f32]) {
        let n = self.n;
        let (pairs, _) = gradient[..2 * n].as_chunks::<2>();
        let (before, after) = (&self.before[..n], &self.after[..n]);
        let out = &mut out[..n];
        if n == 1 {
            out[0] = pairs[0][0] + pairs[0][1];
            return;
        }
        for i in 1..n - 1 {
            let own = pairs[i][0] * (1.0 - before[i]) + pairs[i][1] * (1.0 - after[i]);
            out[i] = own + pairs[i - 1][1] * after[i - 1] + pairs[i + 1][0] * before[i + 1];
        }
        out[0] = pairs[0][0] + pairs[0][1] * (1.0 - after[0]) + pairs[1][0] * before[1];
        let last = n - 1;
        out[last] = pairs[last][0] * (1.0 - before[last])
            + pairs[last][1] * (1.0 - self.end)
            + pairs[last - 1][1] * after[last - 1];
        out[last - 1] += pairs[last][1] * self.end;
    }
}

/// Rows of an interpolated plane.
#[derive(Clone, Debug)]
pub(crate) struct Doubling {
    across: Across,
    /// Between which rows of the plane each of the result lies.
    pub down: Vec<(usize, f32)>,
}

impl Doubling {
    /// From planes of this size.
    pub fn new(height: usize, width: usize) -> Self {
        Self { across: Across::new(width), down: sources(height) }
    }

    pub fn across(&self) -> &Across {
        &self.across
    }

    /// Rows of the plane between which some rows of the interpolated one lie.
    pub fn rows_below(&self, rows: &Range<usize>) -> Range<usize> {
        let last = self.down.len() / 2 - 1;
        self.down[rows.start].0..(self.down[rows.end - 1].0 + 1).min(last) + 1
    }

    /// A row of the interpolated plane, made in `space`, which holds twice as many numbers.
    #[inline(always)]
    pub fn row<'a>(&self, plane: &[f32], row: usize, space: &'a mut [f32]) -> &'a [f32] {
        let width = self.across.n;
        let last = self.down.len() / 2 - 1;
        let (low, share) = self.down[row];
        let of = |row: usize| &plane[row * width..][..width];
        let (out, rest) = space.split_at_mut(2 * width);
        let between = &mut rest[..width];
        for ((v, &a), &b) in between.iter_mut().zip(of(low)).zip(of((low + 1).min(last))) {
            *v = a * (1.0 - share) + b * share;
        }
        self.across.interpolate(between, out);
        out
    }

    /// What weights of three interpolated rows, the middle one number `row`, come to as weights of
    /// rows of the plane: those of the first such row and of the two below it. Rows beyond the
    /// interpolated plane count nothing.
    #[inline(always)]
    pub fn weights_below(&self, row: usize, weights: [[f32; 3]; 3]) -> (usize, [[f32; 3]; 3]) {
        let last = self.down.len() / 2 - 1;
        let first = self.down[row.saturating_sub(1)].0;
        let mut below = [[0.0; 3]; 3];
        for (i, weights) in weights.into_iter().enumerate() {
            let Some(&(low, share)) = (row + i).checked_sub(1).and_then(|r| self.down.get(r))
            else {
                continue;
            };
            let shares = [(low, 1.0 - share), ((low + 1).min(last), share)];
            for (source, share) in shares {
                for (sum, weight) in below[source - first].iter_mut().zip(weights) {
                    *sum += share * weight;
                }
            }
        }
        (first, below)
    }

    /// The adjoint down a plane: `gradient` is `[2 height × width]`, already gathered across; `out`
    /// is `[height × width]`.
    #[inline(always)]
    pub fn gather_down(&self, gradient: &[f32], out: &mut [f32]) {
        let width = self.across.n;
        let last = out.len() / width - 1;
        out.fill(0.0);
        for (gradient, &(low, share)) in gradient.chunks_exact(width).zip(&self.down) {
            let (upper, lower) = out[low * width..].split_at_mut(width);
            let upper_share = if low < last { 1.0 - share } else { 1.0 };
            for (out, &gradient) in upper.iter_mut().zip(gradient) {
                *out += gradient * upper_share;
            }
            if low < last {
                for (out, &gradient) in lower[..width].iter_mut().zip(gradient) {
                    *out += gradient * share;
                }
            }
        }
    }
}

/// The adjoint down all planes of maps of this shape: `array` has twice their rows.
pub(crate) fn gather_down(
    level: Level,
    doubling: &Doubling,
    array: &[f32],
    shape: Shape,
) -> Vec<f32> {
    let tall = shape.with_size(2 * shape.height, shape.width);
    let array = Maps { values: array, shape: tall };
    bands::fill_planes(shape, |plane, band| {
        let (example, channel) = (plane / shape.n_channels, plane % shape.n_channels);
        scratch::with(shape.plane(), |out| {
            at_level!(level, || doubling.gather_down(array.plane(example, channel), out));
            band.append(0, out, |v| v);
        });
    })
}
