//! Supervision of SSLPDL: hidden fields to be rebuilt, then the classes of rain.

mod begin;
pub(crate) mod loss;
mod options;
mod samples;
#[cfg(test)]
mod tests;

use burn::tensor::activation::softmax;
use burn::tensor::{Device, Tensor};
use rayon::prelude::*;
use stormlens_data::card::FieldStatement;
use stormlens_data::probability::{LabelOptions, Labels, hidden_by_noise};

pub use options::{
    FieldConfig, FieldData, FieldSource, FieldTraining, NetworkSizes, NoAugmentation, Stage,
};

use self::loss::{Weighted, cross_entropy, reconstruction, shares};
use self::samples::Samples;
use super::run::TrainError;
use super::supervision::{Batch, Block, Score, Supervision};
use crate::models::sslpdl::Form;
use crate::network::{FieldSizes, Prediction};
use crate::parameters::to_vec;
use crate::random::Random;

/// Seed of the masks of validation, so that all epochs are judged by the same.
const VALIDATION_SEED: u64 = 0x5eed;

/// Fields, and what a network is to say of them.
pub struct FieldSupervision {
    samples: Samples,
    form: Form,
    options: FieldTraining,
    labels: LabelOptions,
}

/// What a network should say of a batch.
pub enum FieldAnswers {
    /// The fields as they are, and which of their values are to be rebuilt.
    Rebuild { fields: Weighted, weights: Weighted },
    /// Shares of the classes in the loss, and for validation the classes themselves.
    Classes { shares: Weighted, labels: Vec<Labels> },
}

/// Squares of errors of both exceedance probabilities, and the number of pixels.
#[derive(Default)]
pub struct FieldTally {
    squares: [f64; 2],
    sums: [f64; 2],
    occurred: [f64; 2],
    n: f64,
}

impl FieldSupervision {
    /// Reads fields and rain.
    ///
    /// # Errors
    /// For options that make no sense, and for data that cannot be read.
    pub fn open(config: &FieldConfig) -> Result<Self, TrainError> {
        let options = config.training.clone();
        options.check().map_err(TrainError::Options)?;
        let is_fine = options.stage == Stage::Finetune;
        let mut samples = Samples::open(&config.data, is_fine)?;
        samples.pad(options.network.patch[0]);
        let statement = &samples.statement;
        let n_classes = is_fine.then_some(statement.thresholds_mm.len() + 1);
        let form = options.network.form(statement.n_channels(), statement.size, n_classes);
        let form = form.map_err(TrainError::Options)?;
        let &[rain, heavy] = &statement.thresholds_mm[..] else {
            return Err(TrainError::Options(
                "two thresholds are needed: rain and heavy rain".to_owned(),
            ));
        };
        let labels = LabelOptions {
            thresholds: [rain, heavy],
            alpha: options.alpha,
            rounding: options.rounding,
        };
        Ok(Self { samples, form, options, labels })
    }

    /// What weights of this run say of their fields.
    pub fn statement(&self) -> &FieldStatement {
        &self.samples.statement
    }

    /// The network that is to be trained.
    pub fn form(&self) -> &Form {
        &self.form
    }

    /// Number of samples in a block.
    pub fn len(&self, block: Block) -> usize {
        self.samples.len(block)
    }

    fn sizes(&self) -> FieldSizes {
        self.form.sizes()
    }

    /// The fields with hidden tokens.
    fn masked(&self, block: Block, fields: &[f32], random: &mut Random) -> Vec<f32> {
        let (mut masked, ratio) = (fields.to_vec(), self.options.mask_ratio_of(block));
        if ratio > 0.0 {
            let noise: Vec<f32> = (0..self.form.n_tokens()).map(|_| random.unit() as f32).collect();
            let hidden = hidden_by_noise(&noise, ratio);
            let [height, width] = self.samples.statement.size;
            let tokens = self.sizes().tokens(height, width);
            tokens.expect("fields of the network's sizes").hide(&mut masked, &hidden);
        }
        masked
    }

    fn batch(
        &self,
        block: Block,
        draws: &[(usize, u64)],
    ) -> Result<Batch<FieldAnswers>, TrainError> {
        let one = |&(number, seed): &(usize, u64)| {
            let (fields, rain) = self.samples.get(block, number)?;
            let masked = self.masked(block, &fields, &mut Random::new(seed));
            Ok((fields, masked, rain))
        };
        let all: Vec<_> = draws.par_iter().map(one).collect::<Result<_, TrainError>>()?;
        let [rows, columns] = self.samples.statement.size;
        let shape = [all.len(), self.samples.statement.n_channels(), rows, columns];
        let inputs: Vec<f32> = all.iter().flat_map(|(_, masked, _)| masked).copied().collect();
        let answers = match self.options.stage {
            Stage::Pretrain => {
                let fields = all.into_iter().flat_map(|(fields, ..)| fields).collect();
                self.rebuild(shape, fields, &inputs)
            }
            Stage::Finetune => {
                let label = |(.., rain): &(_, _, Vec<f32>)| self.labels.labels(rain, None);
                let labels: Vec<Labels> = all.iter().map(label).collect();
                FieldAnswers::Classes {
                    shares: shares(&labels, [rows, columns], &self.options),
                    labels,
                }
            }
        };
        Ok(Batch { shape, inputs, answers })
    }

