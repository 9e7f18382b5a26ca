//! Supervision of SpaT-SparK: hidden patches of frames to be rebuilt, then the frames that followed.

mod labels;
mod loss;
mod options;
#[cfg(test)]
mod tests;

use burn::tensor::{Device, Tensor};
use stormlens_data::import::knmi::NORMALISATION_MM_5MIN;
use stormlens_data::patches::{Statistics, enlarged, random_mask, settle, tokens, whole_patches};
use stormlens_data::probability::Tokens;

pub use labels::Start;
pub use options::{SparkConfig, SparkLoss, SparkTraining, TrainedPart};

use self::loss::{Followed, Rebuilt};
use super::fields::Stage;
use super::frames::{Example, Examples, FrameSupervision};
use super::run::TrainError;
use super::supervision::{Batch, Block, Score, Supervision};
use crate::network::Prediction;
use crate::parameters::to_vec;
use crate::random::Random;

/// Seed of the masks of validation, so that all epochs are judged by the same.
const VALIDATION_SEED: u64 = 0x5eed;

/// What squares of normalised rain are multiplied by to be in (mm in 5 minutes)².
const SQUARE_MM: f64 = NORMALISATION_MM_5MIN * NORMALISATION_MM_5MIN;

/// Sequences of frames, and what a network is to say of them.
pub struct SparkSupervision<'a> {
    frames: FrameSupervision<'a>,
    options: SparkTraining,
}

/// What a network should say of a batch.
pub enum SparkAnswers {
    Rebuild(Rebuilt),
    Follow(Followed),
}

/// Errors of what is rebuilt, a patch each, and of what followed, a value each.
#[derive(Default)]
pub struct SparkTally {
    hidden: [f64; 2],
    visible: [f64; 2],
    squares: [f64; 2],
}

impl<'a> SparkSupervision<'a> {
    /// # Errors
    /// In words, for options that make no sense.
    pub fn new(config: &SparkConfig, examples: &'a dyn Examples) -> Result<Self, TrainError> {
        config.check().map_err(TrainError::Options)?;
        let frames = FrameSupervision::new(&config.frames(), examples, |_, _| {});
        Ok(Self { frames, options: config.training.clone() })
    }

    /// Batches of an epoch.
    pub fn n_batches(&self) -> usize {
        self.frames.plan(&mut Random::new(0)).len()
    }

    /// Examples with masks from these seeds.
    fn batch(&self, block: Block, examples: &[Example], seeds: &[u64]) -> Batch<SparkAnswers> {
        let [height, width] = size(examples);
        let ratio = self.options.mask_ratio_of(block);
        let n_frames = examples[0].inputs.len() / (examples[0].height * examples[0].width);
        let patches = tokens(n_frames, [height, width]).expect("rounded up to whole patches");
        let enlarge =
            |frames: &[f32], e: &Example| enlarged(frames, [e.height, e.width], [height, width]);
        let mut whole: Vec<Vec<f32>> = examples.iter().map(|e| enlarge(&e.inputs, e)).collect();
        whole.iter_mut().for_each(|frames| settle(frames, &patches));
        let hide = |(frames, &seed): (&Vec<f32>, &u64)| {
            let mut seen = frames.clone();
            patches.hide(&mut seen, &random_mask(patches.n(), ratio, seed, 0));
            seen
        };
        let seen: Vec<Vec<f32>> = whole.iter().zip(seeds).map(hide).collect();
        let answers = match self.options.stage {
            Stage::Pretrain => SparkAnswers::Rebuild(self.rebuild(&patches, &whole, &seen)),
            Stage::Finetune => {
                let targets = examples.iter().flat_map(|e| enlarge(&e.target, e)).collect();
                let n_leads = examples[0].target.len() / (examples[0].height * examples[0].width);
                SparkAnswers::Follow(Followed::new(
                    targets,
                    [examples.len(), n_leads, height, width],
                ))
            }
        };
        let shape = [examples.len(), n_frames, height, width];
        Batch { shape, inputs: seen.concat(), answers }
    }

