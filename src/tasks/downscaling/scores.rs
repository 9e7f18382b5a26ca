//! How good a refined map is, beside its rivals, where fine rain was observed.
//!
//! Counted are the tiles that do not overlap, so that no node counts twice.

use stormlens_data::card::Refining;
use stormlens_data::downscale::{Geometry, Tile, TileRain};
use stormlens_data::field::Grid;
use stormlens_data::outcome::{
    Axis, Colours, Domain, Number, Over, Quantity, Role, Values, Variable,
};
use stormlens_data::score::downscaling::{
    CONTINUOUS_SCORES, ContinuousScore, ELEVATION_BANDS_M, EnsembleSums, Merge, Moments, QUANTILES,
    RainHistogram, Verified, resampled_interval,
};

use super::answer::interval;
use super::map::{Ground, from_north};
use super::prepare::Work;

pub const THRESHOLDS_MM: [f64; 5] = [0.1, 1.0, 5.0, 10.0, 20.0];
/// Sides of neighbourhoods, nodes: 3 km to 100 km.
pub const SCALES: [usize; 6] = [1, 3, 5, 9, 17, 33];
/// Of fewer tiles an interval says how these differ, and nothing of others.
const LEAST_TILES: usize = 5;
/// Rounds of the bootstrap.
const N_ROUNDS: usize = 1_000;
const SEED: u64 = 11;

/// Shares of nodes whose quantiles are set against those of the observation, in thousandths.
const SHARES: std::ops::RangeInclusive<u32> = 10..=999;

/// What names of scores begin with, in millimetres and in the network's unit.
pub const SCORES: &str = "scores/";
pub const NETWORK_SCORES: &str = "scores_normalised/";

/// A map that is scored, with its name.
pub struct Scored<'a> {
    pub name: &'a str,
    pub mm: &'a [f32],
}

/// Sums of each map over each tile.
pub struct Scores {
    names: Vec<String>,
    /// By map, then by tile.
    by_tile: Vec<Vec<Verified>>,
    all: Vec<Verified>,
    refining: Refining,
    tiles: Vec<Tile>,
}

impl Scores {
    /// `None` where no tile has an observation at any node.
    pub fn new(
        work: &Work,
        ground: &Ground,
        maps: &[Scored<'_>],
        observed: &[f32],
        elevation: Option<&[f32]>,
    ) -> Option<Self> {
        let primary = work
            .tiles
            .iter()
            .filter(|(tile, rain)| !tile.is_secondary && !matches!(rain, TileRain::Missing { .. }));
        let primary: Vec<&(Tile, TileRain)> = primary.collect();
        let n_coarse = work.geometry.n_coarse().pow(2);
        let verify = |map: &Scored<'_>| -> Vec<Verified> {
            let of_tile = |(tile, rain): &&(Tile, TileRain)| {
                let cut = |values: &[f32]| cut(values, ground, tile, &work.geometry);
                let mut sums = Verified::new(work.geometry, work.scale, &THRESHOLDS_MM, &SCALES);
                let dry = vec![0.0; n_coarse];
                let coarse = if let TileRain::Wet(coarse) = rain { coarse } else { &dry };
                let heights = elevation.map(cut);
                sums.add(tile.id, [&cut(map.mm), &cut(observed)], coarse, heights.as_deref());
                sums
            };
            primary.iter().map(of_tile).collect()
        };
        let by_tile: Vec<Vec<Verified>> = maps.iter().map(verify).collect();
        let all: Vec<Verified> = by_tile.iter().filter_map(|tiles| merged(tiles)).collect();
        let is_there = all.first().is_some_and(|sums| sums.mm.n > 0);
        is_there.then(|| Self {
            names: maps.iter().map(|map| map.name.to_owned()).collect(),
            by_tile,
            all,
            refining: work.refining,
            tiles: primary.iter().map(|(tile, _)| *tile).collect(),
        })
    }

    /// Tables and curves of a result.
    pub fn variables(&self, work: &Work, ground: &Ground) -> Vec<Variable> {
        let mut variables = self.of_millimetres();
        variables.extend(self.of_network_unit());
        variables.push(self.fractions());
        variables.extend(self.quantiles());
        variables.extend(self.against_observation());
        variables.extend(self.spectrum());
        variables.push(self.by_elevation());
        let dated = |map| Variable { axes: interval(work), ..map };
        variables.extend(self.by_place(ground).map(dated));
        variables
    }

    fn forecasts(&self) -> Axis {
        Axis::names(Axis::FORECAST, self.names.clone())
    }

