//! Scores against the published program, pysteps, and definitions that take no shortcut.

use super::spectrum::radial;
use super::*;
use crate::downscale::testing::{array, f64s, json, small};
use crate::downscale::{Geometry, LogScale};
use crate::simulate::Random;

const SCALE: LogScale = LogScale::new(0.145_126_096_297_139_88, 0.377_882_200_530_221_53);

fn score(moments: &Moments, name: &str) -> f64 {
    (ContinuousScore::find(name).unwrap().of)(moments).unwrap()
}

fn check_published(forecast: &[f32], which: &str) {
    let target = small("target_norm");
    let (mut mm, mut z) = (Moments::default(), Moments::default());
    for (&f, &o) in forecast.iter().zip(&target) {
        let (f, o) = (f64::from(f), f64::from(o));
        z.add(f, o);
        mm.add(SCALE.mm(f), SCALE.mm(o));
    }
    let expected = &json("expected")["metrics_float64"][which];
    for (name, theirs) in [("mse", "mse"), ("mae", "mae"), ("bias", "bias"), ("r", "corr")] {
        for (moments, unit) in [(&z, "normalized"), (&mm, "unnormalized")] {
            let expected = expected[theirs][unit].as_f64().unwrap();
            let found = score(moments, name);
            assert!(
                (found / expected - 1.0).abs() < 1e-6,
                "{which} {name} {unit}: {found}, not {expected}"
            );
        }
    }
}

#[test]
fn scores_are_those_of_the_published_program_in_both_units() {
    check_published(&small("bilinear_norm"), "bilinear");
    if let Some((_, output)) = array("output_norm") {
        check_published(&output, "model");
    }
}

#[test]
fn a_node_without_data_counts_nowhere() {
    let mut moments = Moments::default();
    for (f, o) in [(1.0, 2.0), (f64::NAN, 2.0), (1.0, f64::NAN), (0.0, 0.0)] {
        moments.add(f, o);
    }
    assert_eq!((moments.n, score(&moments, "mse"), score(&moments, "bias")), (2, 0.5, -0.5));
    assert_eq!((score(&moments, "wet_share"), score(&moments, "wet_share_observed")), (0.5, 0.5));
    let of_nothing = CONTINUOUS_SCORES.iter().filter_map(|s| (s.of)(&Moments::default()));
    assert_eq!(of_nothing.count(), 0);
    let mut constant = Moments::default();
    (0..100).for_each(|i| constant.add(0.1, f64::from(i)));
    assert_eq!((ContinuousScore::find("r").unwrap().of)(&constant), None);
}

#[test]
fn quantiles_of_counts_are_those_of_sorted_values() {
    let mut random = Random::new(3);
    let mut values: Vec<f64> = (0..50_000)
        .map(|_| if random.chance(0.4) { 0.0 } else { random.log_uniform(0.01, 80.0) })
        .collect();
    let mut whole = RainHistogram::default();
    let mut parts = [RainHistogram::default(), RainHistogram::default()];
    for (i, &value) in values.iter().enumerate() {
        whole.add(value);
        parts[i % 2].add(value);
    }
    whole.add(f64::NAN);
    let [mut first, second] = parts;
    first.merge(&second);
    assert_eq!(first, whole);
    values.sort_unstable_by(f64::total_cmp);
    for share in QUANTILES {
        let exact = values[(share * 50_000.0) as usize - 1];
        let found = whole.quantile(share).unwrap();
        assert!((found - exact).abs() <= 0.013 * exact, "{share}: {found}, not {exact}");
    }
    assert_eq!((whole.quantile(0.3), RainHistogram::default().quantile(0.5)), (Some(0.0), None));
    let curve = whole.exceedance();
    let at = curve.iter().find(|[mm, _]| *mm > 0.999).unwrap();
    let exact = values.iter().filter(|&&v| v >= at[0]).count() as f64 / 50_000.0;
    assert!((at[1] - exact).abs() < 1e-9, "{at:?}, {exact}");
    let same = RainHistogram::quantile_pairs(&whole, &whole);
    assert!(same.len() == QUANTILES.len() && same.iter().all(|[_, a, b]| a == b));
    let mut edges = RainHistogram::default();
    for extreme in [-1.0, 0.0, 1e-9, 1e9, f64::INFINITY] {
        edges.add(extreme);
    }
    assert_eq!(edges.n(), 5);
}

