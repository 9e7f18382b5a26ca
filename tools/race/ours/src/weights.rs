//! Networks and tensors on the device of the race, the CPU.

use std::path::{Path, PathBuf};

use anyhow::Context;
use burn::tensor::{Device, Tensor, TensorData};
use stormlens_checkpoint as checkpoint;
use stormlens_nn::device::{self, DeviceChoice};
use stormlens_nn::engine::host_tensors;
use stormlens_nn::fused::Kernels;
use stormlens_nn::layers::fold;
use stormlens_nn::parameters::Mode;
use stormlens_nn::registry::ModelEntry;
use stormlens_nn::{Network, Parameters, Tap};

use crate::inputs::Inputs;
use crate::work::{Array, Work, work};

/// A network that was shipped, ready to compute.
pub struct Loaded {
    pub network: &'static dyn Network,
    pub parameters: Parameters,
    device: Device,
}

impl Loaded {
    /// Reads a checkpoint as the engine does.
    ///
    /// # Errors
    /// For a file that is not there or no checkpoint.
    pub fn read(entry: &ModelEntry, path: &Path) -> anyhow::Result<Self> {
        let (device, _) = device::choose(DeviceChoice::Cpu)?;
        let tensors = fold(host_tensors(checkpoint::read(path)?.state), entry.norm);
        let parameters = Parameters::from_host(tensors, &device);
        parameters.prepare(Kernels::chosen());
        Ok(Self { network: entry.network, parameters, device })
    }

    /// Where it computes.
    pub fn device(&self) -> &Device {
        &self.device
    }

    /// An input `[channels, height, width]` as a batch of one.
    ///
    /// # Errors
    /// For a file that is not there, or of another shape.
    pub fn input(&self, inputs: &Inputs, name: &str) -> anyhow::Result<Tensor<4>> {
        let ([channels, height, width], values) = inputs.array(name)?;
        let data = TensorData::new(values, [1, channels, height, width]);
        Ok(Tensor::from_data(data, &self.device))
    }

    /// The prediction alone, without a tape: a field.
    pub fn prediction(self, input: Tensor<4>) -> Box<dyn Work> {
        let run = move || {
            let mode = Mode::inference();
            let (parameters, tap) = (&self.parameters, &mut Tap::off());
            let field = self.network.forward(parameters, input.clone(), tap, &mode).field();
            let [_, channels, height, width] = field.dims();
            let values = field.into_data_as::<f32>().try_into_vec::<f32>().ok();
            Ok(([channels, height, width], values))
        };
        work(run, move |(shape, values): ([usize; 3], Option<Vec<f32>>)| {
            let values = values.context("the prediction is no single-precision field")?;
            Ok(vec![Array::f32("prediction", &shape, values)])
        })
    }
}

/// The weights of a shipped checkpoint.
pub fn shipped(inputs: &Inputs, model: &str, name: &str) -> PathBuf {
    inputs.root.join("checkpoints").join(model).join(name).join("weights.safetensors")
}
