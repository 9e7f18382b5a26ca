//! TIFFs whose numbers are backscatter: from decibels, powers, amplitudes or counts to the colours of the published
//! pictures.

use super::PictureError;
use super::colours::collected;
use super::metadata::Band;
use super::page::Page;
use super::raster::Raster;
use crate::field::number;
use crate::scene::Samples;
use crate::scene::coding::{Bands, Polarisation, Values, byte};

/// Levels that no backscatter has, dB. Beyond them are missing values that a file does not declare, and other units.
const POSSIBLE_DB: std::ops::RangeInclusive<f64> = -100.0..=60.0;
/// What the median of a scene lies between, dB: smooth water in the cross-polarised channel, and cities.
const USUAL_MEDIAN_DB: std::ops::RangeInclusive<f64> = -50.0..=3.0;
/// Share of a scene that may be exactly 0 dB before it is taken for a border that nobody declared.
const MAX_ZERO_SHARE: f64 = 0.1;
/// Values that a median is taken of.
const N_SAMPLES: usize = 1 << 18;

/// A band and what it is.
#[derive(Clone, Debug, PartialEq)]
pub struct Assigned {
    pub band: usize,
    pub polarisation: Polarisation,
    /// Whether the file or somebody says so; else the only band is taken for co-polarised.
    pub is_said: bool,
}

/// Which bands of a page are which polarisation, co-polarised first: one or two.
///
/// # Errors
/// Where neither the file nor the choice tells.
pub fn assign(page: &Page, bands: Bands) -> Result<Vec<Assigned>, PictureError> {
    use Polarisation::{Co, Cross};
    let n_bands = page.n_bands();
    let said = |pairs: &[(usize, Polarisation)]| {
        let assigned = |&(band, polarisation)| Assigned { band, polarisation, is_said: true };
        pairs.iter().map(assigned).collect::<Vec<_>>()
    };
    let needs_two = || {
        let words = "two bands are named, and the file has one";
        PictureError::undecided_bands(words.to_owned())
    };
    // A choice must not turn around what the file says.
    let contradicts = |pairs: &[(usize, Polarisation)]| {
        pairs.iter().find_map(|&(band, wanted)| {
            let name = page.bands.get(band)?.name.as_str();
            Polarisation::of_name(name).filter(|found| *found != wanted).map(|_| (band, name))
        })
    };
    let checked = |pairs: &[(usize, Polarisation)]| match contradicts(pairs) {
        Some((band, name)) => Err(PictureError::undecided_bands(format!(
            "the file calls band {} {name:?}, which is not what was chosen for it",
            band + 1
        ))),
        None => Ok(said(pairs)),
    };
    match bands {
        Bands::Co => checked(&[(0, Co)]),
        Bands::Cross => checked(&[(0, Cross)]),
        Bands::CoCross | Bands::CrossCo if n_bands < 2 => Err(needs_two()),
        Bands::CoCross => checked(&[(0, Co), (1, Cross)]),
        Bands::CrossCo => checked(&[(1, Co), (0, Cross)]),
        Bands::Named => {
            let names = page.bands.iter().take(n_bands).map(|band| band.name.as_str());
            named(names).map(|found| said(&found)).or_else(|| alone(n_bands)).ok_or_else(|| {
                let words = format!(
                    "the file does not say which of its {n_bands} bands is co-polarised (VV or HH)"
                );
                PictureError::undecided_bands(words)
            })
        }
    }
}

fn named<'a>(names: impl Iterator<Item = &'a str>) -> Option<Vec<(usize, Polarisation)>> {
    let found: Vec<_> = names.map(Polarisation::of_name).collect();
    let places = |wanted| {
        let is_it = move |(_, found): &(usize, &Option<Polarisation>)| **found == Some(wanted);
        found.iter().enumerate().filter(is_it).map(|(band, _)| band).collect::<Vec<_>>()
    };
    match (&places(Polarisation::Co)[..], &places(Polarisation::Cross)[..]) {
        (&[co], &[cross]) => Some(vec![(co, Polarisation::Co), (cross, Polarisation::Cross)]),
        (&[co], []) => Some(vec![(co, Polarisation::Co)]),
        ([], &[cross]) => Some(vec![(cross, Polarisation::Cross)]),
        _ => None,
    }
}