    /// One variable a score, since each has its unit: `scores/mse` over forecasts.
    fn of_millimetres(&self) -> Vec<Variable> {
        let of = |score: &ContinuousScore| {
            let value = |sums: &Verified| (score.of)(&sums.mm).unwrap_or(f64::NAN);
            let values = self.all.iter().map(value).collect();
            let unit = if score.unit.is_empty() { "1" } else { score.unit };
            Variable {
                quantity: Quantity::new(score.label, unit, Colours::None),
                ..numbers(&format!("{SCORES}{}", score.name), "", vec![self.forecasts()], values)
            }
        };
        CONTINUOUS_SCORES.iter().map(of).collect()
    }

    /// The same of the network's own unit, which is none.
    fn of_network_unit(&self) -> Vec<Variable> {
        let scores = CONTINUOUS_SCORES.iter().filter(|score| score.is_of_network_unit);
        let of = |score: &ContinuousScore| {
            let value = |sums: &Verified| (score.of)(&sums.z).unwrap_or(f64::NAN);
            let title = format!("{} in the network's unit", score.label);
            let name = format!("{NETWORK_SCORES}{}", score.name);
            let values = self.all.iter().map(value).collect();
            numbers(&name, &title, vec![self.forecasts()], values)
        };
        scores.map(of).collect()
    }

    fn fractions(&self) -> Variable {
        let degrees = self.refining.geometry().fine_deg;
        let of = |sums: &Verified| {
            let at = |threshold| (0..SCALES.len()).map(move |scale| (threshold, scale));
            let all = (0..THRESHOLDS_MM.len()).flat_map(at);
            all.map(|(threshold, scale)| sums.fractions.score(threshold, scale).unwrap_or(f64::NAN))
                .collect::<Vec<_>>()
        };
        let values = self.all.iter().flat_map(of).collect();
        let sides = SCALES.iter().map(|&side| side as f64 * degrees).collect();
        let axes = vec![
            self.forecasts(),
            Axis::numbers("threshold", "mm", THRESHOLDS_MM.to_vec()),
            Axis::numbers("scale", "degrees", sides),
        ];
        numbers("fractions_skill_score", "Fractions Skill Score", axes, values)
    }

    /// Quantiles of each map, and of what was observed.
    fn quantiles(&self) -> Vec<Variable> {
        let Some(first) = self.all.first() else { return Vec::new() };
        let of = |histogram: &RainHistogram| {
            QUANTILES.map(|share| histogram.quantile(share).unwrap_or(f64::NAN))
        };
        let names = self.names.iter().cloned().chain(["observation".to_owned()]);
        let maps = self.all.iter().map(|sums| &sums.forecast).chain([&first.observation]);
        let axes = vec![
            Axis::names(Axis::FORECAST, names),
            Axis::numbers("quantile", "1", QUANTILES.to_vec()),
        ];
        let table = Variable {
            quantity: Quantity::new("rain at a quantile", "mm", Colours::None),
            ..numbers("quantiles", "", axes, maps.flat_map(of).collect())
        };
        vec![table]
    }

    /// Quantiles of each map at those of the observation (Q–Q).
    fn against_observation(&self) -> Option<Variable> {
        let observation = &self.all.first()?.observation;
        let quantile = |percent: u32| {
            let share = f64::from(percent) / 1000.0;
            Some((share, observation.quantile(share)?))
        };
        let observed: Vec<(f64, f64)> = SHARES.filter_map(quantile).collect();
        // Of shares that are all dry the last one says as much as all.
        let is_last = |i: &usize| observed.get(i + 1).is_none_or(|next| next.1 > observed[*i].1);
        let kept: Vec<(f64, f64)> =
            (0..observed.len()).filter(is_last).map(|i| observed[i]).collect();
        let of = |sums: &Verified| {
            let of = |&(share, _): &(f64, f64)| sums.forecast.quantile(share).unwrap_or(f64::NAN);
            kept.iter().map(of).collect::<Vec<f64>>()
        };
        let along = kept.iter().map(|(_, mm)| *mm).collect();
        let axes = vec![self.forecasts(), Axis::numbers("observed_quantile", "mm", along)];
        let values = self.all.iter().flat_map(of).collect();
        Some(Variable {
            quantity: Quantity::new("rain at the same quantile", "mm", Colours::None),
            ..numbers("quantiles_at_observed", "", axes, values)
        })
    }

