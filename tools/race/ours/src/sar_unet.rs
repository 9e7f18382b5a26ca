//! SAR-UNet: one prediction, and three explanations of it.

use anyhow::Context;
use burn::tensor::Tensor;
use stormlens::plot::reference_overlay;
use stormlens_data::field::Field;
use stormlens_data::import::knmi;
use stormlens_data::outcome::GradCam;
use stormlens_data::request::Silent;
use stormlens_nn::device::DeviceChoice;
use stormlens_nn::engine::{Answer, Frames, Question};
use stormlens_nn::explain::{MaskedSum, grad_cam};
use stormlens_nn::models::sar_unet::ENTRY;
use stormlens_nn::parameters::Mode;
use stormlens_nn::{Engine, Tap};

use crate::inputs::Inputs;
use crate::weights::{Loaded, shipped};
use crate::work::{Array, Work, work};

const MODEL: &str = "sar-unet";
const CHECKPOINT: &str = "knmi-20100826";
const THRESHOLD_MM_H: f64 = 1.5;
const IG_STEPS: usize = 50;

/// The 32 layers of the published list.
pub fn layers() -> Vec<String> {
    (ENTRY.card)().layers.into_iter().map(|layer| layer.name).collect()
}

/// Those that the published script for precipitation has switched on.
pub fn decoder_layers() -> Vec<String> {
    layers().into_iter().filter(|name| name.starts_with("Up_")).collect()
}

fn loaded(inputs: &Inputs) -> anyhow::Result<(Loaded, Tensor<4>)> {
    let loaded = Loaded::read(&ENTRY, &shipped(inputs, MODEL, CHECKPOINT))?;
    let input = loaded.input(inputs, "sar")?;
    Ok((loaded, input))
}

/// The prediction alone, without a tape.
pub fn forward(inputs: &Inputs) -> anyhow::Result<Box<dyn Work>> {
    let (Loaded { network, parameters, .. }, input) = loaded(inputs)?;
    let [_, _, height, width] = input.dims();
    let run = move || {
        let mode = Mode::inference();
        let field = network.forward(&parameters, input.clone(), &mut Tap::off(), &mode).field();
        Ok(field.into_data_as::<f32>().try_into_vec::<f32>().ok())
    };
    Ok(work(run, move |values: Option<Vec<f32>>| {
        let values = values.context("the prediction is no single-precision field")?;
        Ok(vec![Array::f32("prediction", &[1, height, width], values)])
    }))
}

/// The raw Grad-CAM maps of all layers.
pub fn raw_maps(inputs: &Inputs) -> anyhow::Result<Box<dyn Work>> {
    let (Loaded { network, parameters, .. }, input) = loaded(inputs)?;
    let layers = layers();
    let run = move || {
        let target = |prediction: &[f32]| MaskedSum::above(THRESHOLD_MM_H, prediction);
        Ok(grad_cam(network, &parameters, input.clone(), &layers, target).layers)
    };
    Ok(work(run, |maps| {
        let array = |a: stormlens_nn::tap::Activation| {
            Array::f32(&a.name, &[a.height, a.width], a.weighted_sum)
        };
        Ok(maps.into_iter().map(array).collect())
    }))
}

/// The product's answer to a question about the frames of the race.
fn ask(
    inputs: &Inputs,
    question: Question,
) -> anyhow::Result<(Frames, impl Fn() -> anyhow::Result<Answer> + use<>)> {
    let ([n_frames, height, width], values) = inputs.array("sar")?;
    let frames = Frames { values, n_frames, height, width };
    let mut engine = Engine::new(DeviceChoice::Cpu)?;
    let resident = engine.load(MODEL, &shipped(inputs, MODEL, CHECKPOINT))?;
    let asked = frames.clone();
    Ok((frames, move || Ok(engine.explain(&resident, &asked, &question, &Silent)?)))
}

/// Finished maps of some layers, each laid over the oldest frame as in the published figures.
pub fn overlays(inputs: &Inputs, layers: &[String]) -> anyhow::Result<Box<dyn Work>> {
    let question =
        Question { threshold_mm_h: THRESHOLD_MM_H, layers: layers.to_vec(), ig_steps: None };
    let (frames, explain) = ask(inputs, question)?;
    let (height, width) = (frames.height, frames.width);
    let oldest = frames.values[..height * width].iter().map(|&x| knmi::to_mm_h(x)).collect();
    let oldest_mm_h = Field::new(height, width, oldest);
    let run = move || {
        let GradCam { layers, .. } = explain()?.grad_cam.context("Grad-CAM was asked for")?;
        let overlay = |map: stormlens_data::outcome::LayerMap| {
            let picture = reference_overlay(&map.cam, &oldest_mm_h);
            (map.layer, picture)
        };
        Ok(layers.into_iter().map(overlay).collect::<Vec<_>>())
    };
    Ok(work(run, move |pictures| {
        let array =
            |(layer, picture): (String, Vec<u8>)| Array::u8(&layer, &[height, width, 3], picture);
        Ok(pictures.into_iter().map(array).collect())
    }))
}

/// Integrated gradients of the input in 50 steps.
pub fn gradients(inputs: &Inputs) -> anyhow::Result<Box<dyn Work>> {
    let question =
        Question { threshold_mm_h: THRESHOLD_MM_H, layers: Vec::new(), ig_steps: Some(IG_STEPS) };
    let (frames, explain) = ask(inputs, question)?;
    let shape = [frames.n_frames, frames.height, frames.width];
    let run =
        move || explain()?.integrated_gradients.context("integrated gradients were asked for");
    Ok(work(run, move |gradients| {
        // From mm/h back to the normalised units of the network.
        let one_in_mm_h = knmi::to_mm_h(1.0);
        let maps = gradients.frames.iter().flat_map(|map| &map.values);
        let values = maps.map(|&v| v / one_in_mm_h).collect();
        let gap = (gradients.convergence_delta_mm_h / f64::from(one_in_mm_h)) as f32;
        Ok(vec![Array::f32("attribution", &shape, values), Array::f32("gap", &[1], vec![gap])])
    }))
}
