//! Quantities that are made of rain and are no rain.

use super::super::Content;
use super::{beginning, has_pair, quoted, words};

/// Words of names of statistics, differences and numbers that are no amount of rain.
const WORDS: [&str; 59] = [
    "anom",
    "anomalies",
    "anomaly",
    "bias",
    "climatological",
    "climatology",
    "correlation",
    "count",
    "days",
    "deficit",
    "deviation",
    "diff",
    "difference",
    "duration",
    "err",
    "error",
    "errors",
    "evap",
    "evaporation",
    "evapotranspiration",
    "exceedance",
    "extreme",
    "flag",
    "fraction",
    "frequency",
    "index",
    "indices",
    "mask",
    "max",
    "maxima",
    "maximum",
    "median",
    "minima",
    "minimum",
    "minus",
    "normals",
    "occurrence",
    "percent",
    "percentage",
    "percentile",
    "percentiles",
    "precipitable",
    "prob",
    "probabilities",
    "probability",
    "quantile",
    "quantiles",
    "rank",
    "ratio",
    "rmse",
    "spi",
    "spread",
    "std",
    "stddev",
    "stdev",
    "trend",
    "type",
    "uncertainty",
    "variance",
];
/// Behind one of them, it is said what was done to rain (`bias-corrected`), or who made it (the Global Precipitation
/// Climatology Centre).
const HARMLESS_BEHIND: [&str; 12] = [
    "corrected",
    "correction",
    "corr",
    "adjusted",
    "adjustment",
    "calibrated",
    "mapped",
    "mapping",
    "matched",
    "project",
    "centre",
    "center",
];
/// `wet days` is no amount, `rain of five days` is.
const BEFORE_DAYS: [&str; 6] = ["wet", "dry", "rain", "rainy", "consecutive", "of"];

/// Methods of cells (CF conventions, appendix E) that make something else of rain. Sums, means and points stay rain.
const METHODS: [&str; 16] = [
    "maximum",
    "minimum",
    "maximum_absolute_value",
    "minimum_absolute_value",
    "mean_absolute_value",
    "mean_of_upper_decile",
    "median",
    "mid_range",
    "mode",
    "range",
    "root_mean_square",
    "standard_deviation",
    "sum_of_squares",
    "variance",
    "percentile",
    "anomaly",
];

/// Which attribute says that a field is no rain, and what it says.
pub(super) fn reason(content: &Content, texts: &[(&str, &str)]) -> Option<String> {
    if !words_of_variable(&content.variable).is_empty() {
        return Some(format!("its name {} says so", quoted(&content.variable)));
    }
    let methods = content.said.iter().find(|(name, _)| name == "cell_methods");
    if let Some((_, text)) = methods.filter(|(_, text)| makes_another(text)) {
        return Some(format!("its cell_methods are {}", quoted(text)));
    }
    let is_other = |&&(name, text): &&(&str, &str)| {
        // A standard name with a second word has a modifier (CF conventions, appendix C).
        let is_modified = name == "standard_name" && text.split_whitespace().count() == 2;
        let is_modified = is_modified && text.contains('_');
        is_modified || !found(&words(beginning(name, text))).is_empty()
    };
    let (name, text) = texts.iter().find(is_other)?;
    Some(format!("its {name} is {}", quoted(text)))
}

fn found(words: &[String]) -> Vec<&str> {
    let before = |i: usize| i.checked_sub(1).map(|before| words[before].as_str());
    let is_harmless = |i: usize| {
        let next = words.get(i + 1);
        let is_behind = |word: &str| next.is_some_and(|next| next == word);
        next.is_some_and(|next| HARMLESS_BEHIND.contains(&next.as_str()))
            || match words[i].as_str() {
                "bias" | "error" | "errors" => is_behind("removed"),
                "days" => before(i).is_some_and(|before| !BEFORE_DAYS.contains(&before)),
                // How often there is a field.
                "frequency" if !is_behind("of") => {
                    before(i).is_some_and(|before| before.ends_with("ly") || before == "output")
                }
                _ => false,
            }
    };
    let mut found: Vec<&str> = words
        .iter()
        .enumerate()
        .filter(|&(i, word)| WORDS.contains(&word.as_str()) && !is_harmless(i))
        .map(|(_, word)| word.as_str())
        .collect();
    if has_pair(words, "number", "of") {
        found.push("number");
    }
    found
}

/// In short names, `min` is a minimum unless it is of a time: `5min`, `mm_min`.
fn words_of_variable(name: &str) -> Vec<String> {
    let words = words(name);
    let mut all: Vec<String> = found(&words).into_iter().map(str::to_owned).collect();
    let is_minimum = |(i, word): (usize, &String)| {
        let is_of_time = |before: &String| {
            before.ends_with(|c: char| c.is_ascii_digit())
                || ["mm", "per"].contains(&before.as_str())
        };
        word == "min" && !i.checked_sub(1).is_some_and(|before| is_of_time(&words[before]))
    };
    if words.iter().enumerate().any(is_minimum) {
        all.push("min".to_owned());
    }
    all
}

/// Whether one of the methods of a `cell_methods` makes another quantity, over whichever dimension. What stands in
/// brackets are remarks.
fn makes_another(methods: &str) -> bool {
    let mut depth = 0_i32;
    let outside = methods.chars().filter(|c| {
        depth += i32::from(*c == '(');
        let is_outside = depth == 0;
        depth -= i32::from(*c == ')');
        is_outside
    });
    let outside: String = outside.collect::<String>().to_lowercase();
    let words: Vec<&str> = outside.split_whitespace().collect();
    // Over years, a climate.
    let is_climate = words.windows(2).any(|pair| pair[0] == "over" && pair[1] == "years");
    is_climate || words.iter().any(|word| METHODS.contains(word))
}
