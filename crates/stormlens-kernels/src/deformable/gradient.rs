//! Gradients of value, offsets and modulation.

use rayon::prelude::*;

use super::points::Point;
use super::{Deformable, LANES, Sampled};
use crate::Level;
use crate::level::{Sums, at_level};

/// Gradients in the shapes of what they belong to.
#[derive(Clone, Debug)]
pub struct Gradients {
    pub value: Vec<f32>,
    pub offset: Vec<f32>,
    pub modulation: Vec<f32>,
}

impl Deformable {
    /// From the gradient of the result.
    ///
    /// At places where a point crosses from one cell of pixels into the next, the result has no derivative; there the
    /// one of the cell below and on the right is given.
    ///
    /// # Panics
    /// If value, offsets, modulation and gradient do not fit each other.
    pub fn backward(&self, level: Level, x: Sampled, gradient: &[f32]) -> Gradients {
        let out = self.check(&x);
        assert_eq!(gradient.len(), out.iter().product::<usize>(), "the gradient of another result");
        let (offset, modulation) = self.of_points(level, &x, gradient, out);
        Gradients { value: self.of_value(level, &x, gradient, out), offset, modulation }
    }

    /// Of offsets and modulation: each point by itself, rows on all cores.
    fn of_points(
        &self,
        level: Level,
        x: &Sampled,
        gradient: &[f32],
        out: [usize; 4],
    ) -> (Vec<f32>, Vec<f32>) {
        let [_, height, width, n_channels] = out;
        let n_row = width * self.groups * self.n_points();
        let (mut offset, mut modulation) =
            (vec![0.0; x.offset.len()], vec![0.0; x.modulation.len()]);
        if modulation.is_empty() || gradient.is_empty() {
            return (offset, modulation);
        }
        let rows = offset.par_chunks_exact_mut(2 * n_row);
        let rows = rows.zip(modulation.par_chunks_exact_mut(n_row)).enumerate();
        let (n_points, n) = (self.n_points(), n_channels / self.groups);
        rows.for_each(|(row, (offset, modulation))| {
            at_level!(level, |sums| {
                let offsets = offset.as_chunks_mut::<2>().0.chunks_exact_mut(n_points);
                let all = offsets.zip(modulation.chunks_exact_mut(n_points));
                let gradients = gradient[row * width * n_channels..].chunks_exact(n);
                for (i, ((offsets, modulations), g)) in all.zip(gradients).enumerate() {
                    let (column, group) = (i / self.groups, i % self.groups);
                    let at = [row / height, row % height, column];
                    let first = self.first_point(out, at, group);
                    for (k, (offset, modulation)) in offsets.iter_mut().zip(modulations).enumerate()
                    {
                        let point = self.point(x, at, first, k);
                        (*offset, *modulation) = self.of_point(sums, x, &point, (at[0], group), g);
                    }
                }
            });
        });
        (offset, modulation)
    }

    /// Of one point's offset and modulation; `g` is the gradient of its group's result.
    #[inline(always)]
    fn of_point(
        &self,
        sums: Sums,
        x: &Sampled,
        point: &Point,
        (example, group): (usize, usize),
        g: &[f32],
    ) -> ([f32; 2], f32) {
        let corners = point.weights().map(|(place, _)| {
            let start = self.start(x.shape, example, group, point.corner(place));
            start.map(|start| &x.value[start..][..g.len()])
        });
        let [slope_x, slope_y, value] = slopes(sums, point, corners, g);
        let scale = point.modulation * self.offset_scale;
        ([scale * slope_x, scale * slope_y], value)
    }

    /// Of the value. Points of any pixel may lie anywhere, so a task takes all that belongs to one group of one example:
    /// no two write to one place, and sums are taken in the same order every time.
    fn of_value(&self, level: Level, x: &Sampled, gradient: &[f32], out: [usize; 4]) -> Vec<f32> {
        let [n_batch, height, width, n_channels] = x.shape;
        let mut value = vec![0.0; x.value.len()];
        if value.is_empty() || gradient.is_empty() {
            return value;
        }
        let n = n_channels / self.groups;
        let tasks = (0..n_batch * self.groups).into_par_iter();
        let of_groups: Vec<Vec<f32>> = tasks
            .map(|task| {
                let mut own = vec![0.0; height * width * n];
                let place = (task / self.groups, task % self.groups);
                at_level!(level, |sums| self.scatter(sums, x, gradient, out, place, &mut own));
                own
            })
            .collect();
        let pixels = value.par_chunks_exact_mut(n_channels).with_min_len(width).enumerate();
        pixels.for_each(|(pixel, value)| {
            let (example, pixel) = (pixel / (height * width), pixel % (height * width));
            for (group, value) in value.chunks_exact_mut(n).enumerate() {
                value.copy_from_slice(&of_groups[example * self.groups + group][pixel * n..][..n]);
            }
        });
        value
    }

