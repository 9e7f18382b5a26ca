//! A scene classified and explained.

use std::time::Instant;

use stormlens_data::outcome::{ClassScore, Provenance, SceneOutcome, SceneView};
use stormlens_data::request::{Progress, SceneRequest};
use stormlens_data::scene::{
    self, Familiarity, Limits, Picture, Reference, Statistics, Variant, familiarity, resize,
};
use stormlens_nn::engine::{Resident, SceneAnswer, SceneInput, SceneQuestion};
use stormlens_nn::{Engine, EngineError};

use super::{Place, origin, worker_error};
use crate::jobs::WorkerError;

pub(super) fn answer(
    place: &Place,
    request: &SceneRequest,
    progress: &dyn Progress,
) -> Result<SceneOutcome, WorkerError> {
    let unreadable = |error: &dyn std::fmt::Display| WorkerError::Invalid {
        message: error.to_string(),
        remedy: "choose another scene, or upload the picture again".into(),
    };
    let scenes = place.catalog.scenes();
    let entry = scenes.find(&request.scene).ok_or_else(|| {
        unreadable(&format!("there is no scene {:?} here, or not any more", request.scene))
    })?;
    let bytes = scenes.bytes(&request.scene).map_err(|error| unreadable(&error))?;
    let picture = scene::decode(&bytes, &Limits::default()).map_err(|error| unreadable(&error))?;
    let provenance = Provenance {
        checkpoint: request.checkpoint.clone(),
        data_source: entry.source,
        data_files: vec![entry.title.clone()],
        data_sha256: entry.sha256,
        data_licence: entry.licence,
        ..origin(place.engine, place.resident)
    };
    let examined = examine(place.engine, place.resident, &picture, request, progress);
    let mut outcome = examined.map_err(worker_error)?.into_outcome(request, provenance);
    outcome.view.title = entry.title;
    Ok(outcome)
}

/// What a network says of a picture.
pub struct Examined {
    pub view: SceneView,
    pub answer: SceneAnswer,
    pub classes: Vec<ClassScore>,
    pub statistics: Statistics,
    pub familiarity: Familiarity,
    pub trained_on_simulation: bool,
    pub duration_ms: f64,
}

/// How large a network wants a picture, as its checkpoint says, else as its card does.
pub fn variant(resident: &Resident) -> Variant {
    let by_card = resident.card.scene_classification().map(|task| task.default_variant);
    resident.checkpoint.variant.or(by_card).unwrap_or(Variant::LR_512)
}

/// Prepares a picture as asked, runs the network and explains what it says.
///
/// # Errors
/// For a class or a layer that is not there, and when nobody waits any more.
pub fn examine(
    engine: &Engine,
    resident: &Resident,
    picture: &Picture,
    request: &SceneRequest,
    progress: &dyn Progress,
) -> Result<Examined, EngineError> {
    let layers = resident.card.layers.iter().map(|layer| layer.name.clone());
    let question = SceneQuestion {
        class: request.class,
        layers: if request.grad_cam { layers.collect() } else { Vec::new() },
        path: request.integrated_gradients.clone(),
    };
    let started = Instant::now();
    let variant = variant(resident);
    let prepared = resize(picture, variant.input_px, request.resampling, request.fit);
    let values = prepared.crop(variant.crop_px);
    let input = SceneInput { values, side_px: variant.crop_px };
    let answer = engine.classify(resident, &input, &question, progress)?;
    let statistics = Statistics::of(picture);
    let reference = resident.checkpoint.familiar.clone().unwrap_or_else(Reference::published);
    Ok(Examined {
        classes: classes(resident, &answer),
        familiarity: familiarity(&statistics, &reference),
        statistics,
        trained_on_simulation: resident.checkpoint.is_simulated,
        duration_ms: started.elapsed().as_secs_f64() * 1e3,
        view: SceneView {
            title: String::new(),
            width_px: picture.width,
            height_px: picture.height,
            variant,
            rgb: prepared.to_rgb8(),
            content: prepared.content,
        },
        answer,
    })
}

fn classes(resident: &Resident, answer: &SceneAnswer) -> Vec<ClassScore> {
    let classes = resident.card.scene_classification().map_or(&[][..], |task| task.classes);
    let scores = answer.logits.iter().zip(&answer.probabilities);
    let score = |(class, (&logit, &probability)): (&stormlens_data::card::Class, (&f64, &f64))| {
        ClassScore { name: class.name, label: class.label, logit, probability }
    };
    classes.iter().zip(scores).map(score).collect()
}

impl Examined {
    /// The answer to a request, with where it came from.
    pub fn into_outcome(self, request: &SceneRequest, provenance: Provenance) -> SceneOutcome {
        SceneOutcome {
            request: request.clone(),
            view: self.view,
            classes: self.classes,
            familiarity: self.familiarity,
            statistics: self.statistics,
            grad_cam: self.answer.grad_cam,
            integrated_gradients: self.answer.integrated_gradients,
            trained_on_simulation: self.trained_on_simulation,
            duration_ms: self.duration_ms,
            provenance,
        }
    }
}
