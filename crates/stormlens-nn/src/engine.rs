//! Resident networks, and the one door through which plain data goes in and out.
//!
//! The engine spawns nothing and awaits nothing; whoever calls it decides on which thread.

mod answer;
mod frames;
mod resident;
mod scene;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use burn::tensor::{Device, Tensor, TensorData};
use stormlens_data::card::DeviceReport;
use stormlens_data::outcome::GradCam;
use stormlens_data::request::{Cancelled, Progress};

pub use answer::{Answer, Question};
pub use frames::Frames;
pub use resident::{Resident, describe, host_tensors, state_dict};
pub use scene::{SceneAnswer, SceneInput, SceneQuestion};

use self::answer::{in_rain_units, layer_map, plain_target};
use crate::Tap;
use crate::checkpoint::CheckpointError;
use crate::device::{self, DeviceChoice, DeviceError};
use crate::explain::{self, MaskedSum};
use crate::parameters::Mode;
use crate::registry;

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
            network.forward(&resident.parameters, input, &mut Tap::off(), &Mode::Inference);
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
        let layers = resident.layer_names(&question.layers)?;
        let input = self.tensor(resident, frames)?;
        let network = resident.entry.network;
        let threshold_mm_h = question.threshold_mm_h;
        let first_lead =
            |prediction: &[f32]| MaskedSum::above(threshold_mm_h, &prediction[..frames.n_pixels()]);
        let (prediction, target, grad_cam) = if layers.is_empty() {
            let output = self.predict(resident, frames)?;
            let target = first_lead(&output);
            (output, target, None)
        } else {
            announce(progress, "prediction and Grad-CAM")?;
            let raw = explain::grad_cam(
                network,
                &resident.parameters,
                input.clone(),
                &layers,
                first_lead,
            );
            let maps = raw.layers.iter().map(|a| layer_map(a, frames)).collect();
            let cam =
                GradCam { target: plain_target(&raw.target, threshold_mm_h, frames), layers: maps };
            (raw.prediction, raw.target, Some(cam))
        };
        let integrated_gradients = question
            .ig_steps
            .map(|n_steps| {
                let path = explain::Path {
                    baseline: input.zeros_like(),
                    input,
                    n_steps,
                    rule: explain::Rule::Midpoint,
                    n_batch: 1,
                };
                let parameters = &resident.parameters;
                let path =
                    explain::integrated_gradients(network, parameters, &path, &target, progress)?;
                Ok::<_, EngineError>(in_rain_units(
                    &path,
                    plain_target(&target, threshold_mm_h, frames),
                    frames,
                    n_steps,
                ))
            })
            .transpose()?;
        Ok(Answer { prediction, grad_cam, integrated_gradients })
    }

    /// Checks an input against the card and puts it on the device: burn panics on misuse.
    fn tensor(&self, resident: &Resident, frames: &Frames) -> Result<Tensor<4>, EngineError> {
        let task = resident.card.nowcasting().ok_or_else(|| {
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
