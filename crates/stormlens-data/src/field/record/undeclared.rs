//! Codes for missing values that could have fallen: 99.99 mm, 327.67 mm or 999 mm a day lie below every record.
//!
//! Such a number alone proves nothing, for it may be rain. But rain becomes heavier towards its heaviest cell, and a code knows
//! nothing of the cells beside it. So cells that touch each other and hold exactly one [usual](missing::is_usual) number are
//! codes where no cell beside them has half of it: neither a storm nor a sensor that is saturated ends like that, and two
//! cells do not have one number to its last digit by chance. A single cell may be a shower between two nodes; it is a code
//! where no cell beside it has a tenth. What has only missing cells beside it is compared with the rest of the field, and a
//! field that is nothing but one such number was never measured.
//!
//! What a program has interpolated to another grid rises towards a code as rain does, and cannot be told.

use super::super::{FieldError, GriddedField, missing};
use super::{number, position};

/// Rain of several equal cells begins beside them with more than this share of it.
const BESIDE_SEVERAL: f32 = 0.5;
/// The same of a single cell.
const BESIDE_ONE: f32 = 0.1;

/// Cells that hold one number, and stand out from all beside them.
#[derive(Debug, PartialEq)]
struct Code {
    value: f32,
    n: usize,
    /// The first of the cells.
    place: usize,
    /// The largest of the values beside them; `None` where the field has no other.
    beside: Option<f32>,
}

/// Checks that no cell holds a usual code that stands out from the cells beside it.
///
/// # Errors
/// [`FieldError::Quantity`] names the code, how many cells hold it, the first of them, and what to do.
pub(crate) fn check(field: &GriddedField) -> Result<(), FieldError> {
    let Some(code) = find(field) else { return Ok(()) };
    let (name, unit, shown) = (&field.variable, &field.unit, number(code.value));
    let (at, beside) = match code.n {
        1 => (String::new(), "it"),
        n => (format!("at {n} places, the first "), "them"),
    };
    let others = match code.beside {
        Some(most) => format!("nothing beside {beside} is above {} {unit}", number(most)),
        None => "there is nothing else in the field".to_owned(),
    };
    let what = format!(
        "{name} holds {shown} {unit} {at}{}, and {others}, {}",
        position(field, code.place),
        missing::undeclared(code.value, name)
    );
    Err(FieldError::Quantity { name: field.source.clone(), what })
}

fn find(field: &GriddedField) -> Option<Code> {
    let is_candidate = |value: f32| value > 0.0 && missing::is_usual(value);
    let mut known: Vec<f32> = Vec::new();
    for &value in field.values.iter().filter(|value| is_candidate(**value)) {
        if !known.contains(&value) {
            known.push(value);
        }
    }
    known.into_iter().find_map(|value| standing_out(field, value))
}

/// All cells that hold a number and stand out; `None` where there are none, or only one that may be a shower.
fn standing_out(field: &GriddedField, value: f32) -> Option<Code> {
    let others = field.values.iter().copied().filter(|other| !other.is_nan() && *other != value);
    let elsewhere = others.reduce(f32::max);
    let mut found: Option<Code> = None;
    for Code { n, place, beside, .. } in groups(field, value) {
        let beside = beside.or(elsewhere);
        if beside.is_some_and(|beside| beside >= BESIDE_SEVERAL * value) {
            continue;
        }
        let code = found.get_or_insert(Code { value, n: 0, place, beside: None });
        code.n += n;
        code.beside = code.beside.into_iter().chain(beside).reduce(f32::max);
    }
    found.filter(|code| match (code.n, code.beside) {
        (1, None) => false,
        (1, Some(beside)) => beside < BESIDE_ONE * value,
        _ => true,
    })
}

/// Cells that hold a number, those that touch each other together.
fn groups(field: &GriddedField, value: f32) -> Vec<Code> {
    let is_one = |place: usize| field.values[place] == value;
    let mut is_known = vec![false; field.values.len()];
    let mut groups = Vec::new();
    for first in (0..field.values.len()).filter(|&place| is_one(place)) {
        if is_known[first] {
            continue;
        }
        is_known[first] = true;
        let mut group = Code { value, n: 0, place: first, beside: None };
        let mut waiting = vec![first];
        while let Some(place) = waiting.pop() {
            group.n += 1;
            for near in around(field, place) {
                if !is_one(near) {
                    let other = Some(field.values[near]).filter(|other| !other.is_nan());
                    group.beside = group.beside.into_iter().chain(other).reduce(f32::max);
                } else if !is_known[near] {
                    is_known[near] = true;
                    waiting.push(near);
                }
            }
        }
        groups.push(group);
    }
    groups
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
        let axis = [10.0, 11.0, 12.0, 13.0, 14.0];
        let field = GriddedField {
            variable: "tp".to_owned(),
            unit: "mm".to_owned(),
            interval: None,
            reference_time: None,
            grid: LatLonGrid::new(&axis, &axis).expect("a grid"),
            values,
            source: "F.nc".to_owned(),
        };
        check(&field).map_err(|error| error.to_string())
    }

    #[test]
    fn a_code_that_could_have_fallen_is_named_with_what_to_do() {
        let error = said(&[(6, 655.35), (7, 655.35), (12, 2.5), (24, 655.35)]).expect_err("a code");
        assert_eq!(
            error,
            "F.nc cannot be used: tp holds 655.35 mm at 3 places, the first in row 1 from the south, column 1 from the west \
             (counted from 0; latitude 11, longitude 11), and nothing beside them is above 2.5 mm, which looks like a missing \
             value that the file does not declare: write missing_value = 655.35 as an attribute of tp (where numbers are \
             packed, as it is stored; in GRIB: leave the value out with a bitmap; in an array: NaN)"
        );
        let error = said(&[(12, 999.0), (13, 3.0)]).expect_err("no rain stands beside it");
        assert!(error.contains("holds 999 mm in row 2"), "{error}");
        assert!(error.contains("nothing beside it is above 3 mm"), "{error}");
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
            (&[(12, 300.0), (13, 200.0)][..], "an extreme that is no usual code"),
            (&[(12, 300.0)][..], "the same, alone"),
            (&[(12, 999.0), (13, 600.0), (11, 480.0)][..], "a field that rises to it"),
            (&[(11, 99.9), (12, 99.9), (13, 80.0)][..], "a sensor that is saturated"),
            (&[(12, 99.9), (13, 20.0)][..], "a shower of one cell"),
            (&[(12, 25.5), (13, 25.5)][..], "a number of 8 bits in tenths"),
        ] {
            assert_eq!(said(cells), Ok(()), "{what}");
        }
        assert_eq!(of(vec![20.0; 25]), Ok(()), "the same everywhere");
        assert_eq!(of(vec![f32::NAN; 25]), Ok(()), "nothing known");
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
