//! The shapes of a scene's answer.

use stormlens_data::card::{CheckpointCard, ModelCard};
use stormlens_data::outcome::{ClassAttribution, SceneCam, SceneCamLayer, SceneOutcome, SceneView};
use stormlens_data::request::SceneRequest;
use stormlens_data::scene::Variant;

use super::{Unfit, are_layers, ensure, is_map, is_of};
use crate::scenes::SceneEntry;

/// Checks a scene's answer against the question, the cards of network and weights, and the scene. A
/// name that somebody gave to a picture is not told to whoever brings the same picture later.
pub(super) fn check(
    outcome: &SceneOutcome,
    request: &SceneRequest,
    (card, weights): (&ModelCard, &CheckpointCard),
    scene: &SceneEntry,
) -> Result<(), Unfit> {
    ensure(outcome.request == *request, Unfit::Question)?;
    let is_same_data = outcome.provenance.data_sha256 == scene.sha256
        && outcome.view.title == scene.title
        && [outcome.view.width_px, outcome.view.height_px] == [scene.width_px, scene.height_px];
    ensure(is_same_data, Unfit::Data)?;
    ensure(outcome.trained_on_simulation == weights.is_simulated, Unfit::Weights)?;
    classes(outcome, card)?;
    let by_card = card.scene_classification().map(|task| task.default_variant);
    let variant = weights.variant.or(by_card).ok_or(Unfit::Question)?;
    view(&outcome.view, variant)?;
    let has_cam = request.grad_cam && !card.layers.is_empty();
    ensure(outcome.grad_cam.is_some() == has_cam, Unfit::Shape("Grad-CAM"))?;
    let has_gradients = outcome.integrated_gradients.is_some();
    let gradients_part = Unfit::Shape("integrated gradients");
    ensure(has_gradients == request.integrated_gradients.is_some(), gradients_part)?;
    outcome.grad_cam.as_ref().map_or(Ok(()), |cam| grad_cam(cam, card))?;
    let gradients = outcome.integrated_gradients.as_ref();
    gradients.map_or(Ok(()), |found| attribution(found, request, variant))
}

/// The classes are those of the network, and the one that is explained is among them.
fn classes(outcome: &SceneOutcome, card: &ModelCard) -> Result<(), Unfit> {
    let known = card.scene_classification().map_or(&[][..], |task| task.classes);
    let names = outcome.classes.iter().map(|class| (class.name, class.label));
    let are_known = names.eq(known.iter().map(|class| (class.name, class.label)));
    ensure(are_known && outcome.request.class < known.len(), Unfit::Shape("the list of classes"))
}

/// The square is as large as these weights take it, and the picture lies within.
fn view(view: &SceneView, variant: Variant) -> Result<(), Unfit> {
    let Variant { input_px, crop_px } = variant;
    ensure(view.variant == variant, Unfit::Shape("the square"))?;
    let n_values = input_px.checked_mul(input_px).and_then(|n| n.checked_mul(3));
    let is_square = n_values == Some(view.rgb.len()) && (1..=input_px).contains(&crop_px);
    ensure(is_square, Unfit::Shape("the square"))?;
    let fits = |start: usize, length: usize| {
        length > 0 && start.checked_add(length).is_some_and(|end| end <= input_px)
    };
    let content = &view.content;
    let is_within = fits(content.left, content.width) && fits(content.top, content.height);
    ensure(is_within, Unfit::Shape("the picture in the square"))
}

fn grad_cam(cam: &SceneCam, card: &ModelCard) -> Result<(), Unfit> {
    let names = cam.layers.iter().map(|map| map.layer.as_str());
    ensure(are_layers(names, card), Unfit::Shape("Grad-CAM"))?;
    let fits =
        |map: &SceneCamLayer| is_map(&map.raw) && is_of(&map.cam, [map.raw.height, map.raw.width]);
    ensure(cam.layers.iter().all(fits), Unfit::Shape("a layer's map"))
}

fn attribution(
    found: &ClassAttribution,
    request: &SceneRequest,
    variant: Variant,
) -> Result<(), Unfit> {
    ensure(Some(&found.options) == request.integrated_gradients.as_ref(), Unfit::Question)?;
    let n_values = found.crop_px.checked_mul(found.crop_px).and_then(|n| n.checked_mul(3));
    let has_all = found.crop_px == variant.crop_px && n_values == Some(found.attribution.len());
    ensure(has_all, Unfit::Shape("the pixels' attribution"))?;
    let n_points = found.n_steps.checked_add(1);
    ensure(found.n_steps > 0 && n_points == Some(found.path.len()), Unfit::Shape("the path"))
}
