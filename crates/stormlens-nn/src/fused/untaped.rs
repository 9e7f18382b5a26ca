//! Layers that have no gradient, for passes that nobody differentiates.

use burn::backend::tensor::FloatTensor;
use burn::backend::{Backend, Dispatch, Flex, backend_extension};
use burn::tensor::Tensor;
use stormlens_kernels::{Maps, Shape};

use super::operation::{Host, contiguous, maps, to_host};

/// A fused layer where nobody asks for its gradient.
pub(crate) trait Untaped: Clone + Send + Sync + 'static {
    /// Shape and values of the result.
    fn compute(&self, maps: &[Maps]) -> (Shape, Vec<f32>);
}

/// The result for a map that is not on the tape.
pub(crate) fn compute_one<U: Untaped>(layer: U, x: Tensor<4>) -> Tensor<4> {
    Tensor::from_dispatch(Dispatch::untaped_one(x.into_dispatch(), layer))
}

/// The result for two maps that are not on the tape.
pub(crate) fn compute_pair<U: Untaped>(layer: U, [x, y]: [Tensor<4>; 2]) -> Tensor<4> {
    let [x, y] = [x, y].map(Tensor::into_dispatch);
    Tensor::from_dispatch(Dispatch::untaped_two(x, y, layer))
}

/// The result for three maps that are not on the tape.
pub(crate) fn compute_triple<U: Untaped>(layer: U, maps: [Tensor<4>; 3]) -> Tensor<4> {
    let [x, y, z] = maps.map(Tensor::into_dispatch);
    Tensor::from_dispatch(Dispatch::untaped_three(x, y, z, layer))
}

/// The result for four maps that are not on the tape.
pub(crate) fn compute_four<U: Untaped>(layer: U, maps: [Tensor<4>; 4]) -> Tensor<4> {
    let [w, x, y, z] = maps.map(Tensor::into_dispatch);
    Tensor::from_dispatch(Dispatch::untaped_four(w, x, y, z, layer))
}

#[backend_extension(Flex)]
trait WithoutTape: Backend {
    fn untaped_one<U: Untaped>(x: FloatTensor<Self>, layer: U) -> FloatTensor<Self>;
    fn untaped_two<U: Untaped>(
        x: FloatTensor<Self>,
        y: FloatTensor<Self>,
        layer: U,
    ) -> FloatTensor<Self>;
    fn untaped_three<U: Untaped>(
        x: FloatTensor<Self>,
        y: FloatTensor<Self>,
        z: FloatTensor<Self>,
        layer: U,
    ) -> FloatTensor<Self>;
    fn untaped_four<U: Untaped>(
        w: FloatTensor<Self>,
        x: FloatTensor<Self>,
        y: FloatTensor<Self>,
        z: FloatTensor<Self>,
        layer: U,
    ) -> FloatTensor<Self>;
}

impl WithoutTape for Flex {
    fn untaped_one<U: Untaped>(x: FloatTensor<Self>, layer: U) -> FloatTensor<Self> {
        compute(&layer, [x])
    }

    fn untaped_two<U: Untaped>(
        x: FloatTensor<Self>,
        y: FloatTensor<Self>,
        layer: U,
    ) -> FloatTensor<Self> {
        compute(&layer, [x, y])
    }

    fn untaped_three<U: Untaped>(
        x: FloatTensor<Self>,
        y: FloatTensor<Self>,
        z: FloatTensor<Self>,
        layer: U,
    ) -> FloatTensor<Self> {
        compute(&layer, [x, y, z])
    }

    fn untaped_four<U: Untaped>(
        w: FloatTensor<Self>,
        x: FloatTensor<Self>,
        y: FloatTensor<Self>,
        z: FloatTensor<Self>,
        layer: U,
    ) -> FloatTensor<Self> {
        compute(&layer, [w, x, y, z])
    }
}

fn compute<const N: usize>(layer: &impl Untaped, tensors: [Host; N]) -> Host {
    let tensors = tensors.map(contiguous);
    let (shape, values) = layer.compute(&tensors.each_ref().map(maps));
    to_host(values, shape)
}
