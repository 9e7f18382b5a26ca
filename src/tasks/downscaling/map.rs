//! Maps: tiles put together, and what lies on the same grid.

use stormlens_data::downscale::{
    Blend, BlendOptions, Clipped, Conservation, LogScale, Mosaic, MosaicBuilder, Tile, TileRain,
    clip_negative, coarse_means, conserve,
};
use stormlens_data::field::{FieldError, Grid};
use stormlens_data::outcome::{Domain, Quantity, Role, Values, Variable};

use super::prepare::Work;

/// A map is as large as its tiles say, which were counted before.
const MAX_NODES: usize = 40_000_000;
/// The Earth of weather models.
const SPHERE: &str = "+R=6371.229";

/// Where the nodes of the maps lie.
#[derive(Clone, Debug, PartialEq)]
pub struct Ground {
    /// Of the rows, from the south.
    pub latitudes: Vec<f64>,
    /// Of the columns, from the west.
    pub longitudes: Vec<f64>,
    step_deg: f64,
}

impl Ground {
    pub fn new(latitudes: Vec<f64>, longitudes: Vec<f64>, step_deg: f64) -> Self {
        Self { latitudes, longitudes, step_deg }
    }

    pub fn of(mosaic: &Mosaic, step_deg: f64) -> Self {
        Self::new(mosaic.latitudes.clone(), mosaic.longitudes.clone(), step_deg)
    }

    /// The nodes of one tile.
    pub fn of_tile(work: &Work, tile: &Tile) -> Self {
        let nodes = |minimum| work.geometry.fine_nodes(minimum);
        Self::new(nodes(tile.min_lat), nodes(tile.min_lon), work.geometry.fine_deg)
    }

    pub fn width(&self) -> usize {
        self.longitudes.len()
    }

    /// Each node in the middle of its cell.
    pub fn domain(&self) -> Domain {
        let half = self.step_deg / 2.0;
        Domain::Earth(Grid {
            height: self.latitudes.len(),
            width: self.longitudes.len(),
            spacing_km: self.step_deg,
            west_km: self.longitudes[0] - half,
            north_km: self.latitudes[self.latitudes.len() - 1] + half,
            proj4: format!("+proj=longlat {SPHERE}"),
        })
    }

    /// A map of values row by row from the south; results begin in the north.
    pub fn variable(&self, name: &str, role: Role, quantity: Quantity, values: &[f32]) -> Variable {
        Variable {
            name: name.to_owned(),
            role,
            quantity,
            axes: Vec::new(),
            plane: Some([self.latitudes.len(), self.width()]),
            domain: self.domain(),
            values: Values::F32(from_north(values, self.width())),
        }
    }
}

/// Rows the other way round; several maps one after another stay in their order.
pub fn from_north(values: &[f32], width: usize) -> Vec<f32> {
    values.chunks_exact(width.max(1)).rev().flatten().copied().collect()
}

/// A map of refined rain, mm, and what was done to it.
pub struct Refined {
    pub mm: Vec<f32>,
    pub clipped: Clipped,
    /// What each coarse cell was multiplied by, or would have to be.
    pub ratio: Vec<f32>,
    /// The mean of `mm` divided by that of the coarse rain; `None` where there is no coarse rain.
    pub share_of_coarse: Option<f64>,
    pub mosaic: Mosaic,
}

/// Puts tiles together: `wet` has the network's answers in the order of [`Work::wet`].
///
/// # Errors
/// Where the tiles make no map.
pub fn refined(work: &Work, wet: &[&[f32]]) -> Result<Refined, FieldError> {
    let logarithms: Vec<Vec<f32>>;
    let mut wet = wet.to_vec();
    if work.refining.tiles.n_input_channels == 1 {
        // A network of millimetres; maps are made of its logarithm.
        let logarithm = |&mm: &f32| mm.max(0.0).ln_1p();
        logarithms = wet.iter().map(|tile| tile.iter().map(logarithm).collect()).collect();
        wet = logarithms.iter().map(Vec::as_slice).collect();
    }
    let unit = |i: usize| work.unit(i);
    let mosaic = mosaic(work, &wet, unit, work.refinement.blending.options())?;
    let mut mm = mosaic.mm.clone();
    let clipped = clip_negative(&mut mm);
    let factor = work.geometry.factor();
    let coarse = mosaic.coarse_cells(&work.rain.field, &work.geometry);
    let kept = conserve(&mm, mosaic.longitudes.len(), &coarse, factor);
    let mm = match work.refinement.conservation {
        Conservation::Coarse => kept.mm,
        Conservation::None => mm,
    };
    let means = coarse_means(&mm, mosaic.longitudes.len(), factor);
    let share_of_coarse = share_of_coarse(&means, &coarse);
    Ok(Refined { mm, clipped, ratio: kept.ratio, share_of_coarse, mosaic })
}

/// Refined rain divided by coarse rain, over the cells that have both.
fn share_of_coarse(means: &[f64], coarse: &[f64]) -> Option<f64> {
    let both = means.iter().zip(coarse).filter(|(own, coarse)| !own.is_nan() && !coarse.is_nan());
    let sums = both.fold([0.0_f64; 2], |[own, whole], (mm, coarse)| [own + mm, whole + coarse]);
    (sums[1] > 0.0).then(|| sums[0] / sums[1])
}

/// A rival of every tile with rain, blended in millimetres.
///
/// # Errors
/// Where the tiles make no map.
pub fn rival(work: &Work, of_tile: impl Fn(&[f64]) -> Vec<f64>) -> Result<Vec<f32>, FieldError> {
    let z = |&i: &usize| match &work.tiles[i].1 {
        TileRain::Wet(coarse) => {
            of_tile(coarse).into_iter().map(|mm| work.scale.z(mm) as f32).collect::<Vec<f32>>()
        }
        _ => Vec::new(),
    };
    let tiles: Vec<Vec<f32>> = work.wet.iter().map(z).collect();
    let tiles: Vec<&[f32]> = tiles.iter().map(Vec::as_slice).collect();
    let options = BlendOptions { blend: Blend::Mm, ..BlendOptions::default() };
    // Rounding makes a millionth of a millimetre negative.
    Ok(mosaic(work, &tiles, |_| work.scale, options)?.mm.into_iter().map(not_negative).collect())
}

fn not_negative(mm: f32) -> f32 {
    if mm < 0.0 { 0.0 } else { mm }
}

/// `unit` is that of a tile.
fn mosaic(
    work: &Work,
    wet: &[&[f32]],
    unit: impl Fn(usize) -> LogScale,
    options: BlendOptions,
) -> Result<Mosaic, FieldError> {
    let Work { geometry, scale, .. } = *work;
    let tiles: Vec<Tile> = work.tiles.iter().map(|(tile, _)| *tile).collect();
    let mut builder = MosaicBuilder::new(&tiles, geometry, scale, options, MAX_NODES)?;
    for (&i, answer) in work.wet.iter().zip(wet) {
        builder.add_in(unit(i), &tiles[i], answer);
    }
    for (tile, rain) in &work.tiles {
        if *rain == TileRain::Dry {
            builder.add_dry(tile);
        }
    }
    Ok(builder.finish())
}
