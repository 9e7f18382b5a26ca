//! What layers hold, and predictions under dropout: looked at, not explained.

use burn::tensor::{Device, Tensor};
use stormlens_data::network::{Input, Shown, ShownLayer};
use stormlens_data::request::Progress;

use super::input::to_device;
use super::{EngineError, Resident, announce};
use crate::Tap;
use crate::parameters::Mode;
use crate::random::Random;

/// Predictions of inputs of one size, and the activations of these layers.
///
/// # Errors
/// For inputs that do not fit, and for a layer that the network does not show.
pub(super) fn show(
    resident: &Resident,
    inputs: &[&Input],
    layers: &[&str],
    device: &Device,
) -> Result<Vec<Shown>, EngineError> {
    let Some(first) = inputs.first() else { return Ok(Vec::new()) };
    if inputs.iter().any(|input| input.shape != first.shape) {
        let message = "inputs that go through the network together must be equally large";
        return Err(EngineError::Input(message.into()));
    }
    let tensors = inputs.iter().map(|input| to_device(resident, input, device));
    let batch = Tensor::cat(tensors.collect::<Result<Vec<_>, _>>()?, 0);
    let mut tap = Tap::observe_layers(layers.iter().copied());
    let network = resident.entry.network;
    let output = network.forward(&resident.parameters, batch, &mut tap, &Mode::inference());
    let (shape, values) = (output.shape()[1..].to_vec(), output.to_host());
    let activations = tap.into_activations();
    if let Some(missing) = layers.iter().find(|&&l| activations.iter().all(|(name, ..)| name != l))
    {
        return Err(EngineError::UnknownLayer {
            model: resident.card.id,
            name: (*missing).to_owned(),
            known: resident.card.layers.iter().map(|layer| layer.name.clone()).collect(),
        });
    }
    let n = inputs.len();
    let part = |values: &[f32], i: usize| {
        let n_values = values.len() / n;
        values[i * n_values..][..n_values].to_vec()
    };
    let layer = |(name, shape, values): &(String, [usize; 4], Vec<f32>), i: usize| ShownLayer {
        name: name.clone(),
        shape: [shape[1], shape[2], shape[3]],
        values: part(values, i),
    };
    let of_input = |i: usize| Shown {
        prediction: part(&values, i),
        shape: shape.clone(),
        layers: activations.iter().map(|activation| layer(activation, i)).collect(),
    };
    Ok((0..n).map(of_input).collect())
}

/// `n` predictions of one input, each with other values dropped.
///
/// # Errors
/// For an input that does not fit, and when nobody waits any more.
pub(super) fn sample(
    resident: &Resident,
    input: &Input,
    (seed, n): (u64, usize),
    progress: &dyn Progress,
    device: &Device,
) -> Result<Vec<Vec<f32>>, EngineError> {
    let tensor = to_device(resident, input, device)?;
    let draw = |i: usize| {
        announce(progress, "predictions under dropout")?;
        let mode = Mode::sampling(Random::of_stream(seed, i as u64));
        let network = resident.entry.network;
        let output = network.forward(&resident.parameters, tensor.clone(), &mut Tap::off(), &mode);
        Ok(output.to_host())
    };
    (0..n).map(draw).collect()
}
