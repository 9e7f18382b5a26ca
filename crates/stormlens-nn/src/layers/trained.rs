//! Layers in training through the CPU's own kernels, where those can compute them.
//!
//! Each function answers `None` where the plain path has to. Weights are no part of the tape here: their gradients come to
//! the [`Recorder`], by name.

use std::sync::{Arc, OnceLock};

use burn::tensor::{Tensor, TensorData};
use stormlens_kernels::batch_norm::Statistics;
use stormlens_kernels::{Activation, Level};

use super::convolution::NormOptions;
use super::fused;
use super::source::Source;
use crate::fused::{
    AttentionTraining, ConvolutionOperation, ConvolutionTraining, HalvingTraining, Learner,
    NormTraining, OverlappingTraining, PointwiseOperation, PointwiseTraining, SeparableOperation,
    SeparableTraining, apply, apply_pair, apply_triple,
};
use crate::parameters::{Mode, Recorder, Scope};

fn begin<'a>(mode: &'a Mode, x: &Tensor<4>) -> Option<(Level, &'a Recorder)> {
    let Mode::Training(recorder) = mode else { return None };
    Some((recorder.kernels.level_for(x)?, recorder))
}

/// The tape runs back only to layers one of whose inputs is on it, and these learn.
fn taped(x: Tensor<4>) -> Tensor<4> {
    if x.is_autodiff() { x } else { x.autodiff().require_grad() }
}

fn learner(p: &Scope, recorder: &Recorder) -> Learner {
    let bias = p.has("bias").then(|| p.name("bias"));
    Learner { weight: p.name("weight"), bias, gradients: recorder.weight_gradients.clone() }
}

/// Dense 3 × 3.
pub(super) fn convolution(p: &Scope, x: &Source, mode: &Mode) -> Option<Tensor<4>> {
    let (level, recorder) = begin(mode, x.any())?;
    let doubled = match x {
        Source::Whole(_) | Source::Joined(..) => [false, false],
        Source::Doubled(_) => [true, false],
        Source::EverySecond(_) => return None,
    };
    let bias = p.on_host_or_zero("bias", p.n_out("weight")?);
    let filter = p.filter("weight");
    let layer = ConvolutionOperation { level, filter, bias, activation: Activation::None, doubled };
    let operation = ConvolutionTraining { layer, learner: learner(p, recorder) };
    Some(match x.clone() {
        Source::Whole(x) | Source::Doubled(x) | Source::EverySecond(x) => {
            apply(operation, taped(x))
        }
        Source::Joined(x, y) => apply_pair(operation, [taped(x), taped(y)]),
    })
}

/// At every second pixel with an odd kernel.
pub(super) fn convolution_halving(p: &Scope, x: &Tensor<4>, mode: &Mode) -> Option<Tensor<4>> {
    let (level, recorder) = begin(mode, x)?;
    let layer = fused::halving_operation(p, level, false)?;
    let is_first = !x.is_autodiff();
    let operation = HalvingTraining { layer, learner: learner(p, recorder), is_first };
    Some(apply(operation, taped(x.clone())))
}

/// The transposed convolution whose kernels overlap.
pub(super) fn enlarge_overlapping(p: &Scope, x: &Tensor<4>, mode: &Mode) -> Option<Tensor<4>> {
    let (level, recorder) = begin(mode, x)?;
    let layer = fused::overlapping_operation(p, level);
    Some(apply(OverlappingTraining { layer, learner: learner(p, recorder) }, taped(x.clone())))
}

/// 1 × 1, added to `addend` where there is one.
pub(super) fn conv1x1(
    p: &Scope,
    x: &Source,
    addend: Option<&Tensor<4>>,
    mode: &Mode,
) -> Option<Tensor<4>> {
    let (level, recorder) = begin(mode, x.any())?;
    let layer = PointwiseOperation {
        level,
        weight: p.matrix("weight"),
        bias: p.on_host_or_zero("bias", p.n_out("weight")?),
        step: if matches!(x, Source::EverySecond(_)) { 2 } else { 1 },
        is_added: addend.is_some(),
    };
    let operation = PointwiseTraining { layer, learner: learner(p, recorder) };
    Some(match (x.clone(), addend.cloned()) {
        (Source::Doubled(_), _) => return None,
        (Source::Whole(x) | Source::EverySecond(x), None) => apply(operation, taped(x)),
        (Source::Whole(x) | Source::EverySecond(x), Some(y)) => {
            apply_pair(operation, [taped(x), taped(y)])
        }
        (Source::Joined(x, y), None) => apply_pair(operation, [taped(x), taped(y)]),
        (Source::Joined(x, y), Some(z)) => apply_triple(operation, [x, y, z].map(taped)),
    })
}

