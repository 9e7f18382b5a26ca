//! Which tiles are scored, read one interval after the other.

use std::cell::Cell;
use std::collections::BTreeSet;
use std::path::Path;

use anyhow::{Context as _, bail, ensure};
use jiff::Timestamp;
use stormlens_data::card::Refining;
use stormlens_data::downscale::{
    Domain, Fit, Geometry, Part, PrepareOptions, RainSource, Sample, Split, Tile, check_elevation,
    climatology_weights, open_terrain, samples_between, tile_elevation, tiles,
};
use stormlens_data::field::{FieldError, GriddedField, degrees};
use stormlens_nn::registry;

use super::{COARSE, DOMAIN, EACH_HOURS, ELEVATION, ELEVATION_VARIABLE, VARIABLE};
use crate::cli::evaluate::Evaluation;
use crate::parameters::Parameters;
use crate::tasks::coarser;
use crate::tasks::downscaling::bring::the_heights;
use crate::tasks::downscaling::extent::Extent;

/// Names of the parts of a split, as they are typed.
const PARTS: [(&str, Part); 6] = [
    ("training", Part::Training),
    ("validation", Part::Validation),
    ("test-time", Part::TestTime),
    ("test-place", Part::TestPlace),
    ("test-both", Part::TestBoth),
    ("test", Part::TestBoth),
];
/// Every wet tile, whatever the network has seen of it.
pub(super) const ALL: &str = "all";

/// A tile at a time.
pub struct Case {
    pub sample: Sample,
    pub geometry: Geometry,
    /// As the network takes it; `None` without terrain.
    pub elevation: Option<Vec<f32>>,
    /// Of the climatology, for RainFARM; `None` where there is none.
    pub weights: Option<Vec<f64>>,
    /// The number of the interval that its end lies in, counted without overlaps.
    pub period: i64,
    /// Minutes from the start of the model's run that the coarse rain is of to the end of the interval; `None` where the
    /// file names no run, as of radar.
    pub lead_min: Option<u32>,
}

/// What is scored.
pub struct Cases {
    fine: RainSource,
    coarse: Option<RainSource>,
    terrain: Option<GriddedField>,
    /// Mean rain of the times of training, in all places.
    climatology: Option<GriddedField>,
    domain: Domain,
    tiles: Vec<Tile>,
    split: Option<(Split, Part)>,
    geometry: Geometry,
    hours: i64,
    /// Negative rain of the files that was set to 0 so far, mm summed over cells.
    clipped_mm: Cell<f64>,
    /// How far nodes of the fine rain lie apart, degrees; 0 before anything was read.
    fine_deg: Cell<f64>,
    /// For people, what is compared with what.
    pub setting: String,
}

impl Cases {
    /// # Errors
    /// For files that cannot be read, are in another unit or do not cover the domain, and where the weights do not say
    /// what is needed and nobody does.
    pub fn open(evaluation: &Evaluation<'_>, refining: &Refining) -> anyhow::Result<Self> {
        let parameters = &evaluation.parameters;
        let hours = |hours: &i64| (1..=24).contains(hours);
        let stated = parameters.number(EACH_HOURS, "a whole number from 1 to 24", hours)?;
        let variable = parameters.one(VARIABLE)?;
        let open = |path: &Path| RainSource::open(path, variable, stated);
        let fine = open(evaluation.dataset)?;
        let coarse = parameters.one(COARSE)?.map(|path| open(Path::new(path))).transpose()?;
        let said = Said::of(evaluation)?;
        let domain = match parameters.one(DOMAIN)? {
            Some(text) => domain(text)?,
            None => said
                .domain
                .context("the weights do not say where they were trained: name a --domain")?,
        };
        let terrain = terrain(parameters, refining, &domain)?;
        let geometry = refining.geometry();
        let tiles = tiles(&domain, &geometry, Fit::Inside);
        ensure!(!tiles.is_empty(), "no tile of {}° fits into the domain", geometry.tile_deg());
        let hours = i64::from(refining.rain.hours);
        let setting = match &coarse {
            None => "perfect model: coarse rain is taken from the fine rain, at points",
            Some(_) => {
                "two models: coarse rain is of another model, whose errors are part of the problem"
            }
        };
        let left_out = Extent::of(&tiles, &geometry, domain).left_out(domain.bounds());
        let left_out = left_out.map_or(String::new(), |words| format!("; {words}"));
        let files = [Some(&fine), coarse.as_ref()].into_iter().flatten();
        let no_rain = files.filter_map(RainSource::why_left_out);
        let no_rain: String = no_rain.map(|why| format!("; left out of the rain: {why}")).collect();
        let setting = setting.to_owned() + &left_out + &no_rain;
        let split = part(evaluation.split, said.split)?;
        let mut cases = Self {
            fine,
            coarse,
            terrain,
            climatology: None,
            domain,
            tiles,
            split,
            geometry,
            hours,
            clipped_mm: Cell::new(0.0),
            fine_deg: Cell::new(0.0),
            setting,
        };
        let scored = cases.ends();
        let of = |split: Split| climatology(&cases.fine, (&split, &scored), hours);
        cases.climatology = said.split.map(of).transpose()?.flatten();
        Ok(cases)
    }

