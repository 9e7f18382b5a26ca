//! An operation on maps on the CPU, and how it comes onto the tape.

use std::fmt::Debug;

use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, Backend, Dispatch, Flex, TensorMetadata, backend_extension};
use burn::tensor::{Tensor, TensorData};
use stormlens_kernels::{Maps, Shape};

/// A layer as one operation.
pub(crate) trait Operation: Clone + Debug + Send + Sync + 'static {
    /// What the gradient needs beside inputs and output.
    type Kept: Clone + Debug + Send + 'static;

    /// Whether the gradient reads the inputs, or the output.
    const NEEDS: Needs;

    /// Shape and values of the result.
    fn forward(&self, maps: &[Maps]) -> (Shape, Vec<f32>, Self::Kept);

    /// The gradient of each input; `None` where it is that of the output itself.
    fn backward(&self, pass: &Pass<Self::Kept>, gradient: Maps) -> Vec<Option<Vec<f32>>>;
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Needs {
    Nothing,
    Inputs,
    Output,
}

/// What a forward pass left for the gradient.
pub(crate) struct Pass<'a, K> {
    pub shapes: &'a [Shape],
    /// As far as [`Operation::NEEDS`] asks for them.
    pub inputs: Vec<Maps<'a>>,
    pub output: Option<Maps<'a>>,
    pub kept: &'a K,
}

/// The result for one map.
pub(crate) fn apply<O: Operation>(operation: O, x: Tensor<4>) -> Tensor<4> {
    Tensor::from_dispatch(Dispatch::fused_one(x.into_dispatch(), operation))
}

/// The result for two maps.
pub(crate) fn apply_pair<O: Operation>(operation: O, [x, y]: [Tensor<4>; 2]) -> Tensor<4> {
    let [x, y] = alike([x, y]).map(Tensor::into_dispatch);
    Tensor::from_dispatch(Dispatch::fused_two(x, y, operation))
}

/// The result for three maps.
pub(crate) fn apply_triple<O: Operation>(operation: O, maps: [Tensor<4>; 3]) -> Tensor<4> {
    let [x, y, z] = alike(maps).map(Tensor::into_dispatch);
    Tensor::from_dispatch(Dispatch::fused_three(x, y, z, operation))
}

/// Either all maps are on the tape, or none is.
pub(crate) fn alike<const N: usize>(maps: [Tensor<4>; N]) -> [Tensor<4>; N] {
    if maps.iter().any(Tensor::is_autodiff) { maps.map(Tensor::autodiff) } else { maps }
}

#[backend_extension(Autodiff, Flex)]
trait Fused: Backend {
    fn fused_one<O: Operation>(x: FloatTensor<Self>, operation: O) -> FloatTensor<Self>;
    fn fused_two<O: Operation>(
        x: FloatTensor<Self>,
        y: FloatTensor<Self>,
        operation: O,
    ) -> FloatTensor<Self>;
    fn fused_three<O: Operation>(
        x: FloatTensor<Self>,
        y: FloatTensor<Self>,
        z: FloatTensor<Self>,
        operation: O,
    ) -> FloatTensor<Self>;
}

impl Fused for Flex {
    fn fused_one<O: Operation>(x: FloatTensor<Self>, operation: O) -> FloatTensor<Self> {
        run(&operation, &[x]).0
    }

    fn fused_two<O: Operation>(
        x: FloatTensor<Self>,
        y: FloatTensor<Self>,
        operation: O,
    ) -> FloatTensor<Self> {
        run(&operation, &[x, y]).0
    }

    fn fused_three<O: Operation>(
        x: FloatTensor<Self>,
        y: FloatTensor<Self>,
        z: FloatTensor<Self>,
        operation: O,
    ) -> FloatTensor<Self> {
        run(&operation, &[x, y, z]).0
    }
}

impl<C: CheckpointStrategy> Fused for Autodiff<Flex, C> {
    fn fused_one<O: Operation>(x: FloatTensor<Self>, operation: O) -> FloatTensor<Self> {
        record::<O, C, 1>([x], operation)
    }

