//! Arrays that parallel tasks fill, a band of rows each.

use std::mem::MaybeUninit;
use std::ops::Range;

use rayon::prelude::*;

/// Sizes of a batch of maps, `[batch, channels, height, width]`, row-major.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    pub n_batch: usize,
    pub n_channels: usize,
    pub height: usize,
    pub width: usize,
}

impl Shape {
    pub fn new([n_batch, n_channels, height, width]: [usize; 4]) -> Self {
        Self { n_batch, n_channels, height, width }
    }

    pub fn dims(self) -> [usize; 4] {
        [self.n_batch, self.n_channels, self.height, self.width]
    }

    /// Pixels of one channel.
    pub fn plane(self) -> usize {
        self.height * self.width
    }

    pub fn len(self) -> usize {
        self.n_batch * self.n_channels * self.plane()
    }

    pub fn is_empty(self) -> bool {
        self.len() == 0
    }

    pub fn with_channels(self, n_channels: usize) -> Self {
        Self { n_channels, ..self }
    }

    pub fn with_size(self, height: usize, width: usize) -> Self {
        Self { height, width, ..self }
    }
}

/// Maps that somebody else owns.
#[derive(Clone, Copy, Debug)]
pub struct Maps<'a> {
    pub values: &'a [f32],
    pub shape: Shape,
}

impl<'a> Maps<'a> {
    /// # Panics
    /// If `values` does not fit the shape.
    pub fn new(values: &'a [f32], shape: [usize; 4]) -> Self {
        let shape = Shape::new(shape);
        assert_eq!(values.len(), shape.len());
        Self { values, shape }
    }

    /// One channel of one example, `[height × width]`.
    #[inline]
    pub fn plane(&self, example: usize, channel: usize) -> &'a [f32] {
        let n = self.shape.plane();
        &self.values[(example * self.shape.n_channels + channel) * n..][..n]
    }
}

/// The part of a new array that one task fills: some rows of every channel of one example.
pub struct Band<'a> {
    pub example: usize,
    pub rows: Range<usize>,
    channels: Vec<&'a mut [MaybeUninit<f32>]>,
}

impl Band<'_> {
    pub fn n_channels(&self) -> usize {
        self.channels.len()
    }

    /// Fills the next pixels of a channel with what `f` makes of `values`, in their order.
    ///
    /// # Panics
    /// If the channel has no room left for them.
    #[inline(always)]
    pub fn append(&mut self, channel: usize, values: &[f32], f: impl Fn(f32) -> f32) {
        let places = self.next(channel, values.len());
        for (place, &value) in places.iter_mut().zip(values) {
            place.write(f(value));
        }
    }

    /// The same from two sources.
    ///
    /// # Panics
    /// If the sources differ in length, or the channel has no room left.
    #[inline(always)]
    pub fn append_both(
        &mut self,
        channel: usize,
        (a, b): (&[f32], &[f32]),
        f: impl Fn(f32, f32) -> f32,
    ) {
        assert_eq!(a.len(), b.len());
        let places = self.next(channel, a.len());
        for ((place, &a), &b) in places.iter_mut().zip(a).zip(b) {
            place.write(f(a, b));
        }
    }

    /// Takes the next `n` places of a channel; every one of them has to be written by the caller.
    #[inline(always)]
    fn next(&mut self, channel: usize, n: usize) -> &mut [MaybeUninit<f32>] {
        let rest = std::mem::take(&mut self.channels[channel]);
        let (places, rest) = rest.split_at_mut(n);
        self.channels[channel] = rest;
        places
    }

    fn is_full(&self) -> bool {
        self.channels.iter().all(|rest| rest.is_empty())
    }
}

/// A new array, filled in bands of about `band_rows` rows on all cores.
///
/// # Panics
/// If `fill` leaves a place of its band empty.
pub fn fill(shape: Shape, band_rows: usize, fill: impl Fn(&mut Band) + Sync) -> Vec<f32> {
    let [array] = fill_many([shape], band_rows, |[band]| fill(band));
    array
}

/// A new array, filled on all cores a plane at a time; `fill` gets the number of the plane, in memory's order, and the
/// place for it.
///
/// # Panics
/// If `fill` leaves a place empty.
pub fn fill_planes(shape: Shape, fill_plane: impl Fn(usize, &mut Band) + Sync) -> Vec<f32> {
    let planes = Shape { n_batch: shape.n_batch * shape.n_channels, n_channels: 1, ..shape };
    fill(planes, shape.height, |band| fill_plane(band.example, band))
}