fn alone(n_bands: usize) -> Option<Vec<Assigned>> {
    let only = Assigned { band: 0, polarisation: Polarisation::Co, is_said: false };
    (n_bands == 1).then(|| vec![only])
}

/// Bands in decibels.
struct Levels<'a> {
    raster: &'a Raster,
    bands: &'a [Band],
    values: Values,
}

impl Levels<'_> {
    /// Backscatter in dB; `None` where there is none.
    fn at(&self, pixel: usize, band: usize) -> Option<f64> {
        if self.raster.is_missing(pixel, band) {
            return None;
        }
        let Band { scale, offset, .. } = self.bands[band];
        let value = self.raster.number(pixel, band) * scale + offset;
        let level = match self.values {
            Values::Hundredths => value / 100.0,
            Values::Power => 10.0 * value.log10(),
            Values::Amplitude | Values::Counts => 20.0 * value.log10(),
            _ => value,
        };
        // The logarithm of nothing.
        (level != f64::NEG_INFINITY).then_some(level)
    }

    /// Median in dB of a band; `None` where all is missing.
    ///
    /// # Errors
    /// For numbers that cannot be what they are said to be.
    fn median(&self, band: usize) -> Result<Option<f64>, PictureError> {
        let Band { scale, offset, .. } = self.bands[band];
        if self.values == Values::Hundredths && (scale, offset) != (1.0, 0.0) {
            return Err(PictureError::undecided(format!(
                "the file says that the numbers of band {} have to be multiplied by {scale}, so they are not \
                 hundredths",
                band + 1
            )));
        }
        let n_pixels = self.raster.n_pixels();
        let stride = n_pixels.div_ceil(N_SAMPLES).max(1);
        let (mut sample, mut n_valid, mut n_zero, mut n_negative) = (Vec::new(), 0_usize, 0, 0);
        for pixel in 0..n_pixels {
            let Some(level) = self.at(pixel, band) else { continue };
            self.check(level, pixel, band)?;
            n_valid += 1;
            n_zero += usize::from(level == 0.0);
            n_negative += usize::from(level < 0.0);
            if pixel % stride == 0 {
                sample.push(level);
            }
        }
        if matches!(self.values, Values::Decibels | Values::Hundredths) && n_valid > 0 {
            self.check_zeros(band, n_zero as f64 / n_valid as f64, n_negative == 0)?;
        }
        let middle = sample.len() / 2;
        let is_some = !sample.is_empty();
        Ok(is_some.then(|| *sample.select_nth_unstable_by(middle, f64::total_cmp).1))
    }

    /// Decibels of backscatter are negative but for a few, and hardly ever exactly 0.
    fn check_zeros(
        &self,
        band: usize,
        zero_share: f64,
        is_positive: bool,
    ) -> Result<(), PictureError> {
        let (band, label) = (band + 1, self.values.label());
        if is_positive {
            return Err(PictureError::undecided(format!(
                "taken as {label}, no number is negative in band {band}, where nearly all would be: they are \
                 something else, such as powers or amplitudes"
            )));
        }
        match zero_share > MAX_ZERO_SHARE {
            true => Err(PictureError::Implausible {
                reason: format!(
                    "{:.0} % of the pixels in band {band} are exactly 0: this is probably a border without data; declare \
                 it (GDAL_NODATA)",
                    100.0 * zero_share
                ),
            }),
            false => Ok(()),
        }
    }

    fn check(&self, level: f64, pixel: usize, band: usize) -> Result<(), PictureError> {
        let number = number(self.raster.number(pixel, band));
        let words = match self.values {
            // Of a negative number.
            _ if level.is_nan() => "is negative, which such numbers never are",
            Values::Counts if level.is_finite() => return Ok(()),
            _ if POSSIBLE_DB.contains(&level) => return Ok(()),
            _ => "is not a possible backscatter",
        };
        let reason = format!(
            "band {} holds {number}, which as {} {words}; a number that stands for a missing value has to be \
             declared (GDAL_NODATA), or they are something else",
            band + 1,
            self.values.label(),
        );
        Err(PictureError::Implausible { reason })
    }
}