/// Every point of a Q–Q curve against sorted values; a forecast of twice the rain lies at twice the observed amounts.
#[test]
fn quantile_curves_are_those_of_sorted_values() {
    let mut random = Random::new(4);
    let mut values: Vec<f64> = (0..50_000)
        .map(|_| if random.chance(0.4) { 0.0 } else { random.log_uniform(0.01, 80.0) })
        .collect();
    let [mut observed, mut twice] = [RainHistogram::default(), RainHistogram::default()];
    values.iter().for_each(|&mm| observed.add(mm));
    values.iter().for_each(|&mm| twice.add(2.0 * mm));
    values.sort_unstable_by(f64::total_cmp);
    let points = RainHistogram::quantile_curve(&observed, &twice);
    assert!(points.windows(2).all(|pair| pair[0][0] < pair[1][0] && pair[0][1] <= pair[1][1]));
    // All dry shares are one point.
    assert_eq!((points[0][1], points[0][2], points[1][1] > 0.0), (0.0, 0.0, true));
    for [share, observed, forecast] in &points[1..] {
        let exact = values[(share * 50_000.0).round() as usize - 1];
        // A bin is 1.2 % wide; the largest five of 50,000 values lie further apart.
        let near = |found: f64, exact: f64| (found - exact).abs() <= 0.013 * exact;
        assert!(near(*observed, exact) && near(*forecast, 2.0 * exact), "{share}: {observed}");
    }
    let shares: Vec<f64> = points.iter().map(|point| point[0]).collect();
    assert!([0.9, 0.99, 0.999, 0.9999].iter().all(|share| shares.contains(share)), "{shares:?}");
    let curve = QuantileCurve { forecast: "twice".into(), points };
    assert_eq!((curve.at(0.9).is_some(), curve.at(0.123)), (true, None));
    let none = RainHistogram::default();
    assert!(RainHistogram::quantile_curve(&none, &none).is_empty());
}

#[test]
fn the_fractions_skill_score_is_that_of_pysteps_when_asked() {
    let golden = json("rainfarm");
    let fine = &small("rainfarm")[..4096];
    let shifted: Vec<f32> =
        (0..4096).map(|i| fine[(i / 64 + 61) % 64 * 64 + (i % 64 + 59) % 64]).collect();
    let numbers = |name: &str| golden[name].as_array().unwrap().clone();
    let scales: Vec<usize> =
        numbers("fss_scales").iter().map(|s| s.as_u64().unwrap() as usize).collect();
    let thresholds: Vec<f64> =
        numbers("fss_thresholds").iter().map(|t| t.as_f64().unwrap()).collect();
    let mut fractions = Fractions::new(&thresholds, &scales, Missing::Dry);
    fractions.add(64, &shifted, fine);
    for (t, row) in numbers("fss").iter().enumerate() {
        for (s, expected) in row.as_array().unwrap().iter().enumerate() {
            let (found, expected) = (fractions.score(t, s).unwrap(), expected.as_f64().unwrap());
            assert!(
                (found - expected).abs() < 1e-9,
                "{} mm, {}: {found}, not {expected}",
                thresholds[t],
                scales[s]
            );
        }
    }
}

#[test]
fn missing_nodes_are_left_out_of_fractions_and_not_dry() {
    // Everything is wet but for a gap in the observation: a perfect forecast.
    let (wet, mut gap) = (vec![1.0; 36], vec![1.0; 36]);
    gap[14] = f32::NAN;
    let score = |missing| {
        let mut fractions = Fractions::new(&[0.5], &[1, 3], missing);
        fractions.add(6, &wet, &gap);
        [0, 1].map(|scale| fractions.score(0, scale).unwrap())
    };
    assert_eq!(score(Missing::LeftOut), [1.0, 1.0]);
    assert!(score(Missing::Dry).iter().all(|&score| score < 1.0));
    let mut dry = Fractions::new(&[0.5], &[3], Missing::LeftOut);
    dry.add(6, &[0.0; 36], &[0.0; 36]);
    assert_eq!(dry.score(0, 0), None);
}

#[test]
fn the_spectrum_is_that_of_pysteps() {
    let fine = &small("rainfarm")[..4096];
    let expected = json("rainfarm");
    let expected = expected["rapsd"].as_array().unwrap();
    let found = radial(&f64s(fine), 64);
    assert_eq!(found.len(), expected.len());
    for (found, expected) in found.iter().zip(expected) {
        assert!((found / expected.as_f64().unwrap() - 1.0).abs() < 1e-5, "{found}, not {expected}");
    }
    let mut spectrum = Spectrum::new(64);
    let half: Vec<f32> = fine.iter().map(|v| v / 2.0).collect();
    spectrum.add(&half, fine);
    assert!(spectrum.ratios().iter().all(|r| (r.unwrap() - 0.25).abs() < 1e-5));
    spectrum.add(&[f32::NAN; 4096], fine);
    assert_eq!((spectrum.n_fields, spectrum.n_left_out, spectrum.means().len()), (1, 1, 31));
}

