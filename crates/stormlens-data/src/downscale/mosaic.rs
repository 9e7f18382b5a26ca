//! From tiles to one map.

use serde::{Deserialize, Serialize};

use super::{Geometry, LogScale, Tile};
use crate::field::{FieldError, GriddedField};

/// In which unit tiles are blended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Blend {
    /// Millimetres: the mean of two tiles is the mean of their rain.
    #[default]
    Mm,
    /// The network's unit, as published: nearer to the geometric mean, which is less.
    Z,
}

/// How tiles are blended.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct BlendOptions {
    pub blend: Blend,
    /// No weight is less. With 0, as published, corners of single tiles weigh nothing.
    pub weight_floor: f64,
    /// What is published for cells of no weight: z = 0, which is rain. Otherwise they have no data.
    pub reference_gaps: bool,
}

impl Default for BlendOptions {
    fn default() -> Self {
        Self { blend: Blend::Mm, weight_floor: 1e-3, reference_gaps: false }
    }
}

impl BlendOptions {
    /// As the published program has it.
    pub const REFERENCE: Self = Self { blend: Blend::Z, weight_floor: 0.0, reference_gaps: true };
}

/// Weights of the nodes of a tile: 1 in the middle, falling with the city-block distance from the nearest of the
/// four central nodes to 0 in the corners; not below `floor`.
pub fn blending_weights(size: usize, floor: f64) -> Vec<f64> {
    let middle = [(size - 1) / 2, size / 2];
    let away = |k: usize| middle.into_iter().map(|m| k.abs_diff(m)).min().unwrap_or(0);
    let largest = (2 * away(0)).max(1) as f64;
    let weight =
        |row: usize, column: usize| (1.0 - (away(row) + away(column)) as f64 / largest).max(floor);
    (0..size).flat_map(|row| (0..size).map(move |column| weight(row, column))).collect()
}

/// The least that a network can say of rain as it is, whose logarithm ends there. Of rain that was divided, it could say less,
/// which would take away the rain of the tile beside it.
const LEAST_MM: f64 = -1.0;

/// A map that is being put together; memory is that of the map, whatever the number of tiles.
pub struct MosaicBuilder {
    geometry: Geometry,
    scale: LogScale,
    options: BlendOptions,
    south: f64,
    west: f64,
    height: usize,
    width: usize,
    tile_weights: Vec<f64>,
    sum: Vec<f64>,
    weight: Vec<f64>,
}

/// A finished map.
#[derive(Clone, Debug, PartialEq)]
pub struct Mosaic {
    /// Of the rows, from the south.
    pub latitudes: Vec<f64>,
    /// Of the columns, from the west.
    pub longitudes: Vec<f64>,
    /// Row by row; negative where the network says so, `NaN` where no tile has data.
    pub mm: Vec<f32>,
    /// In the network's unit, of what is blended so; else empty.
    pub z: Vec<f32>,
    pub weight_sum: Vec<f32>,
}

impl Mosaic {
    /// Coarse rain of the cells of this map, mm, for [`super::conserve()`]: values of the field, linear between its
    /// nodes, at the coarse node of every block of nodes, row by row. `NaN` outside of the field.
    pub fn coarse_cells(&self, rain: &GriddedField, geometry: &Geometry) -> Vec<f64> {
        let first = geometry.first_fine_deg();
        let every = |axis: &[f64]| {
            let nodes = axis.iter().step_by(geometry.factor());
            nodes.map(|degrees| degrees - first).collect::<Vec<f64>>()
        };
        rain.linear_nodes(&every(&self.latitudes), &every(&self.longitudes))
    }
}

