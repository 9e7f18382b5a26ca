//! Weights before training.

use super::form::{Form, Naming};
use super::schema::architecture;
use crate::models::{HostTensors, Schema};
use crate::random::Random;

/// Standard deviation of the weights of linear layers, positions and the mask's token.
const SPREAD: f64 = 0.02;

/// As the authors draw them: linear layers and positions normal with a standard deviation of 0.02 and biases zero; of
/// deformable convolution the offsets and modulation zero and the projections uniform after Glorot and Bengio (2010);
/// normalisation the identity; convolutions as PyTorch's defaults, uniform within ± 1/√fan-in, biases too.
pub(super) fn initialise(schema: &Schema, seed: u64) -> HostTensors {
    let mut random = Random::new(seed);
    let mut draw = |(name, shape): &(String, Vec<usize>)| {
        (name.clone(), shape.clone(), draw(schema, name, shape, &mut random))
    };
    schema.iter().map(&mut draw).collect()
}

fn draw(schema: &Schema, name: &str, shape: &[usize], random: &mut Random) -> Vec<f32> {
    let n = shape.iter().product();
    let (owner, part) = name.rsplit_once('.').unwrap_or(("", name));
    let weight = format!("{owner}.weight");
    let weight = schema.iter().find(|(name, _)| *name == weight).map_or(&[][..], |(_, s)| s);
    let is_linear = weight.len() == 2;
    let uniform = |bound: f64, random: &mut Random| {
        (0..n).map(|_| random.between(-bound, bound) as f32).collect()
    };
    let normal = |random: &mut Random| (0..n).map(|_| (SPREAD * random.normal()) as f32).collect();
    match part {
        "running_mean" => vec![0.0; n],
        // Scales of layers are none where they are: the intention, not the published zero.
        "running_var" | "gamma1" | "gamma2" => vec![1.0; n],
        part if part.starts_with("pos_embed") || part == "mask_token" => normal(random),
        // Losses weigh classes as published.
        _ if owner.ends_with("_loss") => [1.0, 5.0, 10.0].into_iter().cycle().take(n).collect(),
        part if weight.len() == 1 => vec![f32::from(u8::from(part == "weight")); n],
        "bias" if is_linear => vec![0.0; n],
        _ if owner.ends_with("dcn.offset") || owner.ends_with("dcn.mask") => vec![0.0; n],
        _ if owner.ends_with("_proj") && is_linear => {
            uniform((6.0 / (shape[0] + shape[1]) as f64).sqrt(), random)
        }
        _ if is_linear => normal(random),
        _ => uniform(1.0 / (weight[1..].iter().product::<usize>() as f64).sqrt(), random),
    }
}

/// Weights that fine-tuning begins with, under its names: those of the pre-training, and a head before training.
///
/// # Errors
/// In words, where these are no weights of the pre-training.
pub fn fine_tuning_of(
    pre_trained: &HostTensors,
    n_classes: usize,
    seed: u64,
) -> Result<HostTensors, String> {
    let shape = |wanted: &str| {
        let found = pre_trained.iter().find(|(name, ..)| name == wanted);
        found.map(|(_, shape, _)| shape.clone())
    };
    let form = Form::of(&shape).ok_or("these are no weights of SSLPDL")??;
    if form.n_classes.is_some() {
        return Err("these weights are fine-tuned already; take those of the pre-training".into());
    }
    let (from, to) = (form.naming.prefix(), Naming::FineTuning);
    let form = Form { naming: to, n_classes: Some(n_classes), ..form.clone() };
    form.check()?;
    let fresh = initialise(&architecture(&form).schema, seed);
    let trained = |(name, shape, values): (String, Vec<usize>, Vec<f32>)| {
        let own = name.strip_prefix(to.prefix()).map(|own| format!("{from}{own}"));
        let known = pre_trained.iter().find(|(name, ..)| Some(name) == own.as_ref());
        (name, shape, known.map_or(values, |(.., values)| values.clone()))
    };
    Ok(fresh.into_iter().map(trained).collect())
}
