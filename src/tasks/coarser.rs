//! Fields with less detail than those that a network was trained on.

use stormlens_data::field::degrees;

/// Name of the note that says so.
pub const COARSER: &str = "coarser";

/// A field whose nodes lie this many times as far apart as those of the network's training has less detail than those.
const TIMES: f64 = 1.5;

/// That a field is coarser than what the network was trained on, where it is; both in degrees between two nodes.
pub fn words(own: f64, expected: f64) -> Option<String> {
    // Where nobody knows what it was trained on, it is 0.
    (expected > 0.0 && own > TIMES * expected).then(|| {
        format!(
            "the field has a node every {}°, and the network was trained on one every {}°: between its nodes the field is \
             interpolated, so it lacks detail that the network expects",
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
        assert_eq!(words(2.5, 2.5), None);
        assert_eq!(words(3.5, 2.5), None);
        assert_eq!(words(3.5, 0.0), None);
        let said = words(10.0, 2.5).expect("much coarser");
        assert!(said.contains("every 10°") && said.contains("every 2.5°"), "{said}");
    }
}