    fn rebuild(&self, patches: &Tokens, whole: &[Vec<f32>], seen: &[Vec<f32>]) -> Rebuilt {
        let floor = self.options.floor;
        let mut rebuilt = Rebuilt::new(self.options.loss, patches, whole.len());
        for (whole, seen) in whole.iter().zip(seen) {
            let said = Statistics::of(seen, patches, floor);
            // Of a patch of which more than half is not known nothing is learnt; in others what is missing is dry.
            let truth = Statistics::of(whole, patches, floor);
            rebuilt.add(patches, whole, &patches.hidden(seen), [&said, &truth]);
        }
        rebuilt
    }
}

/// Height and width that all examples fit in, in whole patches.
fn size(examples: &[Example]) -> [usize; 2] {
    let largest = |side: fn(&Example) -> usize| examples.iter().map(side).max().unwrap_or_default();
    whole_patches([largest(|e| e.height), largest(|e| e.width)])
}

impl Supervision for SparkSupervision<'_> {
    type Answers = SparkAnswers;
    type Tally = SparkTally;

    fn ids(&self, block: Block) -> Vec<String> {
        self.frames.ids(block)
    }

    fn plan(&self, random: &mut Random) -> Vec<Vec<usize>> {
        self.frames.plan(random)
    }

    fn training_batch(
        &self,
        picks: &[usize],
        random: &mut Random,
    ) -> Result<Batch<SparkAnswers>, TrainError> {
        let examples = self.frames.training_examples(picks, random)?;
        let seeds: Vec<u64> = examples.iter().map(|_| random.bits()).collect();
        Ok(self.batch(Block::Train, &examples, &seeds))
    }

    fn validation_plan(&self) -> Vec<Vec<usize>> {
        self.frames.validation_plan()
    }

    fn validation_batch(&self, picks: &[usize]) -> Result<Batch<SparkAnswers>, TrainError> {
        let examples = self.frames.validation_examples(picks)?;
        let seed = |&i: &usize| Random::of_stream(VALIDATION_SEED, i as u64).bits();
        let seeds: Vec<u64> = picks.iter().map(seed).collect();
        Ok(self.batch(Block::Validation, &examples, &seeds))
    }

    fn loss(&self, prediction: Prediction, answers: &SparkAnswers, device: &Device) -> Tensor<1> {
        match answers {
            SparkAnswers::Rebuild(rebuilt) => rebuilt.loss(prediction.field(), device),
            SparkAnswers::Follow(followed) => {
                followed.loss(prediction.field(), self.options.similarity, device)
            }
        }
    }

    /// Of forecasts in (mm in 5 minutes)²; errors of patches have no unit.
    fn in_units(&self, loss: f64) -> f64 {
        match self.options.stage {
            Stage::Pretrain => loss,
            Stage::Finetune => loss * SQUARE_MM,
        }
    }

    fn count(&self, tally: &mut SparkTally, prediction: &Prediction, answers: &SparkAnswers) {
        let add = |sum: &mut [f64; 2], [error, n]: [f64; 2]| {
            sum[0] += error;
            sum[1] += n;
        };
        let values = to_vec(prediction.clone().field().inner());
        match answers {
            SparkAnswers::Rebuild(rebuilt) => {
                let [hidden, visible] = rebuilt.errors(&values);
                add(&mut tally.hidden, hidden);
                add(&mut tally.visible, visible);
            }
            SparkAnswers::Follow(followed) => add(&mut tally.squares, followed.squares(&values)),
        }
    }

    fn scores(&self, tally: &SparkTally) -> Vec<Score> {
        let mean = |[sum, n]: [f64; 2]| (n > 0.0).then(|| sum / n);
        match self.options.stage {
            Stage::Pretrain => vec![
                ("hidden_patch_error", mean(tally.hidden)),
                ("visible_patch_error", mean(tally.visible)),
            ],
            Stage::Finetune => {
                vec![("mse_mm2_5min", mean(tally.squares).map(|mse| mse * SQUARE_MM))]
            }
        }
    }
}
