//! What a result holds of what a figure shows, or why it does not.

use stormlens_data::outcome::{ClassAttribution, SceneCam, SceneCamLayer, SceneOutcome};

use crate::plot::PlotError;

pub fn grad_cam(outcome: &SceneOutcome) -> Result<&SceneCam, PlotError> {
    outcome.grad_cam.as_ref().ok_or(PlotError::NotAsked { what: "Grad-CAM" })
}

pub fn layer<'a>(outcome: &'a SceneOutcome, wanted: &str) -> Result<&'a SceneCamLayer, PlotError> {
    let grad_cam = grad_cam(outcome)?;
    grad_cam.layers.iter().find(|l| l.layer == wanted).ok_or_else(|| {
        let known: Vec<&str> = grad_cam.layers.iter().map(|l| l.layer.as_str()).collect();
        PlotError::UnknownLayer { layer: wanted.to_owned(), known: known.join(", ") }
    })
}

pub fn gradients(outcome: &SceneOutcome) -> Result<&ClassAttribution, PlotError> {
    let asked = outcome.integrated_gradients.as_ref();
    asked.ok_or(PlotError::NotAsked { what: "integrated gradients" })
}
