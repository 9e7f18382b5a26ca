//! What comes back from a classifier of scenes.

use serde::{Deserialize, Serialize};

use crate::field::Field;
use crate::packed;
use crate::request::{PathOptions, SceneRequest};
use crate::scene::{Familiarity, Rectangle, Statistics, Variant};

use super::Provenance;

/// The answer to a [`SceneRequest`].
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SceneOutcome {
    pub request: SceneRequest,
    pub view: SceneView,
    /// One a class, in the order of the logits.
    pub classes: Vec<ClassScore>,
    /// Whether the scene resembles what the network was trained on.
    pub familiarity: Familiarity,
    pub statistics: Statistics,
    pub grad_cam: Option<SceneCam>,
    pub integrated_gradients: Option<ClassAttribution>,
    /// Whether the network was trained on simulated scenes.
    pub trained_on_simulation: bool,
    /// How long the prediction and its explanations took.
    pub duration_ms: f64,
    pub provenance: Provenance,
}

impl SceneOutcome {
    /// The most probable class, by its place.
    pub fn predicted_class(&self) -> usize {
        let by_probability = |a: &usize, b: &usize| {
            self.classes[*a].probability.total_cmp(&self.classes[*b].probability)
        };
        (0..self.classes.len()).max_by(by_probability).unwrap_or(0)
    }

    /// The class that is explained.
    pub fn explained(&self) -> &ClassScore {
        &self.classes[self.request.class]
    }
}

/// What the network says of one class.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ClassScore {
    /// Name in data sets, e.g. `pos`.
    #[serde(deserialize_with = "packed::name")]
    pub name: packed::Name,
    /// Name for people, e.g. `polar low`.
    #[serde(deserialize_with = "packed::name")]
    pub label: packed::Name,
    pub logit: f64,
    pub probability: f64,
}

/// The picture as the network was given it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SceneView {
    /// Name for people: the file's, or the sample's.
    pub title: String,
    /// Size of the picture itself, pixels.
    pub width_px: usize,
    pub height_px: usize,
    /// The side of the square that it became, and of the centre that the network sees.
    pub variant: Variant,
    /// The square as 8-bit RGB: `[input_px × input_px × 3]`. Nothing outside `content` is the
    /// picture's.
    #[serde(with = "packed::bytes")]
    pub rgb: Vec<u8>,
    /// The part of the square that the picture covers.
    pub content: Rectangle,
}

impl SceneView {
    /// The centre that the network sees, in pixels of the square.
    pub fn crop(&self) -> Rectangle {
        let side = self.variant.crop_px;
        let offset = (self.variant.input_px - side) / 2;
        Rectangle { left: offset, top: offset, width: side, height: side }
    }

    /// Whether a pixel of the square holds no data: exactly black, or outside the picture.
    pub fn is_no_data(&self, row: usize, column: usize) -> bool {
        let pixel = 3 * (row * self.variant.input_px + column);
        self.rgb[pixel..pixel + 3] == [0, 0, 0]
    }
}

/// Grad-CAM of a class's logit, for every layer.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SceneCam {
    /// The logit that is explained.
    pub logit: f64,
    pub layers: Vec<SceneCamLayer>,
}

/// One layer's attribution, over the centre that the network sees.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SceneCamLayer {
    /// Name as in [`crate::card::Layer::name`].
    pub layer: String,
    /// The pooled gradients `w_k`, one a channel.
    #[serde(with = "packed::values")]
    pub weights: Vec<f32>,
    /// `Σ_k w_k A_k` at the layer's own size; signed.
    pub raw: Field,
    /// Rectified and divided by its maximum. All zero where `raw` is nowhere positive.
    pub cam: Field,
}

impl SceneCamLayer {
    /// Whether the layer holds any evidence for the class at all.
    pub fn is_empty(&self) -> bool {
        self.cam.values.iter().all(|&v| v == 0.0)
    }
}

/// Integrated gradients of a class on the pixels of the centre that the network sees.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ClassAttribution {
    /// As asked; `n_steps` below may be more.
    pub options: PathOptions,
    /// Channel by channel: `[3 × crop_px × crop_px]`, in units of the output.
    #[serde(with = "packed::values")]
    pub attribution: Vec<f32>,
    pub crop_px: usize,
    /// Intervals of the path that were used.
    pub n_steps: usize,
    /// The output at each point of the path, from the baseline to the scene: `n_steps + 1`.
    pub path: Vec<f64>,
    /// Sum of the attribution over all pixels and channels.
    pub sum: f64,
}

impl ClassAttribution {
    /// The output at the scene minus the output at the baseline.
    pub fn output_difference(&self) -> f64 {
        let ends = self.path.last().zip(self.path.first());
        ends.map_or(0.0, |(scene, baseline)| scene - baseline)
    }

    /// The completeness gap: sum of the attribution minus the output's difference.
    pub fn convergence_delta(&self) -> f64 {
        self.sum - self.output_difference()
    }

    /// The gap as a share of the difference; `None` where that is zero.
    pub fn relative_delta(&self) -> Option<f64> {
        let difference = self.output_difference();
        (difference != 0.0).then(|| self.convergence_delta() / difference)
    }
}
