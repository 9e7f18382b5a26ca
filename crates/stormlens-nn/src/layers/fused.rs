//! Layers through the CPU's own kernels, where those can compute them.
//!
//! Each function answers `None` where the plain path has to: on other devices, in training (but for layers
//! without weights; see [`trained`](super::trained)), and for layers whose normalisation has not been folded.

use burn::tensor::Tensor;
use stormlens_kernels::deformable::Deformable;
use stormlens_kernels::pool::Window;
use stormlens_kernels::{Activation, Level};

use super::source::Source;
use crate::fused::{
    AttentionOperation, ChannelNormOperation, ConvolutionOperation, DeformableOperation,
    DepthwiseOperation, GeluOperation, HalvingOperation, LayerNormOperation, LayerNormPair,
    OverlappingOperation, PointwiseOperation, PointwiseRelu, PoolOperation, ResidualEnd,
    ResizedParts, SeparableOperation, StemOperation, TanhOperation, TransposedOperation,
    UpsampleOperation, apply, apply_pair, apply_triple, compute_four, compute_one, compute_pair,
    compute_triple,
};
use crate::parameters::{Mode, Scope};

fn level(mode: &Mode, x: &Tensor<4>) -> Option<Level> {
    mode.kernels()?.level_for(x)
}

/// The same for layers without weights, which training computes in no other way.
fn level_of_any(mode: &Mode, x: &Tensor<4>) -> Option<Level> {
    match mode {
        Mode::Training(recorder) => recorder.kernels.level_for(x),
        _ => level(mode, x),
    }
}

/// Dense 3 × 3 and what follows; `norm` is where the normalisation would be.
pub(super) fn convolution_norm(
    p: &Scope,
    norm: &Scope,
    x: &Source,
    activation: Activation,
    mode: &Mode,
) -> Option<Tensor<4>> {
    let is_folded = !norm.has("running_var");
    is_folded.then(|| convolution(p, x, activation, mode)).flatten()
}

/// Dense 3 × 3 and what follows.
pub(super) fn convolution(
    p: &Scope,
    x: &Source,
    activation: Activation,
    mode: &Mode,
) -> Option<Tensor<4>> {
    let level = level(mode, x.any())?;
    let doubled = match x {
        Source::Whole(_) | Source::Joined(..) => [false, false],
        Source::Doubled(_) => [true, false],
        Source::EverySecond(_) => return None,
    };
    let bias = p.on_host_or_zero("bias", p.n_out("weight")?);
    let filter = p.filter("weight");
    let operation = ConvolutionOperation { level, filter, bias, activation, doubled };
    Some(match x.clone() {
        Source::Whole(x) | Source::Doubled(x) | Source::EverySecond(x) => apply(operation, x),
        Source::Joined(x, y) => apply_pair(operation, [x, y]),
    })
}

/// Dense 3 × 3 of maps that are interpolated to the size of the first one; where nobody asks for a gradient.
pub(super) fn convolution_of_resized(
    p: &Scope,
    maps: &[Tensor<4>],
    mode: &Mode,
) -> Option<Tensor<4>> {
    let (first, others) = maps.split_first()?;
    let level = level(mode, first)?;
    if maps.iter().any(Tensor::is_autodiff) {
        return None;
    }
    let channels: Vec<usize> = maps.iter().map(|map| map.dims()[1]).collect();
    let filter = p.split_filter("weight", &channels);
    let bias = p.on_host_or_zero("bias", p.n_out("weight")?);
    let own = ConvolutionOperation {
        level,
        filter: filter.first.clone(),
        bias,
        activation: Activation::None,
        doubled: [false; 2],
    };
    let y = apply(own, first.clone());
    let parts = ResizedParts { level, filter };
    Some(match others {
        [] => y,
        [one] => compute_pair(parts, [y, one.clone()]),
        [one, two] => compute_triple(parts, [y, one.clone(), two.clone()]),
        [one, two, three] => compute_four(parts, [y, one.clone(), two.clone(), three.clone()]),
        _ => return None,
    })
}

/// At every second pixel with a kernel of an odd size, perhaps with ReLU.
pub(super) fn convolution_halving(
    p: &Scope,
    x: &Tensor<4>,
    relu: bool,
    mode: &Mode,
) -> Option<Tensor<4>> {
    Some(apply(halving_operation(p, level(mode, x)?, relu)?, x.clone()))
}

pub(super) fn halving_operation(p: &Scope, level: Level, relu: bool) -> Option<HalvingOperation> {
    let bias = p.on_host_or_zero("bias", p.n_out("weight")?);
    let (weight, side) = (p.matrix("weight"), p.last_size("weight")?);
    Some(HalvingOperation { level, weight, bias, side, relu })
}

/// Depthwise, pointwise, ReLU; `norm` is where the normalisation would be.
pub(super) fn separable_relu(
    p: &Scope,
    norm: &Scope,
    x: &Source,
    mode: &Mode,
) -> Option<Tensor<4>> {
    let operation = separable_operation(p, norm, x, mode)?;
    Some(match x.clone() {
        Source::Whole(x) | Source::Doubled(x) | Source::EverySecond(x) => apply(operation, x),
        Source::Joined(x, y) => apply_pair(operation, [x, y]),
    })
}

