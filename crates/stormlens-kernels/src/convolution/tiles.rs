//! Tiles of 4 × 4 pixels, two apart, and what F(2 × 2, 3 × 3) makes of them.
//!
//! Pixels of even and of odd rows and columns are kept apart, in four planes: then the pixels in one
//! place of all tiles lie side by side, also over the ends of rows. Between two rows of tiles is one
//! that nobody asks for.

use crate::product::LANES;

/// Places within a tile, and products for each.
pub(super) const POSITIONS: usize = 16;

/// Values in one place of neighbouring tiles.
type Vector = [f32; LANES];

/// Some rows of tiles.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tiles {
    pub across: usize,
    pub down: usize,
}

impl Tiles {
    /// That cover so many rows and columns of results.
    pub fn over(height: usize, width: usize) -> Self {
        Self { across: width.div_ceil(2), down: height.div_ceil(2) }
    }

    /// From one row of tiles to the next.
    fn pitch(self) -> usize {
        self.across + 1
    }

    /// All of them, with those between two rows.
    pub fn n(self) -> usize {
        self.down * self.pitch() - 1
    }

    /// Room for values in one place of all tiles, in whole vectors.
    pub fn stride(self) -> usize {
        self.n().next_multiple_of(LANES)
    }

    /// Room for one of the four planes of pixels.
    fn plane(self) -> usize {
        (self.down + 1) * self.pitch() + LANES
    }

    /// Room for all planes of pixels, or of results.
    pub fn n_planes(self) -> usize {
        4 * self.plane()
    }

    /// What vectors read behind the last row.
    #[inline(always)]
    pub fn clear_ends(self, planes: &mut [f32]) {
        for plane in planes.chunks_exact_mut(self.plane()) {
            plane[self.plane() - LANES..].fill(0.0);
        }
    }

    /// Sets a row of pixels, counted from the one above the results; beside it are zeros, and a row
    /// beyond the picture is zero.
    #[inline(always)]
    pub fn set_row(self, planes: &mut [f32], number: usize, row: Option<&[f32]>) {
        let n = self.plane();
        let (even, odd) = planes[2 * (number % 2) * n..][..2 * n].split_at_mut(n);
        let start = number / 2 * self.pitch();
        let (even, odd) = (&mut even[start..][..self.pitch()], &mut odd[start..][..self.pitch()]);
        let Some(row) = row else {
            even.fill(0.0);
            odd.fill(0.0);
            return;
        };
        // The column before the first one counts as the first of the even ones.
        let (pairs, last) = row.as_chunks::<2>();
        for ((even, odd), pair) in even[1..].iter_mut().zip(&mut *odd).zip(pairs) {
            (*odd, *even) = (pair[0], pair[1]);
        }
        even[0] = 0.0;
        odd[self.across] = 0.0;
        if let [last] = *last {
            (odd[self.across - 1], even[self.across]) = (last, 0.0);
        }
    }

    /// `Bᵀ d B` of every tile; `step` leads from one position of a tile to the next.
    #[inline(always)]
    pub fn transform(self, planes: &[f32], out: &mut [f32], step: usize) {
        for first in (0..self.stride()).step_by(LANES) {
            let pixels: [&Vector; POSITIONS] = std::array::from_fn(|i| {
                let (row, column) = (i / 4, i % 4);
                let plane = 2 * (row % 2) + column % 2;
                let start = plane * self.plane() + row / 2 * self.pitch() + column / 2;
                vector(planes, start + first)
            });
            let mut found = [[0.0; LANES]; POSITIONS];
            for lane in 0..LANES {
                let d = pixels.map(|pixels| pixels[lane]);
                let rows = [0, 4, 8, 12].map(|i| spread([d[i], d[i + 1], d[i + 2], d[i + 3]]));
                for j in 0..4 {
                    let column = spread([rows[0][j], rows[1][j], rows[2][j], rows[3][j]]);
                    for i in 0..4 {
                        found[4 * i + j][lane] = column[i];
                    }
                }
            }
            for (i, found) in found.iter().enumerate() {
                out[i * step + first..][..LANES].copy_from_slice(found);
            }
        }
    }

