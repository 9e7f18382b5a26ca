//! Pictures with as many pixels as print can show, and no more.

use stormlens_data::field::Field;
use stormlens_data::scene::Rectangle;

use super::canvas::Frame;
use super::{PlotError, raster};

/// What a journal prints pictures at.
const DOTS_PER_INCH: f64 = 600.0;

/// Pixels of some channels, row by row.
#[derive(Clone, Debug, PartialEq)]
pub struct Pixels {
    pub width: usize,
    pub height: usize,
    pub n_channels: usize,
    pub values: Vec<u8>,
}

impl Pixels {
    /// A part of a picture of triplets that is `side` pixels wide.
    pub fn part(rgb: &[u8], side: usize, part: Rectangle) -> Self {
        let Rectangle { left, top, width, height } = part;
        let line = |row: usize| &rgb[3 * (row * side + left)..][..3 * width];
        let values = (top..top + height).flat_map(|row| line(row).iter().copied()).collect();
        Self { width, height, n_channels: 3, values }
    }

    /// The mean of red, green and blue: in the published colours blue is one polarisation, red and
    /// green are the other, and a grey for the eye would all but leave out the former.
    pub fn grey(&self) -> Self {
        let mean =
            |[r, g, b]: &[u8; 3]| ((u16::from(*r) + u16::from(*g) + u16::from(*b)) / 3) as u8;
        let values = self.values.as_chunks::<3>().0.iter().map(mean).collect();
        Self { n_channels: 1, values, ..*self }
    }

    /// Without pixels that the picture itself does not have: the one in the middle of each pixel of
    /// the picture, where that was stretched to more.
    pub fn at_most(self, width: usize, height: usize) -> Self {
        let (width, height) = (width.clamp(1, self.width), height.clamp(1, self.height));
        if (width, height) == (self.width, self.height) {
            return self;
        }
        let middle = |i: usize, n: usize, n_old: usize| (2 * i + 1) * n_old / (2 * n);
        let mut values = Vec::with_capacity(width * height * self.n_channels);
        for row in (0..height).map(|row| middle(row, height, self.height)) {
            for column in (0..width).map(|column| middle(column, width, self.width)) {
                let start = (row * self.width + column) * self.n_channels;
                values.extend_from_slice(&self.values[start..start + self.n_channels]);
            }
        }
        Self { width, height, values, ..self }
    }

    /// With no more pixels than print shows in the frame, each the mean of what it covers.
    pub fn for_print(self, frame: Frame) -> Self {
        let (width, height) = printed(frame, self.width, self.height);
        if (width, height) == (self.width, self.height) {
            return self;
        }
        let value = |i: usize| f32::from(self.values[i]);
        let values = mean_bytes(value, self.n_channels, (self.width, self.height), (width, height));
        Self { width, height, values, ..self }
    }

    pub fn png(&self) -> Result<Vec<u8>, PlotError> {
        match self.n_channels {
            1 => raster::grey(self.height, self.width, &self.values),
            _ => raster::rgb(self.height, self.width, &self.values),
        }
    }
}

/// A map with no more pixels than print shows in the frame. A pixel has no value where most of what it
/// covers has none.
pub fn for_print(field: Field, frame: Frame) -> Field {
    match printed(frame, field.width, field.height) {
        size if size == (field.width, field.height) => field,
        size => reduced(&field, size, 0.5),
    }
}

/// A map of another width and height. A pixel is the mean of the values that it covers, and has none where
/// less than a share of what it covers has one.
pub fn reduced(field: &Field, to: (usize, usize), least_share: f32) -> Field {
    let from = (field.width, field.height);
    let there = |i: usize| f32::from(u8::from(!field.values[i].is_nan()));
    let filled = |i: usize| if field.values[i].is_nan() { 0.0 } else { field.values[i] };
    let (shares, means) = (mean_over(there, 1, from, to), mean_over(filled, 1, from, to));
    let value =
        |(mean, share): (f32, f32)| if share >= least_share { mean / share } else { f32::NAN };
    Field::new(to.1, to.0, means.into_iter().zip(shares).map(value).collect())
}

fn printed(frame: Frame, width: usize, height: usize) -> (usize, usize) {
    let dots = |mm: f64| (mm / 25.4 * DOTS_PER_INCH).ceil().max(1.0) as usize;
    (dots(frame.width).min(width), dots(frame.height).min(height))
}

/// Means of values from 0 to 255 over the area that each of fewer pixels covers, as the nearest whole
/// numbers.
pub fn mean_bytes(
    value: impl Fn(usize) -> f32,
    n_channels: usize,
    from: (usize, usize),
    to: (usize, usize),
) -> Vec<u8> {
    let means = mean_over(value, n_channels, from, to);
    means.into_iter().map(|v| v.round() as u8).collect()
}

/// Means over the area that each of fewer pixels covers. The values are asked for by their index, row
/// by row, so that a large picture is never copied.
fn mean_over(
    value: impl Fn(usize) -> f32,
    n_channels: usize,
    (width, height): (usize, usize),
    (new_width, new_height): (usize, usize),
) -> Vec<f32> {
    let mut narrow = Vec::with_capacity(height * new_width * n_channels);
    let columns: Vec<Covered> = (0..new_width).map(|i| Covered::new(i, width, new_width)).collect();
    for start in (0..height).map(|row| row * width * n_channels) {
        for covered in &columns {
            let at = |i: usize, c: usize| value(start + i * n_channels + c);
            narrow.extend((0..n_channels).map(|c| covered.mean(|i| at(i, c))));
        }
    }
    let stride = new_width * n_channels;
    let mut low = Vec::with_capacity(new_height * stride);
    for covered in (0..new_height).map(|i| Covered::new(i, height, new_height)) {
        low.extend((0..stride).map(|at| covered.mean(|i| narrow[i * stride + at])));
    }
    low
}

/// The pixels that a new, larger one covers along an axis, the outer ones in part.
struct Covered {
    first: usize,
    weights: Vec<f32>,
}

impl Covered {
    fn new(index: usize, n: usize, n_new: usize) -> Self {
        let ratio = n as f64 / n_new as f64;
        let (from, to) = (index as f64 * ratio, (index + 1) as f64 * ratio);
        let (first, last) = (from.floor() as usize, (to.ceil() as usize).min(n));
        let share = |i: usize| (to.min((i + 1) as f64) - from.max(i as f64)).max(0.0) / ratio;
        Self { first, weights: (first..last).map(|i| share(i) as f32).collect() }
    }

    fn mean(&self, value: impl Fn(usize) -> f32) -> f32 {
        self.weights.iter().zip(self.first..).map(|(weight, i)| weight * value(i)).sum()
    }
}