    /// Power of each map for that of the observation, by wavelength; below 1 where a map is too smooth.
    fn spectrum(&self) -> Vec<Variable> {
        let Some(first) = self.all.first() else { return Vec::new() };
        let side = self.refining.geometry().tile_deg();
        let waves: Vec<f64> = first.spectrum.means().iter().map(|mean| side / mean[0]).collect();
        if waves.is_empty() {
            return Vec::new();
        }
        let of = |sums: &Verified| {
            sums.spectrum
                .ratios()
                .into_iter()
                .map(|ratio| ratio.unwrap_or(f64::NAN))
                .collect::<Vec<_>>()
        };
        let values = self.all.iter().flat_map(of).collect();
        let axes = vec![self.forecasts(), Axis::numbers("wavelength", "degrees", waves)];
        vec![numbers("power_ratio", "power for that of the observation", axes, values)]
    }

    fn by_elevation(&self) -> Variable {
        let band = |i: usize| {
            let to = ELEVATION_BANDS_M.get(i + 1);
            match (i, to) {
                (0, Some(to)) => format!("below {to} m"),
                (_, Some(to)) => format!("{} to {to} m", ELEVATION_BANDS_M[i]),
                (_, None) => format!("{} m and more", ELEVATION_BANDS_M[i]),
            }
        };
        let bands = (0..ELEVATION_BANDS_M.len()).map(band);
        let mse = |moments: &Moments| score("mse", moments);
        let values = self.all.iter().flat_map(|sums| sums.by_elevation.iter().map(mse)).collect();
        let axes = vec![self.forecasts(), Axis::names("elevation", bands)];
        Variable {
            quantity: Quantity::new("mean squared error", "mm²", Colours::None),
            ..numbers("error_by_elevation", "", axes, values)
        }
    }

    /// The error of the first map in each tile, on the ground.
    fn by_place(&self, ground: &Ground) -> Option<Variable> {
        let geometry = self.refining.geometry();
        let side = geometry.tile_deg();
        let count = |nodes: usize| nodes / geometry.size;
        let (rows, columns) = (count(ground.latitudes.len()), count(ground.width()));
        let (south, west) = (ground.latitudes[0], ground.longitudes[0]);
        let mut values = vec![f32::NAN; rows * columns];
        for (tile, sums) in self.tiles.iter().zip(self.by_tile.first()?) {
            let at = |from: f64, to: f64| ((to - from) / side).round().max(0.0) as usize;
            let (row, column) = (at(south, tile.min_lat), at(west, tile.min_lon));
            if row < rows && column < columns {
                values[row * columns + column] = score("mse", &sums.mm) as f32;
            }
        }
        let half = geometry.fine_deg / 2.0;
        let grid = Grid {
            height: rows,
            width: columns,
            spacing_km: side,
            west_km: west - half,
            north_km: south - half + rows as f64 * side,
            proj4: match ground.domain() {
                Domain::Earth(grid) => grid.proj4,
                _ => return None,
            },
        };
        Some(Variable {
            name: "error_by_tile".to_owned(),
            role: Role::Diagnostic,
            quantity: Quantity::new("mean squared error by tile", "mm²", Colours::Amount)
                .missing_where("not counted")
                .over(Over::OfSum),
            axes: Vec::new(),
            plane: Some([rows, columns]),
            domain: Domain::Earth(grid),
            values: Values::F32(from_north(&values, columns)),
        })
    }

    /// How much better or worse the first map is than each other one, with intervals from tiles that are drawn again.
    pub fn numbers(&self) -> Vec<Number> {
        let mut numbers = Vec::new();
        for rival in 1..self.names.len() {
            numbers.extend(
                [("mse", "mm²"), ("r", "1")]
                    .map(|score| self.gain(rival, score))
                    .into_iter()
                    .flatten(),
            );
        }
        for (sums, name) in self.all.iter().zip(&self.names) {
            let Some(share) = sums.mass.absolute_share() else { continue };
            let meaning = "mean absolute difference of the means of coarse cells from coarse rain, as a share of it";
            numbers.push(Number::new(format!("mass_residual/{name}"), share, "1", meaning));
        }
        numbers
    }

    /// The difference of a score, and where its interval begins and ends.
    fn gain(&self, rival: usize, (which, unit): (&str, &str)) -> Vec<Number> {
        // Of all that is counted the moments alone, which are drawn and added up so often.
        let of = |map: usize| self.by_tile[map].iter().map(|sums| sums.mm);
        let pairs: Vec<(Moments, Moments)> = of(0).zip(of(rival)).collect();
        let difference = |(a, b): &(Moments, Moments)| {
            Some(score(which, a) - score(which, b)).filter(|difference| difference.is_finite())
        };
        if pairs.len() < LEAST_TILES {
            return Vec::new();
        }
        let Some(found) = resampled_interval(&pairs, N_ROUNDS, SEED, difference) else {
            return Vec::new();
        };
        let (name, rival, n) = (&self.names[0], &self.names[rival], found.n_parts);
        let number = |part: &str, what: &str, value: f64| {
            let meaning = format!(
                "{what} of {which} of {name} minus {rival}; 95 % interval from {n} tiles drawn again"
            );
            Number::new(format!("gain/{rival}/{which}{part}"), value, unit, &meaning)
        };
        vec![
            number("", "difference", found.value),
            number("_low", "lower end", found.low),
            number("_high", "upper end", found.high),
        ]
    }
}