/// The colours of the published pictures, and how they were made.
///
/// # Errors
/// For numbers that cannot be what they are said to be.
pub fn decode(
    raster: &Raster,
    page: &Page,
    values: Values,
    assigned: &[Assigned],
) -> Result<(Samples, Vec<String>), PictureError> {
    let levels = Levels { raster, bands: &page.bands, values };
    let medians: Vec<Option<f64>> =
        assigned.iter().map(|one| levels.median(one.band)).collect::<Result<_, _>>()?;
    let offset_db = match values {
        Values::Counts => offset_of_counts(assigned, &medians),
        _ => {
            assigned
                .iter()
                .zip(&medians)
                .try_for_each(|(one, median)| check_median(one, *median, values))?;
            0.0
        }
    };
    let coded = |pixel: usize, Assigned { band, polarisation, .. }: &Assigned| {
        let [low, high] = polarisation.bounds_db();
        let level = levels.at(pixel, *band)? + offset_db;
        Some(byte((level - low) / (high - low)))
    };
    let colour = |pixel: usize| {
        let found = match assigned {
            [only] => coded(pixel, only).map(|value| [value; 3]),
            [co, cross, ..] => {
                coded(pixel, co).and_then(|co| coded(pixel, cross).map(|cross| [cross, cross, co]))
            }
            [] => None,
        };
        found.unwrap_or([0; 3])
    };
    let rgb = collected((0..raster.n_pixels()).flat_map(colour), raster);
    Ok((Samples::U8(rgb), said(raster, page, values, assigned, offset_db)))
}

fn check_median(one: &Assigned, median: Option<f64>, values: Values) -> Result<(), PictureError> {
    match median {
        Some(median) if !USUAL_MEDIAN_DB.contains(&median) => {
            Err(PictureError::undecided(format!(
                "taken as {}, the median of band {} is {median:.1} dB, which no radar scene has: its numbers are \
             something else",
                values.label(),
                one.band + 1,
            )))
        }
        _ => Ok(()),
    }
}

/// Counts are backscatter but for a factor, which a product has in another file. Both polarisations share
/// it, so that the first one decides: its median becomes the mean of the published pictures.
fn offset_of_counts(assigned: &[Assigned], medians: &[Option<f64>]) -> f64 {
    match (assigned, medians) {
        ([first, ..], [Some(median), ..]) => first.polarisation.mean_db() - median,
        _ => 0.0,
    }
}

fn said(
    raster: &Raster,
    page: &Page,
    values: Values,
    assigned: &[Assigned],
    offset_db: f64,
) -> Vec<String> {
    let band = |Assigned { band, polarisation, is_said }: &Assigned| {
        let [low, high] = polarisation.bounds_db();
        let name = match page.bands[*band].name.as_str() {
            "" => String::new(),
            name => format!(" {name:?}"),
        };
        let assumed = if *is_said { "" } else { ", assumed since it is the only one" };
        let colour = match (assigned.len(), polarisation) {
            (1, _) => "grey",
            (_, Polarisation::Co) => "blue",
            (_, Polarisation::Cross) => "red and green",
        };
        format!(
            "band {}{name} ({}{assumed}) from {low} to {high} dB as {colour} 1 to 255",
            band + 1,
            polarisation.label()
        )
    };
    let mut said = vec![format!("{} as {}", raster.kind.label(), values.label())];
    said.extend(assigned.iter().map(band));
    said.push("linear in dB; which dB the published pictures mean is not known".to_owned());
    if values == Values::Counts {
        said.push(format!(
            "counts are not calibrated: {offset_db:+.1} dB were added to 20 log10(count), so that the median has the \
             mean level of the published pictures; compare within the scene only"
        ));
    }
    said.push("0 (black) is no data".to_owned());
    said
}
