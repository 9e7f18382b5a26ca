//! Missing values that a file does not declare.

use super::super::Conversion;
use crate::card::{FieldStatement, FieldVariable};
use crate::field::missing::{is_code, undeclared};
use crate::field::record::position;
use crate::field::{FieldError, GriddedField, number};

/// Refuses a field with a usual code where no such value is possible, at the places that a network takes. Interpolated, a code
/// would become another number, and a small share of it a plausible one.
///
/// # Errors
/// [`FieldError::Quantity`] names the code, its place, and what to write.
pub(super) fn check(
    field: &GriddedField,
    places: &[usize],
    (variable, conversion): (&FieldVariable, Conversion),
) -> Result<(), FieldError> {
    let [least, most] = variable.quantity.bounds(variable.level);
    let is_possible = |value: f32| (least..=most).contains(&conversion.apply(f64::from(value)));
    let values = || places.iter().map(|&place| field.values[place]);
    let is_undeclared = |&&place: &&usize| is_code(field.values[place], is_possible);
    let Some(&place) = places.iter().find(is_undeclared) else { return Ok(()) };
    // Where nothing else is possible either, the unit is wrong: 999 hPa that say Pa.
    let is_alike = |value: f32| value.is_nan() || value == field.values[place];
    if !values().any(is_possible) && !values().all(is_alike) {
        return Ok(());
    }
    let (code, name) = (field.values[place], &field.variable);
    let what = format!(
        "{name} holds {} {}, {}",
        number(code),
        position(field, place),
        undeclared(code, name)
    );
    Err(FieldError::Quantity { name: field.source.clone(), what })
}

/// A field of rain in which a code, and what is negative, is missing where a network takes nothing: sums are checked as a
/// whole, and other variables only where they are taken.
pub(super) fn without_codes_outside(
    mut field: GriddedField,
    statement: &FieldStatement,
) -> GriddedField {
    let mut is_taken = vec![false; field.values.len()];
    for place in field.nodes_taken(&statement.latitudes, &statement.longitudes) {
        is_taken[place] = true;
    }
    for (value, is_taken) in field.values.iter_mut().zip(is_taken) {
        if !is_taken && (*value < 0.0 || is_code(*value, |_| false)) {
            *value = f32::NAN;
        }
    }
    field
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::field::{LatLonGrid, Level};
    use crate::probability::FieldQuantity;

    fn said_at(places: &[usize], unit: &str, values: [f32; 4]) -> Result<(), String> {
        let quantity = FieldQuantity::SeaLevelPressure;
        let variable = FieldVariable::new("SLP", quantity, Level::MeanSea, "Pa");
        let field = GriddedField {
            storage_ends: Vec::new(),
            variable: "slp".to_owned(),
            unit: unit.to_owned(),
            interval: None,
            reference_time: None,
            grid: LatLonGrid::new(&[50.0, 51.0], &[7.0, 8.0]).expect("a grid"),
            values: values.to_vec(),
            source: "F.nc".to_owned(),
        };
        let conversion = quantity.conversion(unit).expect("a unit of pressure");
        check(&field, places, (&variable, conversion)).map_err(|error| error.to_string())
    }

    fn said(unit: &str, values: [f32; 4]) -> Result<(), String> {
        said_at(&[0, 1, 2, 3], unit, values)
    }

    #[test]
    fn a_code_is_named_as_it_stands_in_the_file() {
        for (code, words) in [
            (-9999.0, "slp holds -9999 in row 1"),
            (32_767.0, "slp holds 32767 in row 1"),
            (1e20, "write missing_value = 1e20 as an attribute of slp"),
            (9.969_21e36, "write missing_value = 9.96921e36 as"),
        ] {
            let error = said("Pa", [1e5, 1.01e5, code, f32::NAN]).expect_err("a code");
            assert!(error.contains(words), "{error}");
        }
        assert!(said("Pa", [-999.0; 4]).is_err(), "nothing but a code");
        assert_eq!(said("Pa", [1e5, 1.01e5, f32::NAN, 99_999.0]), Ok(()));
        // Of another unit, which is said elsewhere.
        assert_eq!(said("Pa", [1000.0, 999.0, 1001.0, 1002.0]), Ok(()));
        assert_eq!(said("hPa", [1000.0, 999.0, 1001.0, 1002.0]), Ok(()));
    }

    #[test]
    fn a_code_that_the_network_does_not_take_is_no_fault() {
        let values = [1e5, 1.01e5, -9999.0, 1e5];
        assert_eq!(said_at(&[0, 1, 3], "Pa", values), Ok(()));
        assert!(said_at(&[1, 2], "Pa", values).expect_err("a code").contains("holds -9999 in row"));
        // Possible values elsewhere do not make the unit of those that are taken right.
        assert_eq!(said_at(&[2, 3], "Pa", [1e5, 1e5, 999.0, 1000.0]), Ok(()));
    }
}
