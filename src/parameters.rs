//! Pairs of names and values, as addresses and command lines have them: each name at most once, lists
//! repeated or with commas.

use std::collections::HashSet;
use std::str::FromStr;

use stormlens_data::choice::Choice;

#[cfg(test)]
mod tests;

/// Why a question is not understood.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum QuestionError {
    /// A name that is none of those to choose from.
    #[error("there is no {what} called “{}”", shortened(name))]
    Unknown { what: &'static str, name: String, known: Vec<String> },
    #[error("the parameter {} {}", shortened(name), shortened(message))]
    Parameter { name: String, message: String },
    #[error("this program was built without networks")]
    NoNetworks,
    #[error("there are no weights for {title}")]
    NoWeights { model: &'static str, title: &'static str },
    /// What was to be looked at is not there any more.
    #[error("{}", shortened(message))]
    Gone { message: String, remedy: &'static str, back: &'static str },
}

impl QuestionError {
    pub fn unknown<N: Into<String>>(
        what: &'static str,
        name: &str,
        known: impl IntoIterator<Item = N>,
    ) -> Self {
        let known = known.into_iter().map(Into::into).collect();
        Self::Unknown { what, name: name.to_owned(), known }
    }

    pub fn parameter(name: impl Into<String>, message: impl Into<String>) -> Self {
        Self::Parameter { name: name.into(), message: message.into() }
    }

    /// The names that there are, for messages; empty where that is not the point.
    pub fn known(&self) -> &[String] {
        match self {
            Self::Unknown { known, .. } => known,
            _ => &[],
        }
    }
}

/// A text as a message repeats it: of a very long one the beginning and the end.
fn shortened(text: &str) -> String {
    const MAX_CHARS: usize = 400;
    let n_chars = text.chars().count();
    if n_chars <= MAX_CHARS {
        return text.to_owned();
    }
    let start: String = text.chars().take(MAX_CHARS / 2).collect();
    let end: String = text.chars().skip(n_chars - MAX_CHARS / 2).collect();
    format!("{start} … {end}")
}

/// Names that services append to the links they pass on, to follow who comes from where. They ask for nothing.
const APPENDED: [&str; 25] = [
    "_ga",
    "_gl",
    "_hsenc",
    "_hsmi",
    "dclid",
    "epik",
    "fbclid",
    "gad_source",
    "gbraid",
    "gclid",
    "gclsrc",
    "igsh",
    "igshid",
    "li_fat_id",
    "mc_cid",
    "mc_eid",
    "mkt_tok",
    "msclkid",
    "rdt_cid",
    "srsltid",
    "ttclid",
    "twclid",
    "wbraid",
    "yclid",
    "ysclid",
];
/// What other such names begin with: of the Urchin Tracking Module, and of its followers.
const APPENDED_BEGINNINGS: [&str; 4] = ["utm_", "hsa_", "mtm_", "pk_"];

fn is_appended(name: &str) -> bool {
    let begins = || APPENDED_BEGINNINGS.iter().any(|start| name.starts_with(start));
    APPENDED.contains(&name) || begins()
}

/// Decoded pairs, in their order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Parameters(Vec<(String, String)>);

impl Parameters {
    /// Splits the text after a question mark. Empty values, as forms send them for fields left blank,
    /// count as absent, and so does what others append to links.
    pub fn parse(query: Option<&str>) -> Self {
        let pairs = form_urlencoded::parse(query.unwrap_or_default().as_bytes()).into_owned();
        Self::of(pairs.filter(|(name, _)| !is_appended(name)))
    }

    pub fn of(pairs: impl IntoIterator<Item = (String, String)>) -> Self {
        Self(pairs.into_iter().filter(|(_, value)| !value.is_empty()).collect())
    }

    /// Refuses names that mean nothing here: a misspelt parameter must not pass for a default.
    pub fn only<S: AsRef<str>>(&self, known: &[S]) -> Result<(), QuestionError> {
        let is_known = |name: &str| known.iter().any(|known| known.as_ref() == name);
        match self.0.iter().find(|(name, _)| !is_known(name)) {
            None => Ok(()),
            Some((name, _)) => {
                Err(QuestionError::unknown("parameter", name, known.iter().map(AsRef::as_ref)))
            }
        }
    }

    /// Whether there is a value of that name.
    pub fn has(&self, name: &str) -> bool {
        self.values(name).next().is_some()
    }

    /// The value of a parameter that may stand once.
    pub fn one(&self, name: &str) -> Result<Option<&str>, QuestionError> {
        let mut values = self.values(name);
        let first = values.next();
        match values.next() {
            None => Ok(first),
            Some(_) => Err(QuestionError::parameter(name, "may be given only once")),
        }
    }

    /// A number that may stand once; `expected` describes it in the error.
    pub fn number<T: FromStr>(
        &self,
        name: &str,
        expected: &str,
        fits: impl Fn(&T) -> bool,
    ) -> Result<Option<T>, QuestionError> {
        let Some(text) = self.one(name)? else { return Ok(None) };
        match text.trim().parse().ok().filter(fits) {
            Some(number) => Ok(Some(number)),
            None => {
                Err(QuestionError::parameter(name, format!("is “{text}”, but must be {expected}")))
            }
        }
    }

    /// One of a few choices with names; `default` where it is not given.
    pub fn choice<T: Choice>(&self, name: &'static str, default: T) -> Result<T, QuestionError> {
        let Some(wanted) = self.one(name)? else { return Ok(default) };
        let known = || T::ALL.iter().map(ToString::to_string);
        wanted.parse().map_err(|_| QuestionError::unknown(name, wanted, known()))
    }

    /// `yes` or `no`. The last one counts: a form sends `no` before the tick.
    pub fn switch(&self, name: &str, default: bool) -> Result<bool, QuestionError> {
        self.parts(name).try_fold(default, |_, word| match word {
            "no" => Ok(false),
            "yes" => Ok(true),
            _ => Err(QuestionError::parameter(name, "must be yes or no")),
        })
    }

    /// All values of a parameter, in order and without repetition.
    pub fn list(&self, name: &str) -> Vec<&str> {
        let mut seen = HashSet::new();
        self.parts(name).filter(|part| seen.insert(*part)).collect()
    }

    /// The first value of a parameter that is given a second time.
    pub fn repeated(&self, name: &str) -> Option<&str> {
        let mut seen = HashSet::new();
        self.parts(name).find(|part| !seen.insert(*part))
    }

    /// What stands between commas in the values of a parameter.
    fn parts<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a str> {
        let parts = self.values(name).flat_map(|value| value.split(',')).map(str::trim);
        parts.filter(|part| !part.is_empty())
    }

    /// The last value of a parameter, which is none of them any more.
    pub fn take(&mut self, name: &str) -> Option<String> {
        let value = self.values(name).last().map(str::to_owned);
        self.0.retain(|(other, _)| other != name);
        value
    }

    /// All pairs.
    pub fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    fn values<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(n, _)| n == name).map(|(_, value)| value.as_str())
    }
}

/// Writes one value so that it survives in an address and a person can still read it.
pub fn encode(value: &str) -> String {
    form_urlencoded::byte_serialize(value.as_bytes())
        .collect::<String>()
        .replace("%2C", ",")
        .replace("%3A", ":")
}

/// Pairs as they stand behind a question mark.
pub fn to_query<N: AsRef<str>>(pairs: &[(N, String)]) -> String {
    let pair = |(name, value): &(N, String)| format!("{}={}", name.as_ref(), encode(value));
    pairs.iter().map(pair).collect::<Vec<_>>().join("&")
}