    /// Where the fine rain that was read has less detail than the nodes at which it is scored.
    pub fn coarser(&self) -> Option<String> {
        coarser::words(self.fine_deg.get(), ("gives", self.geometry.fine_deg))
    }

    /// Negative rain that was set to 0 in the sums that were read, mm summed over their cells; sums may overlap.
    pub fn clipped_mm(&self) -> f64 {
        self.clipped_mm.get()
    }

    /// Coarse rain at the nodes of the fine one makes bilinear interpolation the same as what is taken for observed.
    fn check_finer(&self, source: &str, own_deg: f64) -> anyhow::Result<()> {
        let coarse_deg = self.geometry.coarse_deg;
        ensure!(
            self.coarse.is_some() || own_deg < coarse_deg - 1e-6,
            "{source} has a node every {}°, and the coarse rain that is taken from it one every {}°: there is nothing finer to \
             score a forecast with; give finer rain with --dataset, or other rain as the coarse one with --coarse",
            degrees(own_deg),
            degrees(coarse_deg)
        );
        Ok(())
    }

    fn sum(&self, rain: &RainSource, end: Timestamp) -> Result<GriddedField, FieldError> {
        let made = rain.made(end, self.hours)?;
        self.clipped_mm.set(self.clipped_mm.get() + made.clipped_mm);
        Ok(made.field)
    }

    pub fn has_climatology(&self) -> bool {
        self.climatology.is_some()
    }

    /// Whether the rain makes any sum, wherever and whenever.
    pub fn has_sums(&self) -> bool {
        !self.fine.ends(self.hours).is_empty()
    }

    /// Ends of the intervals in which something is scored.
    pub fn ends(&self) -> Vec<Timestamp> {
        let has = |end: &Timestamp| self.tiles.iter().any(|tile| self.is_in(tile, *end));
        let mut ends = self.fine.ends(self.hours);
        if let Some(coarse) = &self.coarse {
            let known = coarse.ends(self.hours);
            ends.retain(|end| known.contains(end));
        }
        ends.retain(has);
        ends
    }

    /// Intervals without overlaps.
    pub fn n_periods(&self, ends: &[Timestamp]) -> usize {
        ends.iter().map(|end| self.period(*end)).collect::<BTreeSet<_>>().len()
    }

    fn period(&self, end: Timestamp) -> i64 {
        end.as_second().div_euclid(self.hours * 3600)
    }

    fn is_in(&self, tile: &Tile, end: Timestamp) -> bool {
        self.split.is_none_or(|(split, part)| split.part(tile, &self.geometry, end) == Some(part))
    }

    /// The wet tiles of an interval.
    ///
    /// # Errors
    /// For rain that cannot be made or read.
    pub fn read(&self, end: Timestamp) -> anyhow::Result<Vec<Case>> {
        let fine = self.sum(&self.fine, end)?;
        let own_deg = fine.grid.spacing_deg().into_iter().fold(0.0, f64::max);
        self.fine_deg.set(self.fine_deg.get().max(own_deg));
        self.check_finer(&fine.source, own_deg)?;
        let coarse = self.coarse.as_ref().map(|coarse| self.sum(coarse, end)).transpose()?;
        let tiles: Vec<Tile> =
            self.tiles.iter().filter(|tile| self.is_in(tile, end)).copied().collect();
        let options = PrepareOptions { geometry: self.geometry, ..PrepareOptions::default() };
        for field in [Some(&fine), coarse.as_ref()].into_iter().flatten() {
            field.grid.check_covers(&field.source, self.domain.bounds())?;
        }
        let fields = [coarse.as_ref().unwrap_or(&fine), &fine];
        let (found, _) = samples_between(fields, &tiles, &options)?;
        let period = self.period(end);
        let lead_min = self.coarse.as_ref().unwrap_or(&self.fine).lead_min(end, self.hours);
        let case = |sample: Sample| {
            let tile = tiles.iter().find(|tile| tile.id == sample.tile)?;
            let terrain = self.terrain.as_ref();
            let elevation = terrain.map(|t| tile_elevation(t, tile, &self.geometry));
            let weights = self.climatology.as_ref().map(|c| weights(c, tile, &self.geometry));
            Some(Case { sample, geometry: self.geometry, elevation, weights, period, lead_min })
        };
        Ok(found.into_iter().filter_map(case).collect())
    }
}

