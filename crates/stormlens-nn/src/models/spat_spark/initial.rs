//! Weights before training.

use stormlens_checkpoint::printable;

use super::form::{ENCODER, Form};
use super::patches::FLOOR;
use super::schema::architecture;
use crate::models::{HostTensors, Schema};
use crate::random::Random;

/// Standard deviation of the decoder's convolutions, the translation and the mask's tokens; tokens farther away than one are
/// drawn again.
const SPREAD: f64 = 0.02;

/// As the authors draw them: the encoder's and the transposed convolutions normal with a variance of 2 over the product of
/// their first dimension and the kernel's size (He et al. 2015); the decoder's others and the translation (biases, too)
/// normal, tokens truncated normal; projections as PyTorch's defaults; normalisation the identity, but what ends a
/// bottleneck nothing.
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
    let is_norm = schema.iter().any(|(other, _)| *other == format!("{owner}.running_var"));
    let normal = |spread: f64, random: &mut Random| {
        (0..n).map(|_| (spread * random.normal()) as f32).collect()
    };
    match part {
        "running_mean" => vec![0.0; n],
        "running_var" => vec![1.0; n],
        "weight" if owner.ends_with(".bn3") => vec![0.0; n],
        "weight" if is_norm => vec![1.0; n],
        "bias" if is_norm || owner.ends_with(".up_sample") => vec![0.0; n],
        _ if name == FLOOR => vec![stormlens_data::patches::DEFAULT_FLOOR as f32; n],
        _ if name.starts_with("mask_tokens.") => token(n, random),
        _ if name.starts_with("transition.") => normal(SPREAD, random),
        "bias" if name.starts_with("dense_decoder.") => vec![0.0; n],
        _ if name.starts_with("densify_projs.") => {
            let weight = format!("{owner}.weight");
            let of = schema.iter().find(|(other, _)| *other == weight).map_or(shape, |(_, s)| s);
            let bound = 1.0 / (of[1..].iter().product::<usize>().max(1) as f64).sqrt();
            (0..n).map(|_| random.between(-bound, bound) as f32).collect()
        }
        "weight" if name.starts_with("dense_decoder.") && !owner.ends_with(".up_sample") => {
            normal(SPREAD, random)
        }
        "weight" => normal((2.0 / (shape[0] * shape[2] * shape[3]) as f64).sqrt(), random),
        // The tensors that nothing uses.
        _ => vec![0.0; n],
    }
}

/// Normal, but nothing farther from zero than one standard deviation.
fn token(n: usize, random: &mut Random) -> Vec<f32> {
    let mut one = || {
        loop {
            let value = random.normal();
            if value.abs() <= 1.0 {
                return (SPREAD * value) as f32;
            }
        }
    };
    (0..n).map(|_| one()).collect()
}

/// Weights that fine-tuning begins with: those of the pre-training, and a translation before training where one is wanted.
///
/// # Errors
/// In words, where these are no weights of this network.
pub fn fine_tuning_of(
    pre_trained: &HostTensors,
    translates: bool,
    seed: u64,
) -> Result<HostTensors, String> {
    let shape = |wanted: &str| {
        let found = pre_trained.iter().find(|(name, ..)| name == wanted);
        found.map(|(_, shape, _)| shape.clone())
    };
    let form = Form::of(&shape).ok_or("these are no weights of SpaT-SparK")??;
    let form = Form { translates: translates || form.translates, ..form };
    Ok(with_known(initialise(&architecture(&form).schema, seed), pre_trained))
}

/// Weights that training begins with where only an encoder was trained, whose tensors have its own names: everything around
/// it is as before training.
///
/// # Errors
/// In words, where it is not the encoder of such a network.
pub fn around_encoder(encoder: HostTensors, form: &Form, seed: u64) -> Result<HostTensors, String> {
    let named = |(name, shape, values): HostTensor| (format!("{ENCODER}.{name}"), shape, values);
    let known: HostTensors = encoder.into_iter().map(named).collect();
    let fresh = initialise(&architecture(form).schema, seed);
    let is_unknown = |name: &str| !fresh.iter().any(|(own, ..)| own == name);
    if let Some((name, ..)) = known.iter().find(|(name, ..)| is_unknown(name)) {
        return Err(format!(
            "an encoder with a tensor that such a network does not have ({}); save the encoder without it",
            printable(name.trim_start_matches(ENCODER).trim_start_matches('.'))
        ));
    }
    let strange = known.iter().find(|tensor| !holds(&fresh, tensor));
    let mut own = fresh.iter().filter(|(name, ..)| name.starts_with(ENCODER));
    if let Some((name, ..)) = strange.or_else(|| own.find(|tensor| !holds(&known, tensor))) {
        return Err(format!(
            "an encoder alone, which is of another size than the options want ({}); change [data.frames], base_channels or depths",
            printable(name)
        ));
    }
    Ok(with_known(fresh, &known))
}

type HostTensor = (String, Vec<usize>, Vec<f32>);

/// Whether there is a tensor of that name and shape.
fn holds(tensors: &HostTensors, (name, shape, _): &HostTensor) -> bool {
    tensors.iter().any(|(other, of, _)| (other, of) == (name, shape))
}

/// Weights with the values of those that are known.
fn with_known(weights: HostTensors, known: &HostTensors) -> HostTensors {
    let trained = |(name, shape, values): HostTensor| {
        let known = known.iter().find(|(known, ..)| *known == name);
        let values = known.map_or(values, |(.., values)| values.clone());
        (name, shape, values)
    };
    weights.into_iter().map(trained).collect()
}
