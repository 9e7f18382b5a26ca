//! Rain and terrain of a run.

use std::collections::BTreeSet;

use jiff::Timestamp;
use stormlens_data::downscale::{
    Domain, Fit, Geometry, LogScale, LogSums, Part, Precision, PrepareOptions, RainSource, Sample,
    Split, Tile, check_elevation, open_terrain, samples, tile_elevation, tiles,
};
use stormlens_data::field::{Accumulated, GriddedField};

use super::options::TileData;
use super::place::Seen;
use crate::train::run::TrainError;
use crate::train::supervision::Block;

/// A training sample: which sum, which tile.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Pick {
    pub time: usize,
    pub tile: Tile,
}

/// All that a run learns from, in memory: a sum of three hours over the western United States has 1.1 MB.
pub(super) struct Rain {
    pub terrain: GriddedField,
    /// Sums in which something trains.
    pub sums: Vec<GriddedField>,
    pub train: Vec<Pick>,
    pub validation: Vec<Seen>,
    /// Names of the samples, of training, validation and test; of test wet and dry ones, for its rain is not read.
    pub ids: [Vec<String>; 3],
    /// Of all nodes of the samples that train.
    pub scale: Option<LogScale>,
    /// Why fields of the file were left out; `None` where none was.
    pub left_out: Option<String>,
    /// What the wettest coarse node of each tile is brought to, mm.
    wettest_mm: Option<f64>,
    /// Negative rain of the file that is 0 now, mm summed over the cells of all sums.
    pub clipped_mm: f64,
}

impl Rain {
    /// Reads one sum after the other. `only` are the ids of tiles that train and validate; empty: all.
    pub fn open(data: &TileData, geometry: Geometry, only: &[usize]) -> Result<Self, TrainError> {
        let stated = data.each_hours.map(i64::from);
        let source = RainSource::open(&data.rain, Some(&data.variable), stated)?;
        let terrain = open_terrain(&data.terrain, None)?;
        let tiles = chosen(&data.domain, geometry, only)?;
        check_elevation(&terrain, data.domain.bounds())?;
        let mut rain = Self {
            terrain,
            sums: Vec::new(),
            train: Vec::new(),
            validation: Vec::new(),
            ids: Default::default(),
            scale: None,
            left_out: source.why_left_out(),
            wettest_mm: data.wettest_mm,
            clipped_mm: 0.0,
        };
        let (split, mut logs) = (data.split(), LogSums::default());
        let options = PrepareOptions { geometry, ..PrepareOptions::default() };
        for end in source.ends(i64::from(data.hours)) {
            let part = |tile: &Tile| split.part(tile, &geometry, end);
            let is_test = |tile: &&Tile| part(tile).is_some_and(|part| block(part) == Block::Test);
            let tests = tiles.iter().filter(is_test).map(|tile| name(end, tile.id));
            rain.ids[Block::Test as usize].extend(tests);
            if !tiles.iter().any(|tile| part(tile).is_some_and(|part| block(part) != Block::Test)) {
                continue;
            }
            let Accumulated { field, clipped_mm, .. } = source.made(end, i64::from(data.hours))?;
            rain.clipped_mm += clipped_mm;
            field.grid.check_covers(&field.source, data.domain.bounds())?;
            let (found, _) = samples(&field, &tiles, &options)?;
            rain.take(field, found, &tiles, (&split, &geometry, end), &mut logs);
        }
        rain.scale = logs.scale();
        Ok(rain)
    }

    /// What the rain of a sample is multiplied by.
    fn factor(&self, sample: &Sample) -> f64 {
        let coarse: Vec<f64> = sample.coarse_mm.iter().map(|&mm| f64::from(mm)).collect();
        let plain = LogScale::new(0.0, 1.0);
        self.wettest_mm.map_or(1.0, |wettest| plain.with_wettest(wettest, &coarse).factor)
    }

    fn take(
        &mut self,
        field: GriddedField,
        found: Vec<Sample>,
        tiles: &[Tile],
        (split, geometry, end): (&Split, &Geometry, Timestamp),
        logs: &mut LogSums,
    ) {
        let (mut trains, time) = (false, self.sums.len());
        for sample in found {
            let tile = tiles.iter().find(|tile| tile.id == sample.tile);
            let Some((tile, part)) = tile.zip(tile.and_then(|t| split.part(t, geometry, end)))
            else {
                continue;
            };
            let block = block(part);
            match block {
                Block::Train => {
                    self.ids[Block::Train as usize].push(name(end, sample.tile));
                    trains = true;
                    logs.add(&sample, self.factor(&sample), Precision::Float32);
                    self.train.push(Pick { time, tile: *tile });
                }
                Block::Validation => {
                    self.ids[Block::Validation as usize].push(name(end, sample.tile));
                    let elevation = tile_elevation(&self.terrain, tile, geometry);
                    let Sample { coarse_mm, fine_mm, .. } = sample;
                    self.validation.push(Seen { coarse_mm, fine_mm, elevation });
                }
                Block::Test => {}
            }
        }
        if trains {
            self.sums.push(field);
        }
    }
}

fn block(part: Part) -> Block {
    match part {
        Part::Training => Block::Train,
        Part::Validation => Block::Validation,
        Part::TestTime | Part::TestPlace | Part::TestBoth => Block::Test,
    }
}

/// Of a sum and a tile.
fn name(end: Timestamp, tile: usize) -> String {
    format!("{end}/{tile}")
}

fn chosen(domain: &Domain, geometry: Geometry, only: &[usize]) -> Result<Vec<Tile>, TrainError> {
    let all = tiles(domain, &geometry, Fit::Inside);
    let known: BTreeSet<usize> = all.iter().map(|tile| tile.id).collect();
    if let Some(unknown) = only.iter().find(|id| !known.contains(id)) {
        let message = format!(
            "there is no tile {unknown}: the domain has {} of them, counted from 0",
            all.len()
        );
        return Err(TrainError::Options(message));
    }
    let is_chosen = |tile: &Tile| only.is_empty() || only.contains(&tile.id);
    Ok(all.into_iter().filter(is_chosen).collect())
}
