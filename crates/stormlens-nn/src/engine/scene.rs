//! Questions to a classifier of scenes, and its answers.

use burn::tensor::{Tensor, TensorData};
use stormlens_data::field::Field;
use stormlens_data::outcome::{ClassAttribution, SceneCam, SceneCamLayer};
use stormlens_data::request::{PathOptions, Progress};

use super::look::look;
use super::resident::MIN_CROP_PX;
use super::{Engine, EngineError, Resident};
use crate::explain::{self, ClassTarget, PathAttribution, Rule};
use crate::tap::Activation;

/// The centre of a scene as a network takes it: `[3 × side_px × side_px]`, 0 to 1.
#[derive(Clone, Debug)]
pub struct SceneInput {
    pub values: Vec<f32>,
    pub side_px: usize,
}

/// What to explain and how.
#[derive(Clone, Debug)]
pub struct SceneQuestion {
    /// The class that is explained, by its place among the logits.
    pub class: usize,
    /// Layers for Grad-CAM, by name; empty: no Grad-CAM.
    pub layers: Vec<String>,
    /// Integrated gradients; `None`: not wanted.
    pub path: Option<PathOptions>,
}

/// What a classifier says, and why.
#[derive(Clone, Debug)]
pub struct SceneAnswer {
    /// One a class.
    pub logits: Vec<f64>,
    pub probabilities: Vec<f64>,
    pub grad_cam: Option<SceneCam>,
    pub integrated_gradients: Option<ClassAttribution>,
}

/// The pixels that go through a network together along a path: more of them share the cost of
/// starting each operation, but keep more activations in memory and are longer without news of the
/// progress.
const PIXELS_AT_ONCE: usize = 1 << 20;

impl Engine {
    /// The classes of a scene and the explanations that were asked for.
    ///
    /// # Errors
    /// For an input or a class that does not fit, for an unknown layer, and when nobody waits any
    /// more.
    pub fn classify(
        &self,
        resident: &Resident,
        scene: &SceneInput,
        question: &SceneQuestion,
        progress: &dyn Progress,
    ) -> Result<SceneAnswer, EngineError> {
        let answers = self.classify_batch(resident, &[(scene, question)], progress)?;
        Ok(answers.into_iter().next().expect("an answer for each question"))
    }

    /// The same for several scenes of one size: they go through the network together.
    ///
    /// # Errors
    /// As [`Self::classify`], if any of them does not fit, and for scenes of different sizes.
    pub fn classify_batch(
        &self,
        resident: &Resident,
        asked: &[(&SceneInput, &SceneQuestion)],
        progress: &dyn Progress,
    ) -> Result<Vec<SceneAnswer>, EngineError> {
        let wanted: Vec<Vec<String>> = asked
            .iter()
            .map(|(_, question)| resident.layer_names(&question.layers))
            .collect::<Result<_, _>>()?;
        let mut inputs = Vec::with_capacity(asked.len());
        for (scene, question) in asked {
            inputs.push(self.scene_tensor(resident, scene, &scene.values)?);
            check_class(resident, question.class)?;
        }
        let output = stormlens_data::request::ClassOutput::Logit;
        let seen = look(resident, &inputs, &wanted, progress, |i, _| ClassTarget {
            class: asked[i].1.class,
            output,
        })?;
        let mut answers = Vec::with_capacity(asked.len());
        for (((scene, question), input), seen) in asked.iter().zip(&inputs).zip(seen) {
            let integrate = |options: &PathOptions| {
                self.integrate(resident, scene, input, (question.class, options), progress)
            };
            answers.push(SceneAnswer {
                probabilities: explain::probabilities(&seen.prediction),
                integrated_gradients: question.path.as_ref().map(integrate).transpose()?,
                grad_cam: seen.layers.map(|layers| SceneCam {
                    logit: f64::from(seen.prediction[question.class]),
                    layers: layers.into_iter().map(layer).collect(),
                }),
                logits: seen.prediction.into_iter().map(f64::from).collect(),
            });
        }
        Ok(answers)
    }

    fn integrate(
        &self,
        resident: &Resident,
        scene: &SceneInput,
        input: &Tensor<4>,
        (class, options): (usize, &PathOptions),
        progress: &dyn Progress,
    ) -> Result<ClassAttribution, EngineError> {
        let baseline = explain::baseline(options.baseline, &scene.values, scene.side_px);
        let path = explain::Path {
            input: input.clone(),
            baseline: self.scene_tensor(resident, scene, &baseline)?,
            n_steps: options.n_steps,
            rule: Rule::Trapezoid {
                tolerance: options.tolerance,
                max_steps: PathOptions::MAX_STEPS,
            },
            n_batch: (PIXELS_AT_ONCE / (scene.side_px * scene.side_px)).clamp(1, 4),
        };
        let target = ClassTarget { class, output: options.output };
        let network = resident.entry.network;
        let found =
            explain::integrated_gradients(network, &resident.parameters, &path, &target, progress)?;
        Ok(plain(found, options, scene.side_px))
    }

    /// Checks an input against the card and puts it on the device: burn panics on misuse.
    fn scene_tensor(
        &self,
        resident: &Resident,
        scene: &SceneInput,
        values: &[f32],
    ) -> Result<Tensor<4>, EngineError> {
        let side = scene.side_px;
        if resident.card.scene_classification().is_none() {
            let message = format!("{} takes frames, not pictures", resident.card.id);
            return Err(EngineError::Input(message));
        }
        if side < MIN_CROP_PX || values.len() != 3 * side * side {
            let message = format!(
                "the input holds {} values; a picture of {side} × {side} pixels and three channels \
                 has {}, and no side is below {MIN_CROP_PX}",
                values.len(),
                3 * side * side
            );
            return Err(EngineError::Input(message));
        }
        if let Some(i) = values.iter().position(|v| !v.is_finite()) {
            let message = format!("the input holds {} at place {i}", values[i]);
            return Err(EngineError::Input(message));
        }
        let data = TensorData::new(values.to_vec(), [1, 3, side, side]);
        Ok(Tensor::from_data(data, &self.device))
    }
}

fn check_class(resident: &Resident, class: usize) -> Result<(), EngineError> {
    let n = resident.card.scene_classification().map_or(0, |task| task.classes.len());
    if class < n {
        return Ok(());
    }
    Err(EngineError::Input(format!("there is no class {class}: the network tells {n} apart")))
}

fn layer(activation: Activation) -> SceneCamLayer {
    let Activation { name, height, width, weighted_sum, weights, .. } = activation;
    SceneCamLayer {
        layer: name,
        weights,
        cam: Field::new(height, width, explain::rectify(&weighted_sum)),
        raw: Field::new(height, width, weighted_sum),
    }
}

fn plain(found: PathAttribution, options: &PathOptions, crop_px: usize) -> ClassAttribution {
    ClassAttribution {
        options: options.clone(),
        sum: found.output_difference + found.convergence_delta,
        attribution: found.attribution,
        crop_px,
        n_steps: found.n_steps,
        path: found.path,
    }
}
