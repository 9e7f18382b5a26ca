//! Which scenes a set has: their kinds, names, places and splits.

use std::str::FromStr;

use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use serde::Serialize;

use super::{Kind, Random, SimulateError};

/// Sides of the pictures of the three published variants of the network, in pixels.
pub const SIZES_PX: [usize; 3] = [192, 800, 1536];
/// Scenes of one footprint; they share a split.
const SCENES_A_FOOTPRINT: usize = 4;
/// Streams of random numbers.
const ORDER: u64 = 1;
const TIMES: u64 = 2;
/// Sentinel-1 repeats its orbits after 12 days.
const REPEAT_S: i64 = 12 * 86_400;
const FIRST_S: i64 = 1_420_070_400;
const LAST_S: i64 = 1_600_000_000;

/// What set to make.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Options {
    pub size_px: usize,
    pub n_scenes: usize,
    /// Share of scenes with a polar low, 0 to 1.
    pub positive_share: f64,
    pub seed: u64,
    pub splits: Splits,
}

/// Parts of a set and the share of the scenes in each.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(transparent)]
pub struct Splits(pub Vec<(String, f64)>);

impl Default for Splits {
    fn default() -> Self {
        let of = |(name, share): (&str, f64)| (name.to_owned(), share);
        Self([("train", 0.7), ("validation", 0.15), ("test", 0.15)].map(of).to_vec())
    }
}

impl FromStr for Splits {
    type Err = String;

    /// Reads `train:0.7,validation:0.15,test:0.15`.
    fn from_str(text: &str) -> Result<Self, String> {
        let splits = text.split(',').map(split).collect::<Result<Vec<_>, _>>()?;
        let total: f64 = splits.iter().map(|(_, share)| share).sum();
        if (total - 1.0).abs() > 1e-6 {
            return Err(format!("the sum of the shares is {total}: it has to be 1"));
        }
        let repeated = |(i, (name, _)): (usize, &(String, f64))| {
            splits[..i].iter().any(|(other, _)| other == name).then(|| name.clone())
        };
        match splits.iter().enumerate().find_map(repeated) {
            Some(name) => Err(format!("{name} comes twice: name each part once")),
            None => Ok(Self(splits)),
        }
    }
}

fn split(text: &str) -> Result<(String, f64), String> {
    let expected = || format!("{text:?} is no part of a set: write train:0.7,test:0.3");
    let (name, share) = text.split_once(':').ok_or_else(expected)?;
    let share: f64 = share.trim().parse().map_err(|_| expected())?;
    let name = name.trim();
    if !["train", "validation", "test"].contains(&name) {
        return Err(format!("there is no part {name:?}: take train, validation or test"));
    }
    if !(0.0..=1.0).contains(&share) {
        return Err(format!("the share {share} of {name} is not from 0 to 1"));
    }
    Ok((name.to_owned(), share))
}

/// One scene of a set, before it is drawn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlannedScene {
    pub index: usize,
    pub kind: Kind,
    /// Which footprint, counted from 0.
    pub footprint: usize,
    /// Path below the folder of the set.
    pub file: String,
}

/// All scenes of a set. Positives are spread over the splits as all scenes are, negatives are of all
/// kinds in equal numbers, and no footprint is in two splits.
///
/// # Errors
/// For a size or a share that makes no sense.
pub fn plan(options: &Options) -> Result<Vec<PlannedScene>, SimulateError> {
    options.check()?;
    let n_positive = (options.n_scenes as f64 * options.positive_share).round() as usize;
    let positive = apportion(n_positive, &options.splits);
    let negative = apportion(options.n_scenes - n_positive, &options.splits);
    let mut planned = Vec::with_capacity(options.n_scenes);
    let mut n_footprints = 0;
    for (part, (split, _)) in options.splits.0.iter().enumerate() {
        let mut random = Random::of(options.seed, ORDER, part as u64);
        let kinds = kinds(positive[part], negative[part], &mut random);
        for group in kinds.chunks(SCENES_A_FOOTPRINT) {
            let names = names(options.seed, n_footprints, group.len());
            for (&kind, name) in group.iter().zip(names) {
                let label = if kind.is_positive() { "pos" } else { "neg" };
                let file = format!("{split}/{label}/{name}_mos_rgb.png");
                let (index, footprint) = (planned.len(), n_footprints);
                planned.push(PlannedScene { index, kind, footprint, file });
            }
            n_footprints += 1;
        }
    }
    Ok(planned)
}

impl Options {
    fn check(&self) -> Result<(), SimulateError> {
        let wrong = |what: String| Err(SimulateError::Options(what));
        if !SIZES_PX.contains(&self.size_px) {
            let size_px = self.size_px;
            return wrong(format!("no network takes {size_px} pixels: choose 192, 800 or 1536"));
        }
        if !(0.0..=1.0).contains(&self.positive_share) {
            return wrong(format!("the positive share {} is not from 0 to 1", self.positive_share));
        }
        Ok(())
    }
}

/// Whole numbers that add up to `total`, as near to the shares as can be (largest remainders).
fn apportion(total: usize, splits: &Splits) -> Vec<usize> {
    let exact: Vec<f64> = splits.0.iter().map(|(_, share)| share * total as f64).collect();
    let mut counts: Vec<usize> = exact.iter().map(|x| x.floor() as usize).collect();
    let mut order: Vec<usize> = (0..counts.len()).collect();
    order.sort_by(|&a, &b| exact[b].fract().total_cmp(&exact[a].fract()));
    let missing = total.saturating_sub(counts.iter().sum());
    for &part in order.iter().cycle().take(missing) {
        counts[part] += 1;
    }
    counts
}

fn kinds(n_positive: usize, n_negative: usize, random: &mut Random) -> Vec<Kind> {
    let negative = Kind::NEGATIVE.iter().copied().cycle().take(n_negative);
    let mut kinds: Vec<Kind> =
        std::iter::repeat_n(Kind::PolarLow, n_positive).chain(negative).collect();
    random.shuffle(&mut kinds);
    kinds
}

/// `<footprint>_<start>_<stop>` of the scenes of one footprint, multiples of 12 days apart.
fn names(seed: u64, footprint: usize, n_scenes: usize) -> Vec<String> {
    let mut random = Random::of(seed, TIMES, footprint as u64);
    // An odd step visits each of the 2²⁴ identities once.
    let identity = (footprint as u64).wrapping_mul(0x9E_3779).wrapping_add(seed) & 0xFF_FFFF;
    let mut start_s = FIRST_S + (random.unit() * (LAST_S - FIRST_S) as f64) as i64;
    let mut name = || {
        let stop_s = start_s + random.integer(60, 190) as i64;
        let name = format!("{identity:06x}_{}_{}", time_of(start_s), time_of(stop_s));
        start_s += random.integer(1, 4) as i64 * REPEAT_S;
        name
    };
    (0..n_scenes).map(|_| name()).collect()
}

fn time_of(unix_s: i64) -> String {
    let time = Timestamp::UNIX_EPOCH + SignedDuration::from_secs(unix_s);
    TimeZone::UTC.to_datetime(time).strftime("%Y%m%dT%H%M%S").to_string()
}
