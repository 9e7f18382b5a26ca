//! The overlays of the published program, to the byte, for comparison with its figures.
//!
//! It is the notebook of Grahn and Bianchi (2022, <https://arxiv.org/abs/2203.16401>) with matplotlib's
//! jet and Pillow's resampling. Its Grad-CAM map belongs to the centre of the scene, yet is stretched
//! over the whole of it.

use std::sync::LazyLock;

use stormlens_data::attribution::Polarity;
use stormlens_data::field::Field;
use stormlens_data::scene::Rectangle;

/// A point of a piecewise linear function.
type Knot = (f64, f64);

const RED: [Knot; 5] = [(0.0, 0.0), (0.35, 0.0), (0.66, 1.0), (0.89, 1.0), (1.0, 0.5)];
const GREEN: [Knot; 6] =
    [(0.0, 0.0), (0.125, 0.0), (0.375, 1.0), (0.64, 1.0), (0.91, 0.0), (1.0, 0.0)];
const BLUE: [Knot; 5] = [(0.0, 0.5), (0.11, 1.0), (0.34, 1.0), (0.65, 0.0), (1.0, 0.0)];

/// The 256 colours of matplotlib's `jet`, 0 to 1. OpenCV's map of that name has others.
pub static JET: LazyLock<Vec<[f32; 3]>> = LazyLock::new(|| {
    let colour = |i: usize| {
        let at = i as f64 / 255.0;
        [on(&RED, at), on(&GREEN, at), on(&BLUE, at)].map(|v| v as f32)
    };
    (0..256).map(colour).collect()
});

fn on(knots: &[Knot], at: f64) -> f64 {
    let end = knots.partition_point(|knot| knot.0 < at).clamp(1, knots.len() - 1);
    let ((from, low), (to, high)) = (knots[end - 1], knots[end]);
    low + (high - low) * (at - from) / (to - from)
}

/// Grad-CAM over the square `rgb` of `side_px` pixels a side: jet at `255 · cam`, truncated, stretched
/// to the bytes, resampled to the whole square, set to zero where a channel of the scene is zero, and
/// added with a weight of 0.4; the sum is stretched to the bytes again.
pub fn cam_overlay(rgb: &[u8], side_px: usize, cam: &Field) -> Vec<u8> {
    let coarse: Vec<f32> =
        cam.values.iter().flat_map(|&value| JET[usize::from((255.0 * value) as u8)]).collect();
    let fine = bicubic(&stretch(&coarse), (cam.height, cam.width), side_px);
    let sum = |(&heat, &scene): (&u8, &u8)| {
        let heat = if scene == 0 { 0.0 } else { f32::from(heat) };
        heat * 0.4 + f32::from(scene)
    };
    stretch(&fine.iter().zip(rgb).map(sum).collect::<Vec<f32>>())
}

/// From the smallest and the largest value to 0 and 255, truncated.
fn stretch(values: &[f32]) -> Vec<u8> {
    let low = values.iter().copied().fold(f32::INFINITY, f32::min);
    let range = values.iter().map(|v| v - low).fold(0.0, f32::max);
    let scale = if range == 0.0 { 1.0 } else { range };
    values.iter().map(|v| ((v - low) / scale * 255.0) as u8).collect()
}

/// One sign of integrated gradients over the square: `map`, 0 to 1 over the centre `crop`, as pure
/// green or red added to the scene at half its brightness.
pub fn gradients_overlay(
    rgb: &[u8],
    side_px: usize,
    crop: Rectangle,
    map: &[f32],
    sign: Polarity,
) -> Vec<u8> {
    let channel = match sign {
        Polarity::Positive => 1,
        Polarity::Negative => 0,
    };
    let mut sums: Vec<f32> = rgb.iter().map(|&v| 0.5 * f32::from(v)).collect();
    for (i, &value) in map.iter().enumerate() {
        let (row, column) = (crop.top + i / crop.width, crop.left + i % crop.width);
        sums[3 * (row * side_px + column) + channel] += 255.0 * value;
    }
    sums.into_iter().map(|v| v.clamp(0.0, 255.0) as u8).collect()
}

/// A picture of three channels and bytes, resampled to a square as Pillow does with `BICUBIC`: along
/// the rows, then along the columns, each with whole numbers and a result of bytes.
fn bicubic(pixels: &[u8], (height, width): (usize, usize), side_px: usize) -> Vec<u8> {
    let columns = Tap::all(width, side_px);
    let mut wide = Vec::with_capacity(height * side_px * 3);
    for line in pixels.chunks_exact(3 * width) {
        for tap in &columns {
            wide.extend((0..3).map(|channel| tap.sum(|i| line[3 * i + channel])));
        }
    }
    let stride = 3 * side_px;
    let rows = Tap::all(height, side_px);
    rows.iter().flat_map(|tap| (0..stride).map(|at| tap.sum(|i| wide[i * stride + at]))).collect()
}

/// Pillow's weights have 22 bits behind the point.
const PRECISION_BITS: u32 = 22;

/// The pixels that a new one is made of, and their weights.
struct Tap {
    first: usize,
    weights: Vec<i32>,
}

impl Tap {
    fn all(n: usize, n_new: usize) -> Vec<Self> {
        (0..n_new).map(|i| Self::new(i, n, n_new)).collect()
    }

    fn new(index: usize, n: usize, n_new: usize) -> Self {
        let scale = n as f64 / n_new as f64;
        // A picture that becomes smaller is smoothed as much.
        let stretch = scale.max(1.0);
        let (centre, support) = ((index as f64 + 0.5) * scale, 2.0 * stretch);
        let first = (centre - support + 0.5).max(0.0) as usize;
        let last = ((centre + support + 0.5) as usize).min(n);
        let weight = |i: usize| cubic((i as f64 - centre + 0.5) / stretch);
        let total: f64 = (first..last).map(weight).sum();
        let whole = |i: usize| (weight(i) / total * f64::from(1 << PRECISION_BITS)).round() as i32;
        Self { first, weights: (first..last).map(whole).collect() }
    }

    fn sum(&self, value: impl Fn(usize) -> u8) -> u8 {
        let half = 1 << (PRECISION_BITS - 1);
        let terms = self.weights.iter().zip(self.first..).map(|(w, i)| w * i32::from(value(i)));
        ((half + terms.sum::<i32>()) >> PRECISION_BITS).clamp(0, 255) as u8
    }
}

/// Keys's cubic convolution kernel with a = −1/2.
fn cubic(x: f64) -> f64 {
    const A: f64 = -0.5;
    match x.abs() {
        x if x < 1.0 => ((A + 2.0) * x - (A + 3.0)) * x * x + 1.0,
        x if x < 2.0 => (((x - 5.0) * x + 8.0) * x - 4.0) * A,
        _ => 0.0,
    }
}
