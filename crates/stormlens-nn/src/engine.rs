//! Resident networks, and the one door through which plain data goes in and out.
//!
//! The engine spawns nothing and awaits nothing; whoever calls it decides on which thread.

mod answer;
mod ask;
mod fields;
mod input;
mod resident;
mod show;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use burn::tensor::Device;
use stormlens_data::card::DeviceReport;
use stormlens_data::network::{Answer, Input, Pass, Question, Shown};
use stormlens_data::request::{Cancelled, Progress};

pub use resident::{Resident, describe, host_tensors, in_our_unit, state_dict};

use crate::device::{self, DeviceChoice, DeviceError};
use crate::registry;
use resident::Unit;
use stormlens_checkpoint::CheckpointError;

/// Why a question was not answered.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    #[error("there is no model {name:?}; choose one of: {}", known.join(", "))]
    UnknownModel { name: String, known: Vec<&'static str> },
    #[error("{model} has no layer {name:?}; its layers are {}", known.join(", "))]
    UnknownLayer { model: &'static str, name: String, known: Vec<String> },
    #[error("there is no method {name:?}; choose one of: {}", known.join(", "))]
    UnknownMethod { name: String, known: Vec<&'static str> },
    #[error("{model} has no variant {name:?}")]
    UnknownVariant { model: &'static str, name: String },
    #[error("{}: {reason}", path.display())]
    WrongNetwork { path: PathBuf, reason: String },
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    #[error("{0}")]
    Input(String),
    #[error(transparent)]
    Device(#[from] DeviceError),
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
}

/// Networks on a device.
pub struct Engine {
    device: Device,
    report: DeviceReport,
    residents: Mutex<HashMap<(String, PathBuf), Arc<Resident>>>,
}

impl Engine {
    /// # Errors
    /// Where a GPU was asked for and there is none.
    pub fn new(choice: DeviceChoice) -> Result<Self, DeviceError> {
        let (device, report) = device::choose(choice)?;
        Ok(Self { device, report, residents: Mutex::default() })
    }

    pub fn device(&self) -> &DeviceReport {
        &self.report
    }

    /// The network with those weights, read once.
    ///
    /// # Errors
    /// For an unknown model, and for a file that is no checkpoint or one of another network.
    pub fn load(&self, model: &str, path: &Path) -> Result<Arc<Resident>, EngineError> {
        let key = (model.to_owned(), path.to_owned());
        // Only whole networks come in, so a panic leaves none half read.
        let mut residents = self.residents.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(resident) = residents.get(&key) {
            return Ok(resident.clone());
        }
        let entry = registry::find(model)
            .map_err(|known| EngineError::UnknownModel { name: model.to_owned(), known })?;
        let resident = Arc::new(Resident::read(entry, path, &self.device, Unit::Ours)?);
        residents.insert(key, resident.clone());
        Ok(resident)
    }

    /// The network with those weights as their file holds them, in whichever unit of rain; it is not kept.
    ///
    /// # Errors
    /// As [`Self::load`].
    pub fn load_as_stored(&self, model: &str, path: &Path) -> Result<Resident, EngineError> {
        let entry = registry::find(model)
            .map_err(|known| EngineError::UnknownModel { name: model.to_owned(), known })?;
        Resident::read(entry, path, &self.device, Unit::OfTheFile)
    }

    /// Predictions and the explanations that were asked for, one answer for each input, in their
    /// order. Inputs go through the network together, so they are of one size.
    ///
    /// # Errors
    /// For an input that does not fit the network, for inputs of different sizes, for a method, an
    /// option, a target or a layer that is not there, and when nobody waits any more.
    pub fn answer(
        &self,
        resident: &Resident,
        asked: &[(&Input, &Question)],
        progress: &dyn Progress,
    ) -> Result<Vec<Answer>, EngineError> {
        answer::answer(resident, asked, progress, &self.device)
    }

    /// One input with all that is wanted of it; whose weights it names, the caller has seen to.
    ///
    /// # Errors
    /// As [`Self::answer`], [`Self::show`] and [`Self::sample`], and for a variant that the network does not have.
    pub fn pass(
        &self,
        resident: &Resident,
        pass: &Pass,
        progress: &dyn Progress,
    ) -> Result<Answer, EngineError> {
        let variant = pass.variant.map(|name| resident.variant(name)).transpose()?;
        let resident = variant.as_ref().unwrap_or(resident);
        // What layers hold comes with a prediction of its own.
        let wants_answer = !pass.asked.is_empty() || pass.show.is_empty();
        let mut answer = Answer::default();
        if wants_answer {
            let answers = self.answer(resident, &[(&pass.input, &pass.asked)], progress)?;
            answer = answers.into_iter().next().unwrap_or_default();
        }
        if !pass.show.is_empty() {
            let names: Vec<&str> = pass.show.iter().map(String::as_str).collect();
            let shown = self.show(resident, &[&pass.input], &names)?.pop();
            if let Some(Shown { prediction, shape, layers }) = shown {
                answer.shown = layers;
                if !wants_answer {
                    (answer.prediction, answer.shape) = (prediction, shape);
                }
            }
        }
        if let Some(wanted) = pass.sampled {
            answer.sampled = self.sample(resident, &pass.input, wanted, progress)?;
        }
        Ok(answer)
    }

    /// Predictions, and what these layers hold on the way, by the names under which the network shows
    /// them: those of its card, and what is beside them, such as HARPNET's gates (`attn_blocks.0.psi`,
    /// `attn_blocks.0.gate`). Inputs go through the network together, so they are of one size.
    ///
    /// # Errors
    /// For an input that does not fit the network, for inputs of different sizes, and for a layer that is
    /// not there.
    pub fn show(
        &self,
        resident: &Resident,
        inputs: &[&Input],
        layers: &[&str],
    ) -> Result<Vec<Shown>, EngineError> {
        show::show(resident, inputs, layers, &self.device)
    }

    /// `n` predictions of one input under dropout (Gal and Ghahramani 2016), row-major; the seed says what is
    /// dropped. Of a network without dropout all are the same.
    ///
    /// # Errors
    /// For an input that does not fit the network, and when nobody waits any more.
    pub fn sample(
        &self,
        resident: &Resident,
        input: &Input,
        (seed, n): (u64, usize),
        progress: &dyn Progress,
    ) -> Result<Vec<Vec<f32>>, EngineError> {
        show::sample(resident, input, (seed, n), progress, &self.device)
    }
}

fn announce(progress: &dyn Progress, phase: &str) -> Result<(), Cancelled> {
    match progress.report(phase, 0, 1) {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(cancelled) => Err(cancelled),
    }
}
