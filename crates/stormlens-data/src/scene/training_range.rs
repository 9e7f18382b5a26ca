//! Whether a picture looks like the scenes that a network has learnt from. What a network says
//! about another kind of picture means little, and nothing in its answer shows that.

use super::{Range, Reference, Statistics};

#[cfg(test)]
mod tests;

const CHANNELS: [&str; 3] = ["red", "green", "blue"];

/// In what a picture is unlike the training scenes: sentences without full stop, none where it lies in
/// their range.
pub fn outside_training_range(statistics: &Statistics, reference: &Reference) -> Vec<String> {
    if statistics.n_valid == 0 {
        return vec!["every pixel is exactly black, which means no data".to_owned()];
    }
    let mut reasons = Vec::new();
    reasons.extend(colour_coding(statistics, reference));
    reasons.extend(no_data(statistics, reference));
    for (channel, name) in CHANNELS.into_iter().enumerate() {
        let of = |feature, value, range| level(feature, name, value, range);
        reasons.extend(of("mean", statistics.mean[channel], &reference.mean[channel]));
        reasons.extend(of("standard deviation", statistics.std[channel], &reference.std[channel]));
    }
    reasons
}

fn colour_coding(statistics: &Statistics, reference: &Reference) -> Option<String> {
    let (equal, grey) = (statistics.red_equals_green_share, statistics.grey_share);
    let (equal_range, grey_range) = (&reference.red_equals_green_share, &reference.grey_share);
    if equal < equal_range.low {
        return Some(format!(
            "red and green differ in {} of the pixels: the training scenes hold the \
             cross-polarised channel in both",
            percent(1.0 - equal)
        ));
    }
    if equal > equal_range.high {
        let share = percent(equal);
        return Some(format!(
            "red and green are the same in {share} of the pixels, unlike in the training scenes"
        ));
    }
    (!grey_range.contains(grey)).then(|| {
        let (share, usual) = apart(grey, grey_range, 0, percents);
        format!(
            "{share} of the pixels are grey, which one polarisation alone gives: in the training \
             scenes {usual}"
        )
    })
}

fn no_data(statistics: &Statistics, reference: &Reference) -> Option<String> {
    let (share, range) = (statistics.no_data_share, &reference.no_data_share);
    (!range.contains(share)).then(|| {
        let (shown, usual) = apart(share, range, 0, percents);
        format!(
            "{shown} of the picture is black, which means no data: in the training scenes {usual}"
        )
    })
}

fn level(feature: &str, channel: &str, value: f64, range: &Range) -> Option<String> {
    (!range.contains(value)).then(|| {
        let (shown, usual) =
            apart(value, range, 2, |value, n_decimals| format!("{value:.n_decimals$}"));
        format!(
            "the {feature} of {channel} is {shown} of full scale: in the training scenes {usual}"
        )
    })
}

/// A value outside a range, and the range, with as many decimals as tell the value from the bound that it passes.
fn apart(
    value: f64,
    range: &Range,
    n_decimals: usize,
    write: impl Fn(f64, usize) -> String,
) -> (String, String) {
    const MOST: usize = 6;
    let bound = if value < range.low { range.low } else { range.high };
    let differs = |n: &usize| write(value, *n) != write(bound, *n);
    let n = (n_decimals..MOST).find(differs).unwrap_or(MOST);
    let usual = format!("it lies between {} and {}", write(range.low, n), write(range.high, n));
    (write(value, n), usual)
}

fn percents(share: f64, n_decimals: usize) -> String {
    format!("{:.n_decimals$} %", 100.0 * share)
}

fn percent(share: f64) -> String {
    percents(share, 0)
}
