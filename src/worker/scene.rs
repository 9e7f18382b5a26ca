//! A scene classified and explained.

use std::time::Instant;

use stormlens_data::outcome::{ClassScore, Provenance, SceneOutcome, SceneView};
use stormlens_data::request::{Progress, SceneRequest};
use stormlens_data::scene::{
    self, Familiarity, Limits, Picture, Reference, Statistics, Variant, familiarity, resize,
};
use stormlens_nn::engine::{Resident, SceneAnswer, SceneInput, SceneQuestion};
use stormlens_nn::{Engine, EngineError};

use super::batch::Task;
use super::{Place, origin};
use crate::jobs::WorkerError;
use crate::scenes::SceneEntry;

/// Scenes, as requests that go through a classifier together.
pub(super) struct Scenes;

/// A scene as the network takes it, and where it is from.
pub(super) struct Prepared {
    seen: Seen,
    entry: SceneEntry,
}

impl Task for Scenes {
    type Request = SceneRequest;
    type Prepared = Prepared;
    type Answer = SceneAnswer;
    type Outcome = SceneOutcome;

    fn prepare(place: &Place, request: &SceneRequest) -> Result<Prepared, WorkerError> {
        let unreadable = |error: &dyn std::fmt::Display| WorkerError::Invalid {
            message: error.to_string(),
            remedy: "choose another scene, or upload the picture again".into(),
        };
        let scenes = place.catalog.scenes();
        let entry = scenes.find(&request.scene).ok_or_else(|| {
            unreadable(&format!("there is no scene {:?} here, or not any more", request.scene))
        })?;
        let bytes = scenes.bytes(&request.scene).map_err(|error| unreadable(&error))?;
        let picture =
            scene::decode(&bytes, &Limits::default()).map_err(|error| unreadable(&error))?;
        Ok(Prepared { seen: Seen::new(place.resident, &picture, request), entry })
    }

    fn size(prepared: &Prepared) -> [usize; 3] {
        let side = prepared.seen.input.side_px;
        [3, side, side]
    }

    fn ask(
        place: &Place,
        batch: &[&Prepared],
        progress: &dyn Progress,
    ) -> Result<Vec<SceneAnswer>, EngineError> {
        let asked: Vec<_> = batch.iter().map(|one| (&one.seen.input, &one.seen.question)).collect();
        place.engine.classify_batch(place.resident, &asked, progress)
    }

    fn finish(
        place: &Place,
        request: &SceneRequest,
        prepared: Prepared,
        answer: SceneAnswer,
        duration_ms: f64,
    ) -> SceneOutcome {
        let Prepared { seen, entry } = prepared;
        let provenance = Provenance {
            checkpoint: request.checkpoint.clone(),
            data_source: entry.source,
            data_files: vec![entry.title.clone()],
            data_sha256: entry.sha256,
            data_licence: entry.licence,
            ..origin(place.engine, place.resident)
        };
        let examined = seen.examined(place.resident, answer, duration_ms);
        let mut outcome = examined.into_outcome(request, provenance);
        outcome.view.title = entry.title;
        outcome
    }
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
    let seen = Seen::new(resident, picture, request);
    let started = Instant::now();
    let answer = engine.classify(resident, &seen.input, &seen.question, progress)?;
    Ok(seen.examined(resident, answer, started.elapsed().as_secs_f64() * 1e3))
}

/// A picture as a network takes it, and what is said of it without one.
struct Seen {
    input: SceneInput,
    question: SceneQuestion,
    view: SceneView,
    statistics: Statistics,
    /// How long this took.
    preparation_ms: f64,
}

impl Seen {
    fn new(resident: &Resident, picture: &Picture, request: &SceneRequest) -> Self {
        let started = Instant::now();
        let layers = resident.card.layers.iter().map(|layer| layer.name.clone());
        let variant = variant(resident);
        let prepared = resize(picture, variant.input_px, request.resampling, request.fit);
        let values = prepared.crop(variant.crop_px);
        Self {
            input: SceneInput { values, side_px: variant.crop_px },
            question: SceneQuestion {
                class: request.class,
                layers: if request.grad_cam { layers.collect() } else { Vec::new() },
                path: request.integrated_gradients.clone(),
            },
            view: SceneView {
                title: String::new(),
                width_px: picture.width,
                height_px: picture.height,
                variant,
                rgb: prepared.to_rgb8(),
                content: prepared.content,
            },
            statistics: Statistics::of(picture),
            preparation_ms: started.elapsed().as_secs_f64() * 1e3,
        }
    }

    fn examined(self, resident: &Resident, answer: SceneAnswer, duration_ms: f64) -> Examined {
        let reference = resident.checkpoint.familiar.clone().unwrap_or_else(Reference::published);
        Examined {
            classes: classes(resident, &answer),
            familiarity: familiarity(&self.statistics, &reference),
            statistics: self.statistics,
            trained_on_simulation: resident.checkpoint.is_simulated,
            duration_ms: self.preparation_ms + duration_ms,
            view: self.view,
            answer,
        }
    }
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
