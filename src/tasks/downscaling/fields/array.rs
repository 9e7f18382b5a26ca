//! A field as an array of numbers, of which somebody states all else.

use std::path::Path;

use anyhow::{Context as _, bail, ensure};
use jiff::{SignedDuration, Timestamp};
use stormlens_data::field::{
    Accumulated, FieldError, GriddedField, Interval, RAIN_UNITS, RainUnit, Stated, Statistic,
    accumulate, npy_field,
};
use stormlens_data::files;
use stormlens_data::files::npy::npy_shape;
use stormlens_data::hash::sha256;
use stormlens_data::time::format_utc;

use super::name::digits_of;
use super::{Entry, MAX_FILE_BYTES};
use crate::tasks::downscaling::rain::{Credit, Rain, StatedInterval};
use crate::tasks::downscaling::terrain::Terrain;

/// What an array does not say: where its nodes lie, in which unit it is, and over which interval.
#[derive(Clone, Debug, PartialEq)]
pub struct Said {
    pub grid: Nodes,
    /// As [`check_unit`] takes it.
    pub unit: String,
    pub end: Timestamp,
    pub hours: i64,
}

/// Latitudes of the first and the last row, longitudes of the first and the last column, degrees.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Nodes {
    rows: [f64; 2],
    columns: [f64; 2],
}

impl Nodes {
    /// Reads `LATITUDE,LATITUDE,LONGITUDE,LONGITUDE`.
    ///
    /// # Errors
    /// For anything else, and for what does not lie on the Earth.
    pub fn parse(text: &str) -> anyhow::Result<Self> {
        let words = || {
            format!(
                "--grid {text} is none: give the latitudes of the first and the last row and the longitudes of the first \
                 and the last column, e.g. 43,37,-115,-108 for an array that begins in the north-west"
            )
        };
        let numbers: Option<Vec<f64>> = text.split(',').map(|n| n.trim().parse().ok()).collect();
        let four: Option<[f64; 4]> = numbers.and_then(|numbers| numbers.try_into().ok());
        let [first, last, west, east] = four.with_context(words)?;
        let is_latitude = |degrees: f64| (-90.0..=90.0).contains(&degrees);
        let is_wide = west < east && east - west <= 360.0 && first != last;
        let is_known = (-360.0..=360.0).contains(&west);
        ensure!(is_latitude(first) && is_latitude(last) && is_wide && is_known, words());
        Ok(Self { rows: [first, last], columns: [west, east] })
    }
}

/// Nodes at equal distances.
fn between([first, last]: [f64; 2], n: usize) -> Vec<f64> {
    let at = |k: usize| first + (last - first) * k as f64 / (n - 1) as f64;
    (0..n).map(at).collect()
}

/// Checks that an array in a unit is rain of so many hours.
///
/// # Errors
/// For what is no unit of rain, and for one that names another time.
pub fn check_unit(unit: &str, hours: i64) -> anyhow::Result<()> {
    let found = RainUnit::parse(unit);
    let found = found.with_context(|| {
        format!("--units {unit} is no unit of rain that is read; give {RAIN_UNITS}")
    })?;
    let is_of_them = found.mm_over(hours * 3600).is_some();
    ensure!(
        is_of_them,
        "--units {unit} names another time than --each-hours {hours}: correct one of them"
    );
    Ok(())
}

/// Rain of the interval in mm, from the unit that was said.
fn in_mm(field: GriddedField, interval: Interval) -> Result<Accumulated, FieldError> {
    let statistic = if is_rate(&field.unit) { Statistic::Mean } else { Statistic::Accumulation };
    let field = GriddedField { interval: Some(Interval { statistic, ..interval }), ..field };
    accumulate(&[field], interval.start, interval.end)
}

fn is_rate(unit: &str) -> bool {
    matches!(RainUnit::parse(unit), Some(RainUnit::Rate(_)))
}

