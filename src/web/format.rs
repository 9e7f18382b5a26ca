//! Numbers and times as pages write them.

use jiff::Timestamp;

use stormlens_plot::words::{power_of_three_digits, superscript};

/// `26 August 2010, 05:35 UTC`.
pub fn date_time(time: Timestamp) -> String {
    time.strftime("%-d %B %Y, %H:%M UTC").to_string()
}

/// `26 August 2010`.
pub fn date(time: Timestamp) -> String {
    time.strftime("%-d %B %Y").to_string()
}

/// `05:35`.
pub fn clock(time: Timestamp) -> String {
    time.strftime("%H:%M").to_string()
}

/// `2010-08-26T05:35Z`, for machines.
pub fn iso(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%MZ").to_string()
}

/// A share as percent: `12.3 %`.
pub fn percent(share: f64) -> String {
    format!("{:.1} %", share * 100.0)
}

/// A probability as percent, never rounded to certainty: `93.1 %`, `more than 99.9 %`.
pub fn probability(probability: f64) -> String {
    match probability {
        p if p > 0.999 && p < 1.0 => "more than 99.9 %".to_owned(),
        p if p < 0.001 && p > 0.0 => "less than 0.1 %".to_owned(),
        p if p.is_finite() => percent(p),
        _ => "–".to_owned(),
    }
}

/// Three significant digits, with a power of ten where that is easier to read: `0.0123`, `1,230`,
/// `6.23 × 10⁻⁵`. A true minus sign, because a hyphen is easily lost in a table.
pub fn number(value: f64) -> String {
    if !value.is_finite() {
        return "–".to_owned();
    }
    let text = match power_of_three_digits(value) {
        3.. => group(&format!("{:.0}", value.abs())),
        magnitude @ -4..=2 => format!("{:.*}", (2 - magnitude).max(0) as usize, value.abs()),
        power => {
            let digits = value.abs() / 10_f64.powi(power);
            format!("{digits:.2} × 10{}", superscript(power))
        }
    };
    if value < 0.0 { format!("−{text}") } else { text }
}

/// `n` with a comma every three digits.
pub fn count(n: usize) -> String {
    group(&n.to_string())
}

fn group(digits: &str) -> String {
    let mut text = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `1 pixel`, `2 pixels`.
pub fn plural(n: usize, word: &str) -> String {
    format!("{} {word}{}", count(n), if n == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_three_digits() {
        let check = |value, expected| assert_eq!(number(value), expected);
        check(0.0, "0.00");
        check(0.01234, "0.0123");
        check(4.567, "4.57");
        check(45.67, "45.7");
        check(456.7, "457");
        check(4567.8, "4,568");
        check(1_234_567.0, "1,234,567");
        check(-0.5, "−0.500");
        check(1.5e-7, "1.50 × 10⁻⁷");
        check(f64::from(0.01_f32), "0.0100");
        check(999.9, "1,000");
        check(0.000_009_999_9, "1.00 × 10⁻⁵");
        check(f64::NAN, "–");
    }

    #[test]
    fn a_probability_is_not_rounded_to_certainty() {
        let check = |value, expected| assert_eq!(probability(value), expected);
        check(0.931_25, "93.1 %");
        check(0.999, "99.9 %");
        check(0.9996, "more than 99.9 %");
        check(1.0, "100.0 %");
        check(0.001, "0.1 %");
        check(0.000_3, "less than 0.1 %");
        check(0.0, "0.0 %");
        check(f64::NAN, "–");
    }

    #[test]
    fn counts_are_grouped() {
        let check = |n, expected| assert_eq!(plural(n, "pixel"), expected);
        check(0, "0 pixels");
        check(1, "1 pixel");
        check(999, "999 pixels");
        check(1000, "1,000 pixels");
        check(1_234_567, "1,234,567 pixels");
    }

    #[test]
    fn times_are_utc() {
        let time = "2010-08-26T05:35:00Z".parse().unwrap();
        assert_eq!(date_time(time), "26 August 2010, 05:35 UTC");
        assert_eq!(iso(time), "2010-08-26T05:35Z");
        assert_eq!(clock(time), "05:35");
    }
}
