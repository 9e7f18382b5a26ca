//! The encoder: a ResNet of bottlenecks (He et al. 2016, <https://arxiv.org/abs/1512.03385>) on visible patches.

use burn::tensor::Tensor;
use burn::tensor::activation::relu;

use super::form::{Form, LEVELS};
use super::sparse::Sparse;
use crate::Tap;
use crate::layers::{Source, conv1x1, drop_path, max_pool_three};
use crate::parameters::{Mode, Scope};

/// The maps of all levels, the finest first, each shown as `encoder.LEVEL`; the stem as `encoder.stem`.
pub(super) fn encode(
    p: &Scope,
    form: &Form,
    frames: Tensor<4>,
    sparse: Sparse,
    tap: &mut Tap,
) -> Vec<Tensor<4>> {
    let mut levels: Vec<Tensor<4>> = Vec::with_capacity(LEVELS);
    for i in 0..LEVELS {
        let before = levels.last().unwrap_or(&frames).clone();
        levels.push(level(p, form, i, before, sparse, tap));
    }
    levels
}

/// The map of a level, 0 the finest, from that of the one before; that of the finest from frames.
pub(super) fn level(
    p: &Scope,
    form: &Form,
    level: usize,
    before: Tensor<4>,
    sparse: Sparse,
    tap: &mut Tap,
) -> Tensor<4> {
    let mut x = if level == 0 { stem(p, before, sparse, tap) } else { before };
    for j in 0..form.depths[level] {
        let p = p.at(&format!("layer{}.{j}", level + 1));
        let halves = level > 0 && j == 0;
        x = bottleneck(&p, x, halves, form.drop_share(level, j), sparse);
    }
    tap.at(&format!("encoder.{}", level + 1), sparse.clear(x))
}

fn stem(p: &Scope, frames: Tensor<4>, sparse: Sparse, tap: &mut Tap) -> Tensor<4> {
    let x = sparse.convolution_halving_relu(p, ["conv1", "bn1"], frames);
    max_pool_three(tap.at("encoder.stem", sparse.clear(x)))
}

/// 1 × 1, 3 × 3 (at every second pixel where it halves), 1 × 1, added to what goes straight on; `share` is that of the
/// examples for which training drops the former.
fn bottleneck(p: &Scope, x: Tensor<4>, halves: bool, share: f64, sparse: Sparse) -> Tensor<4> {
    let mode = sparse.mode;
    let straight = match p.has("downsample.0.weight") {
        true => {
            let from = if halves { Source::EverySecond(x.clone()) } else { x.clone().into() };
            let y = conv1x1(&p.at("downsample.0"), from, mode);
            sparse.norm(&p.at("downsample.1"), y)
        }
        false => x.clone(),
    };
    let y = sparse.clear(sparse.conv1x1_relu(p, ["conv1", "bn1"], x, None));
    let y = match halves {
        true => sparse.convolution_halving_relu(p, ["conv2", "bn2"], y),
        false => sparse.convolution_relu(p, ["conv2", "bn2"], y),
    };
    if let Mode::Training(_) = mode {
        let y = sparse.norm(&p.at("bn3"), conv1x1(&p.at("conv3"), y, mode));
        return relu(straight + drop_path(y, share, mode));
    }
    sparse.conv1x1_relu(p, ["conv3", "bn3"], y, Some(straight))
}
