//! Questions, and answers in physical units.

use stormlens_data::field::Field;
use stormlens_data::outcome::{GradCam, IntegratedGradients, LayerMap, Target};

use super::Frames;
use crate::explain::{self, MaskedSum, NORMALISATION_MM_5MIN, STEPS_PER_HOUR};
use crate::tap::Activation;

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

pub(super) fn layer_map(activation: &Activation, frames: &Frames) -> LayerMap {
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

pub(super) fn plain_target(target: &MaskedSum, threshold_mm_h: f64, frames: &Frames) -> Target {
    Target {
        threshold_mm_h,
        mask: Field::new(frames.height, frames.width, target.mask.clone()),
        n_pixels: target.n_pixels,
        score: target.score,
        score_mm_h: target.score * MM_H,
    }
}

pub(super) fn in_rain_units(
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
