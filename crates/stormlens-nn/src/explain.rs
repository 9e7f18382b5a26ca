//! Attribution: which layers and which input pixels a prediction came from.
//!
//! Every method takes a network, an input and a target, so methods and models need no table of
//! cases between them.

mod grad_cam;
mod integrated_gradients;
mod resize;
mod target;

pub use grad_cam::{RawCam, finish_cam, grad_cam};
pub use integrated_gradients::{PathAttribution, integrated_gradients};
pub use resize::resize_bilinear;
pub use target::{MaskedSum, NORMALISATION_MM_5MIN, STEPS_PER_HOUR};

#[cfg(test)]
mod tests;
