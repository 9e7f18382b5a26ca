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
    bands::fill_planes(shape, |plane, band| {
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
    match window {
        Window::Two => {
            for (out, pair) in out.iter_mut().zip(tall.as_chunks::<2>().0) {
                *out = larger(pair[0], pair[1]);
            }
        }
        Window::Three => {
            let columns = |i: usize| window.covers(i, tall.len());
            let ends = |i: usize| tall[columns(i)].iter().copied().fold(f32::NEG_INFINITY, larger);
            let n = out.len();
            let inner = &tall[columns(1.min(n - 1)).start..];
            if n > 2 {
                let (pairs, _) = inner.as_chunks::<2>();
                let nexts = inner[2..].iter().step_by(2);
                for ((out, pair), &next) in out[1..n - 1].iter_mut().zip(pairs).zip(nexts) {
                    *out = larger(larger(pair[0], pair[1]), next);
                }
            }
            out[0] = ends(0);
            out[n - 1] = ends(n - 1);
        }
    }
}

#[inline(always)]
fn larger(a: f32, b: f32) -> f32 {
    if b > a { b } else { a }
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
        match window {
            Window::Two => scratch::with(height * width, |out| {
                out.fill(0.0);
                at_level!(level, || scatter_pairs(source, gradient, width, out));
                place(out);
            }),
            Window::Three => {
                let mut threes = Threes::new(height, width);
                for row in 0..height {
                    at_level!(level, || threes.finish_row(row, source, gradient));
                    place(&threes.row);
                }
            }
        }
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

/// Overlapping windows, row by row. Pixels of even and of odd columns are kept apart, so that the
/// pixels in one place of all windows of a row lie side by side.
struct Threes {
    height: usize,
    width: usize,
    padding: [usize; 2],
    n_windows: usize,
    /// Three rows of pixels of a row of windows: each as its pixels in the three places.
    taps: Vec<f32>,
    /// The largest value of each window, and in which of nine places it was first.
    largest: Vec<f32>,
    place: Vec<f32>,
    /// What each of the rows that still wait has been given, in the three places of the windows.
    given: [Vec<f32>; 3],
    /// Windows' rows that have been shared out.
    n_done: usize,
    row: Vec<f32>,
}

impl Threes {
    fn new(height: usize, width: usize) -> Self {
        let n = width.div_ceil(2);
        Self {
            height,
            width,
            padding: [height % 2, width % 2],
            n_windows: n,
            taps: vec![0.0; 3 * n],
            largest: vec![0.0; n],
            place: vec![0.0; n],
            given: [(); 3].map(|()| vec![0.0; 3 * n]),
            n_done: 0,
            row: vec![0.0; width],
        }
    }

    /// The gradient of one row of pixels, into `row`; rows have to come in order.
    #[inline(always)]
    fn finish_row(&mut self, row: usize, x: &[f32], gradient: &[f32]) {
        let n_rows = self.height.div_ceil(2);
        // Windows number r cover the rows from 2 r − padding on.
        while self.n_done < n_rows && 2 * self.n_done <= row + self.padding[0] {
            let gradient = &gradient[self.n_done * self.n_windows..][..self.n_windows];
            self.share_out(self.n_done, x, gradient);
            self.n_done += 1;
        }
        self.row.fill(0.0);
        let (n, width, padding) = (self.n_windows, self.width, self.padding[1]);
        let given = &mut self.given[row % 3];
        for (dx, given) in given.chunks_exact_mut(n).enumerate() {
            // 2 i + dx − padding is a pixel of the row.
            let first = usize::from(dx < padding);
            let pixels = self.row[(2 * first + dx - padding).min(width)..].iter_mut().step_by(2);
            for (pixel, &v) in pixels.zip(&given[first..]) {
                *pixel += v;
            }
            given.fill(0.0);
        }
    }

    /// Gives the gradient of a row of windows to the pixels that were their maxima.
    #[inline(always)]
    fn share_out(&mut self, number: usize, x: &[f32], gradient: &[f32]) {
        let n = self.n_windows;
        let first = 2 * number;
        let rows =
            |dy: usize| (first + dy).checked_sub(self.padding[0]).filter(|&row| row < self.height);
        let (largest, place) = (&mut self.largest[..n], &mut self.place[..n]);
        largest.fill(f32::NEG_INFINITY);
        place.fill(-1.0);
        for dy in 0..3 {
            let Some(row) = rows(dy) else { continue };
            let x = &x[row * self.width..][..self.width];
            for (dx, taps) in self.taps.chunks_exact_mut(n).enumerate() {
                taps.fill(f32::NEG_INFINITY);
                let first = usize::from(dx < self.padding[1]);
                let pixels = x[(2 * first + dx - self.padding[1]).min(self.width)..].iter();
                for (tap, &v) in taps[first..].iter_mut().zip(pixels.step_by(2)) {
                    *tap = v;
                }
            }
            for (dx, taps) in self.taps.chunks_exact(n).enumerate() {
                let number = (3 * dy + dx) as f32;
                for ((&tap, largest), place) in taps.iter().zip(&mut *largest).zip(&mut *place) {
                    let is_larger = tap > *largest;
                    *largest = if is_larger { tap } else { *largest };
                    *place = if is_larger { number } else { *place };
                }
            }
        }
        for dy in 0..3 {
            let Some(row) = rows(dy) else { continue };
            for (dx, given) in self.given[row % 3].chunks_exact_mut(n).enumerate() {
                let number = (3 * dy + dx) as f32;
                for ((given, &place), &g) in given.iter_mut().zip(&*place).zip(gradient) {
                    *given += if place == number { g } else { 0.0 };
                }
            }
        }
    }
}
