//! A pass of training: gradients of all weights, and paths that are dropped.

use std::collections::BTreeMap;

use super::*;
use crate::parameters::Recorder;

fn training(random: Option<Random>) -> Mode {
    Mode::Training(Recorder { random: random.into(), ..Recorder::default() })
}

/// Half the mean square of the output.
fn score(p: &Parameters, mode: &Mode) -> Tensor<1> {
    let x = input(examples(0.25), [2, 4, SIZE[0], SIZE[1]], &Device::flex());
    let y = Sslpdl.forward(p, x, &mut Tap::off(), mode).field();
    y.square().mean().mul_scalar(0.5)
}

/// By name, as a run of training gathers them.
fn gradients(weights: &HostTensors) -> BTreeMap<String, Vec<f32>> {
    let leaves = parameters(weights, &Device::flex()).require_grad();
    let mode = training(None);
    let mut tape = score(&leaves, &mode).backward();
    let Mode::Training(recorder) = mode else { unreachable!("made two lines above") };
    weight_gradients(&leaves, &recorder, &mut tape)
}

/// Every weight of the stage has a gradient, and none of the other stage's head.
#[test]
fn all_weights_of_a_stage_are_trained() {
    for (case, weights, _) in cases() {
        let found = gradients(&weights);
        for (name, ..) in &weights {
            let is_other = case != "pre" && [".upper.", ".out."].iter().any(|m| name.contains(m));
            let is_trained = crate::parameters::is_learnable(name) && !is_other;
            let is_moved = found.get(name).is_some_and(|g| g.iter().any(|&g| g != 0.0));
            assert_eq!(is_moved, is_trained, "{name} of {case}");
            assert!(found.get(name).is_none_or(|g| g.iter().all(|g| g.is_finite())), "{name}");
        }
    }
}

/// Along some directions in the space of all weights. What is left is the function's curve, which falls with the square of
/// the step: 0.8 % at a step of 3·10⁻⁴.
#[test]
fn gradients_of_weights_are_differences() {
    for (case, weights, _) in cases() {
        let found = gradients(&weights);
        for seed in 1..4 {
            let mut random = Random::new(seed);
            let mut draw = |n: usize| -> Vec<f32> {
                (0..n).map(|_| random.between(-1.0, 1.0) as f32).collect()
            };
            let learnable = |(name, _, values): &(String, Vec<usize>, Vec<f32>)| {
                crate::parameters::is_learnable(name).then(|| (name.clone(), values.len()))
            };
            let directions: BTreeMap<String, Vec<f32>> =
                weights.iter().filter_map(learnable).map(|(name, n)| (name, draw(n))).collect();
            let moved = |step: f32| {
                let mut weights = weights.clone();
                for (name, _, values) in &mut weights {
                    for (v, d) in values.iter_mut().zip(directions.get(name).into_iter().flatten())
                    {
                        *v += step * d;
                    }
                }
                let p = parameters(&weights, &Device::flex());
                f64::from(to_vec(score(&p, &training(None)))[0])
            };
            let step = 5e-5;
            let difference = (moved(step) - moved(-step)) / (2.0 * f64::from(step));
            let terms = found.iter().flat_map(|(name, g)| g.iter().zip(&directions[name]));
            let terms = terms.map(|(&g, &d)| f64::from(g) * f64::from(d));
            let (sum, size) = (terms.clone().sum::<f64>(), terms.map(f64::abs).sum::<f64>());
            assert!(
                (sum - difference).abs() < 2e-3 * size,
                "{case}: {sum}, not {difference} ({size})"
            );
        }
    }
}

/// Shares grow from the first layer to the last one, and only training drops.
#[test]
fn training_drops_whole_paths() {
    let published = Form::published();
    assert_eq!(published.drop_share(0, 0), 0.0);
    assert!((published.drop_share(3, 3) - 0.1).abs() < 1e-12);
    assert!((published.drop_share(2, 0) - 0.1 * 8.0 / 29.0).abs() < 1e-12);
    let p = parameters(&weights(&tiny()), &Device::flex());
    let of = |mode: Mode| f64::from(to_vec(score(&p, &mode))[0]);
    let whole = of(training(None));
    let draws: Vec<f64> = (1..40).map(|seed| of(training(Some(Random::new(seed))))).collect();
    // What stays is scaled up, so that no draw is the whole network, and all are about it.
    assert!(draws.iter().all(|draw| (draw - whole).abs() > 1e-9));
    let mean = draws.iter().sum::<f64>() / draws.len() as f64;
    assert!((mean / whole - 1.0).abs() < 0.2, "{mean}, not about {whole}");
    assert_eq!(of(training(Some(Random::new(5)))), draws[4]);
    let sampled = of(Mode::sampling(Random::new(1)));
    assert!((sampled - of(Mode::inference())).abs() < 1e-9);
}
