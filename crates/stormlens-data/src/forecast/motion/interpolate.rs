//! Motion of all pixels from vectors at some: means of the nearest 20, weighted with the distance to the power −½
//! (pysteps' `idwinterp2d` with its defaults).

use rayon::prelude::*;

use super::MotionField;
use super::vectors::MotionVector;

const N_NEAREST: usize = 20;
/// Added to distances in pixels, so that a vector's own pixel has a weight.
const OFFSET_PX: f64 = 0.5;
/// Sides of the tiles whose pixels share candidates.
const TILE_PX: usize = 16;

/// Nothing moves without vectors.
pub(super) fn dense(vectors: &[MotionVector], height: usize, width: usize) -> MotionField {
    let mut field = MotionField::still(height, width);
    if vectors.is_empty() {
        return field;
    }
    let bands = field.pixels_per_step.par_chunks_mut(TILE_PX * width).enumerate();
    bands.for_each(|(band, values)| {
        for left in (0..width).step_by(TILE_PX) {
            fill_tile(vectors, values, width, [left, band * TILE_PX]);
        }
    });
    field
}

/// The tile whose first column and row are given, in a band of rows.
fn fill_tile(vectors: &[MotionVector], band: &mut [[f64; 2]], width: usize, first: [usize; 2]) {
    let near = candidates(vectors, first);
    let right = (first[0] + TILE_PX).min(width);
    let mut distances = Vec::with_capacity(near.len());
    for (row, line) in band.chunks_exact_mut(width).enumerate() {
        for (column, motion) in line[..right].iter_mut().enumerate().skip(first[0]) {
            *motion = weighted(&near, column as f64, (first[1] + row) as f64, &mut distances);
        }
    }
}

/// Vectors that may be among the nearest of a pixel of the tile: no farther from its middle than the last of those
/// nearest to the middle, and twice the way from there to a pixel.
fn candidates(vectors: &[MotionVector], first: [usize; 2]) -> Vec<MotionVector> {
    let half = (TILE_PX - 1) as f64 / 2.0;
    let (x, y) = (first[0] as f64 + half, first[1] as f64 + half);
    let distance = |vector: &MotionVector| vector.squared_distance(x, y).sqrt();
    let mut distances: Vec<f64> = vectors.iter().map(distance).collect();
    let k = N_NEAREST.min(vectors.len()) - 1;
    let (_, &mut last, _) = distances.select_nth_unstable_by(k, f64::total_cmp);
    let reach = last + 2.0 * half * std::f64::consts::SQRT_2 + 1e-6;
    vectors.iter().filter(|vector| distance(vector) <= reach).copied().collect()
}

fn weighted(near: &[MotionVector], x: f64, y: f64, distances: &mut Vec<(f64, usize)>) -> [f64; 2] {
    distances.clear();
    distances.extend(near.iter().enumerate().map(|(i, v)| (v.squared_distance(x, y), i)));
    if distances.len() > N_NEAREST {
        distances.select_nth_unstable_by(N_NEAREST - 1, |a, b| a.0.total_cmp(&b.0));
    }
    let (mut sum, mut weights) = ([0.0; 2], 0.0);
    for &(squared, i) in distances.iter().take(N_NEAREST) {
        let weight = (squared.sqrt() + OFFSET_PX).sqrt().recip();
        sum = [sum[0] + weight * near[i].u, sum[1] + weight * near[i].v];
        weights += weight;
    }
    sum.map(|sum| sum / weights)
}
