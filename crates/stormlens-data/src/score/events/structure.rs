//! SAL: whether rain has the right structure, amount and location (Wernli, Paulat, Hagen and Frei, Mon. Weather Rev.
//! 136, 2008), with the threshold for objects of Wernli, Hofmann and Zimmer (Weather Forecast. 24, 2009).

use serde::{Deserialize, Serialize};

use crate::field::Field;
use crate::score::downscaling::{Merge, WET_MM};

/// Domains of more than some 500 km hold weather systems of several kinds, whose mean says little (Wernli et al. 2008).
pub const MAX_DOMAIN_KM: f64 = 500.0;
/// Objects are what rains at least this share of …
const SHARE: f64 = 1.0 / 15.0;
/// … the value that this share of the wet pixels stays below.
const QUANTILE: f64 = 0.95;

/// The three components; 0 is best. Structure and amount lie between −2 and 2, location between 0 and 2.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Structure {
    /// Positive where objects are too large or too flat.
    pub structure: f64,
    /// Positive where there is too much rain.
    pub amount: f64,
    pub location: f64,
}

/// Sums over maps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct StructureSums {
    pub n: u64,
    structure: f64,
    amount: f64,
    location: f64,
    structure_absolute: f64,
    amount_absolute: f64,
}

impl StructureSums {
    /// Adds a pair of maps, unless SAL is not defined for it.
    pub fn add(&mut self, forecast: &Field, observation: &Field, spacing_km: f64) {
        let Some(found) = structure(forecast, observation, spacing_km) else { return };
        self.n += 1;
        self.structure += found.structure;
        self.amount += found.amount;
        self.location += found.location;
        self.structure_absolute += found.structure.abs();
        self.amount_absolute += found.amount.abs();
    }

    /// Mean components; `None` where none was defined.
    pub fn mean(&self) -> Option<Structure> {
        let n = self.n as f64;
        (self.n > 0).then(|| Structure {
            structure: self.structure / n,
            amount: self.amount / n,
            location: self.location / n,
        })
    }

    /// Mean sizes of structure and amount, so that errors of both signs do not cancel.
    pub fn mean_size(&self) -> Option<[f64; 2]> {
        let n = self.n as f64;
        (self.n > 0).then(|| [self.structure_absolute / n, self.amount_absolute / n])
    }
}

impl Merge for StructureSums {
    fn merge(&mut self, other: &Self) {
        self.n += other.n;
        self.structure += other.structure;
        self.amount += other.amount;
        self.location += other.location;
        self.structure_absolute += other.structure_absolute;
        self.amount_absolute += other.amount_absolute;
    }
}

/// SAL of two maps of rain; pixels missing in either count nowhere. `None` where one of them has no rain of more than
/// 0.1, and for a domain that is longer than [`MAX_DOMAIN_KM`].
///
/// # Panics
/// If the maps differ in size.
pub fn structure(forecast: &Field, observation: &Field, spacing_km: f64) -> Option<Structure> {
    let (height, width) = (forecast.height, forecast.width);
    assert_eq!((height, width), (observation.height, observation.width), "equally large maps");
    if height.max(width) as f64 * spacing_km > MAX_DOMAIN_KM {
        return None;
    }
    let known = |map: &Field, other: &Field| -> Vec<f64> {
        let both = map.values.iter().zip(&other.values);
        both.map(|(&v, &o)| if v.is_nan() || o.is_nan() { 0.0 } else { f64::from(v).max(0.0) })
            .collect()
    };
    let forecast_map = known(forecast, observation);
    let observation_map = known(observation, forecast);
    let [f, o] = [&forecast_map, &observation_map].map(|map| Rain::of(map, width));
    let (f, o) = (f?, o?);
    let diagonal = (height as f64).hypot(width as f64);
    let relative = |f: f64, o: f64| 2.0 * (f - o) / (f + o);
    let between = (f.centre[0] - o.centre[0]).hypot(f.centre[1] - o.centre[1]);
    Some(Structure {
        structure: relative(f.volume, o.volume),
        amount: relative(f.sum, o.sum),
        location: (between + 2.0 * (f.spread - o.spread).abs()) / diagonal,
    })
}

/// What SAL needs of one map.
struct Rain {
    sum: f64,
    centre: [f64; 2],
    /// Mean volume of the objects, each scaled by its maximum and weighed by its rain.
    volume: f64,
    /// Mean distance of the objects from the centre of all rain, weighed by their rain, pixels.
    spread: f64,
}

impl Rain {
    fn of(map: &[f64], width: usize) -> Option<Self> {
        let mut wet: Vec<f64> = map.iter().copied().filter(|&v| v > WET_MM).collect();
        wet.sort_unstable_by(f64::total_cmp);
        let threshold = SHARE * quantile(&wet, QUANTILE)?;
        let all = Object::of(map, width, 0..map.len());
        let (mut rain, mut volume, mut spread) = (0.0, 0.0, 0.0);
        for members in objects(map, width, threshold) {
            let object = Object::of(map, width, members.into_iter());
            let distance =
                (object.centre[0] - all.centre[0]).hypot(object.centre[1] - all.centre[1]);
            rain += object.sum;
            volume += object.sum * object.sum / object.maximum;
            spread += object.sum * distance;
        }
        (rain > 0.0).then(|| Self {
            sum: all.sum,
            centre: all.centre,
            volume: volume / rain,
            spread: spread / rain,
        })
    }
}

struct Object {
    sum: f64,
    maximum: f64,
    centre: [f64; 2],
}

impl Object {
    fn of(map: &[f64], width: usize, members: impl Iterator<Item = usize>) -> Self {
        let (mut sum, mut maximum, mut centre) = (0.0, 0.0_f64, [0.0; 2]);
        for i in members {
            sum += map[i];
            maximum = maximum.max(map[i]);
            centre[0] += map[i] * (i / width) as f64;
            centre[1] += map[i] * (i % width) as f64;
        }
        Self { sum, maximum, centre: centre.map(|c| c / sum) }
    }
}

/// Linear between order statistics, as NumPy has it.
fn quantile(sorted: &[f64], share: f64) -> Option<f64> {
    let place = share * sorted.len().checked_sub(1)? as f64;
    let (low, part) = (place.floor() as usize, place.fract());
    let high = sorted[(low + 1).min(sorted.len() - 1)];
    Some(sorted[low] + part * (high - sorted[low]))
}

/// Pixels of at least a threshold that touch each other, by edges or corners.
fn objects(map: &[f64], width: usize, threshold: f64) -> Vec<Vec<usize>> {
    let height = map.len() / width;
    let mut is_free: Vec<bool> = map.iter().map(|&v| v >= threshold).collect();
    let mut found = Vec::new();
    for first in 0..map.len() {
        if !std::mem::take(&mut is_free[first]) {
            continue;
        }
        let mut members = vec![first];
        let mut next = 0;
        while let Some(&i) = members.get(next) {
            next += 1;
            let (row, column) = (i / width, i % width);
            for row in row.saturating_sub(1)..(row + 2).min(height) {
                for column in column.saturating_sub(1)..(column + 2).min(width) {
                    let neighbour = row * width + column;
                    if std::mem::take(&mut is_free[neighbour]) {
                        members.push(neighbour);
                    }
                }
            }
        }
        found.push(members);
    }
    found
}
