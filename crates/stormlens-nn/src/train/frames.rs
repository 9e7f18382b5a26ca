//! Supervision of nowcasting: frames and the frames that followed.

mod augment;
mod examples;
mod options;

use burn::tensor::{Device, Tensor, TensorData};

pub use augment::Augmentation;
pub use examples::{Example, Examples, open};
pub use options::{DataConfig, FrameOptions, TrainingOptions};

use super::config::TrainConfig;
use super::run::TrainError;
use super::supervision::{Batch, Block, Score, Supervision};
use crate::models::HostTensors;
use crate::network::Prediction;
use crate::random::Random;

/// Sequences of frames. The loss is the squared error summed over the pixels of all lead times, as
/// published, so comparable with the numbers in checkpoint names.
pub struct FrameSupervision<'a> {
    examples: &'a dyn Examples,
    train: Vec<String>,
    validation: Vec<String>,
    batch_size: usize,
    augmentation: Augmentation,
    scale: f32,
    rescale: fn(&mut HostTensors, f32),
}

/// The frames that followed.
pub struct Targets {
    /// `[batch, lead times, height, width]`
    shape: [usize; 4],
    values: Vec<f32>,
}

impl<'a> FrameSupervision<'a> {
    /// `rescale` changes weights so that the network takes and gives values divided by a factor.
    pub fn new(
        config: &TrainConfig,
        examples: &'a dyn Examples,
        rescale: fn(&mut HostTensors, f32),
    ) -> Self {
        Self {
            examples,
            train: examples.ids(Block::Train),
            validation: examples.ids(Block::Validation),
            batch_size: config.training.batch_size.max(1),
            augmentation: config.augmentation.clone(),
            scale: config.training.scale,
            rescale,
        }
    }

    /// Inputs `[batch, frames, height, width]` and targets `[batch, lead times, height, width]`,
    /// scaled.
    fn batch(&self, examples: &[Example]) -> Batch<Targets> {
        let (n, height, width) = (examples.len(), examples[0].height, examples[0].width);
        let gather = |values: fn(&Example) -> &[f32]| -> Vec<f32> {
            examples.iter().flat_map(|e| values(e).iter().map(|v| v * self.scale)).collect()
        };
        let shape = |values: &[f32]| [n, values.len() / (n * height * width), height, width];
        let (inputs, targets) = (gather(|e| &e.inputs), gather(|e| &e.target));
        let answers = Targets { shape: shape(&targets), values: targets };
        Batch { shape: shape(&inputs), inputs, answers }
    }
}

impl Supervision for FrameSupervision<'_> {
    type Answers = Targets;
    type Tally = ();

    fn ids(&self, block: Block) -> Vec<String> {
        self.examples.ids(block)
    }

    fn plan(&self, random: &mut Random) -> Vec<Vec<usize>> {
        let n = self.train.len();
        let crops = self.augmentation.crops_per_sample.max(1);
        let mut order: Vec<usize> = (0..n * crops).map(|i| i % n).collect();
        random.shuffle(&mut order);
        order.chunks(self.batch_size).map(<[usize]>::to_vec).collect()
    }

    fn training_batch(
        &self,
        picks: &[usize],
        random: &mut Random,
    ) -> Result<Batch<Targets>, TrainError> {
        let mut draw = |&i: &usize| {
            let example = self.examples.read(&self.train[i])?;
            Ok(self.augmentation.apply(&example, random))
        };
        let examples = picks.iter().map(&mut draw).collect::<Result<Vec<_>, TrainError>>()?;
        Ok(self.batch(&examples))
    }

    /// Whole frames, one at a time.
    fn validation_plan(&self) -> Vec<Vec<usize>> {
        (0..self.validation.len()).map(|i| vec![i]).collect()
    }

    fn validation_batch(&self, picks: &[usize]) -> Result<Batch<Targets>, TrainError> {
        let read = |&i: &usize| Ok(self.examples.read(&self.validation[i])?.as_ref().clone());
        let examples = picks.iter().map(read).collect::<Result<Vec<_>, TrainError>>()?;
        Ok(self.batch(&examples))
    }

    fn loss(&self, prediction: Prediction, answers: &Targets, device: &Device) -> Tensor<1> {
        let target = TensorData::new(answers.values.clone(), answers.shape);
        let target = Tensor::<4>::from_data(target, device);
        (prediction.field() - target).square().sum().div_scalar(answers.shape[0] as f64)
    }

    fn in_units(&self, loss: f64) -> f64 {
        loss / f64::from(self.scale).powi(2)
    }

    fn count(&self, (): &mut (), _: &Prediction, _: &Targets) {}

    fn scores(&self, (): &()) -> Vec<Score> {
        Vec::new()
    }

    fn finish(&self, weights: &mut HostTensors) {
        (self.rescale)(weights, self.scale);
    }
}
