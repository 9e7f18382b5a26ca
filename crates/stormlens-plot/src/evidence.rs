//! Which part of an attribution's evidence lies where a scene holds data.

use stormlens_data::field::Field;
use stormlens_data::outcome::Variable;

use super::square::Square;
use super::view::extent;

/// What a map without evidence says.
pub const NO_EVIDENCE: &str = "no positive evidence in this layer";
/// What a map says whose evidence nobody can see.
const ONLY_NO_DATA: &str = "positive evidence only where the scene holds no data";

/// Unsigned evidence where there are data. A network is given numbers where a scene holds no data as
/// well, so evidence may lie there, where nothing is coloured.
pub struct Evidence {
    /// The map, missing in cells that cover no data at all.
    pub on_data: Field,
    /// Share of the sum of the positive evidence, 0 to 1, in cells that cover no data at all; 0 where
    /// there is no evidence.
    pub on_no_data_share: f64,
}

impl Evidence {
    pub fn of(square: Option<Square>, variable: &Variable, map: &Field) -> Self {
        let on_data = where_data(square, variable, map);
        let sum = |field: &Field| field.finite().map(f64::from).sum::<f64>();
        let (held, total) = (sum(&on_data), sum(map));
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

/// A map of cells over a domain, missing in cells whose pixels all hold no data or lie outside the
/// picture.
pub fn where_data(square: Option<Square>, variable: &Variable, cells: &Field) -> Field {
    let Some(square) = square else { return cells.clone() };
    let whole = extent(&variable.domain);
    let mut has_data = vec![false; cells.values.len()];
    for row in 0..whole.height {
        let first = row * cells.height / whole.height * cells.width;
        for column in 0..whole.width {
            let cell = first + column * cells.width / whole.width;
            has_data[cell] |= !square.is_no_data(whole.top + row, whole.left + column);
        }
    }
    let value = |(&value, has_data): (&f32, bool)| if has_data { value } else { f32::NAN };
    Field::new(cells.height, cells.width, cells.values.iter().zip(has_data).map(value).collect())
}