#[test]
fn the_fair_score_of_ensembles_is_its_definition() {
    let (m, n) = (5, 500);
    let numbers = crate::downscale::testing::split_mix(11, m * n);
    let observed = crate::downscale::testing::split_mix(12, n);
    let maps: Vec<Vec<f32>> =
        numbers.chunks(n).map(|map| map.iter().map(|&v| v as f32).collect()).collect();
    let members: Vec<&[f32]> = maps.iter().map(Vec::as_slice).collect();
    let observation: Vec<f32> = observed.iter().map(|&v| v as f32).collect();
    let mut sums = EnsembleSums::new(m);
    sums.add(&members, &observation);
    let expected = json("rainfarm")["crps"].as_f64().unwrap();
    assert!(
        (sums.crps().unwrap() / expected - 1.0).abs() < 1e-6,
        "{:?}, not {expected}",
        sums.crps()
    );
    let mut fair = 0.0;
    for i in 0..n {
        let at = |k: usize| f64::from(maps[k][i]);
        let pairs = (0..m).flat_map(|a| (0..m).map(move |b| (at(a) - at(b)).abs())).sum::<f64>();
        let distance =
            (0..m).map(|k| (at(k) - f64::from(observation[i])).abs()).sum::<f64>() / m as f64;
        fair += distance - pairs / (2 * m * (m - 1)) as f64;
    }
    assert!((sums.crps_fair().unwrap() - fair / n as f64).abs() < 1e-12);
    // Members and observation are of one distribution: ranks are alike, spread is like error.
    assert!((sums.rank_shares().iter().sum::<f64>() - 1.0).abs() < 1e-12);
    assert!(sums.rank_shares().iter().all(|share| (share - 1.0 / 6.0).abs() < 0.06));
    let ratio = sums.spread().unwrap() / sums.error().unwrap();
    assert!((ratio - 1.0).abs() < 0.1, "{ratio}");
}

#[test]
fn equal_members_share_a_rank_and_gaps_count_nowhere() {
    let mut sums = EnsembleSums::new(3);
    sums.add_node(&mut [0.0, 0.0, 1.0], 0.0);
    assert_eq!(sums.rank_shares(), [1.0 / 3.0, 1.0 / 3.0, 1.0 / 3.0, 0.0]);
    sums.add_node(&mut [0.0, f64::NAN, 1.0], 0.0);
    sums.add_node(&mut [0.0, 1.0, 1.0], f64::NAN);
    assert_eq!(sums.n, 1);
    let one = EnsembleSums::new(1);
    assert_eq!((one.crps(), one.crps_fair(), one.spread()), (None, None, None));
}

#[test]
fn intervals_come_from_parts_and_cover_what_they_should() {
    let part = |mean: f64| {
        let mut moments = Moments::default();
        (0..10).for_each(|_| moments.add(mean, 0.0));
        moments
    };
    let mut random = Random::new(8);
    let covered = (0..60).filter(|&trial| {
        let parts: Vec<Moments> = (0..40).map(|_| part(1.0 + random.normal())).collect();
        let estimate = resampled_interval(&parts, 400, trial, |m| Some(score(m, "bias"))).unwrap();
        estimate.low <= 1.0 && 1.0 <= estimate.high
    });
    // 95 % of 60 are 57; fewer than 50 would happen once in thousands of trials.
    let n_covered = covered.count();
    assert!((50..=60).contains(&n_covered), "{n_covered}");
    let pairs: Vec<(Moments, Moments)> =
        (0..20).map(|i| (part(2.0 + f64::from(i)), part(1.0 + f64::from(i)))).collect();
    let better =
        resampled_interval(&pairs, 200, 1, |(a, b)| Some(score(a, "bias") - score(b, "bias")))
            .unwrap();
    assert!(better.excludes_zero() && (better.value - 1.0).abs() < 1e-12 && better.n_parts == 20);
    assert_eq!(resampled_interval(&pairs[..1], 200, 1, |_| Some(1.0)), None);
}

#[test]
fn everything_of_a_forecast_is_counted_at_once_and_merged() {
    let (geometry, scale) = (Geometry::V4, SCALE);
    let fractions = || Fractions::new(&[0.1, 1.0], &[1, 8], Missing::LeftOut);
    let new = || Verified::new(geometry, scale, fractions());
    let coarse = f64s(&small("coarse_mm")[100..]);
    let observation: Vec<f32> =
        small("target_norm")[4096..].iter().map(|&z| scale.mm(f64::from(z)) as f32).collect();
    let forecast = &small("rainfarm")[..4096];
    let terrain: Vec<f32> = (0..4096).map(|i| if i < 64 { f32::NAN } else { i as f32 }).collect();
    let mut both = new();
    both.add(3, [forecast, &observation], &coarse, Some(&terrain));
    let mut gap = observation.clone();
    gap[100] = f32::NAN;
    let mut second = new();
    second.add(5, [forecast, &gap], &coarse, None);
    both.merge(&second);
    assert_eq!((both.n_fields, both.mm.n, both.z.n), (2, 8191, 8191));
    assert_eq!(
        both.by_tile.iter().map(|(id, m)| (*id, m.n)).collect::<Vec<_>>(),
        [(3, 4096), (5, 4095)]
    );
    let bands: Vec<u64> = both.by_elevation.iter().map(|m| m.n).collect();
    assert_eq!(bands, [436, 500, 500, 500, 500, 1596]);
    // RainFARM keeps the mass of each cell.
    assert!(both.mass.absolute_share().unwrap() < 1e-6 && both.mass.n_cells == 128);
    assert_eq!((both.spectrum.n_fields, both.spectrum.n_left_out), (1, 1));
    let text = serde_json::to_string(&both).unwrap();
    let read: Verified = serde_json::from_str(&text).unwrap();
    assert_eq!((read.mm.n, read.by_tile.len()), (8191, 2));
    let mut below = new();
    below.add(1, [&[-1.0; 4096], &observation], &coarse, None);
    assert!(score(&below.z, "mse").is_finite());
}
