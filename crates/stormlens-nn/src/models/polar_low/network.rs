//! The forward pass.

use burn::tensor::Tensor;

use super::schema::{N_BLOCKS, sum_name};
use crate::layers::{
    NormOptions, Source, conv1x1_onto, conv3x3_halving_relu, dropout, linear, max_pool_halving,
    separable_relu,
};
use crate::network::{Network, Prediction};
use crate::parameters::{Mode, Scope};
use crate::{Parameters, Tap};

/// Blocks whose sums say of what kind a scene is, by their means over the plane: 8, 16 and 32 channels.
const N_FEATURE_BLOCKS: usize = 3;

/// Share of the pooled features that a training pass drops before the last layer.
const DROPOUT: f64 = 0.5;

/// A strided convolution, seven residual blocks of separable convolutions and a linear classifier.
///
/// No ReLU stands before a block's first convolution or behind its sum, and no batch normalisation
/// on its shortcut. Layers are shown under their Keras names: `activation`, `activation_1` …
/// `activation_15` behind each ReLU, `add`, `add_1` … `add_6` behind each block.
///
/// # Shapes
/// - input `[batch, 3, side, side]` in 0 to 1: the centre of the picture; any side from 1 on
/// - output logits `[batch, 2]`: no polar low, polar low
pub struct PolarLow;

impl Network for PolarLow {
    fn forward(
        &self,
        parameters: &Parameters,
        input: Tensor<4>,
        tap: &mut Tap,
        mode: &Mode,
    ) -> Prediction {
        let p = parameters.root();
        let (conv, norm) = (p.at("stem.0"), p.at("stem.1"));
        let x = conv3x3_halving_relu(&conv, &norm, input, NormOptions::KERAS, mode);
        let mut x = tap.at("activation", x);
        let mut features = Vec::with_capacity(N_FEATURE_BLOCKS);
        for n in 1..=N_BLOCKS {
            x = block(&p, n, x, tap, mode);
            if n <= N_FEATURE_BLOCKS {
                features.push(mean_over_plane(x.clone().detach()));
            }
        }
        let x = separable(&p.at("tail"), ["0", "1"], x, mode);
        let x = tap.at(&format!("activation_{}", 2 * N_BLOCKS + 1), x);
        let pooled = dropout(mean_over_plane(x), DROPOUT, mode);
        Prediction::Logits {
            logits: linear(&p.at("head"), pooled),
            features: Tensor::cat(features, 1),
        }
    }
}

/// Two separable convolutions and a pooling, beside a 1 × 1 convolution of every second pixel.
fn block(p: &Scope, n: usize, x: Tensor<4>, tap: &mut Tap, mode: &Mode) -> Tensor<4> {
    let p = p.at(&format!("block{n}"));
    let y = separable(&p, ["0", "1"], x.clone(), mode);
    let y = tap.at(&format!("activation_{}", 2 * n - 1), y);
    let y = separable(&p, ["3", "4"], y, mode);
    let y = tap.at(&format!("activation_{}", 2 * n), y);
    let pooled = max_pool_halving(y, mode);
    let sum = conv1x1_onto(&p.at("shortcut"), Source::EverySecond(x), pooled, mode);
    tap.at(&sum_name(n), sum)
}

/// Separable convolution, batch normalisation, ReLU; children go by their number in the module.
fn separable(p: &Scope, children: [&str; 2], x: Tensor<4>, mode: &Mode) -> Tensor<4> {
    separable_relu(p, children, x, NormOptions::KERAS, mode)
}

/// `[batch, channels]`
fn mean_over_plane(x: Tensor<4>) -> Tensor<2> {
    let [n_batch, n_channels, height, width] = x.dims();
    let flat = x.reshape([n_batch, n_channels, height * width]);
    flat.mean_dim(2).reshape([n_batch, n_channels])
}
