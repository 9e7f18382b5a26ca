//! Grad-CAM (Selvaraju et al. 2017): where in a layer activations push the target up. Of fields in
//! the form for segmentation (Vinogradova et al. 2020).

use burn::tensor::Tensor;
use rayon::prelude::*;
use stormlens_data::card::{Citation, MethodCard};
use stormlens_data::network::{Map, Meaning, Series};
use stormlens_data::request::Cancelled;

use super::method::{Found, Method, Run, Wants};
use super::pass::{Pass, Watch, differentiate};
use super::resize::resize_bilinear;
use super::target::Target;
use crate::Parameters;
use crate::network::Network;
use crate::tap::Activation;

const CARD: MethodCard = MethodCard {
    id: "grad-cam",
    title: "Grad-CAM",
    summary: "Where in a layer the activations increase the target",
    formula: "ReLU(Σ_c w_c A_c), where w_c is the mean of ∂S/∂A_c over the plane of channel c",
    cost: "one backward pass for all layers together",
    weakness: "Every map is scaled to its own maximum: compare places within a map, not the strength of \
               two layers. Deep layers have only coarse cells.",
    citations: &[SELVARAJU, VINOGRADOVA],
    has_layers: true,
    is_of_logit: true,
    hides: None,
    own_passes: None,
    options: &[],
};

const SELVARAJU: Citation = Citation {
    key: "selvaraju2017gradcam",
    bibtex: "@inproceedings{selvaraju2017gradcam,\n  author    = {Selvaraju, Ramprasaath R. and Cogswell, Michael and Das, Abhishek and Vedantam, Ramakrishna and Parikh, Devi and Batra, Dhruv},\n  title     = {{Grad-CAM}: Visual Explanations from Deep Networks via Gradient-Based Localization},\n  booktitle = {2017 IEEE International Conference on Computer Vision (ICCV)},\n  year      = {2017},\n  pages     = {618--626},\n  doi       = {10.1109/ICCV.2017.74}\n}\n",
    text: "R. R. Selvaraju, M. Cogswell, A. Das, R. Vedantam, D. Parikh and D. Batra: Grad-CAM: Visual Explanations from Deep Networks via Gradient-Based Localization. ICCV 2017",
    url: "https://doi.org/10.1109/ICCV.2017.74",
};

const VINOGRADOVA: Citation = Citation {
    key: "vinogradova2020seggradcam",
    bibtex: "@article{vinogradova2020seggradcam,\n  author  = {Vinogradova, Kira and Dibrov, Alexandr and Myers, Gene},\n  title   = {Towards Interpretable Semantic Segmentation via Gradient-Weighted Class Activation Mapping (Student Abstract)},\n  journal = {Proceedings of the AAAI Conference on Artificial Intelligence},\n  year    = {2020},\n  volume  = {34},\n  number  = {10},\n  pages   = {13943--13944},\n  doi     = {10.1609/aaai.v34i10.7244}\n}\n",
    text: "K. Vinogradova, A. Dibrov and G. Myers: Towards Interpretable Semantic Segmentation via Gradient-Weighted Class Activation Mapping. AAAI 2020",
    url: "https://doi.org/10.1609/aaai.v34i10.7244",
};

/// The maps of layers; see [`finish_cam`] and [`rectify`].
pub struct GradCam;

impl Method for GradCam {
    fn card(&self) -> &'static MethodCard {
        &CARD
    }

    fn wants(&self) -> Wants {
        Wants::Layers
    }

    fn explain(&self, pass: &Pass, run: &Run) -> Result<Found, Cancelled> {
        let layers: Vec<&Activation> =
            run.layers.iter().filter_map(|name| pass.layer(name)).collect();
        let size = pass.is_field().then(|| (pass.shape[1], pass.shape[2]));
        let maps: Vec<[Map; 2]> = layers.par_iter().map(|layer| maps(layer, size)).collect();
        Ok(Found {
            maps: maps.into_iter().flatten().collect(),
            series: layers.into_iter().map(weights).collect(),
            measures: Vec::new(),
        })
    }
}

/// The map that is shown, interpolated to `size` where there is one, and the raw one.
fn maps(layer: &Activation, size: Option<(usize, usize)>) -> [Map; 2] {
    let from = (layer.height, layer.width);
    let (shown, to) = match size {
        Some(to) => (finish_cam(&layer.weighted_sum, from, to), to),
        None => (rectify(&layer.weighted_sum), from),
    };
    let map = |part, meaning, (height, width), values| Map {
        part,
        layer: Some(layer.name.clone()),
        meaning,
        shape: [1, height, width],
        values,
    };
    [
        map("", Meaning::ShareOfMaximum, to, shown),
        map("raw", Meaning::WeightedActivation, from, layer.weighted_sum.clone()),
    ]
}

fn weights(layer: &Activation) -> Series {
    Series {
        part: "weights",
        layer: Some(layer.name.clone()),
        axis: "channel",
        coordinates: (0..layer.weights.len()).map(|channel| channel as f64).collect(),
        name: "weights of the layer's channels",
        is_in_target_unit: false,
        values: layer.weights.iter().map(|&w| f64::from(w)).collect(),
    }
}

/// What the two passes leave.
#[derive(Clone, Debug)]
pub struct RawCam<T> {
    /// The network's answer, row-major.
    pub prediction: Vec<f32>,
    pub target: T,
    /// In the order of the request.
    pub layers: Vec<Activation>,
}

/// Weighted sums of the wanted layers' activations, of one input `[1, channels, height, width]`.
///
/// `choose` makes the target from the prediction. For activations `A` and target `S` a layer's map
/// is `Σ_c w_c A_c` with `w_c = mean(∂S/∂A_c)`; it is signed and of the layer's own size. Names that
/// the network does not show are left out of the answer.
pub fn grad_cam<T: Target>(
    network: &dyn Network,
    parameters: &Parameters,
    input: Tensor<4>,
    layers: &[String],
    choose: impl FnOnce(&[f32]) -> T,
) -> RawCam<T> {
    let watch = Watch { layers: layers.to_vec(), input: false };
    let mut choose = Some(choose);
    let once = |_: usize, prediction: &[f32], _: &[usize]| {
        choose.take().map(|choose| choose(prediction)).expect("one example, one target")
    };
    let (pass, target) = differentiate(network, parameters, input, &watch, once).remove(0);
    let Pass { prediction, layers: mut found, .. } = pass;
    found.sort_by_key(|layer| layers.iter().position(|name| *name == layer.name));
    RawCam { prediction, target, layers: found }
}

/// The published map of a raw one: rectified, scaled, interpolated to the input, scaled again.
///
/// Values lie in `[0, 1)`: the reference divides by the maximum plus 10⁻⁷ twice, and raw maxima can
/// be small enough for that to show, so it is reproduced. A map that is nowhere positive is zero.
///
/// One that is positive and the same everywhere, as that of a layer of one cell, is one everywhere: the
/// reference subtracts the minimum, which leaves nothing of it, though all of it is evidence.
pub fn finish_cam(raw: &[f32], from: (usize, usize), to: (usize, usize)) -> Vec<f32> {
    if raw.first().is_some_and(|first| *first > 0.0 && raw.iter().all(|v| v == first)) {
        return vec![1.0; to.0 * to.1];
    }
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
