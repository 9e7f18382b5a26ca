//! Depthwise 3 × 3 convolution of single planes, zero padding 1, stride 1.

use std::ops::Range;

use crate::bands::{self, Maps, Shape};
use crate::level::{Sums, at_level};
use crate::{Level, scratch};

/// A kernel for each channel, and nothing behind it.
#[derive(Clone, Copy, Debug)]
pub struct Depthwise<'a> {
    /// `[channels × 9]`
    pub weight: &'a [f32],
    /// `[channels]`
    pub bias: &'a [f32],
}

impl Depthwise<'_> {
    fn kernel(&self, channel: usize) -> &[f32; 9] {
        self.weight.as_chunks::<9>().0.get(channel).expect("nine weights for every channel")
    }

    /// # Panics
    /// If there are not as many kernels as channels.
    pub fn forward(&self, level: Level, x: Maps) -> Vec<f32> {
        assert_eq!(self.bias.len(), x.shape.n_channels, "a bias for every channel");
        each_channel(level, x, |channel| (*self.kernel(channel), self.bias[channel]))
    }

    /// The gradient of the input, from that of the result: the convolution with turned kernels.
    ///
    /// # Panics
    /// If there are not as many kernels as channels.
    pub fn backward(&self, level: Level, gradient: Maps) -> Vec<f32> {
        each_channel(level, gradient, |channel| (turned(self.kernel(channel)), 0.0))
    }
}

/// Convolves every channel with a kernel and adds a number.
fn each_channel(
    level: Level,
    x: Maps,
    kernel: impl Fn(usize) -> ([f32; 9], f32) + Sync,
) -> Vec<f32> {
    let Shape { n_channels, width, .. } = x.shape;
    bands::fill(x.shape, bands::rows_per_band(x.shape, 1, 2), |band| {
        scratch::with(band.rows.len() * width, |out| {
            at_level!(level, |sums| {
                for channel in 0..n_channels {
                    let (kernel, bias) = kernel(channel);
                    let plane = x.plane(band.example, channel);
                    convolve_rows(sums, plane, width, &kernel, band.rows.clone(), out);
                    band.append(channel, out, |v| v + bias);
                }
            });
        });
    })
}

/// Some rows of the convolution of a plane with one kernel, into `out`, `[rows × width]`.
///
/// `kernel` is row-major. Rows above and below the plane are zero, and so are columns beside it.
/// Meant to be inlined into code that a level of vector instructions was chosen for.
#[inline(always)]
pub(crate) fn convolve_rows(
    sums: Sums,
    plane: &[f32],
    width: usize,
    kernel: &[f32; 9],
    rows: Range<usize>,
    out: &mut [f32],
) {
    let height = plane.len() / width;
    let of = |row: usize| &plane[row * width..][..width];
    let (mut row, k) = (rows.start, rows_of(kernel));
    let mut out = out.chunks_exact_mut(width);
    while row < rows.end {
        // Two rows share what they read, where both have neighbours on either side.
        if row > 0 && row + 2 < height && row + 1 < rows.end {
            let four = [of(row - 1), of(row), of(row + 1), of(row + 2)];
            if let (Some(first), Some(second)) = (out.next(), out.next()) {
                convolve_two_rows(sums, four, k, [first, second]);
            }
            row += 2;
            continue;
        }
        let mut k = k;
        // A row that is not there counts as any other with weights of zero.
        if row == 0 {
            k[0] = [0.0; 3];
        }
        if row + 1 >= height {
            k[2] = [0.0; 3];
        }
        let (above, below) = (row.saturating_sub(1), (row + 1).min(height - 1));
        if let Some(out) = out.next() {
            convolve_row(sums, [of(above), of(row), of(below)], k, out);
        }
        row += 1;
    }
}

/// Results of a row that are computed together.
const BLOCK: usize = 16;

/// First results of blocks that cover a row but for its ends. The last one lies over the one before
/// it, so that nothing is left to be computed number by number.
#[inline(always)]
fn blocks(n: usize) -> impl Iterator<Item = usize> {
    let last = n.saturating_sub(1 + BLOCK);
    (1..n.saturating_sub(1)).step_by(BLOCK).map(move |first| first.min(last))
}