/// Reads float32 or float64 `[rows, columns]`. Answers what is known of it, and its rain.
///
/// # Errors
/// For another shape, and for numbers that are no rain.
pub fn read(path: &Path, said: &Said, heights: Option<Terrain>) -> anyhow::Result<(Entry, Rain)> {
    let name = path.display().to_string();
    let &Said { grid, end, hours, ref unit } = said;
    let [n_rows, n_columns] = npy_shape(path)?[..] else {
        bail!(
            "{name} has the shape {:?}: a field on a --grid is [latitudes, longitudes]",
            npy_shape(path)?
        );
    };
    ensure!(
        n_rows > 1 && n_columns > 1,
        "{name} has the shape [{n_rows}, {n_columns}], which is no grid"
    );
    let start = end.checked_sub(SignedDuration::from_hours(hours))?;
    let interval = Interval::accumulation(start, end);
    let stated = Stated {
        variable: "rain".to_owned(),
        unit: unit.clone(),
        interval: Some(interval),
        latitudes: between(grid.rows, n_rows),
        longitudes: between(grid.columns, n_columns),
    };
    let field = npy_field(path, &stated)?;
    if let Some(value) = field.values.iter().find(|value| value.is_infinite()) {
        bail!("{name} holds {value}, which is no rain in {unit}: missing values are NaN");
    }
    let Accumulated { field, clipped_mm, .. } = in_mm(field, interval)?;
    field.check_rain_mm(hours)?;
    let sha256 = sha256(&files::read_file(path, MAX_FILE_BYTES)?);
    let said = format!("{grid:?} {end} {hours} {unit}");
    let heights_key = heights.as_ref().map(|own| own.key.clone()).unwrap_or_default();
    let what = if is_rate(unit) { "mean rate" } else { "sum" };
    let stated = Some(StatedInterval { hours, is_rate: is_rate(unit) });
    // Errors say the whole path as it was typed, results the name alone.
    let name = files::name_of(path);
    let rule = format!(
        "{what} from {} to {} in {unit}; unit, interval and grid as stated, the array says nothing of them",
        format_utc(start),
        format_utc(end)
    );
    let entry = Entry {
        id: format!("{}.field", digits_of(&sha256, &(said + &heights_key))),
        title: name.clone(),
        end,
        hours,
        variable: "rain".to_owned(),
        what: format!("rain ({unit})"),
        domain: None,
        source: name.clone(),
        stated,
        heights: heights.as_ref().map(|own| own.name.clone()),
        left_out: None,
        is_sample: false,
    };
    let credit = Credit {
        source: name.clone(),
        licence: "not stated in the file".to_owned(),
        files: vec![name],
        sha256,
    };
    let rain = Rain::new(field, rule, clipped_mm, credit);
    Ok((entry, Rain { is_observed: false, stated, heights, ..rain }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_grid_is_two_latitudes_and_two_longitudes() {
        for text in ["43,37,-115,-108", "37, 43, 245, 252", "-90,90,0,360"] {
            assert!(Nodes::parse(text).is_ok(), "{text}");
        }
        for text in [
            "",
            "43,37,-115",
            "43,43,-115,-108",
            "43,37,-108,-115",
            "93,37,-115,-108",
            "43,37,0,361",
            "a,b,c,d",
            "NaN,37,-115,-108",
        ] {
            assert!(Nodes::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn units_of_rain_fit_the_hours() {
        for unit in ["mm", "mm/h", "mm/3h", "in", "mm day-1", "kg m-2 s-1"] {
            assert!(check_unit(unit, 3).is_ok(), "{unit}");
        }
        let refused = |unit: &str| check_unit(unit, 3).expect_err(unit).to_string();
        assert!(refused("mm/6h").contains("names another time than --each-hours 3"));
        assert!(refused("dBZ").contains("is no unit of rain that is read; give mm, cm"));
    }

    #[test]
    fn nodes_stand_at_equal_distances() {
        assert_eq!(between([43.0, 42.0], 5), [43.0, 42.75, 42.5, 42.25, 42.0]);
    }
}
