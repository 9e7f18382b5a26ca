//! Errors in words: what is wrong, and what to do.

use stormlens_data::field::left_out::NEXT;

/// Verbs that begin what to do, behind a colon.
const BEGINNINGS: [&str; 11] = [
    "choose ",
    "give ",
    "state ",
    "bring ",
    "fetch ",
    "use ",
    "make ",
    "leave ",
    "write ",
    "correct ",
    "if the values ",
];

/// What is wrong and what to do, of words that may say both (`it is too small: choose a larger one`); what is usually
/// done where they do not. So nobody is told twice, and in two ways, what to do. What else is wrong with the file stays with
/// what is wrong.
pub fn parted(words: &str, usual: &str) -> (String, String) {
    let begins =
        |at: &usize| BEGINNINGS.iter().any(|beginning| words[at + 2..].starts_with(beginning));
    let places = words.match_indices([':', ';']).map(|(at, _)| at);
    let mut places = places.filter(|at| words[at + 1..].starts_with(' '));
    match places.find(begins) {
        Some(at) => {
            let rest = &words[at + 2..];
            let (remedy, more) = rest.split_at(rest.find(NEXT).unwrap_or(rest.len()));
            (format!("{}{more}", &words[..at]), remedy.to_owned())
        }
        None => (words.to_owned(), usual.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_remedy_is_told() {
        for (words, what, remedy) in [
            ("it is small: choose a larger one", "it is small", "choose a larger one"),
            ("F: it is 3° wide; choose another: A, B", "F: it is 3° wide", "choose another: A, B"),
            ("of it: if the values are sums, write x", "of it", "if the values are sums, write x"),
            ("it is “a”: write a number", "it is “a”", "write a number"),
            ("at 12:00 nothing is there", "at 12:00 nothing is there", "try"),
            ("it ends:", "it ends:", "try"),
            (
                "a is bad: write a; also b is K: its unit",
                "a is bad; also b is K: its unit",
                "write a",
            ),
        ] {
            assert_eq!(parted(words, "try"), (what.to_owned(), remedy.to_owned()));
        }
    }
}
