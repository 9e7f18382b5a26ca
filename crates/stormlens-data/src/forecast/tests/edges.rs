//! Dry, constant, small, and what cannot be forecast from.

use super::super::testing::{forecast, showers};
use super::super::{EnsembleForecaster, RecentRain, Steps, reference_forecasters};
use crate::field::Field;

#[test]
fn dry_frames_stay_dry_and_unknown_pixels_unknown() {
    for (height, width) in [(16, 16), (16, 33), (40, 24)] {
        let mut dry = Field::new(height, width, vec![0.0; height * width]);
        dry.values[width * 3 + 4] = f32::NAN;
        for forecaster in reference_forecasters() {
            for field in forecast(&*forecaster, &vec![dry.clone(); 3]) {
                let same = field.values.iter().zip(&dry.values);
                let is_same = |(a, b): (&f32, &f32)| a == b || (a.is_nan() && b.is_nan());
                assert!(same.into_iter().all(is_same), "{}", forecaster.name());
            }
        }
    }
}

#[test]
fn rain_that_is_the_same_everywhere_stays() {
    for side in [16, 33] {
        let constant = Field::new(side, side, vec![4.0; side * side]);
        for forecaster in reference_forecasters() {
            for field in forecast(&*forecaster, &vec![constant.clone(); 3]) {
                let is_same = field.values.iter().all(|mm_h| (mm_h - 4.0).abs() < 1e-4);
                assert!(is_same, "{}: {:?}", forecaster.name(), &field.values[..4]);
            }
        }
    }
}

#[test]
fn small_maps_and_frames_that_were_dry_have_forecasts() {
    for (height, width) in [(16, 16), (17, 40)] {
        let (dry, wet) = (showers(height, width, 900.0, 0.0), showers(height, width, 0.0, 0.0));
        assert!(wet.values.iter().any(|&mm_h| mm_h > 1.0) && dry.values.iter().all(|&v| v < 0.1));
        for frames in [
            vec![dry.clone(), dry.clone(), wet.clone()],
            vec![wet.clone(), dry.clone(), wet.clone()],
            vec![dry.clone(), wet.clone(), showers(height, width, 1.0, 0.0)],
            vec![wet.clone(), wet.clone(), dry.clone()],
        ] {
            for forecaster in reference_forecasters() {
                for field in forecast(&*forecaster, &frames) {
                    let known: Vec<f32> = field.finite().collect();
                    let n_known = known.len();
                    assert!(n_known * 2 > field.values.len(), "{}: {n_known}", forecaster.name());
                    assert!(known.iter().all(|mm_h| (0.0..100.0).contains(mm_h)));
                }
            }
        }
    }
}

#[test]
fn what_nothing_can_be_forecast_from_is_refused() {
    let good = showers(20, 20, 0.0, 0.0);
    let missing = Field::new(20, 20, vec![f32::NAN; 400]);
    let said = |frames: &[Field], leads: &[u32], step: u32| -> Vec<String> {
        reference_forecasters()
            .iter()
            .map(|f| match RecentRain::new(frames, step, 1.0) {
                Ok(recent) => match f.forecast(&recent, leads) {
                    Ok(_) => String::new(),
                    Err(error) => error.to_string(),
                },
                Err(error) => error.to_string(),
            })
            .collect()
    };
    let check = |frames: &[Field], leads: &[u32], step: u32, first: &str, others: &str| {
        for (i, said) in said(frames, leads, step).iter().enumerate() {
            let expected = if i == 0 { first } else { others };
            assert!(said.contains(expected) && said.is_empty() == expected.is_empty(), "{said:?}");
        }
    };
    let three = vec![good.clone(); 3];
    check(&three, &[5], 5, "", "");
    check(&three, &[], 5, "", "");
    check(&three[..1], &[5], 5, "", "needs the last 3 frames, and there are 1");
    check(&[], &[5], 5, "needs the last 1 frames", "needs the last 3 frames");
    check(&three, &[5, 7], 5, "no multiple of the step", "no multiple of the step");
    check(&three, &[5], 0, "above 0", "above 0");
    let last_missing = [good.clone(), good.clone(), missing.clone()];
    check(&last_missing, &[5], 5, "nothing is known of frame 2", "nothing is known of frame 2");
    let first_missing = [missing, good.clone(), good.clone()];
    check(&first_missing, &[5], 5, "", "nothing is known of frame 0");
    let other = [showers(20, 24, 0.0, 0.0), good.clone(), good.clone()];
    check(
        &other,
        &[5],
        5,
        "20 × 24 pixels and the last frame 20 × 20",
        "give equally large frames",
    );
    let negative = [good.map(|mm_h| mm_h - 1.0), good.clone(), good.clone()];
    check(&negative, &[5], 5, "mark what is unknown", "mark what is unknown");
    let small = vec![showers(15, 40, 0.0, 0.0); 3];
    check(&small, &[5], 5, "at least 16 × 16", "at least 16 × 16");
    let recent = RecentRain::new(&three, 5, 1.0).unwrap();
    assert!(Steps::default().members(&recent, &[5], 0, 1).is_err());
}
