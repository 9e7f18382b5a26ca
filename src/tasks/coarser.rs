//! Fields with fewer nodes than a network works on.

use stormlens_data::field::degrees;

/// Name of the note that says so.
pub const COARSER: &str = "coarser";

/// A field whose nodes lie this many times as far apart as those of the network has less detail than the network could use.
const TIMES: f64 = 1.5;

/// That a field is coarser than what a network works on, where it is; both in degrees between two nodes. `does` says what the
/// network has to do with its nodes: it `takes` them, `gives` them, or `was trained on` fields that had them.
pub fn words(own: f64, (does, expected): (&str, f64)) -> Option<String> {
    // Where nobody knows where the grid lies, it is 0.
    (expected > 0.0 && own > TIMES * expected).then(|| {
        format!(
            "the field has a node every {}°, and the network {does} one every {}°: between its nodes the field is \
             interpolated, which adds no detail",
            degrees(own),
            degrees(expected)
        )
    })
}

#[cfg(test)]
mod tests {
    use super::words;

    #[test]
    fn only_a_much_coarser_field_is_told_of() {
        for (own, expected) in [(2.5, 2.5), (3.5, 2.5), (3.5, 0.0)] {
            assert_eq!(words(own, ("takes", expected)), None);
        }
        let said = words(10.0, ("takes", 2.5)).expect("much coarser");
        assert!(said.contains("every 10°, and the network takes one every 2.5°"), "{said}");
    }
}