/// What the weights say of their training.
struct Said {
    split: Option<Split>,
    domain: Option<Domain>,
}

impl Said {
    fn of(evaluation: &Evaluation<'_>) -> anyhow::Result<Self> {
        let (file, _) = registry::read(evaluation.weights)?;
        let said = file.metadata.map(|metadata| metadata.hyper_parameters).unwrap_or_default();
        let of = |name: &str| said.get(name).cloned();
        Ok(Self {
            split: of("split").map(serde_json::from_value).transpose()?,
            domain: of("domain").map(serde_json::from_value).transpose()?,
        })
    }
}

fn part(name: &str, split: Option<Split>) -> anyhow::Result<Option<(Split, Part)>> {
    if name == ALL {
        return Ok(None);
    }
    let Some((_, part)) = PARTS.iter().find(|(known, _)| *known == name) else {
        let known: Vec<&str> = PARTS.iter().map(|(known, _)| *known).collect();
        bail!("there is no split {name:?}; there are {}, {ALL}", known.join(", "));
    };
    let split = split.with_context(|| {
        format!("the weights do not say what they were trained on: score --split {ALL}")
    })?;
    Ok(Some((split, *part)))
}

fn domain(text: &str) -> anyhow::Result<Domain> {
    let numbers: Vec<f64> = text.split(',').filter_map(|n| n.trim().parse().ok()).collect();
    match numbers[..] {
        [west, south, east, north] if west < east && south < north => {
            Ok(Domain { south, north, west, east })
        }
        _ => bail!("--{DOMAIN} {text} is none: give WEST,SOUTH,EAST,NORTH in degrees"),
    }
}

fn terrain(
    parameters: &Parameters,
    refining: &Refining,
    domain: &Domain,
) -> anyhow::Result<Option<GriddedField>> {
    let Some(path) = parameters.one(ELEVATION)? else {
        ensure!(
            refining.tiles.n_input_channels == 1,
            "the network takes terrain, too: name a file with --{ELEVATION}, such as \
             data/terrain/gfs_orography_0p25deg.nc of the United States"
        );
        return Ok(None);
    };
    let variable = parameters.one(ELEVATION_VARIABLE)?;
    let field = the_heights(open_terrain(Path::new(path), variable), variable)?;
    check_elevation(&field, domain.bounds())?;
    Ok(Some(field))
}

/// Mean of all sums that end while the network was trained and share no hour with one that is scored, or RainFARM would be
/// told what it is compared with; `None` where the file has none. Files of years before the training are all before its end.
fn climatology(
    rain: &RainSource,
    (split, scored): (&Split, &[Timestamp]),
    hours: i64,
) -> anyhow::Result<Option<GriddedField>> {
    let mut mean: Option<GriddedField> = None;
    let apart = |end: &Timestamp, other: &Timestamp| {
        (end.as_second() - other.as_second()).abs() >= hours * 3600
    };
    let is_free = |end: &Timestamp| scored.iter().all(|other| apart(end, other));
    let ends = rain.ends(hours).into_iter();
    let ends = ends.filter(|end| *end <= split.training_until && is_free(end));
    for end in ends {
        let sum = rain.sum(end, hours)?;
        match &mut mean {
            None => mean = Some(sum),
            Some(mean) => mean.values.iter_mut().zip(&sum.values).for_each(|(a, b)| *a += b),
        }
    }
    Ok(mean)
}

/// Of all nodes around the coarse points of a tile, with cells around their points.
fn weights(climatology: &GriddedField, tile: &Tile, geometry: &Geometry) -> Vec<f64> {
    let (factor, width) = (geometry.factor(), geometry.n_coarse() * geometry.factor());
    let nodes = [tile.min_lat, tile.min_lon].map(|minimum| {
        let first = geometry.coarse_nodes(minimum)[0];
        let at = |k: usize| first + (k as f64 - (factor / 2) as f64) * geometry.fine_deg;
        (0..width).map(at).collect::<Vec<f64>>()
    });
    let mean = climatology.linear_nodes(&nodes[0], &nodes[1]);
    // A node without data says nothing of its cell.
    let weights = climatology_weights(&mean, width, factor);
    weights.into_iter().map(|weight| if weight.is_finite() { weight } else { 1.0 }).collect()
}
