//! What a file says against a field that passes for rain: that it is a part of the rain, or another quantity.
//!
//! A name that contains “precipitation” may be of a convective part, of a standard deviation or of an anomaly, in the
//! unit and of the size of rain. One rule serves all that read rain.

use super::words::short;
use super::{Content, FieldError, RainUnit};

mod all;
mod known;
mod other;
#[cfg(test)]
mod tests;

pub use all::{AllRain, others};
pub use known::{is_rain, is_rain_name, is_whole_rain};

/// A part of the rain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RainPart {
    Convective,
    LargeScale,
    Snow,
}

impl RainPart {
    pub fn in_words(self) -> &'static str {
        match self {
            Self::Convective => "only the convective part of the rain",
            Self::LargeScale => "only the large-scale part of the rain",
            Self::Snow => "only the snow",
        }
    }
}

/// What a field is by its names, if it is precipitation at all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RainKind {
    /// Nothing says that it is less than all.
    Whole,
    Part(RainPart),
    /// Not rain: which attribute says what.
    Other(String),
}

impl RainKind {
    pub fn of(content: &Content) -> Self {
        let texts = texts(content);
        if let Some(why) = other::reason(content, &texts) {
            return Self::Other(why);
        }
        let texts = without_free_names(texts);
        let of_text = |&(name, text): &(&str, &str)| of_words(&words(beginning(name, text)));
        let part = of_variable(&content.variable).or_else(|| texts.iter().find_map(of_text));
        part.map_or(Self::Whole, Self::Part)
    }

    pub fn part(&self) -> Option<RainPart> {
        match self {
            Self::Part(part) => Some(*part),
            Self::Whole | Self::Other(_) => None,
        }
    }
}

/// Whether the standard name or the words for people speak of rain.
pub fn says_rain(content: &Content) -> bool {
    let said = [&content.standard_name, &content.title].map(|text| text.to_lowercase());
    said.iter().any(|text| text.contains("precipitation") || text.contains("rainfall"))
}

/// Whether a field is a part of the rain, also under a name without “rain” in it: `cp` in m. Heights of convective clouds
/// are in m, too.
pub fn is_part_of_rain(content: &Content) -> bool {
    const BEGINS: [&str; 4] = ["precip", "rain", "snow", "shower"];
    let names_rain = |text: &str| {
        words(text).iter().any(|word| BEGINS.iter().any(|begin| word.starts_with(begin)))
    };
    let is_amount = RainUnit::parse(&content.unit).is_some();
    is_amount
        && RainKind::of(content).part().is_some()
        && (listed(&content.variable).is_some()
            || names_rain(&content.variable)
            || texts(content).iter().any(|(_, text)| names_rain(text)))
}

/// Checks that a file does not say of a field that it is another quantity than rain.
///
/// # Errors
/// In words that name the attribute and what it says.
pub fn check_is_rain(name: &str, content: &Content) -> Result<(), FieldError> {
    match RainKind::of(content) {
        RainKind::Other(why) => Err(not_rain(name, content, &why)),
        RainKind::Whole | RainKind::Part(_) => Ok(()),
    }
}

/// Of a file in which a field is another quantity than rain.
pub fn not_rain(name: &str, content: &Content, why: &str) -> FieldError {
    refused(name, &is_not_rain(content, why))
}

/// `rmax (mm) is not rain: its cell_methods are “time: maximum”`
fn is_not_rain(Content { variable, unit, .. }: &Content, why: &str) -> String {
    format!("{} ({}) is not rain: {why}", short(variable), short(unit))
}

fn refused(name: &str, reasons: &str) -> FieldError {
    let what =
        format!("{name}: {reasons}; give amounts or rates of rain, or correct what the file says");
    FieldError::Interval { what }
}

/// Of a file that has no field of all the rain.
pub fn only_parts(name: &str, content: &Content) -> FieldError {
    let Content { variable, unit, .. } = content.clone();
    FieldError::Parts { file: name.to_owned(), variable, unit }
}

/// Names for people and of conventions, each with its attribute.
fn texts(content: &Content) -> Vec<(&str, &str)> {
    const NAMES: [&str; 6] = [
        "long_name",
        "standard_name",
        "description",
        "GRIB_name",
        "GRIB_cfName",
        "derived forecast",
    ];
    let said = content.said.iter().map(|(name, text)| (name.as_str(), text.as_str()));
    let mut texts: Vec<_> = said.filter(|(name, _)| NAMES.contains(name)).collect();
    let own = [("standard_name", content.standard_name.as_str()), ("name", content.title.as_str())];
    for (name, text) in own {
        let is_new = texts.iter().all(|(_, known)| *known != text);
        if is_new && !text.is_empty() && text != content.variable {
            texts.push((name, text));
        }
    }
    texts
}

/// With blanks it is no standard name: CHIRPS writes “convective precipitation rate” there beside its long name, of all the
/// rain.
fn without_free_names<'t>(mut texts: Vec<(&'t str, &'t str)>) -> Vec<(&'t str, &'t str)> {
    let has_long_name = texts.iter().any(|(name, _)| *name == "long_name");
    let is_free = |(name, text): &(&str, &str)| {
        *name == "standard_name" && text.contains(' ') && !text.contains('_')
    };
    texts.retain(|said| !(has_long_name && is_free(said)));
    texts
}