    /// Values count that are hidden, known, and of a variable.
    fn rebuild(&self, shape: [usize; 4], fields: Vec<f32>, inputs: &[f32]) -> FieldAnswers {
        let n_nodes = shape[2] * shape[3];
        let n_variables = self.samples.statement.variables.len();
        let counts = |i: usize| {
            i / n_nodes % shape[1] < n_variables && inputs[i].is_nan() && !fields[i].is_nan()
        };
        let weights = (0..fields.len()).map(|i| f32::from(u8::from(counts(i)))).collect();
        let known = fields.iter().map(|value| if value.is_nan() { 0.0 } else { *value }).collect();
        FieldAnswers::Rebuild {
            fields: Weighted { shape, values: known },
            weights: Weighted { shape, values: weights },
        }
    }
}

impl Supervision for FieldSupervision {
    type Answers = FieldAnswers;
    type Tally = FieldTally;

    fn ids(&self, block: Block) -> Vec<String> {
        self.samples.ids[block as usize].clone()
    }

    fn plan(&self, random: &mut Random) -> Vec<Vec<usize>> {
        let mut order: Vec<usize> = (0..self.len(Block::Train)).collect();
        random.shuffle(&mut order);
        order.chunks(self.options.batch_size).map(<[usize]>::to_vec).collect()
    }

    fn training_batch(
        &self,
        picks: &[usize],
        random: &mut Random,
    ) -> Result<Batch<FieldAnswers>, TrainError> {
        // A seed a sample, so that threads cannot change what is drawn.
        let draws: Vec<(usize, u64)> = picks.iter().map(|&i| (i, random.bits())).collect();
        self.batch(Block::Train, &draws)
    }

    fn validation_plan(&self) -> Vec<Vec<usize>> {
        let all: Vec<usize> = (0..self.len(Block::Validation)).collect();
        all.chunks(self.options.batch_size).map(<[usize]>::to_vec).collect()
    }

    fn validation_batch(&self, picks: &[usize]) -> Result<Batch<FieldAnswers>, TrainError> {
        let seed = |&i: &usize| (i, Random::of_stream(VALIDATION_SEED, i as u64).bits());
        let draws: Vec<(usize, u64)> = picks.iter().map(seed).collect();
        self.batch(Block::Validation, &draws)
    }

    fn loss(&self, prediction: Prediction, answers: &FieldAnswers, device: &Device) -> Tensor<1> {
        match answers {
            FieldAnswers::Rebuild { fields, weights } => {
                reconstruction(prediction.field(), fields, weights, device)
            }
            FieldAnswers::Classes { shares, .. } => {
                cross_entropy(prediction.field(), shares, self.options.double_softmax, device)
            }
        }
    }

    fn count(&self, tally: &mut FieldTally, prediction: &Prediction, answers: &FieldAnswers) {
        let FieldAnswers::Classes { labels, .. } = answers else { return };
        let n_pixels = self.samples.statement.size.iter().product::<usize>();
        let memberships = to_vec(softmax(prediction.clone().field(), 1));
        for (labels, memberships) in labels.iter().zip(memberships.chunks_exact(3 * n_pixels)) {
            for (pixel, &class) in labels.hard.iter().enumerate().filter(|(_, class)| **class < 3) {
                let at = |class: usize| f64::from(memberships[class * n_pixels + pixel]);
                tally.add([at(1) + at(2), at(2)], class);
            }
        }
    }

    fn scores(&self, tally: &FieldTally) -> Vec<Score> {
        let mean = |sum: f64| (tally.n > 0.0).then(|| sum / tally.n);
        match self.options.stage {
            Stage::Pretrain => Vec::new(),
            Stage::Finetune => vec![
                ("brier_rain", mean(tally.squares[0])),
                ("brier_heavy", mean(tally.squares[1])),
                ("mean_membership_rain", mean(tally.sums[0])),
                ("mean_membership_heavy", mean(tally.sums[1])),
                ("share_rain", mean(tally.occurred[0])),
                ("share_heavy", mean(tally.occurred[1])),
            ],
        }
    }
}

impl FieldTally {
    fn add(&mut self, exceedance: [f64; 2], class: u8) {
        self.n += 1.0;
        for (i, p) in exceedance.into_iter().enumerate() {
            let occurred = f64::from(u8::from(usize::from(class) > i));
            self.squares[i] += (p - occurred).powi(2);
            self.sums[i] += p;
            self.occurred[i] += occurred;
        }
    }
}
