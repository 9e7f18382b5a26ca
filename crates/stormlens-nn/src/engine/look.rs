//! One pass of a network over several inputs, and all that it shows.

use burn::tensor::Tensor;
use stormlens_data::request::Progress;

use super::{EngineError, Resident, announce};
use crate::Tap;
use crate::explain::{self, Target};
use crate::parameters::Mode;
use crate::tap::Activation;

/// What one input gave.
pub(super) struct Seen<T> {
    pub prediction: Vec<f32>,
    pub target: T,
    /// The layers that were wanted; `None` where none was.
    pub layers: Option<Vec<Activation>>,
}

/// Sends inputs of one size through a network together; `wanted` names the layers that are to be
/// shown for each of them.
///
/// # Errors
/// For inputs of different sizes, and when nobody waits any more.
pub(super) fn look<T: Target>(
    resident: &Resident,
    inputs: &[Tensor<4>],
    wanted: &[Vec<String>],
    progress: &dyn Progress,
    mut choose: impl FnMut(usize, &[f32]) -> T,
) -> Result<Vec<Seen<T>>, EngineError> {
    let Some(first) = inputs.first() else { return Ok(Vec::new()) };
    if inputs.iter().any(|input| input.dims() != first.dims()) {
        let message = "inputs that go through the network together must be of one size";
        return Err(EngineError::Input(message.into()));
    }
    let input = match inputs {
        [one] => one.clone(),
        several => Tensor::cat(several.to_vec(), 0),
    };
    let (network, parameters) = (resident.entry.network, &resident.parameters);
    let mut layers: Vec<String> = wanted.iter().flatten().cloned().collect();
    layers.sort();
    layers.dedup();
    if layers.is_empty() {
        announce(progress, "prediction")?;
        let mode = Mode::inference();
        let output = network.forward(parameters, input, &mut Tap::off(), &mode).to_host();
        let examples = output.chunks_exact(output.len() / inputs.len()).enumerate();
        return Ok(examples
            .map(|(i, prediction)| Seen {
                target: choose(i, prediction),
                prediction: prediction.to_vec(),
                layers: None,
            })
            .collect());
    }
    announce(progress, "prediction and Grad-CAM")?;
    let raw = explain::grad_cam_batch(network, parameters, input, &layers, choose);
    let seen = raw.into_iter().zip(wanted).map(|(raw, wanted)| Seen {
        prediction: raw.prediction,
        target: raw.target,
        layers: (!wanted.is_empty()).then(|| in_order(raw.layers, wanted)),
    });
    Ok(seen.collect())
}

/// Those that are wanted, in the order in which they are.
fn in_order(mut layers: Vec<Activation>, wanted: &[String]) -> Vec<Activation> {
    layers.retain(|layer| wanted.contains(&layer.name));
    layers.sort_by_key(|layer| wanted.iter().position(|name| *name == layer.name));
    layers
}
