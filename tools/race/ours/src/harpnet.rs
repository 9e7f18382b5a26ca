//! HARPNET: one tile, and a domain that is put together of thirteen.

use anyhow::Context;
use stormlens_data::card::RainStatement;
use stormlens_data::downscale::{
    BlendOptions, Domain, Fit, Geometry, LogScale, Mosaic, MosaicBuilder, Registration, Tile,
    TileRain, channel, tile_elevation, tile_rain, tiles,
};
use stormlens_data::field::{GriddedField, LatLonGrid};
use stormlens_data::network::{Answer, Input, Pass};
use stormlens_data::request::Silent;
use stormlens_nn::Engine;
use stormlens_nn::device::DeviceChoice;
use stormlens_nn::engine::Resident;
use stormlens_nn::models::harpnet::ENTRY;

use crate::inputs::Inputs;
use crate::weights::Loaded;
use crate::work::{Array, Work, work};

const WEIGHTS: &str = "harpnet.safetensors";
/// Thirteen tiles: nine side by side, four across their edges. Those of the published program lie here; its box
/// reaches a degree further east, where no tile fits.
const DOMAIN: Domain = Domain { south: 37.0, north: 43.0, west: -115.0, east: -109.0 };
const RAIN_DEG: f64 = 0.05;
/// How far the rain reaches around the domain.
const MARGIN_DEG: f64 = 0.5;
const MAX_NODES: usize = 1 << 20;

/// One tile, without a tape.
pub fn tile(inputs: &Inputs) -> anyhow::Result<Box<dyn Work>> {
    let loaded = Loaded::read(&ENTRY, &inputs.file(WEIGHTS))?;
    let input = loaded.input(inputs, "harpnet_tile")?;
    Ok(loaded.prediction(input))
}

/// From rain on latitudes and longitudes to a map of refined rain, as the product does it.
pub fn domain(inputs: &Inputs) -> anyhow::Result<Box<dyn Work>> {
    let engine = Engine::new(DeviceChoice::Cpu)?;
    let resident = engine.load("harpnet", &inputs.file(WEIGHTS))?;
    let (south, west) = (DOMAIN.south - MARGIN_DEG, DOMAIN.west - MARGIN_DEG);
    let rain = field(inputs, "harpnet_rain", "mm", (south, west, RAIN_DEG))?;
    let at = (DOMAIN.south, DOMAIN.west, Geometry::V4.fine_deg);
    let elevation = field(inputs, "harpnet_elevation", "m", at)?;
    let run = move || refine(&engine, &resident, &rain, &elevation);
    Ok(work(run, |mosaic: Mosaic| {
        let shape = [mosaic.latitudes.len(), mosaic.longitudes.len()];
        Ok(vec![Array::f32("mosaic", &shape, mosaic.mm)])
    }))
}

/// An array on nodes from a south-western one on.
fn field(
    inputs: &Inputs,
    name: &str,
    unit: &str,
    (south, west, step_deg): (f64, f64, f64),
) -> anyhow::Result<GriddedField> {
    let ([height, width], values) = inputs.array(name)?;
    let axis = |first: f64, n: usize| (0..n).map(|k| first + k as f64 * step_deg).collect();
    let [latitudes, longitudes]: [Vec<f64>; 2] = [axis(south, height), axis(west, width)];
    let grid = LatLonGrid::new(&latitudes, &longitudes).map_err(anyhow::Error::msg)?;
    Ok(GriddedField {
        storage_ends: Vec::new(),
        variable: name.to_owned(),
        unit: unit.to_owned(),
        interval: None,
        reference_time: None,
        grid,
        values,
        source: "the race".to_owned(),
    })
}

fn refine(
    engine: &Engine,
    resident: &Resident,
    rain: &GriddedField,
    elevation: &GriddedField,
) -> anyhow::Result<Mosaic> {
    let RainStatement { log_mean: mean, log_std: std, .. } = RainStatement::PUBLISHED;
    let scale = LogScale::new(mean, std);
    let tiles = tiles(&DOMAIN, &Geometry::V4, Fit::Inside);
    let blending = BlendOptions::default();
    let mut mosaic = MosaicBuilder::new(&tiles, Geometry::V4, scale, blending, MAX_NODES)?;
    let mut wet = Vec::with_capacity(tiles.len());
    for tile in &tiles {
        match tile_rain(rain, tile, &Geometry::V4) {
            TileRain::Wet(coarse_mm) => {
                let input = input(&coarse_mm, scale, tile, elevation);
                wet.push((tile, Pass::new(input, Vec::new())));
            }
            TileRain::Dry => mosaic.add_dry(tile),
            TileRain::Missing { n_missing } => anyhow::bail!("{n_missing} nodes have no rain"),
        }
    }
    let (wet, passes): (Vec<_>, Vec<_>) = wet.into_iter().unzip();
    for (tile, answer) in wet.into_iter().zip(answers(engine, resident, &passes)?) {
        mosaic.add(tile, &answer.prediction);
    }
    Ok(mosaic.finish())
}

/// As many passes at once as in the product.
fn answers(engine: &Engine, resident: &Resident, passes: &[Pass]) -> anyhow::Result<Vec<Answer>> {
    let mut found = Vec::with_capacity(passes.len());
    while found.len() < passes.len() {
        let rest = &passes[found.len()..];
        let together = rest[..Pass::n_together(rest)].iter();
        let asked: Vec<_> = together.map(|pass| (&pass.input, &pass.asked)).collect();
        found.extend(engine.answer(resident, &asked, &Silent).context("some tiles")?);
    }
    Ok(found)
}

/// Both channels of a tile.
fn input(coarse_mm: &[f64], scale: LogScale, tile: &Tile, elevation: &GriddedField) -> Input {
    let z: Vec<f64> = coarse_mm.iter().map(|&mm| scale.z(mm)).collect();
    let fine = channel(&z, &Geometry::V4, Registration::Aligned);
    let mut values: Vec<f32> = fine.into_iter().map(|z| z as f32).collect();
    values.extend(tile_elevation(elevation, tile, &Geometry::V4));
    Input { values, shape: [2, Geometry::V4.size, Geometry::V4.size] }
}
