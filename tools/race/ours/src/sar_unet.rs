//! SAR-UNet: one prediction, and three explanations of it.

use anyhow::Context;
use burn::tensor::Tensor;
use stormlens_data::card::NowcastField;
use stormlens_data::field::Field;
use stormlens_data::network::{Asked, Explained, Input, Map, Target};
use stormlens_data::request::Silent;
use stormlens_nn::Engine;
use stormlens_nn::device::DeviceChoice;
use stormlens_nn::explain::{MaskedSum, grad_cam};
use stormlens_nn::models::sar_unet::ENTRY;
use stormlens_plot::reference_overlay;

use crate::inputs::Inputs;
use crate::weights::{Loaded, shipped};
use crate::work::{Array, Work, work};

const MODEL: &str = "sar-unet";
const CHECKPOINT: &str = "knmi-20100826";
const THRESHOLD_MM_H: f64 = 1.5;
const IG_STEPS: &str = "50";

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
    let (loaded, input) = loaded(inputs)?;
    Ok(loaded.prediction(input))
}

/// The raw Grad-CAM maps of all layers.
pub fn raw_maps(inputs: &Inputs) -> anyhow::Result<Box<dyn Work>> {
    let (Loaded { network, parameters, .. }, input) = loaded(inputs)?;
    let layers = layers();
    let run = move || {
        let target = |prediction: &[f32]| {
            MaskedSum::above(NowcastField::Precipitation, THRESHOLD_MM_H, prediction)
        };
        Ok(grad_cam(network, &parameters, input.clone(), &layers, target).layers)
    };
    Ok(work(run, |maps| {
        let array = |a: stormlens_nn::tap::Activation| {
            Array::f32(&a.name, &[a.height, a.width], a.weighted_sum)
        };
        Ok(maps.into_iter().map(array).collect())
    }))
}

/// A method, asked about rain above the threshold.
fn about_rain(method: &str) -> Asked {
    let field = NowcastField::Precipitation;
    Asked {
        method: method.to_owned(),
        options: Default::default(),
        target: Target::SumAbove { channels: 0..1, field, threshold: THRESHOLD_MM_H, within: None },
        layers: Vec::new(),
        nothing: Vec::new(),
    }
}

/// The product's explanation of its answer to the frames of the race.
fn ask(
    inputs: &Inputs,
    asked: Asked,
) -> anyhow::Result<(Input, impl Fn() -> anyhow::Result<Explained> + use<>)> {
    let (shape, values) = inputs.array("sar")?;
    let frames = Input { values, shape };
    let engine = Engine::new(DeviceChoice::Cpu)?;
    let resident = engine.load(MODEL, &shipped(inputs, MODEL, CHECKPOINT))?;
    let (input, question) = (frames.clone(), vec![asked]);
    let run = move || {
        let mut answers = engine.answer(&resident, &[(&input, &question)], &Silent)?;
        let answer = answers.pop().context("an answer for each input")?;
        answer.explained.into_iter().next().context("an explanation was asked for")
    };
    Ok((frames, run))
}

/// Finished maps of some layers, each laid over the oldest frame as in the published figures.
pub fn overlays(inputs: &Inputs, layers: &[String]) -> anyhow::Result<Box<dyn Work>> {
    let asked = Asked { layers: layers.to_vec(), ..about_rain("grad-cam") };
    let (frames, explain) = ask(inputs, asked)?;
    let [_, height, width] = frames.shape;
    let oldest = frames.values[..height * width].iter();
    let oldest = oldest.map(|&x| NowcastField::Precipitation.to_physical(x)).collect();
    let oldest_mm_h = Field::new(height, width, oldest);
    let run = move || {
        let finished = explain()?.maps.into_iter().filter(|map| map.part.is_empty());
        let overlay = |map: Map| {
            let cam = Field::new(height, width, map.values);
            Some((map.layer?, reference_overlay(&cam, &oldest_mm_h)))
        };
        Ok(finished.filter_map(overlay).collect::<Vec<_>>())
    };
    Ok(work(run, move |pictures| {
        let array =
            |(layer, picture): (String, Vec<u8>)| Array::u8(&layer, &[height, width, 3], picture);
        Ok(pictures.into_iter().map(array).collect())
    }))
}

/// Integrated gradients of the input in 50 steps.
pub fn gradients(inputs: &Inputs) -> anyhow::Result<Box<dyn Work>> {
    let mut asked = about_rain("integrated-gradients");
    asked.options.insert("steps".into(), IG_STEPS.into());
    let (frames, explain) = ask(inputs, asked)?;
    Ok(work(explain, move |Explained { maps, measures, .. }| {
        let map = maps.into_iter().next().context("a map of contributions")?;
        let gap = measures.iter().find(|measure| measure.name == "completeness_gap");
        let gap = gap.context("the gap to completeness")?.value as f32;
        Ok(vec![
            Array::f32("attribution", &frames.shape, map.values),
            Array::f32("gap", &[1], vec![gap]),
        ])
    }))
}
