//! What numbers and lists of a training file may be.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use stormlens_data::field::number;

/// A step of Adam changes a parameter by about the rate, and parameters begin below 1.
const MOST_RATE: f64 = 1.0;

/// Checks a learning rate of Adam.
///
/// # Errors
/// In words, with its name.
pub(super) fn check_rate(name: &str, rate: f64) -> Result<(), String> {
    match rate > 0.0 && rate <= MOST_RATE {
        true => Ok(()),
        false => {
            Err(format!("{name} is {}; it is a number above 0 and up to {MOST_RATE}", number(rate)))
        }
    }
}

/// Checks that two numbers lie between two others, the smaller one first.
///
/// # Errors
/// In words, with their name.
pub(super) fn check_range(
    name: &str,
    [low, high]: [f64; 2],
    [least, most]: [f64; 2],
) -> Result<(), String> {
    match least <= low && low <= high && high <= most {
        true => Ok(()),
        false => Err(format!(
            "{name} is [{}, {}]; give two numbers from {least} to {most}, the smaller one first",
            number(low),
            number(high)
        )),
    }
}

/// A list of exactly this length: readers of TOML drop what comes behind it and say nothing.
pub(super) fn exactly<'de, D, T, const N: usize>(from: D) -> Result<[T; N], D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    let all = Vec::<T>::deserialize(from)?;
    let refuse =
        |all: Vec<T>| D::Error::custom(format!("there are {} values; give {N}", all.len()));
    all.try_into().map_err(refuse)
}

/// The same of a list that may be left out.
pub(super) fn exactly_if_given<'de, D, T, const N: usize>(
    from: D,
) -> Result<Option<[T; N]>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    exactly(from).map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Default, Deserialize, PartialEq)]
    #[serde(default)]
    struct Lists {
        #[serde(deserialize_with = "exactly_if_given")]
        zoom: Option<[f64; 2]>,
        #[serde(deserialize_with = "exactly")]
        patch: [usize; 3],
    }

    #[test]
    fn a_list_with_too_many_values_is_refused() {
        let read = |text: &str| serde_json::from_str::<Lists>(text).map_err(|e| e.to_string());
        assert_eq!(read("{}"), Ok(Lists::default()));
        let found = read(r#"{"zoom": [0.5, 1], "patch": [1, 2, 3]}"#);
        assert_eq!(found, Ok(Lists { zoom: Some([0.5, 1.0]), patch: [1, 2, 3] }));
        for (text, words) in [
            (r#"{"zoom": [0.5, 1, 1]}"#, "there are 3 values; give 2"),
            (r#"{"zoom": [0.5]}"#, "there are 1 values; give 2"),
            (r#"{"patch": [1, 2, 3, 4]}"#, "there are 4 values; give 3"),
        ] {
            assert!(read(text).expect_err(text).contains(words));
        }
    }

    #[test]
    fn numbers_beyond_their_limits_are_refused_in_words() {
        for rate in [0.0, -1.0, 1e30, f64::INFINITY, f64::NAN] {
            assert!(check_rate("learning_rate", rate).is_err(), "{rate}");
        }
        assert_eq!(check_rate("learning_rate", 1e-3), Ok(()));
        let error = check_rate("learning_rate", 1e30).expect_err("too large");
        assert_eq!(error, "learning_rate is 1e30; it is a number above 0 and up to 1");
        assert_eq!(check_range("zoom", [0.25, 1.0], [0.1, 1.0]), Ok(()));
        for pair in [[0.01, 1.0], [0.5, 0.25], [0.5, 2.0], [f64::NAN, 1.0], [0.5, f64::NAN]] {
            assert!(check_range("zoom", pair, [0.1, 1.0]).is_err(), "{pair:?}");
        }
    }
}