    /// `Aᵀ m A` of every tile: results of even and odd rows and columns, in four planes.
    #[inline(always)]
    pub fn combine(self, products: &[f32], step: usize, planes: &mut [f32]) {
        for first in (0..self.stride()).step_by(LANES) {
            let products: [&Vector; POSITIONS] =
                std::array::from_fn(|i| vector(products, i * step + first));
            let mut found = [[0.0; LANES]; 4];
            for lane in 0..LANES {
                let m = products.map(|products| products[lane]);
                let rows = [0, 4, 8, 12].map(|i| gather([m[i], m[i + 1], m[i + 2], m[i + 3]]));
                for j in 0..2 {
                    let column = gather([rows[0][j], rows[1][j], rows[2][j], rows[3][j]]);
                    for i in 0..2 {
                        found[2 * i + j][lane] = column[i];
                    }
                }
            }
            for (i, found) in found.iter().enumerate() {
                planes[i * self.plane() + first..][..LANES].copy_from_slice(found);
            }
        }
    }

    /// Sets a row of results in their planes; there are no results beyond the picture and between two rows of tiles.
    #[inline(always)]
    pub fn set_results(self, planes: &mut [f32], number: usize, row: Option<&[f32]>) {
        let n = self.plane();
        let (even, odd) = planes[2 * (number % 2) * n..][..2 * n].split_at_mut(n);
        let start = number / 2 * self.pitch();
        let (even, odd) = (&mut even[start..][..self.pitch()], &mut odd[start..][..self.pitch()]);
        even.fill(0.0);
        odd.fill(0.0);
        let (pairs, last) = row.unwrap_or_default().as_chunks::<2>();
        for ((even, odd), pair) in even.iter_mut().zip(&mut *odd).zip(pairs) {
            (*even, *odd) = (pair[0], pair[1]);
        }
        if let [last] = *last {
            even[pairs.len()] = last;
        }
    }

    /// `A g Aᵀ` of the results of every tile; `step` leads from one position of a tile to the next.
    #[inline(always)]
    pub fn spread(self, planes: &[f32], out: &mut [f32], step: usize) {
        for first in (0..self.stride()).step_by(LANES) {
            let results: [&Vector; 4] =
                std::array::from_fn(|i| vector(planes, i * self.plane() + first));
            let mut found = [[0.0; LANES]; POSITIONS];
            for lane in 0..LANES {
                let [a, b, c, d] = results.map(|results| results[lane]);
                let (left, right) = (widen([a, c]), widen([b, d]));
                for i in 0..4 {
                    let row = widen([left[i], right[i]]);
                    for j in 0..4 {
                        found[4 * i + j][lane] = row[j];
                    }
                }
            }
            for (i, found) in found.iter().enumerate() {
                out[i * step + first..][..LANES].copy_from_slice(found);
            }
        }
    }

    /// A row of results from their planes.
    #[inline(always)]
    pub fn row(self, planes: &[f32], number: usize, row: &mut [f32]) {
        let n = self.plane();
        let (even, odd) = planes[2 * (number % 2) * n..][..2 * n].split_at(n);
        let start = number / 2 * self.pitch();
        let pairs = even[start..][..self.across].iter().zip(&odd[start..][..self.across]);
        for (out, (&even, &odd)) in row.as_chunks_mut::<2>().0.iter_mut().zip(pairs) {
            *out = [even, odd];
        }
        if row.len() % 2 == 1 {
            row[row.len() - 1] = even[start + self.across - 1];
        }
    }
}

#[inline(always)]
fn vector(values: &[f32], start: usize) -> &Vector {
    values[start..].first_chunk().expect("room for whole vectors")
}

/// `Bᵀ d`
#[inline(always)]
fn spread([a, b, c, d]: [f32; 4]) -> [f32; 4] {
    [a - c, b + c, c - b, b - d]
}

/// `Aᵀ m`
#[inline(always)]
fn gather([a, b, c, d]: [f32; 4]) -> [f32; 2] {
    [a + b + c, b - c - d]
}

/// `A g`
#[inline(always)]
fn widen([a, b]: [f32; 2]) -> [f32; 4] {
    [a, a + b, a - b, -b]
}
