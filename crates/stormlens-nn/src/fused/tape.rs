//! What a tap needs of the tape, on the CPU.

use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, Backend, Dispatch, Flex, backend_extension};
use burn::tensor::{Tensor, TensorData};
use stormlens_kernels::{Level, Maps, planes};

use super::operation::{contiguous, maps, to_host};
use crate::parameters::to_vec;

/// The activation as it is; the gradient of `leaf`, `[batch, channels, 1, 1]`, will be that of the
/// activation, summed over the plane. Nothing is copied.
pub(crate) fn show(level: Level, activation: Tensor<4>, leaf: Tensor<4>) -> Tensor<4> {
    let activation = activation.autodiff().into_dispatch();
    let shown = Dispatch::fused_show(activation, leaf.into_dispatch(), level);
    Tensor::from_dispatch(shown)
}

/// `Σ_c weights_c · activation_c` of each example, `[batch × height × width]`.
pub(crate) fn weighted_sum(level: Level, weights: &[f32], activation: Tensor<4>) -> Vec<f32> {
    let dims = activation.dims();
    let data: TensorData = activation.into_data();
    match data.as_slice::<f32>() {
        Ok(values) => planes::weighted(level, weights, Maps::new(values, dims)),
        Err(_) => {
            let values = to_vec(Tensor::<4>::from_data(data, &burn::tensor::Device::flex()));
            planes::weighted(level, weights, Maps::new(&values, dims))
        }
    }
}

#[backend_extension(Autodiff, Flex)]
trait Show: Backend {
    fn fused_show(
        activation: FloatTensor<Self>,
        leaf: FloatTensor<Self>,
        level: Level,
    ) -> FloatTensor<Self>;
}

impl Show for Flex {
    fn fused_show(
        activation: FloatTensor<Self>,
        _leaf: FloatTensor<Self>,
        _level: Level,
    ) -> FloatTensor<Self> {
        activation
    }
}

impl<C: CheckpointStrategy> Show for Autodiff<Flex, C> {
    fn fused_show(
        activation: FloatTensor<Self>,
        leaf: FloatTensor<Self>,
        level: Level,
    ) -> FloatTensor<Self> {
        let ((activation, first), (_, second)) = (activation.into_parts(), leaf.into_parts());
        match SumOfPlanes.prepare::<C>([first, second]).compute_bound().stateful() {
            OpsKind::Tracked(step) => step.finish(level, activation),
            OpsKind::UnTracked(step) => step.finish(activation),
        }
    }
}

#[derive(Debug)]
struct SumOfPlanes;

impl Backward<Flex, 2> for SumOfPlanes {
    type State = Level;

    fn backward(
        self,
        ops: Ops<Level, 2>,
        gradients: &mut Gradients,
        _checkpointer: &mut Checkpointer,
    ) {
        let gradient = contiguous(gradients.consume::<Flex>(&ops.node));
        let [activation, leaf] = ops.parents;
        if let Some(leaf) = leaf {
            let maps = maps(&gradient);
            let sums = planes::sums(ops.state, maps);
            gradients.register::<Flex>(leaf.id, to_host(sums, maps.shape.with_size(1, 1)));
        }
        if let Some(activation) = activation {
            gradients.register::<Flex>(activation.id, gradient);
        }
    }
}
