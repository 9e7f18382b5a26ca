//! Quantities that are made of rain and are no rain.

use super::super::Content;
use super::{has_pair, quoted, words};

/// Words of names of statistics, differences and numbers that are no amount of rain.
const WORDS: [&str; 53] = [
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
    "flag",
    "fraction",
    "frequency",
    "index",
    "indices",
    "mask",
    "max",
    "maximum",
    "median",
    "minimum",
    "minus",
    "normals",
    "occurrence",
    "percent",
    "percentage",
    "percentile",
    "percentiles",
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
    "variance",
];
/// Behind one of them, it is said what was done to rain (`bias-corrected`), or who made it (the Global Precipitation
/// Climatology Centre).
const HARMLESS_BEHIND: [&str; 8] =
    ["corrected", "correction", "corr", "adjusted", "adjustment", "project", "centre", "center"];

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

/// Descriptions may go on to speak of other variables.
fn beginning<'t>(name: &str, text: &'t str) -> &'t str {
    match name {
        "description" => text.split(['.', ';']).next().unwrap_or(text),
        _ => text,
    }
}

fn found(words: &[String]) -> Vec<&str> {
    let is_number = |i: usize| i > 0 && words[i - 1].starts_with(|c: char| c.is_ascii_digit());
    let is_harmless = |i: usize| {
        let next = words.get(i + 1);
        // `sum of 5 days` is an amount, `wet days` is none.
        next.is_some_and(|next| HARMLESS_BEHIND.contains(&next.as_str()))
            || words[i] == "days" && is_number(i)
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

/// In short names, `min` is a minimum unless a number stands before it.
fn words_of_variable(name: &str) -> Vec<String> {
    let words = words(name);
    let mut all: Vec<String> = found(&words).into_iter().map(str::to_owned).collect();
    let is_minimum = |(i, word): (usize, &String)| {
        word == "min" && !(i > 0 && words[i - 1].ends_with(|c: char| c.is_ascii_digit()))
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
