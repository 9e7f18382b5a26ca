//! Missing values that a file does not declare.

use super::super::Conversion;
use crate::card::FieldVariable;
use crate::field::record::position;
use crate::field::{FieldError, GriddedField};

/// What programs usually write where a value is missing.
const CODES: [f32; 17] = [
    -9.0,
    -99.0,
    -999.0,
    -999.9,
    -9999.0,
    -99_999.0,
    -32_767.0,
    -32_768.0,
    999.0,
    9999.0,
    99_999.0,
    32_767.0,
    65_535.0,
    1e15,
    1e20,
    1e30,
    9.969_21e36,
];
/// What rounding leaves of a code.
const ROUNDING: f32 = 1e-6;

/// Refuses a field with a usual code where no such value is possible. Interpolated, a code would become another number, and a
/// small share of it a plausible one.
///
/// # Errors
/// [`FieldError::Quantity`] names the code, its place, and what to write.
pub(super) fn check(
    field: &GriddedField,
    (variable, conversion): (&FieldVariable, Conversion),
) -> Result<(), FieldError> {
    let [least, most] = variable.quantity.bounds(variable.level);
    let is_possible = |value: f32| (least..=most).contains(&conversion.apply(f64::from(value)));
    let is_undeclared = |value: &f32| is_code(*value) && !is_possible(*value);
    let Some(place) = field.values.iter().position(is_undeclared) else { return Ok(()) };
    // Where nothing else is possible either, the unit is wrong: 999 hPa that say Pa.
    let is_alike = |value: &f32| value.is_nan() || *value == field.values[place];
    let has_possible = field.values.iter().any(|&value| is_possible(value));
    if !has_possible && !field.values.iter().all(is_alike) {
        return Ok(());
    }
    let (code, name) = (in_words(field.values[place]), &field.variable);
    let what = format!(
        "{name} holds {code} {}, which looks like a missing value that the file does not declare: write missing_value = \
         {code} as an attribute of {name} (in GRIB: leave the value out with a bitmap)",
        position(field, place)
    );
    Err(FieldError::Quantity { name: field.source.clone(), what })
}

fn is_code(value: f32) -> bool {
    CODES.iter().any(|code| (value - code).abs() <= code.abs() * ROUNDING)
}

/// Large numbers with their power of ten.
fn in_words(code: f32) -> String {
    if code.abs() < 1e7 { code.to_string() } else { format!("{code:e}") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::field::{LatLonGrid, Level};
    use crate::probability::FieldQuantity;

    fn said(unit: &str, values: [f32; 4]) -> Result<(), String> {
        let quantity = FieldQuantity::SeaLevelPressure;
        let variable = FieldVariable::new("SLP", quantity, Level::MeanSea, "Pa");
        let field = GriddedField {
            variable: "slp".to_owned(),
            unit: unit.to_owned(),
            interval: None,
            reference_time: None,
            grid: LatLonGrid::new(&[50.0, 51.0], &[7.0, 8.0]).expect("a grid"),
            values: values.to_vec(),
            source: "F.nc".to_owned(),
        };
        let conversion = quantity.conversion(unit).expect("a unit of pressure");
        check(&field, (&variable, conversion)).map_err(|error| error.to_string())
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
}