/// Several new arrays of equal heights, filled together.
///
/// # Panics
/// If `fill` leaves a place of its bands empty, or the heights or batches differ.
pub fn fill_many<const N: usize>(
    shapes: [Shape; N],
    band_rows: usize,
    fill: impl Fn([&mut Band; N]) + Sync,
) -> [Vec<f32>; N] {
    let mut arrays = shapes.map(|shape| Vec::with_capacity(shape.len()));
    let mut bands: Vec<Vec<Band>> = Vec::with_capacity(N);
    for (array, shape) in arrays.iter_mut().zip(shapes) {
        assert_eq!((shape.n_batch, shape.height), (shapes[0].n_batch, shapes[0].height));
        bands.push(split(&mut array.spare_capacity_mut()[..shape.len()], shape, band_rows));
    }
    let n_bands = bands.first().map_or(0, Vec::len);
    assert!(bands.iter().all(|bands| bands.len() == n_bands), "an array without bands");
    let tasks = transpose::<N>(bands);
    tasks.into_par_iter().for_each(|mut task: [Band; N]| {
        fill(task.each_mut());
        assert!(task.iter().all(Band::is_full), "a band was not filled");
    });
    for (array, shape) in arrays.iter_mut().zip(shapes) {
        // SAFETY: `shape.len()` places were reserved, the bands of `split` cover them all, and each
        // task has asserted that each place of its bands was handed out by `Band::next`, whose only
        // callers write every place that they take.
        unsafe { array.set_len(shape.len()) };
    }
    arrays
}

fn split(places: &mut [MaybeUninit<f32>], shape: Shape, band_rows: usize) -> Vec<Band<'_>> {
    let Shape { n_channels, height, width, .. } = shape;
    if shape.is_empty() {
        return Vec::new();
    }
    let band_rows = band_rows.clamp(1, height);
    let mut all = Vec::new();
    for (example, places) in places.chunks_exact_mut(n_channels * height * width).enumerate() {
        let mut bands: Vec<Band> = (0..height)
            .step_by(band_rows)
            .map(|row| Band {
                example,
                rows: row..(row + band_rows).min(height),
                channels: Vec::with_capacity(n_channels),
            })
            .collect();
        for plane in places.chunks_exact_mut(height * width) {
            for (band, places) in bands.iter_mut().zip(plane.chunks_mut(band_rows * width)) {
                band.channels.push(places);
            }
        }
        all.extend(bands);
    }
    all
}

/// The first bands of all arrays together, then the second ones, and so on.
fn transpose<const N: usize>(bands: Vec<Vec<Band<'_>>>) -> Vec<[Band<'_>; N]> {
    let n = bands.first().map_or(0, Vec::len);
    let mut columns: Vec<_> = bands.into_iter().map(Vec::into_iter).collect();
    (0..n)
        .map(|_| std::array::from_fn(|i| columns[i].next().expect("as many bands in each array")))
        .collect()
}

/// Rows of a band so that every core gets several, but none is smaller than `at_least`, and all but
/// the last are whole numbers of `tiles` rows.
pub fn rows_per_band(shape: Shape, at_least: usize, tiles: usize) -> usize {
    let n_bands = (BANDS_PER_CORE * rayon::current_num_threads()).div_ceil(shape.n_batch.max(1));
    let rows = shape.height.div_ceil(n_bands).max(at_least).max(1);
    rows.next_multiple_of(tiles.max(1))
}

/// Whether bands of so many rows are fewer than the cores.
pub(crate) fn are_few(shape: Shape, band_rows: usize) -> bool {
    shape.n_batch * shape.height.div_ceil(band_rows.max(1)) < rayon::current_num_threads()
}

/// The last band of a layer has the other cores wait, so bands are small; but each costs the time
/// to begin it.
const BANDS_PER_CORE: usize = 4;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bands_cover_an_array_in_order() {
        for (dims, rows) in [([2, 3, 5, 4], 2), ([1, 1, 1, 1], 8), ([1, 2, 7, 3], 7)] {
            let shape = Shape::new(dims);
            let array = fill(shape, rows, |band| {
                for channel in 0..shape.n_channels {
                    let plane = (band.example * shape.n_channels + channel) * shape.plane();
                    for row in band.rows.clone() {
                        let start = plane + row * shape.width;
                        let values: Vec<f32> =
                            (start..start + shape.width).map(|i| i as f32).collect();
                        band.append(channel, &values, |v| v + 1.0);
                    }
                }
            });
            let expected: Vec<f32> = (1..=shape.len()).map(|i| i as f32).collect();
            assert_eq!(array, expected, "{dims:?}");
        }
    }

    #[test]
    #[should_panic(expected = "an array without bands")]
    fn an_array_that_nobody_fills_is_noticed() {
        let shapes = [Shape::new([1, 0, 2, 3]), Shape::new([1, 1, 2, 3])];
        fill_many(shapes, 1, |_| {});
    }

    #[test]
    #[should_panic(expected = "a band was not filled")]
    fn a_forgotten_row_is_noticed() {
        fill(Shape::new([1, 1, 2, 3]), 2, |band| band.append(0, &[1.0; 3], |v| v));
    }
}
