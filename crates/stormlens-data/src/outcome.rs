//! What comes back from a network: plain numbers in physical units.

use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::field::{Field, Grid};
use crate::packed;
use crate::request::NowcastRequest;

mod scene;

pub use scene::{ClassAttribution, ClassScore, SceneCam, SceneCamLayer, SceneOutcome, SceneView};

/// The answer to a [`Request`](crate::request::Request).
///
/// A result is megabytes of maps that many readers share.
#[derive(Clone, Debug)]
pub enum Outcome {
    Nowcast(Arc<NowcastOutcome>),
    Scene(Arc<SceneOutcome>),
}

impl Outcome {
    pub fn provenance(&self) -> &Provenance {
        match self {
            Self::Nowcast(outcome) => &outcome.provenance,
            Self::Scene(outcome) => &outcome.provenance,
        }
    }
}

/// The answer to a [`NowcastRequest`].
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct NowcastOutcome {
    pub request: NowcastRequest,
    pub forecast: Forecast,
    pub grad_cam: Option<GradCam>,
    pub integrated_gradients: Option<IntegratedGradients>,
    pub provenance: Provenance,
}

/// A rain forecast beside what was observed.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Forecast {
    pub grid: Grid,
    /// What the network saw, mm/h, oldest first.
    pub inputs_mm_h: Vec<Field>,
    pub input_times: Vec<Timestamp>,
    /// The network's answer, mm/h. Raw regression output: slightly negative values occur.
    pub prediction_mm_h: Field,
    /// What the radar saw at `valid_time`, mm/h; `None` where the sample ends before it.
    pub observation_mm_h: Option<Field>,
    pub valid_time: Timestamp,
    pub lead_time_min: u32,
    /// How long the prediction and its explanations took.
    pub duration_ms: f64,
}

impl Forecast {
    /// The reference forecast of persistence: the last input frame, unchanged.
    pub fn persistence_mm_h(&self) -> &Field {
        self.inputs_mm_h.last().expect("a network has at least one input frame")
    }
}

/// The number that an attribution explains: the predicted rain, summed over a mask of pixels.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Target {
    pub threshold_mm_h: f64,
    /// 1 where the prediction exceeds the threshold, else 0.
    pub mask: Field,
    pub n_pixels: usize,
    /// The sum in the network's own normalised units, as the reference program computes it.
    pub score: f64,
    /// The same sum in mm/h.
    pub score_mm_h: f64,
}

/// Grad-CAM in its segmentation form, for every tapped layer.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct GradCam {
    pub target: Target,
    pub layers: Vec<LayerMap>,
}

/// One layer's attribution.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct LayerMap {
    /// Name as in [`crate::card::Layer::name`].
    pub layer: String,
    /// Weighted sum of the channels before rectification, at the layer's own size; signed.
    pub raw: Field,
    /// Rectified, scaled to `[0, 1)` and interpolated to the input's size. All zero where `raw` is
    /// nowhere positive.
    pub cam: Field,
}

impl LayerMap {
    /// Whether the layer holds any evidence for the target at all.
    pub fn is_empty(&self) -> bool {
        self.cam.values.iter().all(|&v| v == 0.0)
    }
}

/// Integrated gradients (Sundararajan et al. 2017) on the input frames.
///
/// Attributions are in mm/h of the target: over all frames and pixels they add up to
/// `output_difference_mm_h`, but for `convergence_delta_mm_h`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct IntegratedGradients {
    pub target: Target,
    /// One signed map an input frame, oldest first.
    pub frames: Vec<Field>,
    /// Sum of each map.
    pub frame_sums_mm_h: Vec<f64>,
    pub n_steps: usize,
    /// The start of the path, in words: `no rain`.
    #[serde(deserialize_with = "packed::name")]
    pub baseline: packed::Name,
    /// Target at the input minus target at the baseline.
    pub output_difference_mm_h: f64,
    /// Sum of the attributions minus `output_difference_mm_h`: the completeness gap.
    pub convergence_delta_mm_h: f64,
}

/// Where a result came from: enough to make it again, years later.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Provenance {
    /// Program and version, e.g. `stormlens 0.1.0`.
    pub program: String,
    pub model: String,
    pub checkpoint: String,
    pub weights_sha256: String,
    pub data_source: String,
    /// File or files the sample was read from, in order, and the hash over their bytes in that order.
    pub data_files: Vec<String>,
    pub data_sha256: String,
    pub data_licence: String,
    /// e.g. `CPU (flex)` or the adapter's name.
    pub device: String,
}
