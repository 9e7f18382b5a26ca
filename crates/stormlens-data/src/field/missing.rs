//! Numbers that stand for missing values, where a file does not say so.

use std::ops::RangeInclusive;

use netcdf_reader::NcType;

use super::words::number;

/// What NetCDF fills arrays of fractions with unless told otherwise.
const DEFAULT_FILL: f64 = 9.969_209_968_386_869e36;

/// Sizes of what programs usually write where a value is missing: nines, the largest numbers of a storage type, as they are
/// and in tenths and hundredths, the ones before them (radar keeps the largest for what is not measured, and the next for what is
/// beyond its range), and what is larger than anything that is measured.
const USUAL: [f32; 25] = [
    99.9,
    99.99,
    254.0,
    255.0,
    327.67,
    655.34,
    655.35,
    999.0,
    999.9,
    999.99,
    3276.7,
    6553.4,
    6553.5,
    9999.0,
    9999.9,
    32_767.0,
    32_768.0,
    65_534.0,
    65_535.0,
    99_999.0,
    999_999.0,
    // The end of 32 bits, as float32 holds it.
    2_147_483_600.0,
    1e15,
    1e20,
    1e30,
];
/// What rounding to float32 leaves of a code, with its factor.
const ROUNDING: f32 = 5e-7;

/// Whether a number is a code for a missing value: one that programs usually write, or a negative whole number, which packing
/// and interpolation do not make; each only where the quantity cannot have that value.
pub(crate) fn is_code(value: f32, is_possible: impl Fn(f32) -> bool) -> bool {
    (is_usual(value) || is_negative_whole(value)) && !is_possible(value)
}

/// Whether a number is one that programs usually write where a value is missing, whatever the quantity. It may be a value
/// all the same.
pub(crate) fn is_usual(value: f32) -> bool {
    let is_near = |code: &f32| (value.abs() - code).abs() <= code * ROUNDING;
    USUAL.iter().any(is_near) || fill_of_fractions().contains(&f64::from(value))
}

/// What to do about a code, behind words that name it.
pub(crate) fn undeclared(code: f32, variable: &str) -> String {
    let declare = declare(code, variable);
    format!("which looks like a missing value that the file does not declare: {declare}")
}

/// What makes a code a missing value.
pub(crate) fn declare(code: f32, variable: &str) -> String {
    let code = number(code);
    format!(
        "write missing_value = {code} as an attribute of {variable} (where numbers are packed, as it is stored; in GRIB: leave \
         the value out with a bitmap; in an array: NaN)"
    )
}

fn is_negative_whole(value: f32) -> bool {
    value <= -1.0 && value.fract() == 0.0
}

/// What NetCDF stores in an array of a type where nothing was written. Bytes have none, by convention: each of their values
/// may be data (NetCDF User Guide, appendix A).
pub(crate) fn default_fill(stored: &NcType) -> Option<RangeInclusive<f64>> {
    // Of 64 bits (two less than a power of two) the nearest that float64 has, as values are read.
    let fill = match stored {
        NcType::Float | NcType::Double => return Some(fill_of_fractions()),
        NcType::Short => -32_767.0,
        NcType::Int => -2_147_483_647.0,
        NcType::Int64 => -2.0_f64.powi(63),
        NcType::UShort => 65_535.0,
        NcType::UInt => 4_294_967_295.0,
        NcType::UInt64 => 2.0_f64.powi(64),
        _ => return None,
    };
    Some(fill..=fill)
}

/// What rounding leaves, and all that is larger. Nothing fills with infinity: it comes from a division by zero or an overflow,
/// and is refused.
fn fill_of_fractions() -> RangeInclusive<f64> {
    DEFAULT_FILL * (1.0 - 1e-6)..=f64::MAX
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_what_the_quantity_cannot_have() {
        let is_rain = |value: f32| value >= 0.0;
        for code in [-1.0, -2.0, -99.0, -999.9, -9999.0] {
            assert!(is_code(code, is_rain), "{code}");
        }
        // Packing makes the first, and the others may fall; NaN says itself that it is missing.
        for value in [-0.3, -1.25, 0.0, 999.0, 9.969_21e36, f32::NAN, f32::NEG_INFINITY] {
            assert!(!is_code(value, is_rain), "{value}");
        }
        let is_pressure = |value: f32| (50_000.0..110_000.0).contains(&value);
        for code in [999.0, 32_767.0, 1e20, 9.969_21e36, -5.0] {
            assert!(is_code(code, is_pressure), "{code}");
        }
        for code in [655.35, 99.99, -99.9, 3276.7] {
            assert!(is_code(code, is_pressure), "{code}");
        }
        assert!(!is_code(1000.0, is_pressure) && !is_usual(10_000.0), "no nines");
        assert!(!is_code(99_999.0, is_pressure), "a pressure that there is");
        assert!(!is_code(32_766.0, is_pressure), "out of bounds, and no code");
    }

    /// The fill of an array of fractions is a code in a field, too.
    #[test]
    fn the_default_fill_is_one_number() {
        for stored in [NcType::Float, NcType::Double] {
            let fill = default_fill(&stored).expect("fractions have one");
            assert!(fill.contains(&f64::from(9.969_21e36_f32)), "{stored:?}");
            assert!(!fill.contains(&1e36) && !fill.contains(&f64::INFINITY), "{stored:?}");
        }
        assert_eq!(default_fill(&NcType::Short), Some(-32_767.0..=-32_767.0));
        assert_eq!(default_fill(&NcType::Byte), None);
        assert!(is_code(9.969_21e36, |_| false) && !is_code(1e36, |_| false));
    }
}
