//! Resident networks, and the one door through which plain data goes in and out.
//!
//! The engine spawns nothing and awaits nothing; whoever calls it decides on which thread.

mod answer;
mod frames;
mod look;
mod resident;
mod scene;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use burn::tensor::{Device, Tensor, TensorData};
use rayon::prelude::*;
use stormlens_data::card::DeviceReport;
use stormlens_data::outcome::GradCam;
use stormlens_data::request::{Cancelled, Progress};

pub use answer::{Answer, Question};
pub use frames::Frames;
pub use resident::{Resident, describe, host_tensors, state_dict};
pub use scene::{SceneAnswer, SceneInput, SceneQuestion};

use self::answer::{in_rain_units, layer_map, plain_target};
use self::look::{Seen, look};
use crate::Tap;
use crate::checkpoint::CheckpointError;
use crate::device::{self, DeviceChoice, DeviceError};
use crate::explain::{self, MaskedSum};
use crate::parameters::Mode;
use crate::registry;
use crate::tap::Activation;

/// Why a question was not answered.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    #[error("there is no model {name:?}; known are {}", known.join(", "))]
    UnknownModel { name: String, known: Vec<&'static str> },
    #[error("{model} has no layer {name:?}; its layers are {}", known.join(", "))]
    UnknownLayer { model: &'static str, name: String, known: Vec<String> },
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
    residents: HashMap<(String, PathBuf), Arc<Resident>>,
}

impl Engine {
    /// # Errors
    /// Where a GPU was asked for and there is none.
    pub fn new(choice: DeviceChoice) -> Result<Self, DeviceError> {
        let (device, report) = device::choose(choice)?;
        Ok(Self { device, report, residents: HashMap::new() })
    }

    pub fn device(&self) -> &DeviceReport {
        &self.report
    }

    /// The network with those weights, read once.
    ///
    /// # Errors
    /// For an unknown model, and for a file that is no checkpoint or one of another network.
    pub fn load(&mut self, model: &str, path: &Path) -> Result<Arc<Resident>, EngineError> {
        let key = (model.to_owned(), path.to_owned());
        if let Some(resident) = self.residents.get(&key) {
            return Ok(resident.clone());
        }
        let entry = registry::find(model)
            .map_err(|known| EngineError::UnknownModel { name: model.to_owned(), known })?;
        let resident = Arc::new(Resident::read(entry, path, &self.device)?);
        self.residents.insert(key, resident.clone());
        Ok(resident)
    }

    /// The prediction alone, normalised, `[lead times × height × width]`.
    ///
    /// # Errors
    /// For an input that does not fit the network.
    pub fn predict(&self, resident: &Resident, input: &Frames) -> Result<Vec<f32>, EngineError> {
        let input = self.tensor(resident, input)?;
        let network = resident.entry.network;
        let output =
            network.forward(&resident.parameters, input, &mut Tap::off(), &Mode::inference());
        Ok(output.to_host())
    }

    /// The prediction and the explanations that were asked for.
    ///
    /// # Errors
    /// For an input that does not fit, for an unknown layer, and when nobody waits any more.
    pub fn explain(
        &self,
        resident: &Resident,
        frames: &Frames,
        question: &Question,
        progress: &dyn Progress,
    ) -> Result<Answer, EngineError> {
        let answers = self.explain_batch(resident, &[(frames, question)], progress)?;
        Ok(answers.into_iter().next().expect("an answer for each question"))
    }

    /// The same for several inputs of one size: they go through the network together.
    ///
    /// # Errors
    /// As [`Self::explain`], if any of them does not fit, and for inputs of different sizes.
    pub fn explain_batch(
        &self,
        resident: &Resident,
        asked: &[(&Frames, &Question)],
        progress: &dyn Progress,
    ) -> Result<Vec<Answer>, EngineError> {
        let wanted: Vec<Vec<String>> = asked
            .iter()
            .map(|(_, question)| resident.layer_names(&question.layers))
            .collect::<Result<_, _>>()?;
        let inputs: Vec<Tensor<4>> = asked
            .iter()
            .map(|(frames, _)| self.tensor(resident, frames))
            .collect::<Result<_, _>>()?;
        let seen = look(resident, &inputs, &wanted, progress, |i, prediction| {
            let (frames, question) = asked[i];
            MaskedSum::above(question.threshold_mm_h, &prediction[..frames.n_pixels()])
        })?;
        let answer = |(((frames, question), input), seen): ((_, _), Seen<MaskedSum>)| {
            self.finish(resident, (frames, question), input, seen, progress)
        };
        asked.iter().copied().zip(inputs).zip(seen).map(answer).collect()
    }

    /// What was seen in physical units, and integrated gradients where they are wanted.
    fn finish(
        &self,
        resident: &Resident,
        (frames, question): (&Frames, &Question),
        input: Tensor<4>,
        seen: Seen<MaskedSum>,
        progress: &dyn Progress,
    ) -> Result<Answer, EngineError> {
        let target = || plain_target(&seen.target, question.threshold_mm_h, frames);
        let maps = |layers: &Vec<Activation>| GradCam {
            target: target(),
            layers: layers.par_iter().map(|a| layer_map(a, frames)).collect(),
        };
        let integrate = |n_steps: usize| {
            let path = explain::Path {
                baseline: input.zeros_like(),
                input,
                n_steps,
                rule: explain::Rule::Midpoint,
                n_batch: 1,
            };
            let (network, parameters) = (resident.entry.network, &resident.parameters);
            let path =
                explain::integrated_gradients(network, parameters, &path, &seen.target, progress)?;
            Ok::<_, EngineError>(in_rain_units(&path, target(), frames, n_steps))
        };
        Ok(Answer {
            grad_cam: seen.layers.as_ref().map(maps),
            integrated_gradients: question.ig_steps.map(integrate).transpose()?,
            prediction: seen.prediction,
        })
    }

    /// Checks an input against the card and puts it on the device: burn panics on misuse.
    fn tensor(&self, resident: &Resident, frames: &Frames) -> Result<Tensor<4>, EngineError> {
        let task = resident.checkpoint.nowcasting.as_ref().ok_or_else(|| {
            EngineError::Input(format!("{} takes pictures, not frames", resident.card.id))
        })?;
        frames.check(task).map_err(EngineError::Input)?;
        let shape = [1, frames.n_frames, frames.height, frames.width];
        let data = TensorData::new(frames.values.clone(), shape);
        Ok(Tensor::from_data(data, &self.device))
    }
}

fn announce(progress: &dyn Progress, phase: &str) -> Result<(), Cancelled> {
    match progress.report(phase, 0, 1) {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(cancelled) => Err(cancelled),
    }
}
