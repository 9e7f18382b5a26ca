//! Supervision of nowcasting: frames and the frames that followed.

mod augment;
mod begin;
mod examples;
mod options;
mod plan;
mod targets;

use burn::tensor::{Device, Tensor};

pub use augment::{Augmentation, Crop};
pub use begin::initial_weights;
pub use examples::{Example, Examples, open};
pub use options::{DataConfig, EventShares, FrameOptions, TrainingOptions};

use self::plan::Plan;
use self::targets::{Targets, batch};

use super::config::TrainConfig;
use super::run::TrainError;
use super::supervision::{Batch, Block, Score, Supervision};
use crate::models::HostTensors;
use crate::network::Prediction;
use crate::random::Random;

/// Sequences of frames. The loss is the squared error summed over the pixels of all lead times, as
/// published, so comparable with the numbers in checkpoint names. Pixels of targets that are not known (NaN) count
/// nowhere; the others of such a sample are multiplied so that it weighs as much as a whole one, by 4 at most.
pub struct FrameSupervision<'a> {
    examples: &'a dyn Examples,
    train: Vec<String>,
    validation: Vec<String>,
    plan: Plan,
    augmentation: Augmentation,
    scale: f32,
    size_multiple: usize,
    rescale: fn(&mut HostTensors, f32),
}

impl<'a> FrameSupervision<'a> {
    /// `rescale` changes weights so that the network takes and gives values divided by a factor.
    pub fn new(
        config: &TrainConfig,
        examples: &'a dyn Examples,
        rescale: fn(&mut HostTensors, f32),
    ) -> Self {
        let train = examples.ids(Block::Train);
        Self {
            examples,
            plan: Plan::new(config, &train, examples),
            train,
            validation: examples.ids(Block::Validation),
            augmentation: config.augmentation.clone(),
            scale: config.training.scale,
            size_multiple: 1,
            rescale,
        }
    }

    /// The same for a network whose height and width must be multiples of this.
    pub fn with_size_multiple(self, size_multiple: usize) -> Self {
        Self { size_multiple, ..self }
    }

    /// Training samples, changed at random.
    pub(super) fn training_examples(
        &self,
        picks: &[usize],
        random: &mut Random,
    ) -> Result<Vec<Example>, TrainError> {
        let mut draw = |&i: &usize| {
            let example = self.examples.read(&self.train[i])?;
            Ok(self.augmentation.apply(&example, random))
        };
        picks.iter().map(&mut draw).collect()
    }

    /// Validation samples as they are.
    pub(super) fn validation_examples(&self, picks: &[usize]) -> Result<Vec<Example>, TrainError> {
        let read = |&i: &usize| Ok(self.examples.read(&self.validation[i])?.as_ref().clone());
        picks.iter().map(read).collect()
    }

    fn batch(&self, examples: &[Example]) -> Batch<Targets> {
        batch(examples, self.scale, self.size_multiple)
    }
}

impl Supervision for FrameSupervision<'_> {
    type Answers = Targets;
    type Tally = ();

    fn ids(&self, block: Block) -> Vec<String> {
        self.examples.ids(block)
    }

    fn plan(&self, random: &mut Random) -> Vec<Vec<usize>> {
        self.plan.draw(random)
    }

    fn training_batch(
        &self,
        picks: &[usize],
        random: &mut Random,
    ) -> Result<Batch<Targets>, TrainError> {
        Ok(self.batch(&self.training_examples(picks, random)?))
    }

    /// Whole frames, one at a time.
    fn validation_plan(&self) -> Vec<Vec<usize>> {
        (0..self.validation.len()).map(|i| vec![i]).collect()
    }

    fn validation_batch(&self, picks: &[usize]) -> Result<Batch<Targets>, TrainError> {
        Ok(self.batch(&self.validation_examples(picks)?))
    }

    fn loss(&self, prediction: Prediction, answers: &Targets, device: &Device) -> Tensor<1> {
        answers.loss(prediction.field(), device)
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
