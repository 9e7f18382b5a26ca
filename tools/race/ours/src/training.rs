//! Steps of training: a batch forward, backward and into the weights.

use std::sync::Arc;
use std::time::{Duration, Instant};

use burn::tensor::Device;
use stormlens_checkpoint as checkpoint;
use stormlens_data::dataset::DatasetError;
use stormlens_nn::device::{self, DeviceChoice};
use stormlens_nn::engine::host_tensors;
use stormlens_nn::models::{HostTensors, sar_unet, unet};
use stormlens_nn::registry::ModelEntry;
use stormlens_nn::train::{
    Block, Example, Examples, FrameSupervision, OptimiserOptions, Stepper, Supervision,
    TrainConfig, Trainee,
};

use crate::inputs::Inputs;
use crate::weights::shipped;
use crate::work::{Array, Work};

const LEARNING_RATE: f64 = 1e-3;
/// Steps from the first weights whose losses are compared: the later ones hang on all gradients.
const N_STEPS: usize = 4;

/// SAR-UNet with its shipped weights.
pub fn sar_unet(inputs: &Inputs) -> anyhow::Result<Box<dyn Work>> {
    let weights = shipped(inputs, "sar-unet", "knmi-20100826");
    Training::boxed(&sar_unet::ENTRY, host_tensors(checkpoint::read(&weights)?.state), inputs)
}

/// UNet of the published width.
pub fn unet(inputs: &Inputs) -> anyhow::Result<Box<dyn Work>> {
    let weights = inputs.file("unet.safetensors");
    Training::boxed(&unet::UNET, host_tensors(checkpoint::read(&weights)?.state), inputs)
}

struct Training {
    entry: &'static ModelEntry,
    initial: HostTensors,
    device: &'static Device,
    supervision: FrameSupervision<'static>,
    stepper: Stepper<'static>,
}

impl Training {
    fn boxed(
        entry: &'static ModelEntry,
        initial: HostTensors,
        inputs: &Inputs,
    ) -> anyhow::Result<Box<dyn Work>> {
        // They live as long as the process.
        let device: &'static Device = Box::leak(Box::new(device::choose(DeviceChoice::Cpu)?.0));
        let examples: &'static Frames = Box::leak(Box::new(Frames::read(inputs)?));
        let supervision = FrameSupervision::new(&TrainConfig::default(), examples, entry.rescale);
        let stepper = begin(entry, &initial, device);
        Ok(Box::new(Self { entry, initial, device, supervision, stepper }))
    }

    /// The loss, and the time without that for bringing the frames.
    fn step(&mut self) -> anyhow::Result<(f64, Duration)> {
        let batch = self.supervision.validation_batch(&[0, 1, 2, 3])?;
        let start = Instant::now();
        let loss = self.stepper.step(&self.supervision, batch, LEARNING_RATE.into(), None);
        Ok((loss, start.elapsed()))
    }
}

fn begin(
    entry: &'static ModelEntry,
    initial: &HostTensors,
    device: &'static Device,
) -> Stepper<'static> {
    let trainee = Trainee { network: entry.network, initial: initial.clone() };
    Stepper::new(&trainee, OptimiserOptions::adam().into(), Vec::new(), device)
}

impl Work for Training {
    fn time(&mut self) -> anyhow::Result<Duration> {
        Ok(self.step()?.1)
    }

    fn arrays(&mut self) -> anyhow::Result<Vec<Array>> {
        self.stepper = begin(self.entry, &self.initial, self.device);
        let losses = (0..N_STEPS).map(|_| Ok(self.step()?.0 as f32));
        let losses = losses.collect::<anyhow::Result<Vec<f32>>>()?;
        Ok(vec![Array::f32("losses", &[N_STEPS], losses)])
    }
}

/// The examples of the batch.
struct Frames(Vec<Arc<Example>>);

impl Frames {
    fn read(inputs: &Inputs) -> anyhow::Result<Self> {
        let ([n, n_frames, height, width], x) = inputs.array("train_inputs")?;
        let ([n_targets, n_leads, ..], y) = inputs.array::<4>("train_targets")?;
        anyhow::ensure!(n == n_targets, "{n} inputs and {n_targets} targets");
        let inputs = x.chunks_exact(n_frames * height * width);
        let pairs = inputs.zip(y.chunks_exact(n_leads * height * width));
        let example = |(x, y): (&[f32], &[f32])| {
            Arc::new(Example { inputs: x.to_vec(), target: y.to_vec(), height, width })
        };
        Ok(Self(pairs.map(example).collect()))
    }
}

impl Examples for Frames {
    fn ids(&self, _: Block) -> Vec<String> {
        (0..self.0.len()).map(|i| i.to_string()).collect()
    }

    fn read(&self, id: &str) -> Result<Arc<Example>, DatasetError> {
        let unknown = || DatasetError::SampleName { sample: id.to_owned() };
        let place: usize = id.parse().map_err(|_| unknown())?;
        self.0.get(place).cloned().ok_or_else(unknown)
    }
}
