//! Gradients of value, offsets and modulation.

use rayon::prelude::*;

use super::{Deformable, LANES, Sampled, lanes};
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
        rows.for_each(|(row, (offset, modulation))| {
            at_level!(level, |sums| {
                let places = offset.as_chunks_mut::<2>().0.iter_mut().zip(modulation);
                for (i, (offset, modulation)) in places.enumerate() {
                    let (group, k) = (i / self.n_points() % self.groups, i % self.n_points());
                    let at = [row / height, row % height, i / (self.groups * self.n_points())];
                    let n = n_channels / self.groups;
                    let start = ((row * width + at[2]) * self.groups + group) * n;
                    let g = &gradient[start..][..n];
                    (*offset, *modulation) = self.of_point(sums, x, out, at, (group, k), g);
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
        out: [usize; 4],
        at: [usize; 3],
        (group, k): (usize, usize),
        g: &[f32],
    ) -> ([f32; 2], f32) {
        let point = self.point(x, at, self.first_point(out, at, group), k);
        let products = point.weights().map(|(place, _)| {
            let start = self.start(x.shape, at[0], group, point.corner(place));
            start.map_or(0.0, |start| dot(sums, &x.value[start..][..g.len()], g))
        });
        let [[a, b], [c, d]] = [[products[0], products[1]], [products[2], products[3]]];
        let [down, across] = point.share;
        let slope_x = (1.0 - down) * (b - a) + down * (d - c);
        let slope_y = (1.0 - across) * (c - a) + across * (d - b);
        let scale = point.modulation * self.offset_scale;
        let terms = point.weights().into_iter().zip(products).map(|((_, w), p)| w * p);
        ([scale * slope_x, scale * slope_y], terms.sum())
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

#[inline(always)]
fn dot(sums: Sums, a: &[f32], b: &[f32]) -> f32 {
    let mut lane = [0.0; LANES];
    let n = a.len() / LANES;
    for i in 0..n {
        let (a, b) = (lanes(a, i * LANES), lanes(b, i * LANES));
        for (sum, (&a, &b)) in lane.iter_mut().zip(a.iter().zip(b)) {
            *sum = sums.add(*sum, a, b);
        }
    }
    let rest = a[n * LANES..].iter().zip(&b[n * LANES..]);
    let rest = rest.fold(0.0, |sum, (&a, &b)| sums.add(sum, a, b));
    lane.iter().sum::<f32>() + rest
}
