//! Laws of what is drawn at random.

use super::*;
use crate::simulate::Random;

/// Days of 8 cases each with forecasts of their own. The event occurs with the probability `truth(p)`; with the
/// probability `shared` a case follows the number drawn for its day.
fn world(seed: u64, n_days: u64, shared: f64, truth: impl Fn(f64) -> f64) -> Cases {
    let mut random = Random::new(seed);
    let (mut said, mut occurred, mut days) = (Vec::new(), Vec::new(), Vec::new());
    for day in 0..n_days {
        let (luck, level) = (random.unit(), random.unit());
        for _ in 0..8 {
            let p = (0.7 * level + 0.3 * random.unit()).powi(2);
            let own = random.unit();
            let drawn = if random.chance(shared) { luck } else { own };
            said.push(p);
            occurred.push(Some(drawn < truth(p)));
            days.push(day);
        }
    }
    Cases::new(&said, &occurred, &days).expect("cases")
}

fn verified(cases: &Cases) -> ProbabilityVerification {
    let settings = Settings { n_resamples: 100, ..Settings::default() };
    ProbabilityVerification::of(&LABELS, cases, &settings).expect("cases")
}

/// Mean over worlds of the share of cases within the band, and of the dependence that was found.
fn coverage(n_days: u64, shared: f64) -> [f64; 2] {
    const N: u64 = 40;
    let one = |seed| {
        let found = verified(&world(seed, n_days, shared, |p| p));
        let band = found.reliability.band.expect("several days");
        [found.share_within_band.expect("a band"), band.dependence]
    };
    let all: Vec<[f64; 2]> = (0..N).map(one).collect();
    [0, 1].map(|i| all.iter().map(|found| found[i]).sum::<f64>() / N as f64)
}

#[test]
fn a_reliable_forecast_lies_within_its_band() {
    for (n_days, shared) in [(30, 0.0), (30, 0.8), (200, 0.0), (200, 0.8)] {
        let [within, dependence] = coverage(n_days, shared);
        // Bands hold nine tenths of the cases. Cases of a world go together, so that the mean of 40 worlds wavers by
        // some hundredths (0.86 to 0.92 here).
        assert!((0.82..0.97).contains(&within), "{n_days} days, {shared}: {within}");
        assert!((dependence - shared).abs() < 0.1, "{n_days} days, {shared}: {dependence}");
    }
}

/// Of a rare event most probabilities are next to nothing, and some are said again and again, as after recalibration.
#[test]
fn a_reliable_forecast_of_a_rare_event_lies_within_its_band() {
    let one = |seed: u64| {
        let mut random = Random::new(100 + seed);
        let (mut said, mut occurred, mut days) = (Vec::new(), Vec::new(), Vec::new());
        for day in 0..120_u64 {
            for _ in 0..12 {
                let p: f64 = match random.unit() {
                    u if u < 0.3 => 0.0,
                    u if u < 0.5 => 0.004,
                    _ => random.unit().powi(8),
                };
                said.push(p);
                occurred.push(Some(random.chance(p)));
                days.push(day);
            }
        }
        let cases = Cases::new(&said, &occurred, &days).expect("cases");
        verified(&cases).share_within_band.expect("a band")
    };
    let mean = (0..20).map(one).sum::<f64>() / 20.0;
    assert!((0.82..=1.0).contains(&mean), "{mean}");
}

/// Of reliable forecasts the share is spread evenly: as often below a tenth as its size says.
#[test]
fn a_reliable_forecast_is_as_miscalibrated_as_others() {
    let share = |seed| {
        let found = verified(&world(seed, 60, 0.5, |p| p));
        let band = found.reliability.band.expect("several days");
        band.share_as_miscalibrated.expect("drawn")
    };
    let all: Vec<f64> = (0..60).map(share).collect();
    let mean = all.iter().sum::<f64>() / 60.0;
    // Evenly spread numbers have the mean 0.5, of sixty give or take 0.04.
    assert!((0.38..0.62).contains(&mean), "{mean}");
    let n_small = all.iter().filter(|share| **share < 0.1).count();
    assert!(n_small <= 13, "{n_small} of 60 below a tenth");
}

#[test]
fn a_forecast_that_says_too_much_does_not() {
    let found = verified(&world(1, 200, 0.8, |p| p / 2.0));
    let within = found.share_within_band.expect("a band");
    assert!(within < 0.5, "{within}");
    assert!(found.reliability.mcb > 0.02, "{}", found.reliability.mcb);
    let band = found.reliability.band.expect("several days");
    assert_eq!(band.share_as_miscalibrated, Some(1.0 / 101.0), "none of a hundred drawn");
}

#[test]
fn cases_that_share_their_luck_make_wide_bands() {
    let width = |shared| {
        let band = verified(&world(3, 60, shared, |p| p)).reliability.band.expect("a band");
        let pairs = band.low.iter().zip(&band.high);
        pairs.map(|(low, high)| high - low).sum::<f64>() / band.low.len() as f64
    };
    let (alone, together) = (width(0.0), width(1.0));
    assert!(together > 1.2 * alone, "{alone}, {together}");
}

#[test]
fn intervals_draw_events_and_not_cases() {
    let one = world(5, 40, 1.0, |p| p);
    let outcomes: Vec<_> = one.occurred().iter().map(|&o| Some(o)).collect();
    let alone: Vec<u64> = (0..one.len() as u64).collect();
    let apart = Cases::new(one.probabilities(), &outcomes, &alone).expect("cases");
    let width = |cases: &Cases| {
        let found = interval(cases, 200, 1, base_rate).expect("both outcomes");
        assert!(found.low < found.value && found.value < found.high);
        found.high - found.low
    };
    assert!(width(&one) > 1.5 * width(&apart));
}

#[test]
fn a_difference_is_of_the_same_cases() {
    let one = world(6, 40, 0.5, |p| p);
    let spoilt = one.probabilities().iter().map(|p| 0.5 + p / 2.0).collect();
    let other = one.with_probabilities(spoilt).expect("probabilities");
    let minus = |a: &[Tie], b: &[Tie]| Some(brier(a)? - brier(b)?);
    let found = difference_interval(&one, &other, 200, 1, minus).expect("the same cases");
    let found = found.expect("many days");
    assert!(found.high < 0.0 && found.excludes_zero(), "{found:?}");
    let fewer = world(6, 39, 0.5, |p| p);
    assert_eq!(difference_interval(&one, &fewer, 9, 1, minus), Err(CaseError::OtherCases));
}
