//! What files say of themselves, as it may stand in a message.

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
