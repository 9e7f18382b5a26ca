//! From the cells of a variable to the pixels of what a map shows of its domain.

use stormlens_data::field::Field;
use stormlens_data::outcome::Domain;
use stormlens_data::scene::Rectangle;

use super::Interpolation;
use super::view::{View, extent};

/// A map over the part of its domain that is shown, and that part. A value a pixel of the domain, missing
/// where a scene holds no data; cells over the whole of a grid stay as they are.
pub fn over(
    view: &View,
    domain: &Domain,
    cells: Field,
    interpolation: Interpolation,
) -> (Field, Rectangle) {
    let (whole, shown) = (extent(domain), view.shown(domain));
    if view.square.is_none() && shown == whole && interpolation == Interpolation::Cells {
        return (cells, shown);
    }
    let along = |first: usize, n: usize, n_whole: usize, n_cells: usize| -> Vec<Between> {
        let between = |pixel| Between::new(pixel, n_whole, n_cells, interpolation);
        (first..first + n).map(between).collect()
    };
    let rows = along(shown.top - whole.top, shown.height, whole.height, cells.height);
    let columns = along(shown.left - whole.left, shown.width, whole.width, cells.width);
    let mut values = Vec::with_capacity(shown.width * shown.height);
    for (row, between_rows) in (shown.top..).zip(&rows) {
        for (column, between_columns) in (shown.left..).zip(&columns) {
            let is_no_data = view.square.is_some_and(|square| square.is_no_data(row, column));
            values.push(match is_no_data {
                true => f32::NAN,
                false => between_rows.mix(|r| between_columns.mix(|c| cells.at(r, c))),
            });
        }
    }
    (Field::new(shown.height, shown.width, values), shown)
}

/// Two cells, and how far a pixel is from the middle of the first to that of the second.
struct Between {
    low: usize,
    high: usize,
    share: f32,
}

impl Between {
    fn new(pixel: usize, n_pixels: usize, n_cells: usize, interpolation: Interpolation) -> Self {
        if interpolation == Interpolation::Cells {
            let cell = pixel * n_cells / n_pixels;
            return Self { low: cell, high: cell, share: 0.0 };
        }
        let at = (pixel as f32 + 0.5) * n_cells as f32 / n_pixels as f32 - 0.5;
        let at = at.clamp(0.0, (n_cells - 1) as f32);
        let low = at as usize;
        Self { low, high: (low + 1).min(n_cells - 1), share: at - low as f32 }
    }

    fn mix(&self, value: impl Fn(usize) -> f32) -> f32 {
        let low = value(self.low);
        if self.share == 0.0 { low } else { low + (value(self.high) - low) * self.share }
    }
}
