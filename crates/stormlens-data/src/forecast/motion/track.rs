//! Tracking of corners from one picture to the next by Lucas and Kanade's least squares (IJCAI 1981) from the top of
//! a pyramid down (Bouguet, Intel, 2001), in OpenCV's fixed-point numbers.
//!
//! With I before, J after and sums over the window around a corner, each iteration moves by
//! `G⁻¹ Σ (I − J) ∇I`, where `G = Σ ∇I ∇Iᵀ`.

use rayon::prelude::*;

use super::pyramid::{Level, Pyramid, WINDOW_PX};
use super::vectors::MotionVector;

const MAX_ITERATIONS: usize = 10;
/// Of G for each pixel of the window: less structure cannot be followed.
const LEAST_EIGENVALUE: f32 = 1e-4;
/// Weights of interpolation have 14 bits behind the point, interpolated pixels 5.
const WEIGHT_BITS: u32 = 14;
const PIXEL_BITS: u32 = 5;
/// Of products of two quantities that are 32 times too large, twice.
const PRODUCT_SCALE: f32 = 1.0 / (1 << 20) as f32;
const HALF_WINDOW: f32 = (WINDOW_PX as f32 - 1.0) * 0.5;

/// Vectors from corners (column, row) of the picture before to where they are after, of all that could be followed.
pub(super) fn track(before: &Pyramid, after: &Pyramid, corners: &[[f32; 2]]) -> Vec<MotionVector> {
    let follow = |&corner: &[f32; 2]| {
        let found = followed(before, after, corner)?;
        let [x, y] = corner.map(f64::from);
        Some(MotionVector { x, y, u: f64::from(found[0]) - x, v: f64::from(found[1]) - y })
    };
    corners.par_iter().map(follow).collect::<Vec<_>>().into_iter().flatten().collect()
}

fn followed(before: &Pyramid, after: &Pyramid, corner: [f32; 2]) -> Option<[f32; 2]> {
    let top = before.levels.len() - 1;
    let mut estimate = corner.map(|x| x / (1 << top) as f32);
    for level in (0..=top).rev() {
        let start = corner.map(|x| x / (1 << level) as f32);
        if level < top {
            estimate = estimate.map(|x| x * 2.0);
        }
        match at_level(&before.levels[level], &after.levels[level], start, estimate) {
            Some(better) => estimate = better,
            None if level == 0 => return None,
            None => {}
        }
    }
    Corner::of(&after.levels[0], estimate).map(|_| estimate)
}

/// A better estimate; `None` where there is no structure to follow, or nothing of the picture.
fn at_level(
    before: &Level,
    after: &Level,
    start: [f32; 2],
    estimate: [f32; 2],
) -> Option<[f32; 2]> {
    let window = Window::new(before, &Corner::of(before, start)?)?;
    let (mut now, mut last) = (estimate, [0.0_f32; 2]);
    for iteration in 0..MAX_ITERATIONS {
        let delta = window.step(after, &Corner::of(after, now)?);
        now = [now[0] + delta[0], now[1] + delta[1]];
        if delta == [0.0; 2] {
            break;
        }
        // It swings to and fro: halfway between.
        if iteration > 0 && (0..2).all(|k| (delta[k] + last[k]).abs() < 0.01) {
            return Some([now[0] - delta[0] * 0.5, now[1] - delta[1] * 0.5]);
        }
        last = delta;
    }
    Some(now)
}

/// Where a window begins in the rows of a level with its margin, and the weights of the four pixels around.
struct Corner {
    first: usize,
    weights: [i16; 4],
}

impl Corner {
    /// `None` where the window has left the picture.
    fn of(level: &Level, [x, y]: [f32; 2]) -> Option<Self> {
        let (x, y) = (x - HALF_WINDOW, y - HALF_WINDOW);
        let (column, row) = (x.floor() as isize, y.floor() as isize);
        let margin = WINDOW_PX as isize;
        let fits = |at: isize, length: usize| at >= -margin && at < length as isize;
        if !x.is_finite()
            || !y.is_finite()
            || !fits(column, level.width)
            || !fits(row, level.height)
        {
            return None;
        }
        let (a, b) = (x - column as f32, y - row as f32);
        let one = (1 << WEIGHT_BITS) as f32;
        let share = |weight: f32| (weight * one).round_ties_even() as i16;
        let [w00, w01, w10] = [(1.0 - a) * (1.0 - b), a * (1.0 - b), (1.0 - a) * b].map(share);
        let rest = (1 << WEIGHT_BITS) - i32::from(w00) - i32::from(w01) - i32::from(w10);
        let first = (row + margin) as usize * level.stride() + (column + margin) as usize;
        Some(Self { first, weights: [w00, w01, w10, rest as i16] })
    }

