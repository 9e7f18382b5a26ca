//! What a network has to be better than, on the same map.

use stormlens_data::downscale::{
    Nodes, RainFarm, RainFarmError, Rival, climatology_weights, rival_mm, usable_slope,
};
use stormlens_data::field::FieldError;

use super::fields::Climatology;
use super::map::{Ground, rival};
use super::prepare::Work;

/// Members of RainFARM where the network has no ensemble.
const N_MEMBERS: usize = 10;
const SEED: u64 = 2006;

/// Those that are one field.
pub const FIELDS: [Rival; 3] = [Rival::Bilinear, Rival::BilinearReference, Rival::BlockConstant];

/// One of them as a map, mm.
///
/// # Errors
/// Where the tiles make no map.
pub fn field(work: &Work, which: Rival) -> Result<Vec<f32>, FieldError> {
    let space = which.space(work.scale);
    rival(work, |coarse| rival_mm(coarse, &work.geometry, which, space))
}

/// Members of RainFARM over the whole map, mm, from the coarse nodes around it; and how it was set up, in words. With a
/// climatology they have more rain where that has more (Terzago et al. 2018).
///
/// # Errors
/// Where coarse rain is missing.
pub fn rainfarm(
    work: &Work,
    ground: &Ground,
    climatology: Option<&Climatology>,
) -> Result<(Vec<Vec<f32>>, String), RainFarmError> {
    let n = match (work.refinement.n_members, work.members.len()) {
        (0, 0) => N_MEMBERS,
        (drawn, weights) => drawn.max(weights),
    };
    let factor = work.geometry.factor();
    let first = work.geometry.first_fine_deg();
    // A ring of cells, so that those around a node in the middle of a cell are whole.
    let padded = |axis: &[f64]| {
        let step = work.geometry.coarse_deg;
        let nodes = axis.len() / factor + 2;
        (0..nodes).map(|k| axis[0] - first + (k as f64 - 1.0) * step).collect::<Vec<f64>>()
    };
    let (rows, columns) = (padded(&ground.latitudes), padded(&ground.longitudes));
    let coarse = work.rain.field.linear_nodes(&rows, &columns);
    let width = columns.len();
    let (slope, is_measured) = usable_slope(&coarse, width)?;
    let measured = if is_measured { "measured" } else { "assumed, for the rain shows none" };
    // A cell lies around its node where fine nodes share those of the coarse grid.
    let aside = if work.geometry.nodes == Nodes::Shared { factor / 2 } else { 0 };
    let weights = climatology.map(|own| {
        let places = [(&ground.latitudes, rows.len()), (&ground.longitudes, columns.len())];
        weights(own, work, places, factor + aside)
    });
    let rainfarm = RainFarm { factor, slope, weights };
    let member = |number: usize| {
        let map = rainfarm.member(&coarse, width, SEED, number as u64)?;
        Ok(cut(&map, width * factor, factor + aside, ground))
    };
    let members = (0..n).map(member).collect::<Result<Vec<_>, RainFarmError>>()?;
    let weights = match climatology {
        None => "no weights for terrain".to_owned(),
        Some(Climatology { n_hours, title, .. }) => format!(
            "weights for terrain from the mean of {n_hours} other hours ({title}), which are few: no climatology of years"
        ),
    };
    let words = format!("RainFARM, {n} members, spectral slope {slope:.2} ({measured}), {weights}");
    Ok((members, words))
}

/// Of all fine nodes of the padded cells, of which the map begins so many nodes in; 1 where nothing is known.
fn weights(
    climatology: &Climatology,
    work: &Work,
    [rows, columns]: [(&Vec<f64>, usize); 2],
    first: usize,
) -> Vec<f64> {
    let factor = work.geometry.factor();
    let nodes = |(axis, n_cells): (&Vec<f64>, usize)| {
        let at = |k: usize| axis[0] + (k as f64 - first as f64) * work.geometry.fine_deg;
        (0..n_cells * factor).map(at).collect::<Vec<f64>>()
    };
    let width = columns.1 * factor;
    let mean = climatology.field.linear_nodes(&nodes(rows), &nodes(columns));
    let weights = climatology_weights(&mean, width, factor);
    weights.into_iter().map(|weight| if weight.is_finite() { weight } else { 1.0 }).collect()
}

/// The nodes of the map in that of all cells: a cell lies around its node.
fn cut(map: &[f64], width: usize, first: usize, ground: &Ground) -> Vec<f32> {
    let rows = map.chunks_exact(width).skip(first).take(ground.latitudes.len());
    rows.flat_map(|row| &row[first..first + ground.width()]).map(|&mm| mm as f32).collect()
}

/// The mean of maps, node by node.
pub fn mean(members: &[Vec<f32>]) -> Vec<f32> {
    let n = members.len().max(1) as f64;
    let at = |i: usize| members.iter().map(|member| f64::from(member[i])).sum::<f64>() / n;
    (0..members.first().map_or(0, Vec::len)).map(|i| at(i) as f32).collect()
}

/// The standard deviation of members, of n − 1.
pub fn spread(members: &[Vec<f32>]) -> Vec<f32> {
    let means = mean(members);
    let n = members.len().saturating_sub(1).max(1) as f64;
    let at = |i: usize| {
        let of = |member: &Vec<f32>| (f64::from(member[i]) - f64::from(means[i])).powi(2);
        (members.iter().map(of).sum::<f64>() / n).sqrt() as f32
    };
    (0..means.len()).map(at).collect()
}
