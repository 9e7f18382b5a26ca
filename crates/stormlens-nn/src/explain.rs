//! Attribution: which layers and which input pixels a prediction came from. One file a method.
//!
//! A method takes a network, an input and a target, so methods and networks need no table of cases
//! between them. Everything is in the network's own unit.

mod grad_cam;
mod integrated_gradients;
mod method;
mod occlusion;
mod options;
mod pass;
mod patch_occlusion;
mod probability;
mod resize;
mod saliency;
mod target;

use stormlens_data::card::MethodCard;

pub use grad_cam::{GradCam, RawCam, finish_cam, grad_cam, rectify};
pub use integrated_gradients::{
    Baseline, IntegratedGradients, Path, PathAttribution, baseline, integrated_gradients,
};
pub use method::{Found, Method, Run, Wants};
pub use occlusion::Occlusion;
pub use options::Options;
pub use pass::{Pass, Watch, differentiate, predict};
pub use patch_occlusion::PatchOcclusion;
pub use resize::resize_bilinear;
pub use saliency::Saliency;
pub use target::{ClassTarget, MaskedSum, Target, probabilities, target};

/// Which methods there are: one line a method.
pub const METHODS: &[&dyn Method] =
    &[&GradCam, &IntegratedGradients, &Saliency, &Occlusion, &PatchOcclusion];

/// The method of that name, or the names there are.
///
/// # Errors
/// With all names, where none has that one.
pub fn find(id: &str) -> Result<&'static dyn Method, Vec<&'static str>> {
    let found = METHODS.iter().find(|method| method.card().id == id);
    found.copied().ok_or_else(|| METHODS.iter().map(|method| method.card().id).collect())
}

/// What pages, forms and commands say of all methods, in the order in which they list them.
pub fn cards() -> Vec<MethodCard> {
    METHODS.iter().map(|method| *method.card()).collect()
}

#[cfg(test)]
mod tests;
