//! Weights before training, dropout, and averages.

use super::*;
use crate::models::soup;
use crate::parameters::Recorder;
use crate::random::Random;

#[test]
fn fresh_weights_are_pytorchs() {
    let weights = ENTRY.fresh(1);
    let values = |name: &str| &weights.iter().find(|(n, ..)| n == name).expect(name).2;
    let check = |name: &str, fan_in: f64| {
        let (widest, bound) = (max_abs(values(name)), 1.0 / fan_in.sqrt());
        assert!(widest <= bound && widest > 0.9 * bound, "{name}: {widest}, {bound}");
    };
    check("encoders.0.resconvblock.0.weight", 18.0);
    check("encoders.0.resconvblock.0.bias", 18.0);
    check("bridge.shortcut.0.weight", 128.0);
    check("attn_blocks.1.psi.weight", 64.0);
    // The outputs of a transposed convolution stand where others have their inputs.
    check("upconvs.0.weight", 128.0 * 4.0);
    check("upconvs.0.bias", 128.0 * 4.0);
    assert!(values("bridge.shortcut.1.weight").iter().all(|&v| v == 1.0));
    assert!(values("bridge.shortcut.1.bias").iter().all(|&v| v == 0.0));
}

#[test]
fn each_version_drops_its_own_share() {
    let shares = |form: Form| -> Vec<f64> {
        (0..form.depth).rev().map(|level| form.dropout(level)).collect()
    };
    let of_depth = |version, depth| shares(Form { version, depth, ..Form::PUBLISHED });
    assert_eq!(of_depth(Version::V4, 2), [0.1, 0.3]);
    assert_eq!(of_depth(Version::V4, 5), [0.1, 0.3, 0.3, 0.5, 0.5]);
    assert_eq!(of_depth(Version::V1, 5), [0.5, 0.5, 0.3, 0.3, 0.1]);
    assert_eq!(of_depth(Version::V2, 5), [0.5, 0.5, 0.3, 0.3, 0.1]);
    assert_eq!(of_depth(Version::V2, 3), [0.0; 3]);
    // The "Mini" of version 1 keeps the shares of the decoders that it has left.
    assert_eq!(shares(Form { depth: 4, n_unused: 1, ..Form::FIRST }), [0.5, 0.3, 0.3, 0.1]);
}

/// Zeros of a map, as a share.
fn zeros(p: &Parameters, mode: &Mode, layer: &str) -> f64 {
    let mut tap = Tap::observe();
    Harpnet.forward(p, examples(&TINY, 4, 16), &mut tap, mode);
    let found = tap.into_activations().into_iter().find(|(name, ..)| name == layer);
    let values = found.expect(layer).2;
    values.iter().filter(|&&v| v == 0.0).count() as f64 / values.len() as f64
}

#[test]
fn training_and_sampling_drop_what_the_version_drops() {
    let p = on_cpu(&TINY);
    let training = |seed| {
        Mode::Training(Recorder { random: Some(Random::new(seed)).into(), ..Default::default() })
    };
    for mode in [training(1), Mode::sampling(Random::new(1))] {
        let deep = zeros(&p, &mode, "decoders.0");
        assert!((deep - 0.1).abs() < 0.03, "{deep}");
        let last = zeros(&p, &mode, "decoders.1");
        assert!((last - 0.3).abs() < 0.03, "{last}");
        assert_eq!(zeros(&p, &mode, "encoders.1"), 0.0);
    }
    assert_eq!(zeros(&p, &Mode::inference(), "decoders.1"), 0.0);
}

/// A seed is a draw, on every way that layers can be computed, and draws scatter about a mean.
#[test]
fn draws_follow_from_their_seeds() {
    let p = on_cpu(&TINY);
    let x = || examples(&TINY, 1, 16);
    let draw = |kernels, seed| {
        let mode = Mode::Sampling(kernels, Some(Random::new(seed)).into());
        run(&p, x(), &mode)
    };
    let first = draw(Kernels::Plain, 1);
    for kernels in Kernels::all() {
        check(&format!("a draw ({kernels})"), &draw(kernels, 1), &first, LIMITS[0]);
    }
    assert!(max_error(&draw(Kernels::Plain, 2), &first) > 1e-3);
    assert_ne!(run(&p, x(), &Mode::inference()), first);
}

#[test]
fn the_mean_of_weights_is_that_of_each_number() {
    let (one, other) = (ENTRY.fresh(1), ENTRY.fresh(2));
    let mean = soup::average(&[&one, &other]).expect("alike");
    assert_eq!(mean[0].0, one[0].0);
    for ((mean, one), other) in mean.iter().zip(&one).zip(&other) {
        let expected: Vec<f32> = one.2.iter().zip(&other.2).map(|(a, b)| (a + b) / 2.0).collect();
        assert_eq!(mean.2, expected, "{}", mean.0);
    }
    let error = soup::average(&[&one, &weights(&TINY)]).unwrap_err();
    assert!(error.contains("encoders.0.resconvblock.0.weight"), "{error}");
    assert!(soup::average(&[]).unwrap_err().contains("no weights"));
    let short = one[1..].to_vec();
    assert!(soup::average(&[&one, &short]).unwrap_err().contains("78 tensors, number 2 have 77"));
}

#[test]
fn the_best_mean_is_that_of_the_least_loss() {
    let network = |v: f32| vec![("w".to_owned(), vec![1], vec![v])];
    let candidates = [(0.3, network(8.0)), (0.1, network(1.0)), (0.2, network(3.0))];
    let loss = |weights: &HostTensors| Ok::<_, String>(f64::from((weights[0].2[0] - 2.0).abs()));
    let found = soup::best(&candidates, 4, loss).expect("three networks");
    assert_eq!((found.size, &found.weights[0].2[..]), (2, &[2.0f32][..]));
    assert_eq!(found.losses, [1.0, 0.0, 2.0]);
    assert_eq!(soup::best(&candidates, 1, loss).expect("one").size, 1);
    assert!(soup::best(&[], 4, loss).is_err());
    // What cannot be evaluated is not the best.
    let diverged =
        |weights: &HostTensors| Ok::<_, String>(if weights[0].2[0] < 1.5 { f64::NAN } else { 5.0 });
    assert_eq!(soup::best(&candidates, 4, diverged).expect("some").size, 2);
    let error = soup::best(&candidates, 4, |_| Ok::<_, String>(f64::INFINITY)).unwrap_err();
    assert!(error.contains("no mean of weights has a loss"), "{error}");
}