impl MosaicBuilder {
    /// An empty map around these tiles.
    ///
    /// # Errors
    /// Without a tile, for tiles that do not lie on one grid of nodes, and for maps beyond `max_nodes`.
    pub fn new(
        tiles: &[Tile],
        geometry: Geometry,
        scale: LogScale,
        options: BlendOptions,
        max_nodes: usize,
    ) -> Result<Self, FieldError> {
        let refuse = |what: String| Err(FieldError::Domains { what });
        let least = |of: fn(&Tile) -> f64| tiles.iter().map(of).fold(f64::INFINITY, f64::min);
        let most = |of: fn(&Tile) -> f64| tiles.iter().map(of).fold(f64::NEG_INFINITY, f64::max);
        let (south, west) = (least(|t| t.min_lat), least(|t| t.min_lon));
        if tiles.is_empty() {
            let side = geometry.tile_deg();
            return refuse(format!(
                "the domain is smaller than a tile of {side}°: choose a larger one"
            ));
        }
        let nodes = |from: f64, to: f64| ((to - from) / geometry.fine_deg).round() as usize;
        let height = nodes(south, most(|t| t.min_lat)) + geometry.size;
        let width = nodes(west, most(|t| t.min_lon)) + geometry.size;
        let n_nodes = height.saturating_mul(width);
        if n_nodes > max_nodes {
            return refuse(format!(
                "the domain has {height} × {width} nodes, more than {max_nodes}: choose a smaller one"
            ));
        }
        let is_node = |offset: f64| {
            let steps = offset / geometry.fine_deg;
            (steps - steps.round()).abs() < 1e-4
        };
        if !tiles.iter().all(|t| is_node(t.min_lat - south) && is_node(t.min_lon - west)) {
            return refuse("the tiles do not lie on one grid of nodes".to_owned());
        }
        let tile_weights = blending_weights(geometry.size, options.weight_floor);
        let (sum, weight) = (vec![0.0; n_nodes], vec![0.0; n_nodes]);
        Ok(Self { geometry, scale, options, south, west, height, width, tile_weights, sum, weight })
    }

    /// Adds what the network says of a tile, `[size, size]` in its own unit; `NaN` has no weight.
    ///
    /// # Panics
    /// For another size, and for a tile that was not there at the beginning.
    pub fn add(&mut self, tile: &Tile, z: &[f32]) {
        self.add_in(self.scale, tile, z);
    }

    /// The same of a tile in a unit of its own.
    ///
    /// # Panics
    /// As [`Self::add`].
    pub fn add_in(&mut self, unit: LogScale, tile: &Tile, z: &[f32]) {
        let size = self.geometry.size;
        assert_eq!(z.len(), size * size, "a tile of {size} × {size}");
        let (row, column) = self.corner(tile);
        for (i, &z) in z.iter().enumerate().filter(|(_, z)| !z.is_nan()) {
            let value = match self.options.blend {
                Blend::Mm => unit.mm(f64::from(z)).max(LEAST_MM),
                Blend::Z if unit == self.scale => f64::from(z),
                // Near −1 mm, the logarithm of one tile would outweigh the rain of all others.
                Blend::Z => self.scale.z(unit.mm(f64::from(z)).max(0.0)),
            };
            let at = (row + i / size) * self.width + column + i % size;
            self.sum[at] += value * self.tile_weights[i];
            self.weight[at] += self.tile_weights[i];
        }
    }

    /// Adds a tile without rain.
    ///
    /// # Panics
    /// As [`Self::add`].
    pub fn add_dry(&mut self, tile: &Tile) {
        let dry = vec![self.scale.dry_z() as f32; self.geometry.size.pow(2)];
        self.add(tile, &dry);
    }

    fn corner(&self, tile: &Tile) -> (usize, usize) {
        let node = |from: f64, to: f64| ((to - from) / self.geometry.fine_deg).round() as usize;
        (node(self.south, tile.min_lat), node(self.west, tile.min_lon))
    }

    pub fn finish(self) -> Mosaic {
        let Self { geometry, scale, options, south, west, height, width, sum, weight, .. } = self;
        let nodes = |from: f64, n: usize| {
            let first = from + geometry.first_fine_deg();
            (0..n).map(|k| first + k as f64 * geometry.fine_deg).collect()
        };
        let gap = if options.reference_gaps { 0.0 } else { f64::NAN };
        let mean = sum.iter().zip(&weight).map(|(s, w)| if *w > 0.0 { s / w } else { gap });
        let mean: Vec<f64> = mean.collect();
        let (mm, z) = match options.blend {
            Blend::Mm => (mean.iter().map(|&mm| mm as f32).collect(), Vec::new()),
            Blend::Z => (
                mean.iter().map(|&z| scale.mm(z) as f32).collect(),
                mean.iter().map(|&z| z as f32).collect(),
            ),
        };
        let weight_sum = weight.iter().map(|&w| w as f32).collect();
        Mosaic {
            latitudes: nodes(south, height),
            longitudes: nodes(west, width),
            mm,
            z,
            weight_sum,
        }
    }
}