fn separable_operation(
    p: &Scope,
    norm: &Scope,
    x: &Source,
    mode: &Mode,
) -> Option<SeparableOperation> {
    let level = level(mode, x.any())?;
    let (depthwise, pointwise) = (p.at("depthwise"), p.at("pointwise"));
    let n_out = pointwise.n_out("weight")?;
    let n_in = match x {
        Source::Whole(x) | Source::Doubled(x) => x.dims()[1],
        Source::Joined(x, y) => x.dims()[1] + y.dims()[1],
        Source::EverySecond(_) => return None,
    };
    let is_folded = !norm.has("running_var") && !depthwise.has("bias");
    if !is_folded || !depthwise.n_out("weight")?.is_multiple_of(n_in) {
        return None;
    }
    Some(SeparableOperation {
        level,
        depthwise: depthwise.on_host("weight"),
        pointwise: pointwise.matrix("weight"),
        bias: pointwise.on_host_or_zero("bias", n_out),
        relu: true,
        doubled: matches!(x, Source::Doubled(_)),
    })
}

/// 1 × 1 convolution, added to `addend` where there is one.
pub(super) fn conv1x1(
    p: &Scope,
    x: &Source,
    addend: Option<&Tensor<4>>,
    mode: &Mode,
) -> Option<Tensor<4>> {
    let operation = pointwise_operation(p, x, addend.is_some(), mode)?;
    Some(match (x.clone(), addend.cloned()) {
        (Source::Doubled(_), _) => return None,
        (Source::Whole(x) | Source::EverySecond(x), None) => apply(operation, x),
        (Source::Whole(x) | Source::EverySecond(x), Some(y)) => apply_pair(operation, [x, y]),
        (Source::Joined(x, y), None) => apply_pair(operation, [x, y]),
        (Source::Joined(x, y), Some(z)) => apply_triple(operation, [x, y, z]),
    })
}

/// 1 × 1 convolution, added to `addend` where there is one, then ReLU; where nobody asks for a gradient. `norm` is where
/// the normalisation would be.
pub(super) fn conv1x1_relu(
    [p, norm]: [&Scope; 2],
    x: &Tensor<4>,
    addend: Option<&Tensor<4>>,
    mode: &Mode,
) -> Option<Tensor<4>> {
    let is_taped = x.is_autodiff() || addend.is_some_and(Tensor::is_autodiff);
    if is_taped || norm.has("running_var") {
        return None;
    }
    let source = Source::Whole(x.clone());
    let layer = PointwiseRelu(pointwise_operation(p, &source, addend.is_some(), mode)?);
    Some(match addend {
        None => compute_one(layer, x.clone()),
        Some(addend) => compute_pair(layer, [x.clone(), addend.clone()]),
    })
}

fn pointwise_operation(
    p: &Scope,
    x: &Source,
    is_added: bool,
    mode: &Mode,
) -> Option<PointwiseOperation> {
    let level = level(mode, x.any())?;
    Some(PointwiseOperation {
        level,
        weight: p.matrix("weight"),
        bias: p.on_host_or_zero("bias", p.n_out("weight")?),
        step: if matches!(x, Source::EverySecond(_)) { 2 } else { 1 },
        is_added,
    })
}

/// A separable convolution of `middle` with its ReLU, plus a 1 × 1 convolution of `x`; where nobody
/// asks for a gradient.
pub(super) fn residual_end(
    [conv, norm, straight]: [&Scope; 3],
    middle: &Tensor<4>,
    x: &Source,
    mode: &Mode,
) -> Option<Tensor<4>> {
    let others = match x {
        Source::Joined(x, y) => x.is_autodiff() || y.is_autodiff(),
        other => other.any().is_autodiff(),
    };
    if middle.is_autodiff() || others {
        return None;
    }
    let end = ResidualEnd {
        convolved: separable_operation(conv, norm, &Source::Whole(middle.clone()), mode)?,
        straight: pointwise_operation(straight, x, false, mode)?,
    };
    match x.clone() {
        Source::Whole(x) => Some(compute_pair(end, [middle.clone(), x])),
        Source::Joined(x, y) => Some(compute_triple(end, [middle.clone(), x, y])),
        Source::Doubled(_) | Source::EverySecond(_) => None,
    }
}

/// A CBAM.
pub(super) fn attention(p: &Scope, x: &Tensor<4>, mode: &Mode) -> Option<Tensor<4>> {
    let level = level(mode, x)?;
    if p.at("spatial_att").at("bn").has("running_var") {
        return None;
    }
    Some(apply(attention_operation(p, level), x.clone()))
}

