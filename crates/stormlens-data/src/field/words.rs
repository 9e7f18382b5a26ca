//! What files say of themselves, as it may stand in a message.

use std::fmt::{Display, LowerExp};

/// A text of a file, short and without control characters.
pub(super) fn short(text: &str) -> String {
    const MAX_CHARS: usize = 160;
    let is_shown = |c: &char| !c.is_control();
    let mut shown: String = text.chars().take(MAX_CHARS).filter(is_shown).collect();
    if text.chars().nth(MAX_CHARS).is_some() {
        shown.push('…');
    }
    shown
}

/// Degrees without the last digits that computing leaves behind, e.g. `-126.5`; a ten-thousandth is eleven metres.
pub fn degrees(degrees: f64) -> f64 {
    (degrees * 1e4).round() / 1e4 + 0.0
}

/// From this size on nobody counts the digits of a number.
const LARGE: f64 = 1e7;
/// Below it nobody counts the zeros.
const SMALL: f64 = 1e-4;

/// A value as it stands in a file: the fewest digits that tell it, and a power of ten where it is very large or very small,
/// e.g. `655.35`, `9.96921e36`, `1e-5`.
pub fn number<T: Copy + Into<f64> + Display + LowerExp>(value: T) -> String {
    let size = value.into().abs();
    match size.is_finite() && size > 0.0 && !(SMALL..LARGE).contains(&size) {
        true => format!("{value:e}"),
        false => value.to_string(),
    }
}

/// What was computed from a value, with this number of decimals, and a power of ten where it is very large.
pub fn decimals(value: f64, n_decimals: usize) -> String {
    match value.is_finite() && value.abs() >= LARGE {
        true => format!("{value:.3e}"),
        false => format!("{value:.n_decimals$}"),
    }
}

/// The first few of many, each of them short, and how many more there are.
pub(super) fn few<T: AsRef<str>>(all: impl ExactSizeIterator<Item = T>) -> String {
    const MAX_LISTED: usize = 12;
    let n_more = all.len().saturating_sub(MAX_LISTED);
    let mut listed: Vec<String> = all.take(MAX_LISTED).map(|text| short(text.as_ref())).collect();
    if n_more > 0 {
        listed.push(format!("and {n_more} more"));
    }
    listed.join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn degrees_have_at_most_four_decimals() {
        assert_eq!(degrees(-126.499_999_999_999_99).to_string(), "-126.5");
        assert_eq!(degrees(0.123_456).to_string(), "0.1235");
        assert_eq!(degrees(-0.000_01).to_string(), "0");
    }

    #[test]
    fn very_large_and_very_small_numbers_have_a_power_of_ten() {
        for (value, words) in [
            (655.35_f32, "655.35"),
            (-9999.0, "-9999"),
            (1e20, "1e20"),
            (9.969_21e36, "9.96921e36"),
        ] {
            assert_eq!(number(value), words);
        }
        for (value, words) in [(0.0, "0"), (0.25, "0.25"), (1e-5, "1e-5"), (-1e30, "-1e30")] {
            assert_eq!(number(value), words);
        }
        assert_eq!([number(f64::INFINITY), number(f32::NAN)], ["inf", "NaN"]);
        assert_eq!(decimals(1.26, 1), "1.3");
        assert_eq!([decimals(1e36, 4), decimals(f64::INFINITY, 1)], ["1.000e36", "inf"]);
    }

    #[test]
    fn long_texts_and_long_lists_are_cut() {
        assert_eq!(short("tp\n(mm)\u{7}"), "tp(mm)");
        assert_eq!(short(&"é".repeat(160)), "é".repeat(160));
        assert_eq!(short(&"é".repeat(161)), "é".repeat(160) + "…");
        let names = |n: usize| few((0..n).map(|i| i.to_string()));
        assert_eq!(names(0), "");
        assert_eq!(names(12), "0; 1; 2; 3; 4; 5; 6; 7; 8; 9; 10; 11");
        assert_eq!(names(14), "0; 1; 2; 3; 4; 5; 6; 7; 8; 9; 10; 11; and 2 more");
    }
}
