//! The parameters of an address: each at most once, lists repeated or with commas.

use std::str::FromStr;

use super::AppError;

/// The decoded pairs after the question mark.
pub struct Parameters(Vec<(String, String)>);

impl Parameters {
    /// Splits the text after the question mark. Empty values, as forms send them for fields left
    /// blank, count as absent.
    pub fn parse(query: Option<&str>) -> Self {
        let pairs = form_urlencoded::parse(query.unwrap_or_default().as_bytes()).into_owned();
        Self(pairs.filter(|(_, value)| !value.is_empty()).collect())
    }

    /// Refuses names that mean nothing here: a misspelt parameter must not pass for a default.
    pub fn only(&self, known: &[&str]) -> Result<(), AppError> {
        match self.0.iter().find(|(name, _)| !known.contains(&name.as_str())) {
            None => Ok(()),
            Some((name, _)) => Err(AppError::unknown("parameter", name, known.iter().copied())),
        }
    }

    /// The value of a parameter that may stand once.
    pub fn one(&self, name: &'static str) -> Result<Option<&str>, AppError> {
        let mut values = self.values(name);
        let first = values.next();
        match values.next() {
            None => Ok(first),
            Some(_) => Err(AppError::parameter(name, "may be given only once")),
        }
    }

    /// A number that may stand once; `expected` describes it in the error.
    pub fn number<T: FromStr>(
        &self,
        name: &'static str,
        expected: &str,
        fits: impl Fn(&T) -> bool,
    ) -> Result<Option<T>, AppError> {
        let Some(text) = self.one(name)? else { return Ok(None) };
        match text.trim().parse().ok().filter(fits) {
            Some(number) => Ok(Some(number)),
            None => Err(AppError::parameter(name, format!("is “{text}”, but must be {expected}"))),
        }
    }

    /// All values of a parameter, in order and without repetition.
    pub fn list(&self, name: &str) -> Vec<&str> {
        let mut list = Vec::new();
        for value in self.values(name).flat_map(|value| value.split(',')).map(str::trim) {
            if !value.is_empty() && !list.contains(&value) {
                list.push(value);
            }
        }
        list
    }

    /// The pairs but those named in `without`, to compare addresses.
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
