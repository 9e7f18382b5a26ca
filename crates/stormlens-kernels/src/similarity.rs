//! The mean structural similarity of two batches of maps (Wang et al. 2004, <https://doi.org/10.1109/TIP.2003.819861>), with
//! its gradient.
//!
//! With means, variances and covariance in a window around a pixel its similarity is
//! `(2 μₐ μᵦ + C₁) (2 σₐᵦ + C₂) / ((μₐ² + μᵦ² + C₁) (σₐ² + σᵦ² + C₂))`. Both maps are cut to 0 to 1 before. Windows
//! are weighted along rows and along columns by the same numbers, and maps are mirrored at their edges, which are not repeated.
//!
//! A task takes a plane, and both ways through it: what the similarity changes with each mean is kept of a plane only, so the
//! gradient costs no memory beyond itself.

use rayon::prelude::*;

use crate::level::{Sums, at_level};
use crate::{Level, Maps, scratch};

/// Pixels that a window reaches to each side.
pub const RADIUS: usize = 5;

/// Pixels of a window in one direction.
const SIDE: usize = 2 * RADIUS + 1;

/// Values that are computed side by side.
const LANES: usize = 16;

/// How similarity is measured.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Similarity {
    /// Weights along a row, and along a column; their sum is 1, and they are the same from both ends.
    pub window: [f32; SIDE],
    /// `C₁` and `C₂`
    pub constants: [f32; 2],
}

/// The mean similarity, and its gradient for each value of the first maps.
#[derive(Clone, Debug)]
pub struct Measured {
    pub mean: f64,
    pub gradient: Vec<f32>,
}

impl Similarity {
    /// Of maps with maps of the same shape; the gradient is that of the first ones, none where they were cut.
    ///
    /// # Panics
    /// If the shapes differ.
    pub fn measure(&self, level: Level, maps: Maps, others: Maps) -> Measured {
        assert_eq!(maps.shape, others.shape, "maps of one shape");
        let size = Size { height: maps.shape.height, width: maps.shape.width };
        let mut gradient = vec![0.0; maps.values.len()];
        let n = maps.shape.plane().max(1);
        let planes = gradient.par_chunks_exact_mut(n).zip(maps.values.par_chunks_exact(n));
        let planes = planes.zip(others.values.par_chunks_exact(n));
        let share = 1.0 / maps.values.len() as f32;
        let sums: Vec<f64> = planes
            .map(|((gradient, a), b)| {
                scratch::with(size.n_scratch(), |space| {
                    at_level!(level, |sums| {
                        let plane = Plane { options: self, sums, size };
                        plane.measure([a, b], share, gradient, space)
                    })
                })
            })
            .collect();
        Measured { mean: sums.iter().sum::<f64>() / maps.values.len() as f64, gradient }
    }
}

/// Height and width of a plane.
#[derive(Clone, Copy)]
struct Size {
    height: usize,
    width: usize,
}

impl Size {
    /// A row in whole vectors.
    fn stride(self) -> usize {
        self.width.next_multiple_of(LANES)
    }

    /// A row with what a window needs on both sides of whole vectors, twice: that of the adjoint begins further out.
    fn padded(self) -> usize {
        self.stride() + LANES + 2 * SIDE
    }

    /// Both maps that were cut, three slopes, and lines of five means with room around them.
    fn n_scratch(self) -> usize {
        5 * self.height * self.stride() + 10 * self.padded()
    }
}

/// `i` counts from [`RADIUS`] places before the first of `n` rows or columns; gives the one that stands there in the mirror.
#[inline(always)]
pub fn mirrored(n: usize, i: usize) -> usize {
    let place = i.abs_diff(RADIUS);
    let last = n - 1;
    if place > last { (2 * last).saturating_sub(place) } else { place }
}

/// One plane on its way.
struct Plane<'a> {
    options: &'a Similarity,
    sums: Sums,
    size: Size,
}

