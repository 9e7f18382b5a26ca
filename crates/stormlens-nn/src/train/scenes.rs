//! Supervision of scenes: pictures and the class that each shows.

mod augment;
mod features;
mod options;
mod pictures;
mod sampling;
#[cfg(test)]
mod tests;

use std::collections::HashSet;

use burn::tensor::activation::log_softmax;
use burn::tensor::{Device, Tensor, TensorData};
use rayon::prelude::*;
use stormlens_data::card::SceneClassification;
use stormlens_data::scene::{Folder, Label, Reference, SceneFile, Split, hold_out_validation};
use stormlens_data::score::classification::Classification;

pub use augment::SceneAugmentation;
pub use options::{Decoupled, Optimiser, SceneConfig, SceneData, SceneTraining};

use self::pictures::Pictures;
use self::sampling::Sampling;
use super::run::TrainError;
use super::supervision::{Batch, Block, Score, Supervision};
use crate::explain::probabilities;
use crate::layers::NormOptions;
use crate::network::Prediction;
use crate::parameters::to_vec;
use crate::random::Random;

/// Labelled scenes. The loss is the categorical cross-entropy, taken from the logits.
pub struct SceneSupervision {
    folder: Folder,
    train: Pictures,
    validation: Pictures,
    sampling: Sampling,
    augmentation: SceneAugmentation,
    crop_px: usize,
    batch_size: usize,
    classes: Classes,
    norm: NormOptions,
    reference: Option<Reference>,
}

/// The places of the two labels among the logits.
#[derive(Clone, Copy)]
struct Classes {
    n: usize,
    negative: usize,
    positive: usize,
}

impl SceneSupervision {
    /// Reads the training and the validation scenes of a folder. Where it has no scenes for
    /// validation, some are held out of those for training, whole footprints at a time. `norm` is the
    /// batch normalisation of the network.
    ///
    /// # Errors
    /// For options that make no sense, for a folder or a scene that cannot be read, and for classes
    /// without a training scene.
    pub fn open(
        config: &SceneConfig,
        task: &SceneClassification,
        norm: NormOptions,
    ) -> Result<Self, TrainError> {
        config.check().map_err(TrainError::Options)?;
        let data = &config.data;
        let classes = Classes::of(task)?;
        let mut folder = Folder::open(&data.scenes)?;
        if folder.files.iter().all(|file| file.split != Split::Validation) {
            hold_out_validation(&mut folder.files, data.validation_share, config.seed);
        }
        let (train, statistics) = Pictures::open(of_split(&folder, Split::Train), data)?;
        let (validation, _) = Pictures::open(of_split(&folder, Split::Validation), data)?;
        let labels = train.files.iter().map(|file| classes.place(file.label));
        let sampling = Sampling::new(labels, classes.n, &config.training)?;
        Ok(Self {
            sampling,
            augmentation: config.augmentation,
            crop_px: data.variant.crop_px,
            batch_size: config.training.batch_size,
            classes,
            norm,
            reference: Reference::from_statistics(&statistics),
            folder,
            train,
            validation,
        })
    }

    /// The range of the statistics of the training scenes.
    pub fn reference(&self) -> Option<&Reference> {
        self.reference.as_ref()
    }

    /// Number of scenes in a block.
    pub fn len(&self, block: Block) -> usize {
        self.files(block).count()
    }

    /// How many scenes of a block show a footprint that scenes of training show too: their score is
    /// that of known places. A folder's own division is taken as it is, the published one too.
    pub fn n_known_places(&self, block: Block) -> usize {
        let known: HashSet<&str> =
            self.files(Block::Train).filter_map(|file| file.footprint.as_deref()).collect();
        let is_known =
            |file: &&SceneFile| file.footprint.as_deref().is_some_and(|f| known.contains(f));
        self.files(block).filter(is_known).count()
    }

    fn files(&self, block: Block) -> impl Iterator<Item = &SceneFile> {
        let split = match block {
            Block::Train => Split::Train,
            Block::Validation => Split::Validation,
            Block::Test => Split::Test,
        };
        self.folder.files.iter().filter(move |file| file.split == split)
    }

    /// Puts crops, `[3 × crop × crop]` each, behind each other.
    fn batch(&self, crops: Vec<Vec<f32>>, labels: Vec<usize>) -> Batch<Vec<usize>> {
        let shape = [crops.len(), 3, self.crop_px, self.crop_px];
        Batch { shape, inputs: crops.concat(), answers: labels }
    }

