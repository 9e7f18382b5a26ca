//! From a picture to what a network is given.

use std::time::Instant;

use stormlens_data::network::{self, Asked, Input};
use stormlens_data::outcome::SceneGeometry;
use stormlens_data::request::{ClassOutput, Explain, Request, Subject, Target};
use stormlens_data::scene::{Decoded, Statistics, Variant, resize};

use super::question::{coding, square};
use super::scenes::{SceneEntry, Scenes};
use crate::jobs::WorkerError;
use crate::question::Cards;
use crate::task::Prepared;
use crate::web::upload::parted;

#[cfg(test)]
mod tests;

/// What is known of a picture without a network.
pub struct PreparedScene {
    pub entry: SceneEntry,
    pub geometry: SceneGeometry,
    /// The square, `[3 × side × side]`.
    pub rgb: Vec<u8>,
    pub statistics: Statistics,
    /// How its numbers became colours, in words; empty where they were colours.
    pub coding: String,
    /// How long this took.
    pub preparation_ms: f64,
}

pub fn prepare(scenes: &Scenes, request: &Request, cards: &Cards) -> Result<Prepared, WorkerError> {
    let Subject::Scene { scene, .. } = &request.subject else {
        return Err(invalid(&"the network takes pictures, and this is none"));
    };
    let missing = || invalid(&format!("there is no scene {scene:?} here, or not any more"));
    let entry = scenes.find(scene).ok_or_else(missing)?;
    let decoded =
        scenes.picture(scene, coding(&request.subject)).map_err(|error| invalid(&error))?;
    let asked: Result<_, _> = request.explain.iter().map(ask).collect();
    let (input, scene) = prepared(decoded, entry, request, variant(cards));
    Ok(Prepared::one(input, asked?, Box::new(scene)))
}

fn prepared(
    decoded: Decoded,
    entry: SceneEntry,
    request: &Request,
    variant: Variant,
) -> (Input, PreparedScene) {
    let started = Instant::now();
    let Decoded { picture, coding, place } = decoded;
    let (resampling, fit) = square(&request.subject);
    let Variant { input_px, crop_px } = variant;
    let square = resize(&picture, input_px, resampling, fit);
    let input = Input { values: square.crop(crop_px), shape: [3, crop_px, crop_px] };
    let scene = PreparedScene {
        geometry: SceneGeometry {
            title: entry.title.clone(),
            width_px: picture.width,
            height_px: picture.height,
            variant,
            content: square.content,
            place,
        },
        rgb: planes(&square.to_rgb8()),
        statistics: Statistics::of(&picture),
        coding,
        preparation_ms: started.elapsed().as_secs_f64() * 1e3,
        entry,
    };
    (input, scene)
}

/// From `[n, 3]` to `[3, n]`.
fn planes(rgb: &[u8]) -> Vec<u8> {
    let pixels = rgb.as_chunks::<3>().0;
    (0..3).flat_map(|channel| pixels.iter().map(move |pixel| pixel[channel])).collect()
}

fn ask(explain: &Explain) -> Result<Asked, WorkerError> {
    let Explain { method, options, target, layers } = explain.clone();
    let Target::Class { class, output } = target else {
        return Err(invalid(&"a classifier has no field to explain"));
    };
    Ok(Asked {
        method,
        options,
        target: network::Target::Class { class, output },
        layers,
        nothing: Vec::new(),
    })
}

/// How large a network wants a picture, as its checkpoint says, else as its card does.
pub fn variant(cards: &Cards) -> Variant {
    let by_card = cards.model.scene_classification().map(|task| task.default_variant);
    cards.checkpoint.variant.or(by_card).unwrap_or(Variant::LR_512)
}

/// A black picture.
pub fn zeros(cards: &Cards) -> (Input, network::Target) {
    let side = variant(cards).crop_px;
    let class = cards.model.scene_classification().map_or(0, |task| task.default_class);
    let input = Input { values: vec![0.0; 3 * side * side], shape: [3, side, side] };
    (input, network::Target::Class { class, output: ClassOutput::Logit })
}

fn invalid(error: &dyn std::fmt::Display) -> WorkerError {
    let usual = "choose another scene, or provide the picture again";
    let (message, remedy) = parted(&error.to_string(), usual);
    WorkerError::Invalid { message, remedy }
}