impl Plane<'_> {
    /// The sum of the similarity; its gradient times `share` is added to `gradient`.
    #[inline(always)]
    fn measure(
        &self,
        planes: [&[f32]; 2],
        share: f32,
        gradient: &mut [f32],
        space: &mut [f32],
    ) -> f64 {
        let n = self.size.height * self.size.stride();
        let (cut, rest) = space.split_at_mut(2 * n);
        let (slopes, lines) = rest.split_at_mut(3 * n);
        let (first, second) = cut.split_at_mut(n);
        self.cut(planes[0], first);
        self.cut(planes[1], second);
        let mut total = 0.0;
        for row in 0..self.size.height {
            self.means([first, second], row, lines);
            total += f64::from(self.similarity(row, lines, slopes));
        }
        for row in 0..self.size.height + 2 * RADIUS {
            self.gather(slopes, row, lines);
            let to = mirrored(self.size.height, row) * self.size.stride();
            let both = [&first[to..][..self.size.stride()], &second[to..][..self.size.stride()]];
            let to = mirrored(self.size.height, row) * self.size.width;
            self.add(both, lines, share, &mut gradient[to..][..self.size.width]);
        }
        // Where a value was cut, the similarity does not change with it.
        for (g, &v) in gradient.iter_mut().zip(planes[0]) {
            *g = if (0.0..=1.0).contains(&v) { *g } else { 0.0 };
        }
        total
    }

    /// Values from 0 to 1, in rows of whole vectors.
    #[inline(always)]
    fn cut(&self, plane: &[f32], out: &mut [f32]) {
        let rows = out.chunks_exact_mut(self.size.stride());
        for (out, row) in rows.zip(plane.chunks_exact(self.size.width)) {
            let (values, rest) = out.split_at_mut(self.size.width);
            for (out, &v) in values.iter_mut().zip(row) {
                *out = v.clamp(0.0, 1.0);
            }
            rest.fill(0.0);
        }
    }

    /// The weighted means around each pixel of a row: of both maps, of their squares and of their product.
    #[inline(always)]
    fn means(&self, [a, b]: [&[f32]; 2], row: usize, lines: &mut [f32]) {
        let (stride, padded) = (self.size.stride(), self.size.padded());
        let (columns, means) = lines.split_at_mut(5 * padded);
        let rows: [usize; SIDE] =
            std::array::from_fn(|k| mirrored(self.size.height, row + k) * stride);
        for start in (0..stride).step_by(LANES) {
            let mut found = [[0.0f32; LANES]; 5];
            for (weight, row) in self.options.window.iter().zip(rows) {
                let (a, b) = (&a[row + start..][..LANES], &b[row + start..][..LANES]);
                for i in 0..LANES {
                    let (wa, wb) = (weight * a[i], weight * b[i]);
                    found[0][i] += wa;
                    found[1][i] += wb;
                    found[2][i] = self.sums.add(found[2][i], wa, a[i]);
                    found[3][i] = self.sums.add(found[3][i], wb, b[i]);
                    found[4][i] = self.sums.add(found[4][i], wa, b[i]);
                }
            }
            for (column, found) in columns.chunks_exact_mut(padded).zip(found) {
                column[RADIUS + start..][..LANES].copy_from_slice(&found);
            }
        }
        for (column, mean) in columns.chunks_exact_mut(padded).zip(means.chunks_exact_mut(padded)) {
            for i in 0..RADIUS {
                column[i] = column[RADIUS + mirrored(self.size.width, i)];
                let behind = RADIUS + self.size.width + i;
                column[behind] = column[RADIUS + mirrored(self.size.width, behind)];
            }
            self.along(column, stride, mean);
        }
    }

    /// Weighted sums of so many windows, each beginning a value further.
    #[inline(always)]
    fn along(&self, values: &[f32], n: usize, out: &mut [f32]) {
        for start in (0..n).step_by(LANES) {
            let mut found = [0.0f32; LANES];
            for (k, &weight) in self.options.window.iter().enumerate() {
                let values = &values[start + k..][..LANES];
                for i in 0..LANES {
                    found[i] = self.sums.add(found[i], weight, values[i]);
                }
            }
            out[start..][..LANES].copy_from_slice(&found);
        }
    }

    /// The sum of a row's similarity, and what each pixel's changes with the mean of the first map, with that of its square and
    /// with that of the product.
    #[inline(always)]
    fn similarity(&self, row: usize, lines: &[f32], slopes: &mut [f32]) -> f32 {
        let (stride, padded) = (self.size.stride(), self.size.padded());
        let [c1, c2] = self.options.constants;
        let mut means = lines[5 * padded..].chunks_exact(padded);
        let [a, b, aa, bb, ab] = std::array::from_fn(|_| means.next().expect("five means"));
        let n = self.size.height * stride;
        let (by_a, rest) = slopes.split_at_mut(n);
        let (by_square, by_product) = rest.split_at_mut(n);
        let [by_a, by_square, by_product] =
            [by_a, by_square, by_product].map(|slopes| &mut slopes[row * stride..][..stride]);
        let mut totals = [0.0f32; LANES];
        for start in (0..stride).step_by(LANES) {
            let n = LANES.min(self.size.width - start);
            let (a, b, ab) = (vector(a, start), vector(b, start), vector(ab, start));
            let (aa, bb) = (vector(aa, start), vector(bb, start));
            for i in 0..LANES {
                let (a, b) = (a[i], b[i]);
                let of_means = 2.0 * a * b + c1;
                let of_spread = 2.0 * (ab[i] - a * b) + c2;
                let by_means = 1.0 / (a * a + b * b + c1);
                let by_spread = 1.0 / ((aa[i] - a * a) + (bb[i] - b * b) + c2);
                let both = by_means * by_spread;
                let found = of_means * of_spread * both;
                let is_pixel = i < n;
                totals[i] += if is_pixel { found } else { 0.0 };
                let through_mean = 2.0 * b * (of_spread - of_means) * both
                    + 2.0 * a * found * (by_spread - by_means);
                by_a[start + i] = if is_pixel { through_mean } else { 0.0 };
                by_square[start + i] = if is_pixel { -found * by_spread } else { 0.0 };
                by_product[start + i] = if is_pixel { 2.0 * of_means * both } else { 0.0 };
            }
        }
        totals.iter().sum()
    }

    /// What comes of the slopes to a row of the mirrored map, counted from the first one before the edge: along columns.
    #[inline(always)]
    fn gather(&self, slopes: &[f32], row: usize, lines: &mut [f32]) {
        let (stride, padded) = (self.size.stride(), self.size.padded());
        let columns = lines.chunks_exact_mut(padded);
        for (slopes, column) in slopes.chunks_exact(self.size.height * stride).zip(columns) {
            column.fill(0.0);
            for (k, weight) in self.options.window.iter().enumerate() {
                let Some(from) = row.checked_sub(k).filter(|&row| row < self.size.height) else {
                    continue;
                };
                let slopes = &slopes[from * stride..][..stride];
                // A window further out than that of a mean.
                for (sum, &slope) in column[2 * RADIUS..][..stride].iter_mut().zip(slopes) {
                    *sum = self.sums.add(*sum, *weight, slope);
                }
            }
        }
    }

    /// The same along the row, from where the mirror took its values, through square and product to the first map.
    #[inline(always)]
    fn add(&self, [a, b]: [&[f32]; 2], lines: &mut [f32], share: f32, gradient: &mut [f32]) {
        let (width, padded) = (self.size.width, self.size.padded());
        let (columns, rest) = lines.split_at_mut(5 * padded);
        let rows = columns.chunks_exact(padded).zip(rest.chunks_exact_mut(padded));
        for (column, out) in rows.take(3) {
            let n = (width + 2 * RADIUS).next_multiple_of(LANES);
            self.along(column, n, out);
            for i in 0..RADIUS {
                out[RADIUS + mirrored(width, i)] += out[i];
                let behind = RADIUS + width + i;
                out[RADIUS + mirrored(width, behind)] += out[behind];
            }
        }
        let mut found = rest.chunks_exact(padded);
        let [mean, square, product] =
            std::array::from_fn(|_| &found.next().expect("three slopes")[RADIUS..][..width]);
        let (a, b) = (&a[..width], &b[..width]);
        for (i, g) in gradient.iter_mut().enumerate() {
            *g += share * (mean[i] + 2.0 * a[i] * square[i] + b[i] * product[i]);
        }
    }
}

#[inline(always)]
fn vector(values: &[f32], start: usize) -> &[f32; LANES] {
    values[start..].first_chunk().expect("whole vectors")
}