/// Two rows of results from four rows.
#[inline(always)]
fn convolve_two_rows(
    sums: Sums,
    rows: [&[f32]; 4],
    k: [[f32; 3]; 3],
    [first, second]: [&mut [f32]; 2],
) {
    let [a, b, c, d] = rows;
    if first.len() < BLOCK + 2 {
        convolve_row(sums, [a, b, c], k, first);
        convolve_row(sums, [b, c, d], k, second);
        return;
    }
    for start in blocks(first.len()) {
        let (a, b) = (window(a, start), window(b, start));
        let (c, d) = (window(c, start), window(d, start));
        let (mut x, mut y) = ([0.0; BLOCK], [0.0; BLOCK]);
        for i in 0..BLOCK {
            x[i] = nine(sums, [a, b, c], k, i);
            y[i] = nine(sums, [b, c, d], k, i);
        }
        first[start..start + BLOCK].copy_from_slice(&x);
        second[start..start + BLOCK].copy_from_slice(&y);
    }
    ends([a, b, c], k, first);
    ends([b, c, d], k, second);
}

/// What a block of results is made of.
#[inline(always)]
fn window(row: &[f32], start: usize) -> &[f32; BLOCK + 2] {
    row[start - 1..].first_chunk().expect("blocks end before the row does")
}

/// One result, in three chains of sums, so that one does not wait for the other.
#[inline(always)]
fn nine(sums: Sums, rows: [&[f32; BLOCK + 2]; 3], k: [[f32; 3]; 3], i: usize) -> f32 {
    three(sums, rows[0], k[0], i) + three(sums, rows[1], k[1], i) + three(sums, rows[2], k[2], i)
}

// No closures here and where this is called: those that come from several places would not be inlined, and compiled for the
// smallest level.
#[inline(always)]
fn three(sums: Sums, values: &[f32; BLOCK + 2], k: [f32; 3], i: usize) -> f32 {
    sums.add(sums.add(values[i] * k[0], values[i + 1], k[1]), values[i + 2], k[2])
}

pub(crate) fn rows_of(kernel: &[f32; 9]) -> [[f32; 3]; 3] {
    let [a, b, c] = [0, 3, 6].map(|i| [kernel[i], kernel[i + 1], kernel[i + 2]]);
    [a, b, c]
}

/// One row of results from three rows; columns beside them are zero.
#[inline(always)]
pub(crate) fn convolve_row(sums: Sums, rows: [&[f32]; 3], k: [[f32; 3]; 3], out: &mut [f32]) {
    let n = out.len();
    let rows = [&rows[0][..n], &rows[1][..n], &rows[2][..n]];
    if n < BLOCK + 2 {
        for i in 1..n.saturating_sub(1) {
            let mut sum = 0.0;
            for (row, k) in rows.into_iter().zip(k) {
                sum += row[i - 1] * k[0] + row[i] * k[1] + row[i + 1] * k[2];
            }
            out[i] = sum;
        }
    } else {
        for start in blocks(n) {
            let rows = [window(rows[0], start), window(rows[1], start), window(rows[2], start)];
            let mut block = [0.0; BLOCK];
            for (i, place) in block.iter_mut().enumerate() {
                *place = nine(sums, rows, k, i);
            }
            out[start..start + BLOCK].copy_from_slice(&block);
        }
    }
    ends(rows, k, out);
}

/// The first and the last pixel, which have a neighbour on one side only, or on none.
#[inline(always)]
fn ends(rows: [&[f32]; 3], k: [[f32; 3]; 3], out: &mut [f32]) {
    let n = out.len();
    for column in [0, n - 1] {
        let mut sum = 0.0;
        for (row, k) in rows.into_iter().zip(k) {
            let left = if column > 0 { row[column - 1] * k[0] } else { 0.0 };
            let right = if column + 1 < n { row[column + 1] * k[2] } else { 0.0 };
            sum += left + row[column] * k[1] + right;
        }
        out[column] = sum;
    }
}

/// The kernel turned by 180°: the convolution's gradient is the convolution with it.
#[inline]
pub(crate) fn turned(kernel: &[f32]) -> [f32; 9] {
    std::array::from_fn(|i| kernel[8 - i])
}
