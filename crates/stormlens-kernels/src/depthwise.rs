//! Depthwise 3 × 3 convolution of single planes, zero padding 1, stride 1.

use std::ops::Range;

use crate::level::Sums;

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

/// Two rows of results from four rows.
#[inline(always)]
fn convolve_two_rows(
    sums: Sums,
    rows: [&[f32]; 4],
    k: [[f32; 3]; 3],
    [first, second]: [&mut [f32]; 2],
) {
    let n = first.len();
    let [a, b, c, d] = rows.map(|row| &row[..n]);
    let second = &mut second[..n];
    for i in 1..n.saturating_sub(1) {
        let (mut x, mut y) = ([0.0; 3], [0.0; 3]);
        for j in 0..3 {
            let [a, b, c, d] = [a, b, c, d].map(|row| row[i + j - 1]);
            x = [
                sums.add(x[0], a, k[0][j]),
                sums.add(x[1], b, k[1][j]),
                sums.add(x[2], c, k[2][j]),
            ];
            y = [
                sums.add(y[0], b, k[0][j]),
                sums.add(y[1], c, k[1][j]),
                sums.add(y[2], d, k[2][j]),
            ];
        }
        first[i] = x[0] + x[1] + x[2];
        second[i] = y[0] + y[1] + y[2];
    }
    ends([a, b, c], k, first);
    ends([b, c, d], k, second);
}

pub(crate) fn rows_of(kernel: &[f32; 9]) -> [[f32; 3]; 3] {
    let [a, b, c] = [0, 3, 6].map(|i| [kernel[i], kernel[i + 1], kernel[i + 2]]);
    [a, b, c]
}

/// One row of results from three rows; columns beside them are zero.
#[inline(always)]
pub(crate) fn convolve_row(sums: Sums, rows: [&[f32]; 3], k: [[f32; 3]; 3], out: &mut [f32]) {
    let n = out.len();
    let [a, b, c] = rows.map(|row| &row[..n]);
    if n >= 2 {
        let windows = a.windows(3).zip(b.windows(3)).zip(c.windows(3));
        for (out, ((a, b), c)) in out[1..n - 1].iter_mut().zip(windows) {
            // Three chains of sums, so that one does not wait for the other.
            let [mut x, mut y, mut z] = [a[0] * k[0][0], b[0] * k[1][0], c[0] * k[2][0]];
            for i in 1..3 {
                x = sums.add(x, a[i], k[0][i]);
                y = sums.add(y, b[i], k[1][i]);
                z = sums.add(z, c[i], k[2][i]);
            }
            *out = x + y + z;
        }
    }
    ends([a, b, c], k, out);
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
