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
    let share = percent(grey);
    (!grey_range.contains(grey)).then(|| {
        format!(
            "{share} of the pixels are grey, which one polarisation alone gives: in the training \
             scenes {}",
            between(grey_range, percent)
        )
    })
}

fn no_data(statistics: &Statistics, reference: &Reference) -> Option<String> {
    let (share, range) = (statistics.no_data_share, &reference.no_data_share);
    let shown = percent(share);
    let usual = between(range, percent);
    (!range.contains(share)).then(|| {
        format!(
            "{shown} of the picture is black, which means no data: in the training scenes {usual}"
        )
    })
}

fn level(feature: &str, channel: &str, value: f64, range: &Range) -> Option<String> {
    let usual = between(range, |value| format!("{value:.2}"));
    (!range.contains(value)).then(|| {
        format!(
            "the {feature} of {channel} is {value:.2} of full scale: in the training scenes {usual}"
        )
    })
}

fn between(range: &Range, write: impl Fn(f64) -> String) -> String {
    format!("it lies between {} and {}", write(range.low), write(range.high))
}

fn percent(share: f64) -> String {
    format!("{:.0} %", 100.0 * share)
}
