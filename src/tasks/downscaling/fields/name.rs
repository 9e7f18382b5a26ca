//! What a file that was brought is called, so that the same bytes with something else said of them are another subject.

use std::fmt;

use stormlens_data::hash::sha256;

use crate::web::upload::{first_digits, is_key};

/// `0123456789abcdef-1h-zfedcba9876543210`: the file, the hours of which each of its fields is the sum, and the file of
/// heights that came with it. A point and a number behind that mean one of its sums.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name {
    /// The key of the file: the first digits of its SHA-256 and, where it was uploaded, of its name.
    pub key: String,
    pub hours: Option<i64>,
    /// The key of the heights.
    pub heights: Option<String>,
}

impl Name {
    pub fn new(key: &str, hours: Option<i64>, heights: Option<String>) -> Self {
        Self { key: key.to_owned(), hours, heights }
    }

    /// `None` for what is no such name, and for one in other letters than it is written in.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('-').peekable();
        let key = parts.next().filter(|key| is_key(key))?.to_owned();
        let hours = parts.next_if(|part| part.ends_with('h'));
        let hours = hours.map(|part| part.trim_end_matches('h').parse().ok());
        let heights = parts.next_if(|part| part.starts_with('z'));
        let heights = heights.map(|part| part[1..].to_owned());
        let is_whole = heights.as_deref().is_none_or(is_key) && parts.next().is_none();
        let name = Self { key, hours: hours.flatten(), heights };
        (is_whole && name.to_string() == text).then_some(name)
    }

    /// The file and the place of its sum, from 0 on.
    pub fn parse_sum(id: &str) -> Option<(Self, usize)> {
        let (name, number) = id.split_once('.')?;
        let place = number.parse::<usize>().ok()?.checked_sub(1)?;
        let name = Self::parse(name)?;
        (name.sum(place) == id).then_some((name, place))
    }

    /// The sum at a place, from 0 on.
    pub fn sum(&self, place: usize) -> String {
        format!("{self}.{}", place + 1)
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.key)?;
        if let Some(hours) = self.hours {
            write!(f, "-{hours}h")?;
        }
        self.heights.iter().try_for_each(|digits| write!(f, "-z{digits}"))
    }
}

/// Of a file with what is said of it beside it.
pub fn digits_of(sha256_of_file: &str, said: &str) -> String {
    first_digits(&sha256(format!("{sha256_of_file} {said}").as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_read_as_it_is_written() {
        let (digits, named) = ("0123456789abcdef", "0123456789abcdef_01234567");
        for (key, hours, heights) in [
            (digits, None, None),
            (named, Some(1), None),
            (digits, None, Some(named)),
            (named, Some(3), Some(digits)),
        ] {
            let name = Name::new(key, hours, heights.map(str::to_owned));
            assert_eq!(Name::parse(&name.to_string()), Some(name.clone()));
            assert_eq!(Name::parse_sum(&name.sum(4)), Some((name, 4)));
        }
    }

    #[test]
    fn nothing_else_is_a_name() {
        let d = "0123456789abcdef";
        for text in
            ["", "mrms-20160922T1100", "0123456789ABCDEF", "0123456789abcde", "é23456789abcdef"]
        {
            assert_eq!(Name::parse(text), None, "{text}");
        }
        for end in [
            "-",
            "-h",
            "-01h",
            "-1h-1h",
            "-z",
            "-z12",
            "-1",
            "-z0123456789abcdef-1h",
            "-zé23456789abcdef",
        ] {
            assert_eq!(Name::parse(&format!("{d}{end}")), None, "{end}");
        }
        for end in ["", ".", ".0", ".01", ".-1", ".1.1", ".tile1"] {
            assert_eq!(Name::parse_sum(&format!("{d}{end}")), None, "{end}");
        }
    }
}