/// A forecast in words.
pub fn label(name: &str) -> String {
    let words = match name {
        "prediction" => "the network",
        "mean" => "the network, mean of members",
        "bilinear_reference" => "bilinear, as published",
        "block_constant" => "coarse cells",
        "rainfarm" => "RainFARM, one member",
        "rainfarm_mean" => "RainFARM, mean",
        "rainfarm_orographic" => "RainFARM with terrain, one member",
        "rainfarm_orographic_mean" => "RainFARM with terrain, mean",
        _ => return name.replace('_', " "),
    };
    words.to_owned()
}

/// Whose ranks they are, in few letters, for the axis of a chart.
fn short(name: &str) -> &str {
    match name {
        "ensemble" => "network",
        "rainfarm" => "RainFARM",
        _ => "orographic",
    }
}

/// A score of that name; NaN where it is not defined.
fn score(name: &str, moments: &Moments) -> f64 {
    let found = CONTINUOUS_SCORES.iter().find(|score| score.name == name);
    found.and_then(|score| (score.of)(moments)).unwrap_or(f64::NAN)
}

fn merged(tiles: &[Verified]) -> Option<Verified> {
    let (first, others) = tiles.split_first()?;
    let mut all = first.clone();
    others.iter().for_each(|tile| all.merge(tile));
    Some(all)
}

/// The nodes of a tile, from those of a map, both from the south.
pub fn cut(map: &[f32], ground: &Ground, tile: &Tile, geometry: &Geometry) -> Vec<f32> {
    let first = |axis: &[f64], minimum: f64| {
        ((minimum + geometry.first_fine_deg() - axis[0]) / geometry.fine_deg).round() as usize
    };
    let (row, column) =
        (first(&ground.latitudes, tile.min_lat), first(&ground.longitudes, tile.min_lon));
    let rows = map.chunks_exact(ground.width()).skip(row).take(geometry.size);
    rows.flat_map(|row| row[column..column + geometry.size].iter().copied()).collect()
}

/// Numbers that are no map.
pub fn numbers(name: &str, title: &str, axes: Vec<Axis>, values: Vec<f64>) -> Variable {
    Variable {
        name: name.to_owned(),
        role: Role::Diagnostic,
        quantity: Quantity::new(title, "1", Colours::None),
        axes,
        plane: None,
        domain: Domain::None,
        values: Values::F64(values),
    }
}

/// What is counted of an ensemble.
pub struct Ensemble {
    pub name: &'static str,
    pub sums: EnsembleSums,
}

impl Ensemble {
    pub fn new(name: &'static str, members: &[Vec<f32>], observed: &[f32]) -> Self {
        let mut sums = EnsembleSums::new(members.len());
        let members: Vec<&[f32]> = members.iter().map(Vec::as_slice).collect();
        sums.add(&members, observed);
        Self { name, sums }
    }

    pub fn numbers(&self) -> Vec<Number> {
        let Self { name, sums } = self;
        let number = |what: &str, value: Option<f64>, meaning: &str| {
            Some(Number::new(format!("{name}/{what}"), value?, "mm", meaning))
        };
        [
            number(
                "crps_fair",
                sums.crps_fair(),
                "continuous ranked probability score, as of any number of members",
            ),
            number(
                "spread",
                sums.spread(),
                "root of the mean variance of the members, times √((m + 1)/m)",
            ),
            number("error", sums.error(), "root mean squared error of the mean of the members"),
        ]
        .into_iter()
        .flatten()
        .collect()
    }

    /// Shares of nodes by the rank of the observation.
    pub fn ranks(&self) -> Variable {
        let title = format!("share by rank, {}", short(self.name));
        let shares = self.sums.rank_shares();
        let names = (0..shares.len()).map(|rank| rank.to_string());
        Variable {
            quantity: Quantity::new(&title, "1", Colours::None),
            ..numbers(&format!("{}/ranks", self.name), "", vec![Axis::names("rank", names)], shares)
        }
    }
}