/// Depthwise 3 × 3, then pointwise.
pub(super) fn separable(p: &Scope, x: &Source, mode: &Mode) -> Option<Tensor<4>> {
    let (level, recorder) = begin(mode, x.any())?;
    let n_in = match x {
        Source::Whole(x) | Source::Doubled(x) => x.dims()[1],
        Source::Joined(x, y) => x.dims()[1] + y.dims()[1],
        Source::EverySecond(_) => return None,
    };
    let (depthwise, pointwise) = (p.at("depthwise"), p.at("pointwise"));
    if !depthwise.n_out("weight")?.is_multiple_of(n_in) {
        return None;
    }
    let values = pointwise.on_host("weight");
    let own_bias = pointwise.on_host_or_zero("bias", pointwise.n_out("weight")?);
    let depthwise_bias = depthwise.has("bias").then(|| depthwise.on_host("bias"));
    let bias = match &depthwise_bias {
        Some(other) => Arc::new(SeparableTraining::bias_of_both(&own_bias, &values, other)),
        None => own_bias,
    };
    let layer = SeparableOperation {
        level,
        depthwise: depthwise.on_host("weight"),
        pointwise: pointwise.matrix("weight"),
        bias,
        relu: false,
        doubled: matches!(x, Source::Doubled(_)),
    };
    let operation = SeparableTraining {
        layer,
        pointwise: values,
        depthwise_bias,
        depthwise_learner: learner(&depthwise, recorder),
        pointwise_learner: learner(&pointwise, recorder),
    };
    Some(match x.clone() {
        Source::Whole(x) | Source::Doubled(x) | Source::EverySecond(x) => {
            apply(operation, taped(x))
        }
        Source::Joined(x, y) => apply_pair(operation, [taped(x), taped(y)]),
    })
}

/// Batch normalisation and what follows.
pub(super) fn norm(
    p: &Scope,
    x: &Tensor<4>,
    options: NormOptions,
    activation: Activation,
    mode: &Mode,
) -> Option<Tensor<4>> {
    let (level, recorder) = begin(mode, x)?;
    if !p.has("running_var") {
        return None;
    }
    let statistics = Arc::new(OnceLock::new());
    let operation = NormTraining {
        level,
        weight: p.on_host("weight"),
        bias: p.on_host("bias"),
        epsilon: options.epsilon,
        activation,
        learner: learner(p, recorder),
        statistics: statistics.clone(),
    };
    let y = apply(operation, taped(x.clone()));
    follow(p, recorder, options, statistics.get()?, x);
    Some(y)
}

/// The running statistics of a normalisation follow those of a batch of maps.
fn follow(
    p: &Scope,
    recorder: &Recorder,
    options: NormOptions,
    statistics: &Statistics,
    maps: &Tensor<4>,
) {
    let [n_batch, _, height, width] = maps.dims();
    let device = maps.device().without_autodiff();
    let tensor = |values: &[f32]| {
        Tensor::<1>::from_data(TensorData::new(values.to_vec(), [values.len()]), &device)
    };
    let Statistics { mean, variance } = statistics;
    recorder.follow(p, options, [tensor(mean), tensor(variance)], n_batch * height * width);
}

/// A CBAM; its normalisation is PyTorch's.
pub(super) fn attention(p: &Scope, x: &Tensor<4>, mode: &Mode) -> Option<Tensor<4>> {
    let (level, recorder) = begin(mode, x)?;
    let (channels, places) = (p.at("channel_att"), p.at("spatial_att"));
    let (hidden, out) = (channels.at("MLP.1"), channels.at("MLP.3"));
    let (conv, norm) = (places.at("conv"), places.at("bn"));
    if !norm.has("running_var") {
        return None;
    }
    let statistics = Arc::new(OnceLock::new());
    let operation = AttentionTraining {
        layer: fused::attention_operation(p, level),
        norm_weight: norm.on_host("weight"),
        norm_bias: norm.on_host("bias"),
        epsilon: NormOptions::PYTORCH.epsilon,
        hidden: learner(&hidden, recorder),
        out: learner(&out, recorder),
        places: learner(&conv, recorder),
        norm: learner(&norm, recorder),
        statistics: statistics.clone(),
    };
    let y = apply(operation, taped(x.clone()));
    follow(&norm, recorder, NormOptions::PYTORCH, statistics.get()?, x);
    Some(y)
}
