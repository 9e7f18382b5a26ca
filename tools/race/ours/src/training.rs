//! Steps of training: a batch forward, backward and into the weights.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use burn::tensor::Device;
use stormlens_checkpoint as checkpoint;
use stormlens_data::dataset::DatasetError;
use stormlens_nn::device::{self, DeviceChoice};
use stormlens_nn::engine::host_tensors;
use stormlens_nn::models::{HostTensors, sar_unet, spat_spark, unet};
use stormlens_nn::registry::ModelEntry;
use stormlens_nn::train::{
    Block, Example, Examples, FrameSupervision, LambOptions, OptimiserOptions, Rates, Rule,
    SparkConfig, SparkSupervision, Stage, Stepper, Supervision, TrainConfig, Trainee,
};

use crate::inputs::Inputs;
use crate::weights::shipped;
use crate::work::{Array, Work};

const LEARNING_RATE: f64 = 1e-3;
/// Decay of the weights of SpaT-SparK.
const DECAY: f64 = 0.04;
/// Steps from the first weights whose losses are compared: the later ones hang on all gradients.
const N_STEPS: usize = 4;

/// SAR-UNet with its shipped weights.
pub fn sar_unet(inputs: &Inputs) -> anyhow::Result<Box<dyn Work>> {
    of_frames(&sar_unet::ENTRY, &shipped(inputs, "sar-unet", "knmi-20100826"), inputs)
}

/// UNet of the published width.
pub fn unet(inputs: &Inputs) -> anyhow::Result<Box<dyn Work>> {
    of_frames(&unet::UNET, &inputs.file("unet.safetensors"), inputs)
}

fn of_frames(
    entry: &'static ModelEntry,
    weights: &Path,
    inputs: &Inputs,
) -> anyhow::Result<Box<dyn Work>> {
    let (examples, n) = Frames::read(inputs, "train")?;
    let supervision = FrameSupervision::new(&TrainConfig::default(), examples, entry.rescale);
    let rule = OptimiserOptions::adam().into();
    Training::boxed(entry, weights, supervision, n, rule, LEARNING_RATE.into())
}

/// The fine-tuning of a small SpaT-SparK of which nothing is hidden.
pub fn spat_spark(inputs: &Inputs) -> anyhow::Result<Box<dyn Work>> {
    let (examples, n) = Frames::read(inputs, "spat_train")?;
    let mut config = SparkConfig::default();
    config.data.frames.lead_times_min = (1..=12).map(|step| 5 * step).collect();
    config.training.stage = Stage::Finetune;
    let supervision = SparkSupervision::new(&config, examples)?;
    let weights = inputs.file("spat_twin.safetensors");
    let rates = Rates { learning_rate: LEARNING_RATE, decay: DECAY };
    let rule = Rule::Lamb(LambOptions::SPARK);
    Training::boxed(&spat_spark::ENTRY, &weights, supervision, n, rule, rates)
}

struct Training<S> {
    entry: &'static ModelEntry,
    initial: HostTensors,
    device: &'static Device,
    supervision: S,
    /// The examples of the batch.
    picks: Vec<usize>,
    rule: Rule,
    rates: Rates,
    stepper: Stepper<'static>,
}

impl<S: Supervision + 'static> Training<S> {
    fn boxed(
        entry: &'static ModelEntry,
        weights: &Path,
        supervision: S,
        n: usize,
        rule: Rule,
        rates: Rates,
    ) -> anyhow::Result<Box<dyn Work>> {
        // It lives as long as the process.
        let device: &'static Device = Box::leak(Box::new(device::choose(DeviceChoice::Cpu)?.0));
        let initial = host_tensors(checkpoint::read(weights)?.state);
        let stepper = begin(entry, &initial, rule, device);
        let picks = (0..n).collect();
        Ok(Box::new(Self { entry, initial, device, supervision, picks, rule, rates, stepper }))
    }

    /// The loss, and the time without that for bringing the frames.
    fn step(&mut self) -> anyhow::Result<(f64, Duration)> {
        let batch = self.supervision.validation_batch(&self.picks)?;
        let start = Instant::now();
        let loss = self.stepper.step(&self.supervision, batch, self.rates, None);
        Ok((loss, start.elapsed()))
    }
}

fn begin(
    entry: &'static ModelEntry,
    initial: &HostTensors,
    rule: Rule,
    device: &'static Device,
) -> Stepper<'static> {
    let trainee = Trainee { network: entry.network, initial: initial.clone() };
    Stepper::new(&trainee, rule, Vec::new(), device)
}

impl<S: Supervision + 'static> Work for Training<S> {
    fn time(&mut self) -> anyhow::Result<Duration> {
        Ok(self.step()?.1)
    }

    fn arrays(&mut self) -> anyhow::Result<Vec<Array>> {
        self.stepper = begin(self.entry, &self.initial, self.rule, self.device);
        let losses = (0..N_STEPS).map(|_| Ok(self.step()?.0 as f32));
        let losses = losses.collect::<anyhow::Result<Vec<f32>>>()?;
        Ok(vec![Array::f32("losses", &[N_STEPS], losses)])
    }
}

/// The examples of the batch.
struct Frames(Vec<Arc<Example>>);

impl Frames {
    /// Those of two files whose names begin so, which live as long as the process, and how many there are.
    fn read(inputs: &Inputs, name: &str) -> anyhow::Result<(&'static Self, usize)> {
        let ([n, n_frames, height, width], x) = inputs.array(&format!("{name}_inputs"))?;
        let ([n_targets, n_leads, ..], y) = inputs.array::<4>(&format!("{name}_targets"))?;
        anyhow::ensure!(n == n_targets, "{n} inputs and {n_targets} targets");
        let inputs = x.chunks_exact(n_frames * height * width);
        let pairs = inputs.zip(y.chunks_exact(n_leads * height * width));
        let example = |(x, y): (&[f32], &[f32])| {
            Arc::new(Example { inputs: x.to_vec(), target: y.to_vec(), height, width })
        };
        Ok((Box::leak(Box::new(Self(pairs.map(example).collect()))), n))
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
