//! Numbers, shares and times as a figure writes them.

use jiff::Timestamp;
use stormlens_data::outcome::Provenance;

/// A number at three significant digits, with a true minus sign.
pub fn number(value: f64) -> String {
    let size = value.abs();
    if value == 0.0 || !value.is_finite() {
        return if value == 0.0 { "0".into() } else { "no value".into() };
    }
    if size < 0.001 {
        let exponent = power_of_three_digits(size);
        return format!("{} × 10{}", number(value / 10f64.powi(exponent)), superscript(exponent));
    }
    let decimals = (2 - power_of_three_digits(size)).max(0) as usize;
    let digits = format!("{size:.decimals$}");
    let digits = match digits.contains('.') {
        true => digits.trim_end_matches('0').trim_end_matches('.').to_owned(),
        false => grouped(&digits),
    };
    if value < 0.0 { format!("−{digits}") } else { digits }
}

/// A number with its sign, also where it is positive.
pub fn signed(value: f64) -> String {
    if value > 0.0 { format!("+{}", number(value)) } else { number(value) }
}

/// A count with its thousands set apart.
pub fn count(n: usize) -> String {
    grouped(&n.to_string())
}

/// A unit behind a number; empty for numbers without one, for probabilities, memberships and logits.
pub fn in_unit(unit: &str) -> String {
    match unit {
        "1" | "" | "probability" | "membership" | "logit" => String::new(),
        unit => format!(" {unit}"),
    }
}

/// A share of one as a percentage.
pub fn percent(share: f64) -> String {
    match share * 100.0 {
        p if p <= 0.0 => "0 %".into(),
        p if p < 0.1 => "less than 0.1 %".into(),
        p if p < 1.0 => format!("{p:.1} %"),
        p => format!("{p:.0} %"),
    }
}

/// A probability at three decimals, which never says 0 or 1.
pub fn probability(value: f64) -> String {
    match value {
        p if p < 0.0005 => "below 0.001".into(),
        p if p >= 0.9995 => "above 0.999".into(),
        p => format!("{p:.3}"),
    }
}

/// With a capital letter in front.
pub fn sentence(words: &str) -> String {
    let mut letters = words.chars();
    let first = letters.next();
    first.into_iter().flat_map(char::to_uppercase).chain(letters).collect()
}

/// `26 Aug 2010 05:25 UTC`
pub fn time(at: Timestamp) -> String {
    at.strftime("%-d %b %Y %H:%M UTC").to_string()
}

/// `05:25`
pub fn clock(at: Timestamp) -> String {
    at.strftime("%H:%M").to_string()
}

/// The network and its weights, where it made what is shown, then the data and their licence, in one line.
pub fn credit(from: &Provenance, is_of_network: bool) -> String {
    let Provenance { model, checkpoint, data_source, data_licence, .. } = from;
    let network =
        if is_of_network { format!("{model}, checkpoint {checkpoint} · ") } else { String::new() };
    format!("{network}Data: {data_source}, {data_licence}")
}

fn grouped(digits: &str) -> String {
    let mut grouped = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// The power of ten in front of the first digit of a number; `None` for zero.
pub fn power_of_ten(value: f64) -> Option<i32> {
    (value != 0.0 && value.is_finite()).then(|| value.abs().log10().floor() as i32)
}

/// The same once the number is rounded to three digits: −2 for 0.009999; 0 for zero.
pub fn power_of_three_digits(value: f64) -> i32 {
    let text = format!("{value:.2e}");
    text.rsplit_once('e').and_then(|(_, power)| power.parse().ok()).unwrap_or(0)
}

/// An exponent of ten.
pub fn superscript(exponent: i32) -> String {
    let raise = |c: char| match c {
        '-' => '⁻',
        '1' => '¹',
        '2' => '²',
        '3' => '³',
        digit => char::from_u32(0x2070 + digit.to_digit(10).unwrap_or(0)).unwrap_or(digit),
    };
    exponent.to_string().chars().map(raise).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_three_digits() {
        let cases = [
            (0.0, "0"),
            (0.5, "0.5"),
            (38.24, "38.2"),
            (-1.239, "−1.24"),
            (120.4, "120"),
            (28990.0, "28,990"),
            (0.000032, "3.2 × 10⁻⁵"),
            (0.009_999_999, "0.01"),
            (0.000_099_999, "1 × 10⁻⁴"),
            (999.9, "1,000"),
            (f64::NAN, "no value"),
        ];
        for (value, expected) in cases {
            assert_eq!(number(value), expected);
        }
        assert_eq!(signed(2.0), "+2");
        assert_eq!(signed(-2.0), "−2");
    }

    #[test]
    fn shares_are_percentages() {
        for (share, expected) in [
            (0.0, "0 %"),
            (0.0004, "less than 0.1 %"),
            (0.004, "0.4 %"),
            (0.254, "25 %"),
            (1.0, "100 %"),
        ] {
            assert_eq!(percent(share), expected);
        }
    }

    #[test]
    fn probabilities_are_never_certain() {
        for (value, expected) in [(0.0, "below 0.001"), (0.9764, "0.976"), (0.99999, "above 0.999")]
        {
            assert_eq!(probability(value), expected);
        }
    }
}
