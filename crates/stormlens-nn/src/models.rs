//! One folder a model.

pub mod polar_low;
pub mod sar_unet;

use crate::random::Random;

/// Name, shape and values of each tensor of a network, on the host.
pub type HostTensors = Vec<(String, Vec<usize>, Vec<f32>)>;

/// Weights before training, as PyTorch's defaults draw them.
///
/// Weights and biases of convolutions and linear layers are uniform within ± 1/√fan-in (He et al.
/// 2015 with a = √5); batch normalisation starts as the identity.
pub fn initialise(schema: &[(String, Vec<usize>)], seed: u64) -> HostTensors {
    let mut random = Random::new(seed);
    let mut bound = 0.0;
    let mut draw = |name: &str, shape: &[usize]| {
        let n: usize = shape.iter().product();
        let constant = |value: f32| vec![value; n];
        let is_norm = |part: &str| {
            let owner = name.strip_suffix(part)?;
            schema.iter().any(|(other, _)| *other == format!("{owner}running_var")).then_some(())
        };
        if name.ends_with("running_var") || is_norm("weight").is_some() {
            return constant(1.0);
        }
        if name.ends_with("running_mean") || is_norm("bias").is_some() {
            return constant(0.0);
        }
        if shape.len() > 1 {
            // The bias follows its weight in the schema and has the same bound.
            let fan_in: usize = shape[1..].iter().product();
            bound = 1.0 / (fan_in as f64).sqrt();
        }
        (0..n).map(|_| random.between(-bound, bound) as f32).collect()
    };
    schema.iter().map(|(name, shape)| (name.clone(), shape.clone(), draw(name, shape))).collect()
}