    fn labels(&self, pictures: &Pictures, picks: &[usize]) -> Vec<usize> {
        picks.iter().map(|&i| self.classes.place(pictures.files[i].label)).collect()
    }
}

fn of_split(folder: &Folder, split: Split) -> Vec<SceneFile> {
    folder.files.iter().filter(|file| file.split == split).cloned().collect()
}

impl Classes {
    fn of(task: &SceneClassification) -> Result<Self, TrainError> {
        let place = |label: Label| {
            task.class(label.name()).ok_or_else(|| {
                let message = format!("the network knows no class {:?}", label.name());
                TrainError::Options(message)
            })
        };
        let (negative, positive) = (place(Label::Negative)?, place(Label::Positive)?);
        Ok(Self { n: task.classes.len(), negative, positive })
    }

    fn place(self, label: Label) -> usize {
        match label {
            Label::Negative => self.negative,
            Label::Positive => self.positive,
        }
    }
}

impl Supervision for SceneSupervision {
    /// The class of each scene, by its place among the logits.
    type Answers = Vec<usize>;
    type Tally = Classification;

    fn ids(&self, block: Block) -> Vec<String> {
        let name = |file: &SceneFile| {
            file.path.strip_prefix(&self.folder.root).unwrap_or(&file.path).display().to_string()
        };
        self.files(block).map(name).collect()
    }

    fn plan(&self, random: &mut Random) -> Vec<Vec<usize>> {
        self.sampling.plan(random)
    }

    fn training_batch(
        &self,
        picks: &[usize],
        random: &mut Random,
    ) -> Result<Batch<Vec<usize>>, TrainError> {
        // Everything is drawn before anything is computed, so that threads cannot change the order.
        let draws: Vec<_> = picks.iter().map(|&i| (i, self.augmentation.draw(random))).collect();
        let crop = |(i, change): &(usize, augment::Change)| {
            let scene = change.apply(self.train.read(*i)?);
            Ok(scene.crop(self.crop_px))
        };
        let crops = draws.par_iter().map(crop).collect::<Result<Vec<_>, TrainError>>()?;
        Ok(self.batch(crops, self.labels(&self.train, picks)))
    }

    fn validation_plan(&self) -> Vec<Vec<usize>> {
        let all: Vec<usize> = (0..self.validation.files.len()).collect();
        all.chunks(self.batch_size).map(<[usize]>::to_vec).collect()
    }

    fn validation_batch(&self, picks: &[usize]) -> Result<Batch<Vec<usize>>, TrainError> {
        let crop = |&i: &usize| Ok(self.validation.read(i)?.crop(self.crop_px));
        let crops = picks.par_iter().map(crop).collect::<Result<Vec<_>, TrainError>>()?;
        Ok(self.batch(crops, self.labels(&self.validation, picks)))
    }

    fn loss(&self, prediction: Prediction, answers: &Vec<usize>, device: &Device) -> Tensor<1> {
        let logits = prediction.logits();
        let [n, n_classes] = logits.dims();
        let mut one_hot = vec![0.0_f32; n * n_classes];
        answers.iter().enumerate().for_each(|(i, &class)| one_hot[i * n_classes + class] = 1.0);
        let one_hot = Tensor::from_data(TensorData::new(one_hot, [n, n_classes]), device);
        (log_softmax(logits, 1) * one_hot).sum().div_scalar(-(n as f64))
    }

    fn count(&self, tally: &mut Classification, prediction: &Prediction, answers: &Vec<usize>) {
        let logits = to_vec(prediction.clone().logits());
        for (logits, &class) in logits.chunks_exact(self.classes.n).zip(answers) {
            tally.add(probabilities(logits)[self.classes.positive], class == self.classes.positive);
        }
    }

    fn slow_norm(&self) -> Option<NormOptions> {
        Some(self.norm)
    }

    fn scores(&self, tally: &Classification) -> Vec<Score> {
        let s = tally.finish();
        let count = |n: u64| Some(n as f64);
        vec![
            ("true_positives", count(s.confusion.true_positives)),
            ("false_positives", count(s.confusion.false_positives)),
            ("false_negatives", count(s.confusion.false_negatives)),
            ("true_negatives", count(s.confusion.true_negatives)),
            ("precision", s.precision),
            ("recall", s.recall),
            ("f1", s.f1),
            ("roc_auc", s.roc_auc),
            ("average_precision", s.average_precision),
        ]
    }
}
