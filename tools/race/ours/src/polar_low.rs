//! The polar-low network: logits of a scene, and points on the path of integrated gradients.

use anyhow::Context;
use burn::tensor::Tensor;
use stormlens_data::request::{ClassOutput, Silent};
use stormlens_nn::Tap;
use stormlens_nn::explain::{ClassTarget, Path, integrated_gradients};
use stormlens_nn::models::polar_low::ENTRY;
use stormlens_nn::parameters::Mode;

use crate::inputs::Inputs;
use crate::weights::{Loaded, shipped};
use crate::work::{Array, Work, work};

const POLAR_LOW: usize = 1;
const N_POINTS: usize = 4;

/// The weights fit scenes of every size.
fn loaded(inputs: &Inputs, side: usize) -> anyhow::Result<(Loaded, Tensor<4>)> {
    let loaded = Loaded::read(&ENTRY, &shipped(inputs, "polar-low", "simulated-192"))?;
    let input = loaded.input(inputs, &format!("polar_{side}"))?;
    Ok((loaded, input))
}

/// The logits of the centre of a scene, that many pixels wide.
pub fn forward(inputs: &Inputs, side: usize) -> anyhow::Result<Box<dyn Work>> {
    let (Loaded { network, parameters, .. }, input) = loaded(inputs, side)?;
    let run = move || {
        let mode = Mode::inference();
        let logits = network.forward(&parameters, input.clone(), &mut Tap::off(), &mode).logits();
        Ok(logits.into_data_as::<f32>().try_into_vec::<f32>().ok())
    };
    Ok(work(run, |logits: Option<Vec<f32>>| {
        let logits = logits.context("the logits are not in single precision")?;
        Ok(vec![Array::f32("logits", &[logits.len()], logits)])
    }))
}

/// Value and gradient at four points of a path in one batch: the trapezoid rule of three steps.
pub fn points_of_path(inputs: &Inputs, side: usize) -> anyhow::Result<Box<dyn Work>> {
    let (loaded, input) = loaded(inputs, side)?;
    let baseline = loaded.input(inputs, &format!("polar_{side}_baseline"))?;
    let n_steps = N_POINTS - 1;
    let (tolerance, max_steps, n_batch) = (None, n_steps, N_POINTS);
    let path = Path { input, baseline, n_steps, tolerance, max_steps, n_batch };
    let target = ClassTarget { class: POLAR_LOW, output: ClassOutput::Probability };
    let run = move || {
        let Loaded { network, parameters, .. } = &loaded;
        Ok(integrated_gradients(*network, parameters, &path, &target, &Silent)?)
    };
    Ok(work(run, move |found| {
        let outputs = found.path.iter().map(|&p| p as f32).collect();
        Ok(vec![
            Array::f32("attribution", &[3, side, side], found.attribution),
            Array::f32("path", &[N_POINTS], outputs),
        ])
    }))
}
