//! Attribution: which layers and which input pixels a prediction came from.
//!
//! Every method takes a network, an input and a target, so methods and models need no table of
//! cases between them.

mod baseline;
mod grad_cam;
mod integrated_gradients;
mod resize;
mod target;

pub use baseline::baseline;
pub use grad_cam::{RawCam, finish_cam, grad_cam, grad_cam_batch, rectify};
pub use integrated_gradients::{Path, PathAttribution, Rule, integrated_gradients};
pub use resize::resize_bilinear;
pub use target::{
    ClassTarget, MaskedSum, NORMALISATION_MM_5MIN, STEPS_PER_HOUR, Target, probabilities,
};

#[cfg(test)]
mod tests;
