//! Codes for missing values that could have fallen: 99.99 mm, 327.67 mm or 999 mm a day lie below every record.
//!
//! Such a number alone proves nothing, for it may be rain. But rain becomes heavier towards its heaviest cell, and a code knows
//! nothing of the cells beside it. So cells that touch each other and hold exactly one [usual](missing::is_usual) number are
//! codes where less than a quarter of the cells around them have half of it: neither a storm nor a sensor that is saturated
//! ends like that, but one cell of heavy rain may lie at the edge of what is missing. A single cell may be a shower between two
//! nodes; it is a code where no cell beside it has a tenth. Other usual numbers beside them say nothing. What has no other cell
//! beside it is compared with the rest of the field, and a field that is nothing but one such number was never measured.
//!
//! What a program has interpolated to another grid rises towards a code as rain does, and cannot be told.

use super::super::{FieldError, GriddedField, RainUnit, missing};
use super::{number, position};

/// Around several equal cells rain has at least this share of theirs,
const OF_SEVERAL: f32 = 0.5;
/// in at least this share of the cells.
const RISING: f64 = 0.25;
/// Beside a single cell rain has at least this share of it.
const OF_ONE: f32 = 0.1;

/// Cells that touch each other and hold one number.
struct Group {
    value: f32,
    n: usize,
    /// The first of the cells.
    place: usize,
    /// Cells around them that hold rain, those of them that have the share that rain has, and the most of them.
    n_around: usize,
    n_rising: usize,
    most: Option<f32>,
}

/// Checks that no cell holds a usual code that stands out from the cells beside it.
///
/// # Errors
/// [`FieldError::Quantity`] names the code, how many cells hold it, the first of them, and what to do.
pub(crate) fn check(field: &GriddedField) -> Result<(), FieldError> {
    let usual = Usual::of(field);
    let all = groups(field, &usual);
    let elsewhere = match all.iter().any(|group| group.n_around == 0) {
        true => field.values.iter().copied().filter(|&value| usual.is_rain(value)).reduce(f32::max),
        false => None,
    };
    let codes: Vec<&Group> = all.iter().filter(|group| group.is_code(elsewhere)).collect();
    let Some(first) = codes.first() else { return Ok(()) };
    let (name, unit, value) = (&field.variable, &field.unit, first.value);
    let n: usize = codes.iter().filter(|code| code.value == value).map(|code| code.n).sum();
    let at = if n == 1 { String::new() } else { format!("at {n} places, the first ") };
    let what = format!(
        "{name} holds {} {unit} {at}{}, and {}; this looks like a missing value that the file does not declare: {}",
        number(value),
        position(field, first.place),
        first.compared(elsewhere, unit),
        missing::declare(value, name)
    );
    Err(FieldError::Quantity { name: field.source.clone(), what })
}

/// Which numbers of a field are usual codes: as the file holds them, as millimetres that were given another unit, and the
/// ends of its storage.
struct Usual<'a> {
    storage_ends: &'a [f32],
    /// Of an amount, how many millimetres one of its unit is.
    mm: f32,
}

impl<'a> Usual<'a> {
    fn of(field: &'a GriddedField) -> Self {
        let mm = match RainUnit::parse(&field.unit) {
            Some(RainUnit::Amount(mm)) => mm as f32,
            _ => 1.0,
        };
        Self { storage_ends: &field.storage_ends, mm }
    }

    fn has(&self, value: f32) -> bool {
        let of_unit = missing::is_usual(value) || missing::is_usual(value * self.mm);
        of_unit || self.storage_ends.contains(&value)
    }

    /// Whether a value says how much rain there is: it is there, and no usual code.
    fn is_rain(&self, value: f32) -> bool {
        !value.is_nan() && !self.has(value)
    }
}

impl Group {
    fn is_code(&self, elsewhere: Option<f32>) -> bool {
        let is_below = |share: f32, most: f32| most < share * self.value;
        match (self.n, self.n_around, elsewhere) {
            // One value that nothing can be compared with.
            (1, 0, None) => false,
            (1, 0, Some(most)) => is_below(OF_ONE, most),
            (1, ..) => self.most.is_some_and(|most| is_below(OF_ONE, most)),
            (_, 0, most) => most.is_none_or(|most| is_below(OF_SEVERAL, most)),
            (_, n_around, _) => (self.n_rising as f64) < RISING * n_around as f64,
        }
    }