/// Descriptions may go on to speak of other variables.
fn beginning<'t>(name: &str, text: &'t str) -> &'t str {
    match name {
        "description" => text.split(['.', ';']).next().unwrap_or(text),
        _ => text,
    }
}

/// In lower case, without signs: `large-scale` and `large_scale` are two words each.
fn words(text: &str) -> Vec<String> {
    let lower = text.to_lowercase();
    let words = lower.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words.map(str::to_owned).collect()
}

fn has_pair(words: &[String], first: &str, second: &str) -> bool {
    words.windows(2).any(|pair| pair[0] == first && pair[1] == second)
}

/// The part that a text names. A text that names convective and large-scale rain is of both.
fn of_words(words: &[String]) -> Option<RainPart> {
    let has = |wanted: &str| words.iter().any(|word| word == wanted);
    let is_negated = |i: usize| i > 0 && words[i - 1] == "non";
    let is_of_a_model = |i: usize| {
        let next = words.get(i + 1).map(String::as_str);
        let before = i.checked_sub(1).map(|before| words[before].as_str());
        matches!(next, Some("permitting" | "resolving" | "allowing" | "resolved" | "scale"))
            || matches!(before, Some("explicit" | "resolved"))
    };
    let convective = words.iter().enumerate().any(|(i, word)| {
        let is_word = matches!(word.as_str(), "convective" | "convection" | "cumulus");
        is_word && !is_negated(i) && !is_of_a_model(i)
    });
    let large_scale = has_pair(words, "large", "scale")
        || has_pair(words, "grid", "scale")
        || has_pair(words, "non", "convective")
        || ["stratiform", "largescale", "gridscale", "nonconvective"].into_iter().any(has);
    match (convective, large_scale) {
        (true, true) => None,
        (true, false) => Some(RainPart::Convective),
        (false, true) => Some(RainPart::LargeScale),
        (false, false) => (is_snow(words) && !is_with_rain(words)).then_some(RainPart::Snow),
    }
}

fn is_snow(words: &[String]) -> bool {
    let begins = |begin: &str| words.iter().any(|word| word.starts_with(begin));
    begins("snowfall") || begins("snow") && begins("precip")
}

/// Whether a text that names snow names rain beside it: `rainfall and snowfall`.
fn is_with_rain(words: &[String]) -> bool {
    let begins = |begin: &str| words.iter().any(|word| word.starts_with(begin));
    let total = words.windows(2).any(|pair| pair[0] == "total" && pair[1].starts_with("precip"));
    let is_of_all = ["liquid", "phases", "undercatch"].into_iter().any(begins);
    begins("rain") || begins("incl") || is_of_all || total
}

const CONVECTIVE: [&str; 11] = [
    "cp",
    "acpcp",
    "cprat",
    "cprate",
    "rainc",
    "rainsh",
    "prc",
    "crr",
    "mcpr",
    "avg_cpr",
    "prec_acc_c",
];
const LARGE_SCALE: [&str; 10] = [
    "lsp",
    "ncpcp",
    "lsprate",
    "lsrr",
    "prls",
    "prl",
    "rainnc",
    "prec_acc_nc",
    "mlspr",
    "avg_lsprate",
];
const SNOW: [&str; 8] = ["sf", "prsn", "csf", "lsf", "snownc", "snowc", "mlssr", "mcsr"];

/// The part that a short name stands for, also with a level behind it: `ACPCP_surface`.
fn of_variable(name: &str) -> Option<RainPart> {
    listed(name).or_else(|| of_ending(&words(name)))
}

fn listed(name: &str) -> Option<RainPart> {
    let name = name.to_lowercase();
    let is = |known: &&str| match name.strip_prefix(*known) {
        Some("") => true,
        // Names of two letters are too short for more than themselves.
        Some(rest) => known.len() > 2 && rest.starts_with('_'),
        None => false,
    };
    let lists: [(&[&str], RainPart); 3] = [
        (&CONVECTIVE, RainPart::Convective),
        (&LARGE_SCALE, RainPart::LargeScale),
        (&SNOW, RainPart::Snow),
    ];
    let listed = lists.into_iter().find(|(names, _)| names.iter().any(is));
    listed.map(|(_, part)| part)
}

/// `rain_con` and `rain_gsp` of ICON and COSMO, and names that are words.
fn of_ending(words: &[String]) -> Option<RainPart> {
    let begins = |begin: &str| words.iter().any(|word| word.starts_with(begin));
    if !["rain", "prec", "prr", "tp"].into_iter().any(begins) {
        return of_words(words);
    }
    let is_one = |known: &[&str]| words.iter().any(|word| known.contains(&word.as_str()));
    match (is_one(&["con", "conv"]), is_one(&["gsp", "ls", "strat"])) {
        (true, false) => Some(RainPart::Convective),
        (false, true) => Some(RainPart::LargeScale),
        _ => of_words(words),
    }
}

/// A text of a file in quotation marks.
fn quoted(text: &str) -> String {
    format!("“{}”", short(text))
}