    /// A row of the window, interpolated, with so many bits fewer.
    #[inline(always)]
    fn row(
        &self,
        values: &[i16],
        stride: usize,
        row: usize,
        bits: u32,
        out: &mut [i16; WINDOW_PX],
    ) {
        let start = self.first + row * stride;
        let upper = &values[start..][..WINDOW_PX + 1];
        let lower = &values[start + stride..][..WINDOW_PX + 1];
        let [w00, w01, w10, w11] = self.weights.map(i32::from);
        for i in 0..WINDOW_PX {
            let above = i32::from(upper[i]) * w00 + i32::from(upper[i + 1]) * w01;
            let below = i32::from(lower[i]) * w10 + i32::from(lower[i + 1]) * w11;
            out[i] = ((above + below + (1 << (bits - 1))) >> bits) as i16;
        }
    }
}

type Patch = [[i16; WINDOW_PX]; WINDOW_PX];

/// The window around a corner before, with its gradient and G.
struct Window {
    pixels: Box<Patch>,
    across: Box<Patch>,
    down: Box<Patch>,
    /// xx, xy, yy.
    gradient: [f32; 3],
}

impl Window {
    /// `None` without structure.
    fn new(level: &Level, corner: &Corner) -> Option<Self> {
        let patch = |values: &[i16], bits: u32| {
            let mut patch: Box<Patch> = Box::new([[0; WINDOW_PX]; WINDOW_PX]);
            for (row, out) in patch.iter_mut().enumerate() {
                corner.row(values, level.stride(), row, bits, out);
            }
            patch
        };
        let pixels = patch(&level.pixels, WEIGHT_BITS - PIXEL_BITS);
        let (across, down) = (patch(&level.across, WEIGHT_BITS), patch(&level.down, WEIGHT_BITS));
        let sum = |a: &Patch, b: &Patch| {
            let rows = a.iter().zip(b).map(|(a, b)| i64::from(dot(a, b)));
            rows.sum::<i64>() as f32 * PRODUCT_SCALE
        };
        let gradient = [sum(&across, &across), sum(&across, &down), sum(&down, &down)];
        let [xx, xy, yy] = gradient;
        let eigenvalue = yy + xx - ((xx - yy) * (xx - yy) + 4.0 * xy * xy).sqrt();
        let smaller = eigenvalue / (2 * WINDOW_PX * WINDOW_PX) as f32;
        let determinant = xx * yy - xy * xy;
        let has_structure = smaller >= LEAST_EIGENVALUE && determinant >= f32::EPSILON;
        has_structure.then_some(Self { pixels, across, down, gradient })
    }

    /// The next move, columns and rows.
    fn step(&self, after: &Level, corner: &Corner) -> [f32; 2] {
        let (mut x, mut y) = (0_i64, 0_i64);
        let mut row_after = [0_i16; WINDOW_PX];
        for row in 0..WINDOW_PX {
            let bits = WEIGHT_BITS - PIXEL_BITS;
            corner.row(&after.pixels, after.stride(), row, bits, &mut row_after);
            for (after, before) in row_after.iter_mut().zip(&self.pixels[row]) {
                *after -= before;
            }
            x += i64::from(dot(&row_after, &self.across[row]));
            y += i64::from(dot(&row_after, &self.down[row]));
        }
        let (b1, b2) = (x as f32 * PRODUCT_SCALE, y as f32 * PRODUCT_SCALE);
        let [xx, xy, yy] = self.gradient;
        let inverse = 1.0 / (xx * yy - xy * xy);
        [(xy * b2 - yy * b1) * inverse, (xy * b1 - xx * b2) * inverse]
    }
}

/// Fits: 50 products of at most 8160 and 4080.
#[inline(always)]
fn dot(a: &[i16; WINDOW_PX], b: &[i16; WINDOW_PX]) -> i32 {
    a.iter().zip(b).map(|(&a, &b)| i32::from(a) * i32::from(b)).sum()
}
