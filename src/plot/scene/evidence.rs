//! Which part of a layer's evidence lies where the scene holds data.

use stormlens_data::field::Field;
use stormlens_data::outcome::{SceneCamLayer, SceneView};

use super::words::{NO_EVIDENCE, ONLY_NO_DATA};

/// Grad-CAM of one layer where the scene holds data. The network is given numbers where there are no
/// data as well, so evidence may lie there, where nothing is coloured.
pub struct Evidence {
    /// The map, missing in cells that cover no data at all.
    pub on_data: Field,
    /// Share of the sum of the positive evidence, 0 to 1, in cells that cover no data at all; 0 where
    /// there is no evidence.
    pub on_no_data_share: f64,
}

impl Evidence {
    pub fn of(view: &SceneView, map: &SceneCamLayer) -> Self {
        let on_data = where_data(view, &map.cam);
        let sum = |field: &Field| field.finite().map(f64::from).sum::<f64>();
        let (held, total) = (sum(&on_data), sum(&map.cam));
        let on_no_data_share = if total > 0.0 { 1.0 - held / total } else { 0.0 };
        Self { on_data, on_no_data_share }
    }

    /// What is said instead of a map where none can be seen.
    pub fn nothing(&self) -> Option<&'static str> {
        let is_seen = self.on_data.finite().any(|value| value > 0.0);
        match self.on_no_data_share > 0.0 {
            _ if is_seen => None,
            true => Some(ONLY_NO_DATA),
            false => Some(NO_EVIDENCE),
        }
    }
}

/// A map of cells over the centre, missing in cells whose pixels all hold no data or lie outside the
/// picture.
pub fn where_data(view: &SceneView, cells: &Field) -> Field {
    let (crop, side) = (view.crop(), view.variant.crop_px);
    let mut has_data = vec![false; cells.values.len()];
    for (row, column) in (0..side).flat_map(|row| (0..side).map(move |column| (row, column))) {
        let cell = row * cells.height / side * cells.width + column * cells.width / side;
        has_data[cell] |= !view.is_no_data(crop.top + row, crop.left + column);
    }
    let value = |(&value, has_data): (&f32, bool)| if has_data { value } else { f32::NAN };
    Field::new(cells.height, cells.width, cells.values.iter().zip(has_data).map(value).collect())
}
