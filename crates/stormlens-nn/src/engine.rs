//! Resident networks, and the one door through which plain data goes in and out.
//!
//! The engine spawns nothing and awaits nothing; whoever calls it decides on which thread.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use burn::tensor::{Device, Tensor, TensorData};
use stormlens_data::card::{CheckpointCard, DeviceReport, ModelCard};
use stormlens_data::field::Field;
use stormlens_data::outcome::{GradCam, IntegratedGradients, LayerMap, Target};
use stormlens_data::request::{Cancelled, Progress};

use crate::checkpoint::{self, CheckpointError};
use crate::device::{self, DeviceChoice, DeviceError};
use crate::explain::{self, MaskedSum, NORMALISATION_MM_5MIN, STEPS_PER_HOUR};
use crate::layers::fold;
use crate::models::HostTensors;
use crate::parameters::{Mode, to_vec};
use crate::registry::{self, ModelEntry};
use crate::{Parameters, Tap};

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

/// Frames for a network, normalised: `[n_frames × height × width]`.
#[derive(Clone, Debug)]
pub struct Frames {
    pub values: Vec<f32>,
    pub n_frames: usize,
    pub height: usize,
    pub width: usize,
}

/// A network in memory, ready to answer.
pub struct Resident {
    pub card: ModelCard,
    pub checkpoint: CheckpointCard,
    entry: &'static ModelEntry,
    parameters: Parameters,
}

/// What to explain and how.
#[derive(Clone, Debug)]
pub struct Question {
    pub threshold_mm_h: f64,
    /// Layers for Grad-CAM, by name; empty: no Grad-CAM.
    pub layers: Vec<String>,
    /// Steps of integrated gradients; `None`: not wanted.
    pub ig_steps: Option<usize>,
}

/// A prediction and its explanations.
#[derive(Clone, Debug)]
pub struct Answer {
    /// Normalised, `[lead times × height × width]`.
    pub prediction: Vec<f32>,
    pub grad_cam: Option<GradCam>,
    pub integrated_gradients: Option<IntegratedGradients>,
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
        Ok(to_vec(output))
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
        let (prediction, target, grad_cam) = if layers.is_empty() {
            let output = self.predict(resident, frames)?;
            let target = MaskedSum::above(threshold_mm_h, &output[..frames.n_pixels()]);
            (output, target, None)
        } else {
            announce(progress, "prediction and Grad-CAM")?;
            let raw = explain::grad_cam(
                network,
                &resident.parameters,
                input.clone(),
                &layers,
                |prediction| MaskedSum::above(threshold_mm_h, prediction),
            );
            let maps = raw.layers.iter().map(|a| layer_map(a, frames)).collect();
            let cam =
                GradCam { target: plain_target(&raw.target, threshold_mm_h, frames), layers: maps };
            (raw.prediction, raw.target, Some(cam))
        };
        let integrated_gradients = question
            .ig_steps
            .map(|n_steps| {
                let parameters = &resident.parameters;
                let path = explain::integrated_gradients(
                    network, parameters, &input, &target, n_steps, progress,
                )?;
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
        frames.check(&resident.card).map_err(EngineError::Input)?;
        let shape = [1, frames.n_frames, frames.height, frames.width];
        let data = TensorData::new(frames.values.clone(), shape);
        Ok(Tensor::from_data(data, &self.device))
    }
}

impl Frames {
    fn n_pixels(&self) -> usize {
        self.height * self.width
    }

    fn check(&self, card: &ModelCard) -> Result<(), String> {
        let (h, w) = (self.height, self.width);
        if self.n_frames != card.n_input_frames {
            return Err(format!(
                "the input has {} frames, {} takes {}: one every {} minutes, oldest first",
                self.n_frames, card.id, card.n_input_frames, card.frame_step_min
            ));
        }
        let multiple = card.size_multiple;
        if h == 0 || w == 0 || h % multiple != 0 || w % multiple != 0 {
            let next = |n: usize| n.div_ceil(multiple).max(1) * multiple;
            return Err(format!(
                "the input is {h} × {w} pixels, height and width must be multiples of {multiple}; \
                 crop or pad it, e.g. to {} × {}",
                next(h),
                next(w)
            ));
        }
        if self.values.len() != self.n_frames * h * w {
            return Err(format!(
                "the input holds {} values, not {}",
                self.values.len(),
                self.n_frames * h * w
            ));
        }
        let bad = self.values.iter().position(|v| !v.is_finite());
        bad.map_or(Ok(()), |i| {
            let (frame, rest) = (i / (h * w), i % (h * w));
            Err(format!(
                "the input holds {} in frame {frame}, row {}, column {}; fill or leave out missing \
                 values first",
                self.values[i],
                rest / w,
                rest % w
            ))
        })
    }
}

/// A checkpoint and what it is, before it goes to a device.
struct Described {
    state: checkpoint::StateDict,
    card: CheckpointCard,
}

/// What a checkpoint of a model is, for lists.
///
/// # Errors
/// For a file that is no checkpoint or one of another network.
pub fn describe(entry: &ModelEntry, path: &Path) -> Result<CheckpointCard, EngineError> {
    Ok(read_described(entry, path)?.card)
}

fn read_described(entry: &ModelEntry, path: &Path) -> Result<Described, EngineError> {
    let model = (entry.card)().id;
    let file = checkpoint::read(path)?;
    let found = checkpoint::identify(&file.state)?;
    let fits = found.family == entry.family
        && (found.in_channels, found.out_channels) == (entry.n_input, entry.n_output);
    if !fits {
        let reason = format!(
            "these are weights of {} with {} inputs and {} outputs; {model} takes {} and gives {}",
            found.family.name(),
            found.in_channels,
            found.out_channels,
            entry.n_input,
            entry.n_output
        );
        return Err(EngineError::WrongNetwork { path: path.to_owned(), reason });
    }
    let unstated = || "not stated in the file".to_owned();
    let (training_data, licence) = match file.metadata {
        Some(metadata) => (metadata.training_data, metadata.licence),
        None => (unstated(), unstated()),
    };
    let card = CheckpointCard {
        name: path.file_stem().unwrap_or_default().to_string_lossy().into_owned(),
        model: model.to_owned(),
        weights_sha256: file.sha256,
        training_data,
        licence,
        n_parameters: found.n_parameters,
    };
    Ok(Described { state: file.state, card })
}

impl Resident {
    fn read(entry: &'static ModelEntry, path: &Path, device: &Device) -> Result<Self, EngineError> {
        let Described { state, card: checkpoint } = read_described(entry, path)?;
        let tensors = fold(host_tensors(&state));
        let borrowed = tensors.iter().map(|(n, s, v)| (n.as_str(), s.as_slice(), v.as_slice()));
        let parameters = Parameters::from_host(borrowed, device);
        Ok(Self { card: (entry.card)(), checkpoint, entry, parameters })
    }

