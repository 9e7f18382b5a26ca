//! Sums over tiles, on the rectangle of nodes that holds them and the box.

use std::ops::Range;

use stormlens_data::network::{Explained, Map, Measure, Series};

use crate::tasks::downscaling::map::Ground;
use crate::tasks::downscaling::prepare::{Part, Several, Work};

/// Where tiles of a target lie.
pub(super) struct Joined<'a> {
    work: &'a Work,
    several: &'a Several,
    rows: Range<usize>,
    columns: Range<usize>,
    pub ground: Ground,
}

/// What a method found of each tile.
type OfTiles<'a> = [(&'a Part, &'a Explained)];

impl<'a> Joined<'a> {
    pub fn new(work: &'a Work, several: &'a Several) -> Self {
        let (geometry, frame) = (&work.geometry, &several.frame);
        let (mut rows, mut columns) = (frame.rows.clone(), frame.columns.clone());
        for part in &several.parts {
            let [row, column] = frame.first_node(geometry, &work.tiles[part.tile_idx].0);
            rows = around(&rows, &(row..row + geometry.size));
            columns = around(&columns, &(column..column + geometry.size));
        }
        let nodes = |minimum: f64, places: &Range<usize>| {
            let first = minimum + geometry.first_fine_deg();
            places.clone().map(|k| first + k as f64 * geometry.fine_deg).collect()
        };
        let [south, west] = frame.corner;
        let ground = Ground::new(nodes(south, &rows), nodes(west, &columns), geometry.fine_deg);
        Self { work, several, rows, columns, ground }
    }

    /// The place of each node of a tile.
    fn places(&self, part: &Part) -> impl Iterator<Item = usize> {
        let (geometry, width) = (&self.work.geometry, self.columns.len());
        let tile = &self.work.tiles[part.tile_idx].0;
        let [row, column] = self.several.frame.first_node(geometry, tile);
        let first = (row - self.rows.start) * width + column - self.columns.start;
        let size = geometry.size;
        (0..size * size).map(move |i| first + i / size * width + i % size)
    }

    fn n_places(&self) -> usize {
        self.rows.len() * self.columns.len()
    }

    /// Maps of tiles that agree where they overlap; `NaN` where none lies.
    pub fn laid(&self, tiles: &[(&Part, Vec<f32>)]) -> Vec<f32> {
        let mut all = vec![f32::NAN; self.n_places()];
        for (part, values) in tiles {
            self.places(part).zip(values).for_each(|(at, &value)| all[at] = value);
        }
        all
    }

    /// The sum of what a method found of each tile; the mask is that of the box, 1 for each node that counts.
    pub fn explained(&self, of_tiles: &OfTiles<'_>) -> Explained {
        let first = of_tiles.first().map(|(_, explained)| *explained);
        let n = |of: fn(&Explained) -> usize| first.map_or(0, of);
        Explained {
            method: first.map(|first| first.method.clone()).unwrap_or_default(),
            score: of_tiles.iter().map(|(_, explained)| explained.score).sum(),
            mask: Some(self.mask(of_tiles)),
            maps: (0..n(|first| first.maps.len())).filter_map(|i| self.map(of_tiles, i)).collect(),
            series: (0..n(|first| first.series.len()))
                .filter_map(|i| series_of(of_tiles, i))
                .collect(),
            measures: (0..n(|first| first.measures.len()))
                .filter_map(|i| measure_of(of_tiles, i))
                .collect(),
        }
    }

    /// What the sum is divided by to be a mean: nodes of the box, or the weights of those above an amount.
    pub fn n_nodes(&self, of_tiles: &OfTiles<'_>) -> f64 {
        match self.several.above_mm {
            None => self.several.has_data.iter().filter(|has| **has).count() as f64,
            Some(_) => {
                let masks = of_tiles.iter().filter_map(|(_, explained)| explained.mask.as_ref());
                masks.flatten().map(|&weight| f64::from(weight)).sum()
            }
        }
    }

    fn mask(&self, of_tiles: &OfTiles<'_>) -> Vec<f32> {
        let has_data = |&has: &bool| f32::from(u8::from(has));
        if self.several.above_mm.is_none() {
            return self.several.has_data.iter().map(has_data).collect();
        }
        let frame = &self.several.frame;
        let mut all = vec![0.0; frame.n_nodes()];
        for (part, explained) in of_tiles {
            let mask = explained.mask.as_deref().unwrap_or_default();
            let tile = &self.work.tiles[part.tile_idx].0;
            for [own, at] in frame.shared(&self.work.geometry, tile) {
                if mask.get(own).is_some_and(|&weight| weight > 0.0) {
                    all[at] = 1.0;
                }
            }
        }
        all
    }

    /// Maps of the input of each tile, channel by channel.
    fn map(&self, of_tiles: &OfTiles<'_>, place: usize) -> Option<Map> {
        let size = self.work.geometry.size;
        let first = of_tiles.first()?.1.maps.get(place)?;
        let [n_channels, ..] = first.shape;
        let mut sums = vec![f64::NAN; n_channels * self.n_places()];
        for (part, explained) in of_tiles {
            let channels = explained.maps.get(place)?.values.chunks_exact(size * size);
            for (channel, sums) in channels.zip(sums.chunks_exact_mut(self.n_places())) {
                for (at, &value) in self.places(part).zip(channel) {
                    let before = if sums[at].is_nan() { 0.0 } else { sums[at] };
                    sums[at] = before + f64::from(value);
                }
            }
        }
        let shape = [n_channels, self.rows.len(), self.columns.len()];
        Some(Map { shape, values: sums.into_iter().map(|v| v as f32).collect(), ..first.clone() })
    }
}

fn around(a: &Range<usize>, b: &Range<usize>) -> Range<usize> {
    a.start.min(b.start)..a.end.max(b.end)
}

/// Sums at the coordinates that all tiles have: where steps were doubled in some of them, every second one of theirs, or of
/// these every second one.
fn series_of(of_tiles: &OfTiles<'_>, place: usize) -> Option<Series> {
    let all: Option<Vec<&Series>> =
        of_tiles.iter().map(|(_, explained)| explained.series.get(place)).collect();
    let all = all?;
    let shortest = all.iter().min_by_key(|series| series.values.len())?;
    let n = shortest.values.len();
    let value = |series: &Series, i: usize| {
        let every = series.values.len().saturating_sub(1) / n.saturating_sub(1).max(1);
        series.values[i * every.max(1)]
    };
    let values = (0..n).map(|i| all.iter().map(|series| value(series, i)).sum::<f64>()).collect();
    Some(Series { values, ..(*shortest).clone() })
}

/// The sum in the unit of the target; of other numbers the largest.
fn measure_of(of_tiles: &OfTiles<'_>, place: usize) -> Option<Measure> {
    let first = of_tiles.first()?.1.measures.get(place)?;
    let values = of_tiles.iter().filter_map(|(_, e)| e.measures.get(place)).map(|m| m.value);
    let value = match first.is_in_target_unit {
        true => values.sum::<f64>(),
        false => values.fold(f64::NEG_INFINITY, f64::max),
    };
    Some(Measure { value, ..first.clone() })
}
