//! What the loop asks of a task.

use burn::tensor::{Device, Tensor, TensorData};
use serde::{Deserialize, Serialize};

use super::run::TrainError;
use crate::layers::NormOptions;
use crate::models::HostTensors;
use crate::network::Prediction;
use crate::random::Random;

/// A part of the samples.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Block {
    Train,
    Validation,
    Test,
}

/// Examples that go through a network together, as plain numbers.
#[derive(Clone, Debug, PartialEq)]
pub struct Batch<T> {
    /// `[batch, channels, height, width]`
    pub shape: [usize; 4],
    pub inputs: Vec<f32>,
    /// What the network should have said.
    pub answers: T,
}

impl<T> Batch<T> {
    /// Number of examples.
    pub fn n(&self) -> usize {
        self.shape[0]
    }

    /// Input and answers.
    pub(super) fn into_tensor(self, device: &Device) -> (Tensor<4>, T) {
        let data = TensorData::new(self.inputs, self.shape);
        (Tensor::from_data(data, device), self.answers)
    }
}

/// Name and value of a score of the validation block; `None` where it has no denominator.
pub type Score = (&'static str, Option<f64>);

/// What a network learns from and what a wrong answer costs: the part of training that depends on
/// the task.
///
/// Everything random comes from the generator that is handed in, so that a run is a function of its
/// seed.
pub trait Supervision: Sync {
    /// What the network should say of a batch.
    type Answers: Send;
    /// What is counted while validating.
    type Tally: Default;

    /// Names of the samples of a block.
    fn ids(&self, block: Block) -> Vec<String>;

    /// The samples of each batch of an epoch, by their places among the training samples.
    fn plan(&self, random: &mut Random) -> Vec<Vec<usize>>;

    /// Training samples, changed at random. Called in the order of the plan, on a thread of its own.
    ///
    /// # Errors
    /// For a sample that cannot be read.
    fn training_batch(
        &self,
        picks: &[usize],
        random: &mut Random,
    ) -> Result<Batch<Self::Answers>, TrainError>;

    /// The samples of each batch of validation, by their places among the validation samples.
    fn validation_plan(&self) -> Vec<Vec<usize>>;

    /// Validation samples as they are.
    ///
    /// # Errors
    /// For a sample that cannot be read.
    fn validation_batch(&self, picks: &[usize]) -> Result<Batch<Self::Answers>, TrainError>;

    /// The mean loss of the examples of a batch, in the unit of training: one number.
    fn loss(&self, prediction: Prediction, answers: &Self::Answers, device: &Device) -> Tensor<1>;

    /// A loss in the unit of the saved weights.
    fn in_units(&self, loss: f64) -> f64 {
        loss
    }

    /// Counts the answers to a batch of validation.
    fn count(&self, tally: &mut Self::Tally, prediction: &Prediction, answers: &Self::Answers);

    /// The scores of what was counted: always the same names in the same order.
    fn scores(&self, tally: &Self::Tally) -> Vec<Score>;

    /// The batch normalisation of a network whose running statistics need more steps than a run has
    /// until they can be used as they are; their beginning is divided out where this is stated.
    fn slow_norm(&self) -> Option<NormOptions> {
        None
    }

    /// Turns weights in training into those that are saved.
    fn finish(&self, _weights: &mut HostTensors) {}
}