    /// Layers by name or label, as the card writes them.
    fn layer_names(&self, wanted: &[String]) -> Result<Vec<String>, EngineError> {
        let resolve = |name: &String| {
            let layer = self.card.layer(name).ok_or_else(|| EngineError::UnknownLayer {
                model: self.card.id,
                name: name.clone(),
                known: self.card.layers.iter().map(|l| l.name.clone()).collect(),
            })?;
            Ok(layer.name.clone())
        };
        wanted.iter().map(resolve).collect()
    }
}

/// The floating-point tensors of a checkpoint; counters of batches are of no use here.
pub fn host_tensors(state: &checkpoint::StateDict) -> HostTensors {
    let floats = |(name, tensor): (&String, &checkpoint::Tensor)| {
        Some((name.clone(), tensor.shape.clone(), tensor.as_f32()?.to_vec()))
    };
    state.tensors.iter().filter_map(floats).collect()
}

/// A checkpoint from tensors, with the counters that PyTorch expects beside running statistics.
pub fn state_dict(tensors: &HostTensors, n_batches: usize) -> checkpoint::StateDict {
    let mut state = checkpoint::StateDict::default();
    for (name, shape, values) in tensors {
        let tensor = checkpoint::Tensor::f32(shape.clone(), values.clone());
        state.tensors.insert(name.clone(), tensor);
        if let Some(norm) = name.strip_suffix("running_var") {
            let counter = checkpoint::Tensor::i64(Vec::new(), vec![n_batches as i64]);
            state.tensors.insert(format!("{norm}num_batches_tracked"), counter);
        }
    }
    state
}

fn announce(progress: &dyn Progress, phase: &str) -> Result<(), Cancelled> {
    match progress.report(phase, 0, 1) {
        std::ops::ControlFlow::Continue(()) => Ok(()),
        std::ops::ControlFlow::Break(cancelled) => Err(cancelled),
    }
}

fn layer_map(activation: &crate::tap::Activation, frames: &Frames) -> LayerMap {
    let from = (activation.height, activation.width);
    let to = (frames.height, frames.width);
    LayerMap {
        layer: activation.name.clone(),
        raw: Field::new(from.0, from.1, activation.weighted_sum.clone()),
        cam: Field::new(to.0, to.1, explain::finish_cam(&activation.weighted_sum, from, to)),
    }
}

/// From normalised values to mm/h.
const MM_H: f64 = NORMALISATION_MM_5MIN as f64 * STEPS_PER_HOUR as f64;

fn plain_target(target: &MaskedSum, threshold_mm_h: f64, frames: &Frames) -> Target {
    Target {
        threshold_mm_h,
        mask: Field::new(frames.height, frames.width, target.mask.clone()),
        n_pixels: target.n_pixels,
        score: target.score,
        score_mm_h: target.score * MM_H,
    }
}

fn in_rain_units(
    path: &explain::PathAttribution,
    target: Target,
    frames: &Frames,
    n_steps: usize,
) -> IntegratedGradients {
    let in_mm_h = |v: &f32| (f64::from(*v) * MM_H) as f32;
    let maps: Vec<Field> = path
        .attribution
        .chunks_exact(frames.n_pixels())
        .map(|map| Field::new(frames.height, frames.width, map.iter().map(in_mm_h).collect()))
        .collect();
    let sum = |map: &Field| map.values.iter().map(|&v| f64::from(v)).sum();
    IntegratedGradients {
        target,
        frame_sums_mm_h: maps.iter().map(sum).collect(),
        frames: maps,
        n_steps,
        baseline: "no rain",
        output_difference_mm_h: path.output_difference * MM_H,
        convergence_delta_mm_h: path.convergence_delta * MM_H,
    }
}
