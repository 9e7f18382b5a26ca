use super::*;
use crate::golden::{Golden, max_error};

/// One tensor under a name, with that gradient.
struct Bench {
    adam: NamedAdam,
    parameters: Parameters,
    name: &'static str,
    shape: Vec<usize>,
}

impl Bench {
    fn new(name: &'static str, shape: &[usize], values: &[f32], options: OptimiserOptions) -> Self {
        let weights = vec![(name.to_owned(), shape.to_vec(), values.to_vec())];
        let parameters = Parameters::from_host(weights.clone(), &Device::flex());
        Self { adam: NamedAdam::new(options, &weights), parameters, name, shape: shape.to_vec() }
    }

    /// The values after a step.
    fn step(&mut self, gradient: &[f32], learning_rate: f64) -> Vec<f32> {
        let leaves = self.parameters.require_grad();
        let size = [gradient.len()];
        let outer =
            Tensor::<1>::from_data(TensorData::new(gradient.to_vec(), size), &Device::flex());
        let leaf = match self.shape.len() {
            1 => leaves.root().tensor::<1>(self.name),
            _ => leaves.root().tensor::<2>(self.name).reshape(size),
        };
        // The gradient of a product is the other factor.
        let gradients = (leaf * outer).sum().backward();
        self.parameters = self.adam.step(&leaves, gradients, BTreeMap::new(), learning_rate);
        self.parameters.to_host().remove(0).2
    }
}

fn options(decay: Decay) -> OptimiserOptions {
    OptimiserOptions {
        epsilon: 1e-7,
        epsilon_rule: EpsilonRule::Plain,
        decay,
        ..OptimiserOptions::adam()
    }
}

/// Four steps of TensorFlow Addons' AdamW, the learning rate halved after two.
#[test]
fn adamw_is_that_of_the_reference() {
    let Some(golden) = Golden::full("polar_low/ops.safetensors") else { return };
    let start = golden.f32("adamw.w0");
    let mut bench = Bench::new("w", &[start.len()], &start, options(Decay::Unscaled(1e-4)));
    for (step, learning_rate) in [(1, 1e-3), (2, 1e-3), (3, 5e-4), (4, 5e-4)] {
        let found = bench.step(&golden.f32(&format!("adamw.g{step}")), learning_rate);
        let error = max_error(&found, &golden.f32(&format!("adamw.w{step}")));
        assert!(error < 1e-6, "step {step}: {error}");
    }
}

/// The first step of Adam is η g / (|g| + ε), with ε divided by √c₂ where it is not corrected.
#[test]
fn the_first_step_is_the_sign_of_the_gradient() {
    let check = |epsilon_rule, expected: f32| {
        let options = OptimiserOptions { epsilon: 1e-3, epsilon_rule, ..OptimiserOptions::adam() };
        let found = Bench::new("w", &[1], &[2.0], options).step(&[0.01], 0.1)[0];
        assert!((found - expected).abs() < 1e-5, "{epsilon_rule:?}: {found}, {expected}");
    };
    check(EpsilonRule::Corrected, 2.0 - 0.1 * 0.01 / 0.011);
    // √(0.001) · 0.01 + 0.001 below √(0.001) · 0.01
    check(EpsilonRule::Plain, 2.0 - 0.1 * 0.000_316_23 / 0.001_316_23);
}

#[test]
fn decay_knows_what_it_is_for() {
    let check = |name, shape: &[usize], decay, expected: f32| {
        // Without a gradient only decay moves a weight.
        let found = Bench::new(name, shape, &[2.0], options(decay)).step(&[0.0], 0.1)[0];
        assert!((found - expected).abs() < 1e-6, "{name} {decay:?}: {found}");
    };
    check("bias", &[1], Decay::None, 2.0);
    check("bias", &[1], Decay::Scaled(0.5), 2.0);
    check("bias", &[1], Decay::Unscaled(0.5), 1.0);
    check("weight", &[1, 1], Decay::None, 2.0);
    check("weight", &[1, 1], Decay::Scaled(0.5), 1.9);
    check("weight", &[1, 1], Decay::Unscaled(0.5), 1.0);
}

/// Read to the host and back in the middle, the second step is the same.
#[test]
fn moments_survive_the_host() {
    let start = [1.0, -2.0, 3.0];
    let two = |interrupted: bool| {
        let mut bench = Bench::new("w", &[3], &start, options(Decay::None));
        bench.step(&[0.1, 0.2, -0.3], 1e-2);
        if interrupted {
            let moments = bench.adam.to_host();
            bench.adam.restore(moments, &Device::flex());
        }
        bench.step(&[-0.5, 0.1, 0.0], 1e-2)
    };
    assert_eq!(two(true), two(false));
    assert_ne!(two(false), start);
}

/// A name with a rate of its own moves by its share of the step, and no other name.
#[test]
fn some_parameters_have_rates_of_their_own() {
    let slow = RateOf { prefix: "encoder.".into(), factor: 0.5 };
    for (name, share) in [("encoder.w", 0.5), ("head.w", 1.0)] {
        let mut bench = Bench::new(name, &[1], &[1.0], OptimiserOptions::adam());
        bench.adam = bench.adam.with_rates(vec![slow.clone()]);
        let found = bench.step(&[3.0], 0.1);
        assert!((found[0] - (1.0 - 0.1 * share)).abs() < 1e-6, "{name}: {found:?}");
    }
}

/// After gradients 1 and 0, the corrected moments are 0.09 / 0.19 and β₂ (1 − β₂) / (1 − β₂²).
#[test]
fn the_second_beta_is_an_option() {
    for beta_2 in [0.95_f32, 0.999] {
        let mut bench =
            Bench::new("w", &[1], &[0.0], OptimiserOptions { beta_2, ..OptimiserOptions::adam() });
        let first = bench.step(&[1.0], 0.1)[0];
        let second = bench.step(&[0.0], 0.1)[0] - first;
        let variance = beta_2 * (1.0 - beta_2) / (1.0 - beta_2 * beta_2);
        assert!(
            (second + 0.1 * (0.09 / 0.19) / variance.sqrt()).abs() < 1e-5,
            "{beta_2}: {second}"
        );
    }
}

/// To the last bit, with decay and without.
#[test]
fn all_kernels_take_the_same_steps() {
    for decay in [Decay::None, Decay::Unscaled(1e-2), Decay::Scaled(1e-2)] {
        let start: Vec<f32> = (0..60).map(|i| (i as f32 * 0.7).sin()).collect();
        let steps = |kernels: Kernels| {
            let mut bench = Bench::new("w", &[6, 10], &start, options(decay));
            bench.adam.kernels = kernels;
            let gradient = |step: usize| -> Vec<f32> {
                (0..60).map(|i| ((i * step) as f32 * 0.3).cos() - 0.2).collect()
            };
            (1..5).map(|step| bench.step(&gradient(step), 1e-2 / step as f64)).collect::<Vec<_>>()
        };
        let expected = steps(Kernels::Plain);
        for kernels in Kernels::all() {
            assert!(steps(kernels) == expected, "{kernels}, {decay:?}");
        }
    }
}
