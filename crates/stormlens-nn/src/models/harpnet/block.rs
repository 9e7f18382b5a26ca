//! A residual block, and a gate.

use burn::tensor::Tensor;
use burn::tensor::activation::{relu, sigmoid};

use crate::Tap;
use crate::layers::{
    Source, conv1x1, conv1x1_onto, convolution, layer_norm, layer_norm_relu, residual_layer_norms,
    upsample,
};
use crate::parameters::{Mode, Scope};

/// `ReLU(N(conv(ReLU(N(conv x))))) + N(conv1×1 x)`, with layer normalisation `N` over channels and
/// pixels, and nothing behind the sum. Shown under `name`; its two paths as `.resconvblock`, `.shortcut`.
pub(super) fn residual_block(
    p: &Scope,
    name: &str,
    x: impl Into<Source>,
    tap: &mut Tap,
    mode: &Mode,
) -> Tensor<4> {
    let (path, straight, x) = (p.at("resconvblock"), p.at("shortcut"), x.into());
    let first = convolution(&path.at("0"), x.clone(), mode);
    let first = layer_norm_relu(&path.at("1"), first, mode);
    let second = convolution(&path.at("3"), first, mode);
    let straight_map = conv1x1(&straight.at("0"), x, mode);
    let (norm, straight_norm) = (path.at("4"), straight.at("1"));
    let (path_name, straight_name) = (format!("{name}.resconvblock"), format!("{name}.shortcut"));
    // Nobody needs either path by itself unless it is watched.
    if !tap.watches(&path_name) && !tap.watches(&straight_name) {
        return residual_layer_norms([&norm, &straight_norm], [second, straight_map], mode);
    }
    let convolved = tap.at(&path_name, layer_norm_relu(&norm, second, mode));
    let straight = tap.at(&straight_name, layer_norm(&straight_norm, straight_map, mode));
    convolved + straight
}

/// What the skip connection `x` carries: itself times a gate in 0 to 1 that `below`, of twice its
/// channels and half its size, opens and closes (additive attention: Oktay et al. 2018,
/// <https://arxiv.org/abs/1804.03999>).
///
/// The gate is shown before it is enlarged as `.psi`, afterwards as `.gate`: one channel each.
pub(super) fn attend(
    p: &Scope,
    name: &str,
    x: Tensor<4>,
    below: Tensor<4>,
    tap: &mut Tap,
    mode: &Mode,
) -> Tensor<4> {
    let signal = conv1x1(&p.at("phi_g"), below, mode);
    let both = relu(conv1x1_onto(&p.at("theta_x"), Source::EverySecond(x.clone()), signal, mode));
    let psi = tap.at(&format!("{name}.psi"), sigmoid(conv1x1(&p.at("psi"), both, mode)));
    let gate = tap.at(&format!("{name}.gate"), upsample(psi, mode));
    tap.at(name, gate * x)
}