    /// Adds what all points of a group leave in its channels, `[height × width × channels of the group]`.
    #[inline(always)]
    fn scatter(
        &self,
        sums: Sums,
        x: &Sampled,
        gradient: &[f32],
        out: [usize; 4],
        (example, group): (usize, usize),
        own: &mut [f32],
    ) {
        // The group's channels by themselves: one example, one group.
        let n = out[3] / self.groups;
        let alone = Self { groups: 1, ..*self };
        let shape = [1, x.shape[1], x.shape[2], n];
        for row in 0..out[1] {
            for column in 0..out[2] {
                let at = [example, row, column];
                let first = self.first_point(out, at, group);
                let start = ((example * out[1] + row) * out[2] + column) * out[3] + group * n;
                let g = &gradient[start..][..n];
                for k in 0..self.n_points() {
                    let point = self.point(x, at, first, k);
                    for (place, weight) in point.weights() {
                        if let Some(start) = alone.start(shape, 0, 0, point.corner(place)) {
                            let own = &mut own[start..][..n];
                            add(sums, own, point.modulation * weight, g);
                        }
                    }
                }
            }
        }
    }
}

/// `y += weight · x`
#[inline(always)]
fn add(sums: Sums, y: &mut [f32], weight: f32, x: &[f32]) {
    let ((blocks, rest), (x_blocks, x_rest)) = (y.as_chunks_mut::<LANES>(), x.as_chunks::<LANES>());
    for (y, x) in blocks.iter_mut().zip(x_blocks) {
        for (y, &x) in y.iter_mut().zip(x) {
            *y = sums.add(*y, weight, x);
        }
    }
    for (y, &x) in rest.iter_mut().zip(x_rest) {
        *y = sums.add(*y, weight, x);
    }
}

/// `Σ g · ∂v/∂x`, `Σ g · ∂v/∂y` and `Σ g · v` of the value at a point between four corners; one beyond the edge is zero.
#[inline(always)]
fn slopes(sums: Sums, point: &Point, corners: [Option<&[f32]>; 4], g: &[f32]) -> [f32; 3] {
    let ([down, across], weights) = (point.share, point.weights().map(|(_, weight)| weight));
    let (mut x, mut y, mut value) = ([0.0; LANES], [0.0; LANES], [0.0; LANES]);
    for first in (0..g.len()).step_by(LANES) {
        let [a, b, c, d] = corners.map(|corner| corner.map_or([0.0; LANES], |v| block(v, first)));
        let g = block(g, first);
        for i in 0..LANES {
            let slope_x = sums.add((1.0 - down) * (b[i] - a[i]), down, d[i] - c[i]);
            let slope_y = sums.add((1.0 - across) * (c[i] - a[i]), across, d[i] - b[i]);
            let above = sums.add(weights[0] * a[i], weights[1], b[i]);
            let below = sums.add(weights[2] * c[i], weights[3], d[i]);
            x[i] = sums.add(x[i], slope_x, g[i]);
            y[i] = sums.add(y[i], slope_y, g[i]);
            value[i] = sums.add(value[i], above + below, g[i]);
        }
    }
    [x, y, value].map(total)
}

/// Channels from `first` on; zeros beyond the last one.
#[inline(always)]
fn block(channels: &[f32], first: usize) -> [f32; LANES] {
    if let Some(whole) = channels[first..].first_chunk() {
        return *whole;
    }
    let mut part = [0.0; LANES];
    part.iter_mut().zip(&channels[first..]).for_each(|(part, &value)| *part = value);
    part
}

/// Halves onto halves: what vectors do at once, where a sum from the first to the last would wait for each number.
#[inline(always)]
fn total(lanes: [f32; LANES]) -> f32 {
    let eight: [f32; 8] = std::array::from_fn(|i| lanes[i] + lanes[i + 8]);
    let four: [f32; 4] = std::array::from_fn(|i| eight[i] + eight[i + 4]);
    (four[0] + four[2]) + (four[1] + four[3])
}