    /// What it was compared with, in words.
    fn compared(&self, elsewhere: Option<f32>, unit: &str) -> String {
        match (self.most, elsewhere) {
            (Some(_), _) if self.n_rising > 0 => format!(
                "only {} of the {} cells around have at least half of it",
                self.n_rising, self.n_around
            ),
            (Some(most), _) => format!("nothing around is above {} {unit}", number(most)),
            (None, Some(most)) => {
                format!("nothing else in the field is above {} {unit}", number(most))
            }
            (None, None) => "there is nothing else in the field".to_owned(),
        }
    }
}

/// All cells that hold a usual code, those that touch each other and hold the same one together.
fn groups(field: &GriddedField, usual: &Usual<'_>) -> Vec<Group> {
    let values = &field.values;
    let is_candidate = |place: &usize| values[*place] > 0.0 && usual.has(values[*place]);
    let candidates: Vec<usize> = (0..values.len()).filter(is_candidate).collect();
    let mut is_known = vec![false; if candidates.is_empty() { 0 } else { values.len() }];
    let mut groups = Vec::new();
    for first in candidates {
        if !is_known[first] {
            groups.push(group((field, usual), first, &mut is_known));
        }
    }
    groups
}

/// The cells that are joined to one; a cell around several of them counts for each.
fn group(
    (field, usual): (&GriddedField, &Usual<'_>),
    first: usize,
    is_known: &mut [bool],
) -> Group {
    let value = field.values[first];
    let mut found = Group { value, n: 0, place: first, n_around: 0, n_rising: 0, most: None };
    let mut waiting = vec![first];
    is_known[first] = true;
    while let Some(place) = waiting.pop() {
        found.n += 1;
        for near in around(field, place) {
            let other = field.values[near];
            if other == value {
                if !is_known[near] {
                    is_known[near] = true;
                    waiting.push(near);
                }
            } else if usual.is_rain(other) {
                found.n_around += 1;
                found.n_rising += usize::from(other >= OF_SEVERAL * value);
                found.most = found.most.into_iter().chain([other]).reduce(f32::max);
            }
        }
    }
    found
}

/// The cells that touch a cell, up to eight.
fn around(field: &GriddedField, place: usize) -> impl Iterator<Item = usize> {
    let (height, width) = (field.grid.height(), field.grid.width());
    let (row, column) = (place / width, place % width);
    let rows = row.saturating_sub(1)..(row + 2).min(height);
    let all = rows.flat_map(move |row| {
        (column.saturating_sub(1)..(column + 2).min(width)).map(move |column| row * width + column)
    });
    all.filter(move |near| *near != place)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::field::LatLonGrid;

    /// Five rows of five cells, dry but for these.
    fn said(cells: &[(usize, f32)]) -> Result<(), String> {
        let mut values = vec![0.0; 25];
        cells.iter().for_each(|&(place, value)| values[place] = value);
        of(values)
    }

    fn of(values: Vec<f32>) -> Result<(), String> {
        check(&in_unit("mm", values)).map_err(|error| error.to_string())
    }

    fn in_unit(unit: &str, values: Vec<f32>) -> GriddedField {
        let axis = [10.0, 11.0, 12.0, 13.0, 14.0];
        GriddedField {
            storage_ends: Vec::new(),
            variable: "tp".to_owned(),
            unit: unit.to_owned(),
            interval: None,
            reference_time: None,
            grid: LatLonGrid::new(&axis, &axis).expect("a grid"),
            values,
            source: "F.nc".to_owned(),
        }
    }

    #[test]
    fn a_code_that_could_have_fallen_is_named_with_what_to_do() {
        let error = said(&[(6, 655.35), (7, 655.35), (12, 2.5), (24, 655.35)]).expect_err("a code");
        assert_eq!(
            error,
            "F.nc cannot be used: tp holds 655.35 mm at 3 places, the first in row 1 from the south, column 1 from the west \
             (counted from 0; latitude 11, longitude 11), and nothing around is above 2.5 mm; this looks like a missing \
             value that the file does not declare: write missing_value = 655.35 as an attribute of tp (where numbers are \
             packed, as it is stored; in GRIB: leave the value out with a bitmap; in an array: NaN)"
        );
        let error = said(&[(12, 999.0), (13, 3.0)]).expect_err("no rain stands beside it");
        assert!(error.contains("holds 999 mm in row 2"), "{error}");
        assert!(error.contains("nothing around is above 3 mm"), "{error}");
        for code in [99.9, 99.99, 255.0, 327.67, 999.9, 3276.7, 9999.0, 65_535.0] {
            assert!(said(&[(0, code), (1, code), (6, 0.4 * code)]).is_err(), "{code}");
        }
    }

    /// Strong rain elsewhere does not make a code rain, and one code among rain of the same number is found.
    #[test]
    fn a_code_is_told_by_what_lies_beside_it() {
        let storm = [(0, 60.0), (1, 99.99), (5, 70.0)];
        assert_eq!(said(&storm), Ok(()), "rain that rises to this number");
        let beside = [&storm[..], &[(18, 99.99), (19, 99.99)]].concat();
        assert!(said(&beside).expect_err("a code").contains("at 2 places, the first in row 3"));
    }

    #[test]
    fn rain_stays_rain() {
        for (cells, what) in [
            (&[(12, 999.0), (13, 600.0), (11, 480.0)][..], "a field that rises to it"),
            (
                &[(0, 99.9), (1, 99.9), (2, 80.0), (5, 60.0), (7, 55.0)][..],
                "a sensor that is saturated",
            ),
            (&[(12, 99.9), (13, 20.0)][..], "a shower of one cell"),
            (&[(6, 99.9), (7, 20.0), (18, 99.9), (19, 20.0)][..], "two showers"),
            (&[(12, 25.5), (13, 25.5)][..], "a number of 8 bits in tenths"),
        ] {
            assert_eq!(said(cells), Ok(()), "{what}");
        }
        assert_eq!(of(vec![20.0; 25]), Ok(()), "the same everywhere");
        assert_eq!(of(vec![f32::NAN; 25]), Ok(()), "nothing known");
    }

    /// Of 8 bits in tenths, and of millimetres that became metres.
    #[test]
    fn codes_are_found_in_whatever_unit_and_packing() {
        let with = |code: f32, rest: f32| {
            let mut values = vec![rest; 25];
            (values[11], values[12]) = (code, code);
            values
        };
        let packed =
            GriddedField { storage_ends: vec![25.5, 25.4], ..in_unit("mm", with(25.5, 4.0)) };
        let error = check(&packed).expect_err("the end of the storage").to_string();
        assert!(error.contains("25.5 mm at 2 places"), "{error}");
        assert!(check(&in_unit("mm", with(25.5, 4.0))).is_ok(), "a number as any");
        let error = check(&in_unit("m", with(0.099_99, 0.004))).expect_err("in metres").to_string();
        assert!(error.contains("holds 0.09999 m") && error.contains("= 0.09999 "), "{error}");
    }

    /// A storm at the range of a radar, and the next code beside the first.
    #[test]
    fn codes_are_found_beside_rain_and_beside_other_codes() {
        let region = (10..20).map(|place| (place, 99.99));
        let with_storm: Vec<_> = region.chain([(7, 55.0)]).collect();
        let error = said(&with_storm).expect_err("codes");
        assert!(error.contains("at 10 places"), "{error}");
        let both = [(6, 655.35), (7, 655.35), (11, 655.34), (12, 655.34), (13, 3.0)];
        assert!(said(&both).expect_err("two codes").contains("is above 3 mm"));
    }

    #[test]
    fn what_has_nothing_known_beside_it_is_compared_with_the_field() {
        let with = |rest: f32| {
            let mut values = vec![f32::NAN; 25];
            (values[0], values[1], values[24]) = (255.0, 255.0, rest);
            of(values)
        };
        assert!(with(40.0).expect_err("a code").contains("is above 40 mm"));
        assert_eq!(with(140.0), Ok(()));
        let error = of(vec![99.99; 25]).expect_err("nothing was measured");
        assert!(error.contains("there is nothing else in the field"), "{error}");
        let mut one = vec![f32::NAN; 25];
        one[7] = 99.9;
        assert_eq!(of(one), Ok(()), "one value, which nothing can be compared with");
    }
}
