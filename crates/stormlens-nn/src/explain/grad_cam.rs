//! Grad-CAM (Selvaraju et al. 2017) in its segmentation form, for all layers from one forward and
//! one backward pass.

use burn::tensor::Tensor;

use super::resize::resize_bilinear;
use super::target::Target;
use crate::network::Network;
use crate::parameters::Mode;
use crate::tap::Activation;
use crate::{Parameters, Tap};

/// What the two passes leave.
#[derive(Clone, Debug)]
pub struct RawCam<T> {
    /// The network's answer, row-major.
    pub prediction: Vec<f32>,
    pub target: T,
    /// In the order of the request.
    pub layers: Vec<Activation>,
}

/// Weighted sums of the wanted layers' activations.
///
/// `input` is `[1, channels, height, width]`; `choose` makes the target from the prediction. For
/// activations `A` and target `S` a layer's map is `Σ_c w_c A_c` with `w_c = mean(∂S/∂A_c)`; it is
/// signed and of the layer's own size. Names that the network does not show are left out of the
/// answer.
pub fn grad_cam<T: Target>(
    network: &dyn Network,
    parameters: &Parameters,
    input: Tensor<4>,
    layers: &[String],
    choose: impl FnOnce(&[f32]) -> T,
) -> RawCam<T> {
    let mut choose = Some(choose);
    let once = |_: usize, prediction: &[f32]| {
        choose.take().map(|choose| choose(prediction)).expect("one example, one target")
    };
    grad_cam_batch(network, parameters, input, layers, once).remove(0)
}

/// The same for each example of a batch, `[batch, channels, height, width]`, from one forward and
/// one backward pass; `choose` gets the number of the example too.
pub fn grad_cam_batch<T: Target>(
    network: &dyn Network,
    parameters: &Parameters,
    input: Tensor<4>,
    layers: &[String],
    mut choose: impl FnMut(usize, &[f32]) -> T,
) -> Vec<RawCam<T>> {
    let n_batch = input.dims()[0];
    let mut tap = Tap::watch(layers.iter().cloned());
    let output = network.forward(parameters, input, &mut tap, &Mode::inference());
    let host = output.to_host();
    let predictions: Vec<&[f32]> = host.chunks_exact(host.len() / n_batch).collect();
    let targets: Vec<T> = predictions.iter().enumerate().map(|(i, p)| choose(i, p)).collect();
    // No example's target depends on another example, so the gradients of the sum are theirs.
    let scores = targets.iter().enumerate().map(|(i, target)| target.of(output.example(i)).sum());
    let score = scores.reduce(|sum, score| sum + score).expect("at least one example");
    let mut seen = tap.into_weighted(&mut score.backward());
    seen.resize_with(n_batch, Vec::new);
    let raw = |((mut layers_seen, target), prediction): ((Vec<Activation>, T), &[f32])| {
        layers_seen.sort_by_key(|a| layers.iter().position(|name| *name == a.name));
        RawCam { prediction: prediction.to_vec(), target, layers: layers_seen }
    };
    seen.into_iter().zip(targets).zip(predictions).map(raw).collect()
}

/// The published map of a raw one: rectified, scaled, interpolated to the input, scaled again.
///
/// Values lie in `[0, 1)`: the reference divides by the maximum plus 10⁻⁷ twice, and raw maxima can
/// be small enough for that to show, so it is reproduced. A map that is nowhere positive is zero.
pub fn finish_cam(raw: &[f32], from: (usize, usize), to: (usize, usize)) -> Vec<f32> {
    let mut cam: Vec<f32> = raw.iter().map(|v| v.max(0.0)).collect();
    scale(&mut cam);
    let mut cam = resize_bilinear(&cam, from, to);
    cam.iter_mut().for_each(|v| *v = v.max(0.0));
    scale(&mut cam);
    cam
}

/// To `[0, 1)` by minimum and maximum.
fn scale(cam: &mut [f32]) {
    let low = cam.iter().copied().fold(f32::INFINITY, f32::min);
    cam.iter_mut().for_each(|v| *v -= low);
    let high = cam.iter().copied().fold(0.0, f32::max);
    cam.iter_mut().for_each(|v| *v /= 1e-7 + high);
}

/// The plain map of a raw one: rectified and divided by its maximum (Selvaraju et al. 2017).
///
/// A map that is nowhere positive is zero, where the reference program divides by what it finds.
pub fn rectify(raw: &[f32]) -> Vec<f32> {
    let high = raw.iter().copied().fold(0.0, f32::max);
    if high == 0.0 {
        return vec![0.0; raw.len()];
    }
    raw.iter().map(|v| v.max(0.0) / high).collect()
}
