use super::super::{Samples, golden};
use super::*;
use crate::scene::Picture;

/// An ordinary dual-polarised scene.
const USUAL: Statistics = Statistics {
    no_data_share: 0.1,
    n_valid: 1000,
    mean: [0.3, 0.3, 0.5],
    std: [0.15, 0.15, 0.2],
    red_equals_green_share: 1.0,
    grey_share: 0.02,
};

fn check(statistics: Statistics, expected: &[&str]) {
    let found = outside_training_range(&statistics, &Reference::published());
    assert_eq!(found.len(), expected.len(), "{statistics:?}: {found:?}");
    for (reason, words) in found.iter().zip(expected) {
        assert!(reason.contains(words), "{reason} without {words}");
    }
}

#[test]
fn what_is_odd_is_said() {
    check(USUAL, &[]);
    check(Statistics { grey_share: 1.0, ..USUAL }, &[]);
    check(
        Statistics { red_equals_green_share: 0.13, ..USUAL },
        &["red and green differ in 87 % of the pixels: the training scenes hold the \
           cross-polarised channel in both"],
    );
    check(Statistics { no_data_share: 0.95, ..USUAL }, &["95 % of the picture is black"]);
    check(Statistics { mean: [0.3, 0.3, 0.99], ..USUAL }, &["the mean of blue is 0.99"]);
    check(
        Statistics { std: [0.01, 0.15, 0.2], ..USUAL },
        &["the standard deviation of red is 0.01"],
    );
    check(
        Statistics { n_valid: 0, no_data_share: 1.0, ..USUAL },
        &["every pixel is exactly black"],
    );
}

#[test]
fn the_sample_scenes_are_told_apart_by_their_colours() {
    let of = |name: &str| {
        outside_training_range(&Statistics::of(&golden::sample(name)), &Reference::published())
    };
    for name in ["tokyo_bay_20191012_380px.png", "open_ocean_20150915_508px.png"] {
        assert!(of(name).is_empty(), "{name}: {:?}", of(name));
    }
    let arctic = of("arctic_ew_hh_hv_20221130_522px.png");
    assert!(arctic[0].starts_with("red and green differ in "), "{arctic:?}");
}

#[test]
fn a_reference_holds_the_middle_99_percent_and_a_margin() {
    let scene = |i: u32| {
        let mean = 0.3 + 0.1 * f64::from(i) / 1000.0;
        Statistics { mean: [mean; 3], ..USUAL }
    };
    let reference = Reference::from_statistics(&(0..=1000).map(scene).collect::<Vec<_>>()).unwrap();
    let near = |found: f64, expected: f64| assert!((found - expected).abs() < 1e-9, "{found}");
    // From 0.3005 to 0.3995, and less than a hundredth on either side.
    near(reference.mean[0].low, 0.3005 - 0.01);
    near(reference.mean[0].high, 0.3995 + 0.01);
    // What never varied has the least margin and ends at 1.
    near(reference.red_equals_green_share.low, 0.99);
    near(reference.red_equals_green_share.high, 1.0);
    let wide = |i: u32| Statistics { no_data_share: f64::from(i) / 1000.0 * 0.5, ..USUAL };
    let reference = Reference::from_statistics(&(0..=1000).map(wide).collect::<Vec<_>>()).unwrap();
    near(reference.no_data_share.low, 0.0);
    near(reference.no_data_share.high, 0.4975 + 0.1 * 0.495);
}

#[test]
fn scenes_without_data_teach_nothing() {
    let empty = Statistics { n_valid: 0, no_data_share: 1.0, ..USUAL };
    assert_eq!(Reference::from_statistics(&[]), None);
    assert_eq!(Reference::from_statistics(&[empty]), None);
    let reference = Reference::from_statistics(&[empty, USUAL]).unwrap();
    assert!(outside_training_range(&USUAL, &reference).is_empty());
    let grey = Statistics { grey_share: 1.0, ..USUAL };
    let found = outside_training_range(&grey, &reference);
    assert!(found[0].contains("100 % of the pixels are grey"), "{found:?}");
}

#[test]
fn a_reference_survives_json() {
    let range = Range { low: 0.25, high: 0.5 };
    let reference = Reference {
        no_data_share: range,
        red_equals_green_share: range,
        grey_share: range,
        mean: [range; 3],
        std: [range; 3],
    };
    let text = serde_json::to_string(&reference).unwrap();
    assert_eq!(serde_json::from_str::<Reference>(&text).unwrap(), reference);
}

#[test]
fn a_photograph_is_strange() {
    let rgb = (0..300_u32).flat_map(|i| [i as u8, (i * 7) as u8, (i * 3) as u8]).collect();
    let picture = Picture { width: 300, height: 1, rgb: Samples::U8(rgb) };
    assert!(!outside_training_range(&Statistics::of(&picture), &Reference::published()).is_empty());
}

#[test]
fn a_value_is_never_written_like_the_bound_that_it_passes() {
    let range = Range { low: 0.0512, high: 0.321 };
    let plain = |value: f64, n: usize| format!("{value:.n$}");
    let (shown, usual) = apart(0.0489, &range, 2, plain);
    assert_eq!((shown.as_str(), usual.as_str()), ("0.049", "it lies between 0.051 and 0.321"));
    let (shown, usual) = apart(0.5, &range, 2, plain);
    assert_eq!((shown.as_str(), usual.as_str()), ("0.50", "it lies between 0.05 and 0.32"));
    let (shown, usual) = apart(0.004, &Range { low: 0.0, high: 0.001 }, 0, percents);
    assert_eq!((shown.as_str(), usual.as_str()), ("0.4 %", "it lies between 0.0 % and 0.1 %"));
}
