//! Maps over the centre that the network sees.

use stormlens_data::field::Field;
use stormlens_data::outcome::SceneView;

use super::Interpolation;
use super::pixels;
use super::place::visible_crop;
use crate::plot::PlotError;
use crate::plot::canvas::{Frame, Pen};
use crate::plot::scale::Scale;

/// A map over the visible part of the centre, a value a pixel of the square, missing where the scene
/// holds no data.
pub struct Overlay {
    pub field: Field,
    pub scale: Scale,
    /// Whether the edges of pixels are kept.
    pub sharp: bool,
}

impl Overlay {
    pub fn draw(self, pen: &Pen, frame: Frame) -> Result<(), PlotError> {
        let png = self.scale.paint(&pixels::for_print(self.field, frame))?;
        match self.sharp {
            true => pen.picture(frame, &png),
            false => pen.photograph(frame, &png),
        }
        Ok(())
    }
}

/// A map from its value at a row and a column of the centre.
pub fn over_crop(view: &SceneView, value: impl Fn(usize, usize) -> f32) -> Field {
    let (crop, visible) = (view.crop(), visible_crop(view));
    let at = |row: usize, column: usize| match view.is_no_data(row, column) {
        true => f32::NAN,
        false => value(row - crop.top, column - crop.left),
    };
    let (top, left) = (visible.top, visible.left);
    let line = |row: usize| (left..left + visible.width).map(move |column| (row, column));
    let values =
        (top..top + visible.height).flat_map(line).map(|(row, column)| at(row, column)).collect();
    Field::new(visible.height, visible.width, values)
}

/// A map of a layer over the centre.
pub fn of_cells(view: &SceneView, cells: &Field, interpolation: Interpolation) -> Field {
    let side = view.variant.crop_px;
    match interpolation {
        Interpolation::Cells => {
            let cell = |i: usize, n: usize| i * n / side;
            over_crop(view, |row, column| {
                cells.at(cell(row, cells.height), cell(column, cells.width))
            })
        }
        Interpolation::Smooth => {
            let rows: Vec<Between> =
                (0..side).map(|i| Between::new(i, side, cells.height)).collect();
            let columns: Vec<Between> =
                (0..side).map(|i| Between::new(i, side, cells.width)).collect();
            over_crop(view, |row, column| {
                let along = |r: usize| columns[column].mix(|c| cells.at(r, c));
                rows[row].mix(along)
            })
        }
    }
}

/// Two cells, and how far a pixel is from the middle of the first to that of the second.
struct Between {
    low: usize,
    high: usize,
    share: f32,
}

impl Between {
    fn new(pixel: usize, n_pixels: usize, n_cells: usize) -> Self {
        let at = (pixel as f32 + 0.5) * n_cells as f32 / n_pixels as f32 - 0.5;
        let at = at.clamp(0.0, (n_cells - 1) as f32);
        let low = at as usize;
        Self { low, high: (low + 1).min(n_cells - 1), share: at - low as f32 }
    }

    fn mix(&self, value: impl Fn(usize) -> f32) -> f32 {
        let low = value(self.low);
        low + (value(self.high) - low) * self.share
    }
}