    fn fused_two<O: Operation>(
        x: FloatTensor<Self>,
        y: FloatTensor<Self>,
        operation: O,
    ) -> FloatTensor<Self> {
        record::<O, C, 2>([x, y], operation)
    }

    fn fused_three<O: Operation>(
        x: FloatTensor<Self>,
        y: FloatTensor<Self>,
        z: FloatTensor<Self>,
        operation: O,
    ) -> FloatTensor<Self> {
        record::<O, C, 3>([x, y, z], operation)
    }
}

/// A tensor of the CPU.
pub(super) type Host = FloatTensor<Flex>;

/// # Panics
/// If the tensor is no picture of `f32` that lies in one piece.
pub(super) fn maps(tensor: &Host) -> Maps<'_> {
    let values = tensor.as_slice::<f32>().expect("in one piece, see `contiguous`");
    Maps::new(values, dims(tensor))
}

fn dims(tensor: &Host) -> [usize; 4] {
    let shape = tensor.shape();
    std::array::from_fn(|i| shape[i])
}

/// The same tensor, without gaps in memory.
pub(super) fn contiguous(tensor: Host) -> Host {
    if tensor.is_contiguous() { tensor } else { tensor.to_contiguous() }
}

pub(super) fn to_host(values: Vec<f32>, shape: Shape) -> Host {
    Host::from_data(TensorData::new(values, shape.dims()))
}

fn run<O: Operation>(operation: &O, tensors: &[Host]) -> (Host, O::Kept) {
    let tensors: Vec<Host> = tensors.iter().cloned().map(contiguous).collect();
    let maps: Vec<Maps> = tensors.iter().map(maps).collect();
    let (shape, values, kept) = operation.forward(&maps);
    (to_host(values, shape), kept)
}

fn record<O: Operation, C: CheckpointStrategy, const N: usize>(
    tensors: [FloatTensor<Autodiff<Flex, C>>; N],
    operation: O,
) -> FloatTensor<Autodiff<Flex, C>> {
    let mut inputs = Vec::with_capacity(N);
    let guards = tensors.map(|tensor| {
        let (tensor, guard) = tensor.into_parts();
        inputs.push(contiguous(tensor));
        guard
    });
    match (Adjoint::<O>::new()).prepare::<C>(guards).compute_bound().stateful() {
        OpsKind::UnTracked(step) => step.finish(run(&operation, &inputs).0),
        OpsKind::Tracked(step) => {
            let (output, kept) = run(&operation, &inputs);
            let shapes = inputs.iter().map(|x| Shape::new(dims(x))).collect();
            let state = State {
                shapes,
                inputs: if O::NEEDS == Needs::Inputs { inputs } else { Vec::new() },
                output: (O::NEEDS == Needs::Output).then(|| output.clone()),
                kept,
                operation,
            };
            step.finish(state, output)
        }
    }
}

#[derive(Clone, Debug)]
struct State<O: Operation> {
    operation: O,
    shapes: Vec<Shape>,
    inputs: Vec<Host>,
    output: Option<Host>,
    kept: O::Kept,
}

#[derive(Debug)]
struct Adjoint<O>(std::marker::PhantomData<O>);

impl<O> Adjoint<O> {
    fn new() -> Self {
        Self(std::marker::PhantomData)
    }
}

impl<O: Operation, const N: usize> Backward<Flex, N> for Adjoint<O> {
    type State = State<O>;

    fn backward(
        self,
        ops: Ops<Self::State, N>,
        gradients: &mut Gradients,
        _checkpointer: &mut Checkpointer,
    ) {
        let gradient = contiguous(gradients.consume::<Flex>(&ops.node));
        let state = ops.state;
        let pass = Pass {
            shapes: &state.shapes,
            inputs: state.inputs.iter().map(maps).collect(),
            output: state.output.as_ref().map(maps),
            kept: &state.kept,
        };
        let found = state.operation.backward(&pass, maps(&gradient));
        for ((parent, found), &shape) in ops.parents.into_iter().zip(found).zip(&state.shapes) {
            if let Some(parent) = parent {
                let found = match found {
                    Some(values) => to_host(values, shape),
                    None => gradient.clone(),
                };
                gradients.register::<Flex>(parent.id, found);
            }
        }
    }
}
