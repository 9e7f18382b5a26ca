//! How much rain can have fallen: more than every gauge of the Earth is an undeclared missing value or another unit.

mod undeclared;

use self::undeclared::check as check_no_code;
use super::missing;
use super::words::{decimals, degrees, number};
use super::{FieldError, GriddedField};

/// Hours and the most rain that a gauge measured in them, mm: the records of the World Meteorological Organization's
/// archive of weather and climate extremes (Holt, Missouri, 1947; La Réunion, 1966; Cherrapunji, 1995; La Réunion, 2007).
const RECORDS: [(i64, f64); 6] =
    [(1, 305.0), (12, 1_144.0), (24, 1_825.0), (48, 2_493.0), (72, 3_930.0), (96, 4_936.0)];

/// Packing and interpolation make amounts a little negative, mm.
pub const LEAST_MM: f64 = -0.5;

/// Whether a number, in the unit of its file, is a code such as −1, −99 or −9999 among rain, which is never negative: of a
/// rate in mm/h such a code is little in a short interval.
pub fn is_code(value: f32) -> bool {
    missing::is_code(value, |value| value >= 0.0)
}

/// The most rain that so many seconds can have, mm. They lie within as many intervals of a record as cover them, and none
/// of these had more than the record; that of the records which allows the least counts. Three hours have at most three
/// times the record of one.
pub fn most_mm(seconds: i64) -> f64 {
    let seconds = seconds.max(1);
    let allowed = |(hours, record): (i64, f64)| {
        let length = hours * 3600;
        record * (seconds / length + i64::from(seconds % length > 0)) as f64
    };
    RECORDS.into_iter().map(allowed).fold(f64::INFINITY, f64::min)
}

/// Checks amounts of rain over so many seconds, in the unit of the field, of which one is so many millimetres.
///
/// # Errors
/// [`FieldError::Impossible`] names the amount that is furthest from what is possible, its place, and what to do.
pub fn check_amounts(field: &GriddedField, mm: f64, seconds: i64) -> Result<(), FieldError> {
    let most = most_mm(seconds);
    let amounts = || field.values.iter().map(|&value| f64::from(value) * mm).enumerate();
    // Of equal ones the first, which is the easiest to find.
    let larger = |a: (usize, f64), b: (usize, f64)| if b.1 > a.1 { b } else { a };
    let largest = amounts().filter(|(_, mm)| *mm > most).reduce(larger);
    let is_no_rain = |&(place, mm): &(usize, f64)| mm < LEAST_MM || is_code(field.values[place]);
    let least = amounts().filter(is_no_rain).min_by(|a, b| a.1.total_cmp(&b.1));
    let Some((place, amount)) = largest.or(least) else { return Ok(()) };
    let possible = match amount < 0.0 {
        true => "rain is never negative".to_owned(),
        false => format!("no gauge ever measured more than {most} mm in {}", length(seconds)),
    };
    let own = number(field.values[place]);
    let in_mm = if mm == 1.0 { String::new() } else { format!(" ({} mm)", shown(amount)) };
    Err(FieldError::Impossible {
        name: field.source.clone(),
        what: format!("{own} {}{in_mm} {}, and {possible}", field.unit, position(field, place)),
    })
}

/// Checks amounts as they stand in a file.
///
/// # Errors
/// As [`check_amounts`]; [`FieldError::Quantity`] names a usual code for a missing value that could have fallen, and stands in
/// the field as rain does not. What was computed is not looked at for codes: the file does not hold it.
pub fn check_as_read(field: &GriddedField, mm: f64, seconds: i64) -> Result<(), FieldError> {
    check_amounts(field, mm, seconds)?;
    check_no_code(field)
}

/// An amount without the digits that the product of a float32 leaves behind.
fn shown(mm: f64) -> String {
    let single = mm as f32;
    if single.is_finite() { number(single) } else { decimals(mm, 0) }
}

/// Where a value stands, for whoever looks it up in the file, whose rows may begin in the north.
pub(crate) fn position(field: &GriddedField, place: usize) -> String {
    let (row, column) = (place / field.grid.width(), place % field.grid.width());
    format!(
        "in row {row} from the south, column {column} from the west (counted from 0; latitude {}, longitude {})",
        degrees(field.grid.latitudes[row]),
        degrees(field.grid.longitudes[column])
    )
}

fn length(seconds: i64) -> String {
    match (seconds % 3600, seconds % 60) {
        (0, _) => format!("{} h", seconds / 3600),
        (_, 0) => format!("{} min", seconds / 60),
        _ => format!("{seconds} s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::field::{Interval, LatLonGrid};

    const HOUR_S: i64 = 3600;

    #[test]
    fn no_interval_has_more_than_the_records_allow() {
        for (hours, most) in [(1, 305.0), (3, 915.0), (4, 1_144.0), (24, 1_825.0), (96, 4_936.0)] {
            assert_eq!(most_mm(hours * HOUR_S), most, "{hours} h");
        }
        // Shorter than the shortest record, and longer than the longest.
        assert_eq!(most_mm(300), 305.0);
        assert_eq!(most_mm(120 * HOUR_S), 3.0 * 2_493.0);
        // D'Hanis, Texas, 1935, and Smethport, Pennsylvania, 1942.
        assert!(most_mm(165 * 60) > 559.0 && most_mm(270 * 60) > 782.0);
    }

    #[test]
    fn an_impossible_amount_is_named_with_its_place() {
        let field = |unit: &str, values: &[f32]| GriddedField {
            storage_ends: Vec::new(),
            variable: "tp".to_owned(),
            unit: unit.to_owned(),
            interval: None::<Interval>,
            reference_time: None,
            grid: LatLonGrid::new(&[50.0, 51.0], &[7.0, 8.0]).expect("a grid"),
            values: values.to_vec(),
            source: "F.nc".to_owned(),
        };
        let check = |unit: &str, mm: f64, values: &[f32]| {
            check_amounts(&field(unit, values), mm, 3 * HOUR_S).map_err(|error| error.to_string())
        };
        assert_eq!(check("mm", 1.0, &[0.0, 914.0, f32::NAN, -0.2]), Ok(()));
        let error = check("m", 1000.0, &[0.0, 1.0, 5.0, 2.0]).expect_err("too much");
        assert_eq!(
            error,
            "F.nc holds 5 m (5000 mm) in row 1 from the south, column 0 from the west (counted from 0; latitude 51, \
             longitude 7), and no gauge ever measured more than 915 mm in 3 h: give a file that declares its missing \
             value, or check its unit"
        );
        let error = check("kg m-2", 1.0, &[0.0, -9999.0, 0.0, 1.0]).expect_err("a missing value");
        assert!(error.contains("holds -9999 kg m-2 in row 0"), "{error}");
        assert!(check("mm", 1.0, &[0.0, f32::INFINITY, 0.0, 1.0]).is_err());
        // Nobody counts 36 zeros.
        let error = check("m", 1000.0, &[0.0, 1e36, 0.0, 1.0]).expect_err("too much");
        assert!(error.contains("holds 1e36 m (1.000e39 mm) in row 0"), "{error}");
        // In five minutes −1 mm/h is a twelfth of a millimetre, as packing may make it; a code all the same.
        for code in [-1.0, -2.0, -9.0, -99.0] {
            let error =
                check("mm h-1", 1.0 / 12.0 / 100.0, &[0.0, code, 0.0, 1.0]).expect_err("a code");
            assert!(error.contains("rain is never negative: give a file that declares"), "{error}");
        }
        assert_eq!(check("mm h-1", 1.0 / 12.0, &[0.0, -1.25, 0.0, 1.0]), Ok(()));
    }
}
