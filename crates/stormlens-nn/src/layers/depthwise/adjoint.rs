//! The convolution with a gradient of its own.
//!
//! The gradient of the input is the same convolution with every kernel turned by 180°: padding and
//! stride are 1, so each output pixel sees what is around it and each input pixel is seen from
//! there. burn's own gradient is a transposed convolution, which its CPU kernels compute channel by
//! channel through a matrix of nine times the picture: about twenty-five times as long as the
//! convolution.

use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind, unary};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, Backend, Dispatch, Flex, TensorMetadata, backend_extension};
use burn::tensor::Tensor;
use burn::tensor::ops::ConvOptions;

/// One kernel of 3 × 3 for each channel, zero padding 1, stride 1.
///
/// `x` is `[batch, channels, height, width]`, `weight` `[channels, 1, 3, 3]` and a constant: no
/// gradient flows to it. Both are on the CPU.
pub(super) fn depthwise3x3(x: Tensor<4>, weight: Tensor<4>) -> Tensor<4> {
    let y = Dispatch::depthwise3x3(x.into_dispatch(), weight.inner().into_dispatch());
    Tensor::from_dispatch(y)
}

#[backend_extension(Autodiff, Flex)]
trait Depthwise3x3: Backend {
    fn depthwise3x3(x: FloatTensor<Self>, weight: FloatTensor<Self>) -> FloatTensor<Self> {
        let options = ConvOptions::new([1, 1], [1, 1], [1, 1], x.shape()[1]);
        Self::conv2d(x, weight, None, options)
    }
}

impl Depthwise3x3 for Flex {}

impl<B: Depthwise3x3, C: CheckpointStrategy> Depthwise3x3 for Autodiff<B, C> {
    fn depthwise3x3(x: FloatTensor<Self>, weight: FloatTensor<Self>) -> FloatTensor<Self> {
        let ((x, guard), kernel) = (x.into_parts(), weight.into_primitive());
        match Adjoint.prepare::<C>([guard]).compute_bound().stateful() {
            OpsKind::Tracked(step) => step.finish(kernel.clone(), B::depthwise3x3(x, kernel)),
            OpsKind::UnTracked(step) => step.finish(B::depthwise3x3(x, kernel)),
        }
    }
}

#[derive(Debug)]
struct Adjoint;

impl<B: Depthwise3x3> Backward<B, 1> for Adjoint {
    type State = FloatTensor<B>;

    fn backward(
        self,
        ops: Ops<Self::State, 1>,
        gradients: &mut Gradients,
        _checkpointer: &mut Checkpointer,
    ) {
        let turned = B::float_flip(ops.state, &[2, 3]);
        unary::<B, _>(ops.parents, ops.node, gradients, |gradient| {
            B::depthwise3x3(gradient, turned)
        });
    }
}
