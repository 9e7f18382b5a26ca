//! The world keeps to what it states.

use super::*;

fn world() -> SyntheticWorld {
    SyntheticWorld::new(SyntheticOptions::default())
}

#[test]
fn samples_have_names_and_whole_seasons_are_blocks() {
    let world = world();
    world.statement().check().unwrap();
    assert!(world.statement().synthetic);
    assert_eq!(
        (world.len(), world.name(0), world.name(1_079)),
        (1_080, "s01-e01-d1".into(), "s12-e30-d3".into())
    );
    assert_eq!(world.find("s02-e01-d1"), Some(90));
    let n = |part| world.samples_of(part).len();
    assert_eq!([Part::Training, Part::Validation, Part::Test].map(n), [630, 180, 270]);
    assert_eq!((world.event(2), world.event(3)), (0, 1));
}

/// The same seed makes the same world, another one another; every sample by itself.
#[test]
fn a_seed_is_a_world() {
    let other = SyntheticWorld::new(SyntheticOptions { seed: 2, ..SyntheticOptions::default() });
    let sample = 500;
    assert_eq!(world().values(sample), world().values(sample));
    assert_eq!(world().rain(sample), world().rain(sample));
    assert_ne!(world().rain(sample), other.rain(sample));
}

/// How often it rains is what the truth says: over all pixels, and among those of about the same probability. The bounds are
/// four standard deviations of independent draws, for the noise is independent.
#[test]
fn rain_comes_as_often_as_the_truth_says() {
    let world = world();
    for threshold in THRESHOLDS_MM {
        let mut bins = [[0.0_f64; 4]; 10];
        for sample in (0..world.len()).step_by(4) {
            let rain = world.rain(sample);
            for (mm, p) in rain.iter().zip(world.truth(sample, threshold)) {
                let bin = &mut bins[((p * 10.0) as usize).min(9)];
                let occurred = f64::from(u8::from(f64::from(*mm) >= threshold));
                *bin = [bin[0] + 1.0, bin[1] + p, bin[2] + occurred, bin[3] + p * (1.0 - p)];
            }
        }
        for (i, [n, p, occurred, variance]) in bins.into_iter().enumerate() {
            assert!(
                n > 100.0 && (p - occurred).abs() <= 4.0 * variance.sqrt(),
                "{threshold} {i}: {p} {occurred} of {n}"
            );
        }
        let [n, occurred] = [0, 2].map(|part| bins.iter().map(|bin| bin[part]).sum::<f64>());
        let expected = if threshold < 5.0 { 0.25 } else { 0.083 };
        assert!((occurred / n - expected).abs() < 0.03, "{threshold}: {}", occurred / n);
    }
}

/// Fields are normalised, smooth and independent, so that none stands for another one.
#[test]
fn fields_are_smooth_and_independent() {
    let world = world();
    let samples: Vec<Vec<f32>> =
        (0..world.len()).step_by(3).map(|sample| world.input(sample)).collect();
    let mean = |of: &dyn Fn(&[f32]) -> f64| {
        samples.iter().map(|z| of(z)).sum::<f64>() / samples.len() as f64
    };
    let at = |z: &[f32], variable: usize| f64::from(z[variable * N_NODES + 120]);
    for a in 0..VARIABLES.len() {
        assert!((mean(&|z| at(z, a).powi(2)) - 1.0).abs() < 0.35, "{a}");
        for b in 0..a {
            // 360 events: a correlation of 0.2 is four standard deviations.
            assert!(mean(&|z| at(z, a) * at(z, b)).abs() < 0.21, "{a} {b}");
        }
        let step =
            mean(&|z| (f64::from(z[a * N_NODES + 120]) - f64::from(z[a * N_NODES + 121])).powi(2));
        assert!(step < 0.25, "{a}: {step}");
    }
}

#[test]
fn the_raw_forecast_is_too_wet() {
    let world = world();
    let share = |of: &dyn Fn(usize) -> Vec<f32>| {
        let all: Vec<f32> = (0..100).flat_map(of).collect();
        all.iter().filter(|&&mm| mm >= 1.0).count() as f64 / all.len() as f64
    };
    let (raw, true_share) =
        (share(&|sample| world.raw_rain(sample)), share(&|sample| world.rain(sample)));
    assert!(raw > true_share + 0.02, "{raw} {true_share}");
}
