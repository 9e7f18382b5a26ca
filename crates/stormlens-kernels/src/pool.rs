//! Maximum of windows at every second pixel, and where the maximum was.

use crate::bands::{self, Maps, Shape};
use crate::level::at_level;
use crate::{Level, scratch};

/// Size of the windows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Window {
    /// 2 × 2, without overlap; a last odd row or column is left out.
    Two,
    /// 3 × 3, padded as TensorFlow's `same`: n pixels become ⌈n / 2⌉, and padding never wins.
    Three,
}

impl Window {
    pub fn shape_out(self, source: Shape) -> Shape {
        let halved = |n: usize| match self {
            Self::Two => n / 2,
            Self::Three => n.div_ceil(2),
        };
        source.with_size(halved(source.height), halved(source.width))
    }

    /// Before the first pixel of `n`.
    fn padding(self, n: usize) -> usize {
        match self {
            Self::Two => 0,
            Self::Three => n % 2,
        }
    }

    /// Rows (or columns) of the window with that number, of `n`.
    fn covers(self, number: usize, n: usize) -> std::ops::Range<usize> {
        let padding = self.padding(n);
        let size = match self {
            Self::Two => 2,
            Self::Three => 3,
        };
        (2 * number).saturating_sub(padding)..(2 * number + size - padding).min(n)
    }
}

/// # Panics
/// Never, for a shape that fits its values.
pub fn forward(level: Level, window: Window, x: Maps) -> Vec<f32> {
    let shape = window.shape_out(x.shape);
    by_planes(shape, |plane, place| {
        let source = x.plane(plane / shape.n_channels, plane % shape.n_channels);
        scratch::with(x.shape.width + shape.width, |space| {
            let (tall, row_out) = space.split_at_mut(x.shape.width);
            for row in 0..shape.height {
                at_level!(level, || {
                    maximum_of_rows(source, x.shape, window, row, tall);
                    halve(window, tall, row_out);
                });
                place(row_out);
            }
        });
    })
}

/// A task a plane; `fill` hands over the rows of the result one after the other.
fn by_planes(shape: Shape, fill: impl Fn(usize, &mut dyn FnMut(&[f32])) + Sync) -> Vec<f32> {
    let planes = Shape { n_batch: shape.n_batch * shape.n_channels, n_channels: 1, ..shape };
    bands::fill(planes, shape.height, |band| {
        let plane = band.example;
        fill(plane, &mut |row| band.append(0, row, |v| v));
    })
}

/// For each column the maximum over the rows of a window.
#[inline(always)]
fn maximum_of_rows(plane: &[f32], shape: Shape, window: Window, row: usize, tall: &mut [f32]) {
    let rows = window.covers(row, shape.height);
    let width = shape.width;
    let tall = &mut tall[..width];
    tall.copy_from_slice(&plane[rows.start * width..][..width]);
    for row in rows.skip(1) {
        for (t, &v) in tall.iter_mut().zip(&plane[row * width..][..width]) {
            *t = if v > *t { v } else { *t };
        }
    }
}

#[inline(always)]
fn halve(window: Window, tall: &[f32], out: &mut [f32]) {
    let larger = |a: f32, b: f32| if b > a { b } else { a };
    match window {
        Window::Two => {
            for (out, pair) in out.iter_mut().zip(tall.as_chunks::<2>().0) {
                *out = larger(pair[0], pair[1]);
            }
        }
        Window::Three => {
            let n = tall.len();
            for (i, out) in out.iter_mut().enumerate() {
                let columns = window.covers(i, n);
                *out = match &tall[columns] {
                    [a, b, c] => larger(larger(*a, *b), *c),
                    [a, b] => larger(*a, *b),
                    some => some[0],
                };
            }
        }
    }
}

/// The gradient of the input. Of equal values in a window the first in reading order was the
/// maximum.
///
/// # Panics
/// If the gradient has not the shape of the result.
pub fn backward(level: Level, window: Window, x: Maps, gradient: Maps) -> Vec<f32> {
    assert_eq!(gradient.shape, window.shape_out(x.shape));
    let Shape { n_channels, height, width, .. } = x.shape;
    by_planes(x.shape, |plane, place| {
        let (example, channel) = (plane / n_channels, plane % n_channels);
        let (source, gradient) = (x.plane(example, channel), gradient.plane(example, channel));
        scratch::with(height * width, |out| {
            out.fill(0.0);
            at_level!(level, || match window {
                Window::Two => scatter_pairs(source, gradient, width, out),
                Window::Three => scatter(window, source, gradient, (height, width), out),
            });
            place(out);
        });
    })
}

/// Windows that do not overlap, two rows at a time.
#[inline(always)]
fn scatter_pairs(x: &[f32], gradient: &[f32], width: usize, out: &mut [f32]) {
    let n = width / 2;
    let rows = x.chunks_exact(2 * width).zip(out.chunks_exact_mut(2 * width));
    for ((x, out), gradient) in rows.zip(gradient.chunks_exact(n.max(1))) {
        let (upper, lower) = x.split_at(width);
        let (upper, lower) = (&upper.as_chunks::<2>().0[..n], &lower.as_chunks::<2>().0[..n]);
        let (above, below) = out.split_at_mut(width);
        let (above, below) =
            (&mut above.as_chunks_mut::<2>().0[..n], &mut below.as_chunks_mut::<2>().0[..n]);
        for (i, &g) in gradient[..n].iter().enumerate() {
            let ([a, b], [c, d]) = (upper[i], lower[i]);
            let is_first = a >= b && a >= c && a >= d;
            let is_second = !is_first && b >= c && b >= d;
            let is_third = !is_first && !is_second && c >= d;
            above[i] = [if is_first { g } else { 0.0 }, if is_second { g } else { 0.0 }];
            let is_last = !is_first && !is_second && !is_third;
            below[i] = [if is_third { g } else { 0.0 }, if is_last { g } else { 0.0 }];
        }
    }
}

#[inline(always)]
fn scatter(
    window: Window,
    x: &[f32],
    gradient: &[f32],
    (height, width): (usize, usize),
    out: &mut [f32],
) {
    let n_columns = gradient.len() / window.shape_out(Shape::new([1, 1, height, width])).height;
    for (row, gradient) in gradient.chunks_exact(n_columns).enumerate() {
        let rows = window.covers(row, height);
        for (column, &gradient) in gradient.iter().enumerate() {
            let columns = window.covers(column, width);
            let mut best = rows.start * width + columns.start;
            for row in rows.clone() {
                for i in row * width + columns.start..row * width + columns.end {
                    if x[i] > x[best] {
                        best = i;
                    }
                }
            }
            out[best] += gradient;
        }
    }
}
