//! Scores as tables, curves and a map of a result.

use stormlens_data::field::Grid;
use stormlens_data::outcome::{Axis, Colours, Domain, Over, Quantity, Role, Values, Variable};
use stormlens_data::score::downscaling::{
    CONTINUOUS_SCORES, ContinuousScore, ELEVATION_BANDS_M, Moments, QUANTILES, RainHistogram,
    Verified,
};

use super::{NETWORK_SCORES, SCALES, SCORES, Scores, THRESHOLDS_MM, numbers, score};
use crate::tasks::downscaling::answer::interval;
use crate::tasks::downscaling::map::{Ground, from_north};
use crate::tasks::downscaling::prepare::Work;

/// Shares of nodes whose quantiles are set against those of the observation, in thousandths.
const SHARES: std::ops::RangeInclusive<u32> = 10..=999;

impl Scores {
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
}
