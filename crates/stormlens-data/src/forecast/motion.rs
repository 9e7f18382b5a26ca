//! Motion of rain, in pixels a step.
//!
//! [`lucas_kanade`] follows pysteps' `dense_lucaskanade` with its defaults: in each pair of frames, corners are found
//! and tracked on 8-bit pictures as OpenCV does; vectors that differ from their neighbours go, those near each other
//! become one, and the rest is interpolated.

mod corners;
mod interpolate;
mod picture;
mod pyramid;
mod track;
mod vectors;

pub use vectors::MotionVector;

use corners::corners;
use picture::Picture;

/// A motion for each pixel.
#[derive(Clone, Debug, PartialEq)]
pub struct MotionField {
    pub height: usize,
    pub width: usize,
    /// Columns and rows a step, row by row. Row 0 is in the north: positive means to the east and to the south.
    pub pixels_per_step: Vec<[f64; 2]>,
}

impl MotionField {
    /// Nothing moves.
    pub fn still(height: usize, width: usize) -> Self {
        Self { height, width, pixels_per_step: vec![[0.0; 2]; height * width] }
    }

    /// Motion between pixels, column `x` and row `y`; beyond the border, that at the border.
    pub fn at(&self, x: f64, y: f64) -> [f64; 2] {
        let x = x.clamp(0.0, (self.width - 1) as f64);
        let y = y.clamp(0.0, (self.height - 1) as f64);
        let (column, row) = (x as usize, y as usize);
        let (a, b) = (x - column as f64, y - row as f64);
        let right = (column + 1).min(self.width - 1);
        let (top, bottom) = (row * self.width, (row + 1).min(self.height - 1) * self.width);
        let corner = |i: usize| self.pixels_per_step[i];
        let (nw, ne) = (corner(top + column), corner(top + right));
        let (sw, se) = (corner(bottom + column), corner(bottom + right));
        std::array::from_fn(|k| {
            (1.0 - b) * ((1.0 - a) * nw[k] + a * ne[k]) + b * ((1.0 - a) * sw[k] + a * se[k])
        })
    }
}

/// Motion of frames, oldest first: values in a logarithmic unit, row by row, NaN where they are unknown, with the
/// smallest one where it is dry. Nothing moves where no corner can be followed, as in dry frames.
///
/// # Panics
/// If a frame is of another size.
pub fn lucas_kanade(frames: &[Vec<f64>], height: usize, width: usize) -> MotionField {
    let vectors = tracked(frames, height, width);
    let vectors = vectors::declustered(&vectors::without_outliers(&vectors));
    interpolate::dense(&vectors, height, width)
}

/// What was followed from each frame to the next, before anything is removed.
pub fn tracked(frames: &[Vec<f64>], height: usize, width: usize) -> Vec<MotionVector> {
    let pictures: Vec<Picture> =
        frames.iter().map(|frame| Picture::new(frame, height, width)).collect();
    let pyramids: Vec<_> = pictures.iter().map(pyramid::Pyramid::new).collect();
    let pairs = pictures.windows(2).zip(pyramids.windows(2));
    // What is followed into a blank picture could be anywhere.
    let pairs = pairs.filter(|(pictures, _)| !pictures[1].is_blank());
    let follow = |(pictures, pyramids): (&[Picture], &[pyramid::Pyramid])| {
        track::track(&pyramids[0], &pyramids[1], &corners(&pictures[0]))
    };
    pairs.flat_map(follow).collect()
}
