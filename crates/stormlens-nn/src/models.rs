//! One folder a network, and what they share: schemas, recognition, first weights, frames.

mod architecture;
pub mod harpnet;
pub mod nowcasting;
pub mod polar_low;
pub(crate) mod recognise;
pub mod sar_unet;
mod schema;
pub mod soup;
pub mod spat_spark;
pub mod sslpdl;
pub mod unet;

pub use architecture::{Architecture, Sizes};
pub(crate) use architecture::{UShape, check_channels, dimension, kernels_of};
pub use recognise::RecognitionError;
pub(crate) use schema::Kernels;
pub use schema::Schema;

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

/// Changes the weights of a network without normalisation at either end so that input and output are
/// in units `scale` times as large: weights that were trained on rain multiplied by `scale` then take
/// and give rain as it is. `first` names the weights that the input meets.
///
/// Exact but for rounding: the input meets linear layers first, the output leaves `outc.conv` last.
pub(crate) fn rescale(tensors: &mut HostTensors, scale: f32, first: &[&str]) {
    for (name, _, values) in tensors {
        let factor = match name.as_str() {
            name if first.contains(&name) => scale,
            "outc.conv.weight" | "outc.conv.bias" => 1.0 / scale,
            _ => continue,
        };
        values.iter_mut().for_each(|v| *v *= factor);
    }
}
