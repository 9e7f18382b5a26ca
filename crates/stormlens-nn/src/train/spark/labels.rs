//! A part of the labelled samples, and what training begins with.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use stormlens_checkpoint as checkpoint;
use stormlens_data::dataset::DatasetError;

use super::SparkConfig;
use crate::engine::host_tensors;
use crate::models::HostTensors;
use crate::models::spat_spark::{ENTRY, FLOOR, Form, architecture, around_encoder, fine_tuning_of};
use crate::random::Random;
use crate::registry;
use crate::train::frames::{Example, Examples};
use crate::train::run::TrainError;
use crate::train::supervision::Block;

/// Examples of which only a part trains: of each event an unbroken row of samples.
pub struct LabelledPart {
    all: Box<dyn Examples>,
    train: Vec<String>,
}

impl LabelledPart {
    /// The seed says where in an event the row begins.
    pub fn new(all: Box<dyn Examples>, share: f64, seed: u64) -> Self {
        let mut events: BTreeMap<Option<String>, Vec<String>> = BTreeMap::new();
        for id in all.ids(Block::Train) {
            events.entry(all.event(&id)).or_default().push(id);
        }
        let mut random = Random::of_stream(seed, 0x6c61_6265_6c73);
        let row = |ids: Vec<String>| {
            let n = ((ids.len() as f64 * share).round() as usize).clamp(1, ids.len());
            let first = random.below(ids.len() - n + 1);
            ids[first..first + n].to_vec()
        };
        let train = events.into_values().flat_map(row).collect();
        Self { all, train }
    }
}

impl Examples for LabelledPart {
    fn ids(&self, block: Block) -> Vec<String> {
        if block == Block::Train { self.train.clone() } else { self.all.ids(block) }
    }

    fn read(&self, id: &str) -> Result<Arc<Example>, DatasetError> {
        self.all.read(id)
    }

    fn target(&self, id: &str) -> Result<Vec<f32>, DatasetError> {
        self.all.target(id)
    }

    fn event(&self, id: &str) -> Option<String> {
        self.all.event(id)
    }
}

/// What a run begins with.
pub struct Start {
    pub weights: HostTensors,
    /// Parts of the network that the file which was named to begin with does not hold: they begin untrained. Empty where none
    /// was named, for then everything does.
    pub untrained: Vec<&'static str>,
}

/// What the names of tensors begin with, and the part of the network that they are of.
const PARTS: [(&str, &str); 5] = [
    ("sparse_encoder.", "encoder"),
    ("transition.", "translation"),
    ("densify_", "projections"),
    ("mask_tokens.", "mask tokens"),
    ("dense_decoder.", "decoder"),
];

/// Parts of which a network has tensors and those that are known have none.
fn untrained(weights: &HostTensors, known: &HostTensors) -> Vec<&'static str> {
    let has = |tensors: &HostTensors, prefix: &str| {
        tensors.iter().any(|(name, ..)| name.starts_with(prefix))
    };
    let is_new = |(prefix, _): &(&str, &str)| has(weights, prefix) && !has(known, prefix);
    PARTS.into_iter().filter(is_new).map(|(_, part)| part).collect()
}

/// The weights of a file that holds an encoder alone, by its own names; `None` for another file.
fn encoder_alone(path: &Path) -> Result<Option<HostTensors>, String> {
    let state = checkpoint::read(path).map_err(|error| error.to_string())?.state;
    let shape = |wanted: &str| state.tensors.get(wanted).map(|tensor| tensor.shape.clone());
    let is_alone = Form::is_encoder_alone(&shape);
    Ok(is_alone.then(|| host_tensors(state)))
}

impl SparkConfig {
    /// What a run learns from: all samples, or a part of those with labels.
    ///
    /// # Errors
    /// As [`crate::train::open`].
    pub fn open(&self) -> Result<Box<dyn Examples>, DatasetError> {
        let all = crate::train::frames::open(&self.data)?;
        Ok(match self.training.labelled_share {
            Some(share) => Box::new(LabelledPart::new(all, share, self.seed)),
            None => all,
        })
    }

    /// First weights, or those that the options name: of the same stage as they are, of the pre-training with a translation
    /// before training for fine-tuning, of an encoder alone with everything else before training.
    ///
    /// # Errors
    /// For files that cannot be read, and weights of another network or size.
    pub fn start(&self) -> Result<Start, TrainError> {
        let form = self.form();
        let drawn = || (ENTRY.initialise)(&architecture(&form).schema, self.seed);
        let mut start = match &self.training.start_from {
            None => Start { weights: drawn(), untrained: Vec::new() },
            Some(path) => self.adopt(path, &form)?,
        };
        // What the options state is what the network adds.
        for (name, _, values) in &mut start.weights {
            if name == FLOOR {
                values.fill(self.training.floor as f32);
            }
        }
        Ok(start)
    }

    fn adopt(&self, path: &Path, form: &Form) -> Result<Start, TrainError> {
        let refuse = |what: String| TrainError::Options(format!("{}: {what}", path.display()));
        if let Some(encoder) = encoder_alone(path).map_err(refuse)? {
            let weights = around_encoder(encoder, form, self.seed).map_err(refuse)?;
            let mut untrained = untrained(&weights, &HostTensors::new());
            untrained.retain(|part| *part != "encoder");
            return Ok(Start { weights, untrained });
        }
        let (file, found) = registry::read(path).map_err(|error| refuse(error.to_string()))?;
        if found.entry.name != ENTRY.name {
            return Err(refuse(format!("these are weights of {}", found.entry.name)));
        }
        let weights = host_tensors(file.state);
        let adopted = fine_tuning_of(&weights, form.translates, self.seed).map_err(refuse)?;
        let untrained = untrained(&adopted, &weights);
        let has = |name: &str| adopted.iter().any(|(other, ..)| other == name);
        let missing = architecture(form).schema.iter().find(|(name, _)| !has(name)).cloned();
        let shape = |wanted: &str| {
            adopted.iter().find(|(name, ..)| name == wanted).map(|(_, shape, _)| shape.clone())
        };
        let own = Form::of(&shape).and_then(Result::ok);
        let is_same =
            own.is_some_and(|own| Form { has_floor: true, unused_px: None, ..own } == *form);
        match (is_same, missing) {
            (false, _) => Err(refuse(
                "they are of another size or stage than the options want; change [data.frames], base_channels, depths or \
                 translation"
                    .to_owned(),
            )),
            (true, None) => Ok(Start { weights: adopted, untrained }),
            // Weights of the authors add the published thousandth, without saying so.
            (true, Some((name, shape))) => {
                let floor = vec![self.training.floor as f32];
                let weights = adopted.into_iter().chain([(name, shape, floor)]).collect();
                Ok(Start { weights, untrained })
            }
        }
    }
}
