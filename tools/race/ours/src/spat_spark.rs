//! SpaT-SparK: a forecast, and what it becomes without each patch.

use anyhow::Context;
use burn::tensor::{Tensor, TensorData};
use stormlens_data::patches::tokens;
use stormlens_data::probability::Tokens;
use stormlens_nn::Tap;
use stormlens_nn::models::spat_spark::ENTRY;
use stormlens_nn::network::Prediction;
use stormlens_nn::parameters::Mode;

use crate::inputs::Inputs;
use crate::weights::Loaded;
use crate::work::{Array, Work, work};

/// Inputs that go through the network together, as in the occlusion of patches.
const BATCH: usize = 8;

fn read(inputs: &Inputs) -> anyhow::Result<Loaded> {
    Loaded::read(&ENTRY, &inputs.file("spat_spark.safetensors"))
}

/// Frames of which all patches are seen, without a tape.
pub fn forward(inputs: &Inputs) -> anyhow::Result<Box<dyn Work>> {
    let loaded = read(inputs)?;
    let input = loaded.input(inputs, "sar")?;
    Ok(loaded.prediction(input))
}

/// Sums of forecasts by frame: of the whole input, and of that without each patch.
pub fn occlusion(inputs: &Inputs) -> anyhow::Result<Box<dyn Work>> {
    let (loaded, (shape, frames)) = (read(inputs)?, inputs.array::<3>("sar")?);
    let [n_frames, height, width] = shape;
    let tokens = tokens(n_frames, [height, width]).map_err(anyhow::Error::msg)?;
    let run = move || {
        let (network, parameters) = (loaded.network, &loaded.parameters);
        let input = |passes: &[usize]| {
            let of = |&number: &usize| without(&frames, &tokens, number);
            let shape = [passes.len(), n_frames, height, width];
            let values: Vec<f32> = passes.iter().flat_map(of).collect();
            Tensor::from_data(TensorData::new(values, shape), loaded.device())
        };
        let mode = Mode::inference();
        let whole = |input| network.forward(parameters, input, &mut Tap::off(), &mode);
        let all = sums(whole(input(&[0])))?;
        let near = network.without_one_token(parameters, input(&[0]));
        let patches: Vec<usize> = (1..=tokens.n()).collect();
        let others = patches.chunks(BATCH).map(|patches| match &near {
            Some(near) => sums(near(input(patches))),
            None => sums(whole(input(patches))),
        });
        Ok([Ok(all)].into_iter().chain(others).collect::<anyhow::Result<Vec<_>>>()?.concat())
    };
    Ok(work(run, move |sums: Vec<f32>| {
        let (whole, others) = sums.split_at(n_frames);
        let changes = others.iter().zip(whole.iter().cycle()).map(|(other, whole)| whole - other);
        let (changes, n) = (changes.collect(), sums.len() / n_frames);
        Ok(vec![
            Array::f32("changes", &[n - 1, n_frames], changes),
            Array::f32("sums", &[n, n_frames], sums),
        ])
    }))
}

/// The frames without a patch, counted from 1; number 0 is the whole of them.
fn without(frames: &[f32], tokens: &Tokens, number: usize) -> Vec<f32> {
    let mut frames = frames.to_vec();
    let mask: Vec<bool> = (1..=tokens.n()).map(|patch| patch == number).collect();
    tokens.hide(&mut frames, &mask);
    frames
}

/// Of each frame that the network gives.
fn sums(prediction: Prediction) -> anyhow::Result<Vec<f32>> {
    let field = prediction.field();
    let [.., height, width] = field.dims();
    let values = field.into_data_as::<f32>().try_into_vec::<f32>().ok();
    let values = values.context("the prediction is no single-precision field")?;
    let frames = values.chunks_exact(height * width);
    Ok(frames.map(|frame| frame.iter().map(|&v| f64::from(v)).sum::<f64>() as f32).collect())
}