/// A CBAM without its normalisation.
pub(super) fn attention_operation(p: &Scope, level: Level) -> AttentionOperation {
    let (channels, places) = (p.at("channel_att"), p.at("spatial_att"));
    let (hidden, out) = (channels.at("MLP.1"), channels.at("MLP.3"));
    AttentionOperation {
        level,
        hidden_weight: hidden.on_host("weight"),
        hidden_bias: hidden.on_host("bias"),
        out_weight: out.on_host("weight"),
        out_bias: out.on_host("bias"),
        places_weight: places.on_host("conv.weight"),
        places_bias: places.on_host_or_zero("conv.bias", 1)[0],
    }
}

pub(super) fn pool(x: &Tensor<4>, window: Window, mode: &Mode) -> Option<Tensor<4>> {
    let level = level_of_any(mode, x)?;
    Some(apply(PoolOperation { level, window }, x.clone()))
}

pub(super) fn upsample(x: &Tensor<4>, mode: &Mode) -> Option<Tensor<4>> {
    Some(apply(UpsampleOperation { level: level_of_any(mode, x)? }, x.clone()))
}

/// 3 × 3 at every second pixel, ReLU; `norm` is where the normalisation would be.
pub(super) fn stem_relu(p: &Scope, norm: &Scope, x: &Tensor<4>, mode: &Mode) -> Option<Tensor<4>> {
    let level = level(mode, x)?;
    if norm.has("running_var") {
        return None;
    }
    let bias = p.on_host_or_zero("bias", p.n_out("weight")?);
    Some(apply(StemOperation { level, weight: p.on_host("weight"), bias }, x.clone()))
}

/// Layer normalisation, perhaps with ReLU.
pub(super) fn layer_norm(p: &Scope, x: &Tensor<4>, relu: bool, mode: &Mode) -> Option<Tensor<4>> {
    Some(apply(layer_norm_operation(p, level(mode, x)?, relu), x.clone()))
}

/// The first map normalised and rectified, plus the second one normalised.
pub(super) fn residual_layer_norms(
    [norm, straight_norm]: [&Scope; 2],
    maps: [&Tensor<4>; 2],
    mode: &Mode,
) -> Option<Tensor<4>> {
    let level = level(mode, maps[0])?;
    let pair = [
        layer_norm_operation(norm, level, true),
        layer_norm_operation(straight_norm, level, false),
    ];
    Some(apply_pair(LayerNormPair(pair), maps.map(Clone::clone)))
}

fn layer_norm_operation(p: &Scope, level: Level, relu: bool) -> LayerNormOperation {
    LayerNormOperation { level, weight: p.on_host("weight"), bias: p.on_host("bias"), relu }
}

/// The transposed convolution that doubles height and width.
pub(super) fn enlarge_transposed(p: &Scope, x: &Tensor<4>, mode: &Mode) -> Option<Tensor<4>> {
    let operation = TransposedOperation {
        level: level(mode, x)?,
        weight: p.matrix("weight"),
        bias: p.on_host("bias"),
    };
    Some(apply(operation, x.clone()))
}

/// The same with kernels that overlap.
pub(super) fn enlarge_overlapping(p: &Scope, x: &Tensor<4>, mode: &Mode) -> Option<Tensor<4>> {
    Some(apply(overlapping_operation(p, level(mode, x)?), x.clone()))
}

pub(super) fn overlapping_operation(p: &Scope, level: Level) -> OverlappingOperation {
    let (filter, bias) = (p.overlapping_filter("weight"), p.on_host("bias"));
    OverlappingOperation { level, filter, bias }
}

/// Layer normalisation over channels, perhaps with GELU.
pub(super) fn channel_norm(
    p: &Scope,
    x: &Tensor<4>,
    epsilon: f64,
    gelu: bool,
    mode: &Mode,
) -> Option<Tensor<4>> {
    let level = level(mode, x)?;
    let (weight, bias) = (p.on_host("weight"), p.on_host("bias"));
    let operation = ChannelNormOperation { level, weight, bias, epsilon: epsilon as f32, gelu };
    Some(apply(operation, x.clone()))
}

pub(super) fn gelu(x: &Tensor<4>, mode: &Mode) -> Option<Tensor<4>> {
    Some(apply(GeluOperation { level: level_of_any(mode, x)? }, x.clone()))
}

pub(super) fn tanh(x: &Tensor<4>, mode: &Mode) -> Option<Tensor<4>> {
    Some(apply(TanhOperation { level: level_of_any(mode, x)? }, x.clone()))
}

/// The core of deformable convolution of value, offsets and modulation.
pub(super) fn deformable(
    layer: &Deformable,
    maps: &[Tensor<4>; 3],
    mode: &Mode,
) -> Option<Tensor<4>> {
    let operation = DeformableOperation { level: level(mode, &maps[0])?, layer: *layer };
    Some(apply_triple(operation, maps.clone()))
}

/// 3 × 3, a kernel a channel, with nothing behind it.
pub(super) fn depthwise(p: &Scope, x: &Tensor<4>, mode: &Mode) -> Option<Tensor<4>> {
    let level = level(mode, x)?;
    let n = x.dims()[1];
    if p.n_out("weight")? != n {
        return None;
    }
    let (weight, bias) = (p.on_host("weight"), p.on_host_or_zero("bias", n));
    Some(apply(DepthwiseOperation { level, weight, bias }, x.clone()))
}
