//! From Keras's layers, by position, to the names and axes of our state dictionary.

use indexmap::IndexMap;

use super::super::error::{Fault, printable};
use super::super::{StateDict, Tensor};
use super::broken;
use super::layers::{Kind, Layer};
use crate::models::polar_low::{N_BLOCKS, PolarLowConfig};

/// Layers with weights of each kind.
const COUNTS: [(Kind, usize, &str); 4] = [
    (Kind::Convolution, 1 + N_BLOCKS, "convolutions"),
    (Kind::Separable, 2 * N_BLOCKS + 1, "separable convolutions"),
    (Kind::Norm, 2 * N_BLOCKS + 2, "batch normalisations"),
    (Kind::Dense, 1, "dense layers"),
];

/// An array of a layer: its name in Keras, its name in ours, and where our axes lie in Keras's.
type Part = (&'static str, &'static str, &'static [usize]);

/// Kernels are `[height, width, in, out]` there and `[out, in, height, width]` here.
const OUT_IN_ROW_COLUMN: &[usize] = &[3, 2, 0, 1];
/// A depthwise kernel is `[height, width, channel, 1]` there and `[channel, 1, height, width]` here.
const CHANNEL_ONE_ROW_COLUMN: &[usize] = &[2, 3, 0, 1];

fn parts(kind: Kind) -> &'static [Part] {
    match kind {
        Kind::Convolution => &[("kernel", "weight", OUT_IN_ROW_COLUMN), ("bias", "bias", &[0])],
        Kind::Separable => &[
            ("depthwise_kernel", "depthwise.weight", CHANNEL_ONE_ROW_COLUMN),
            ("pointwise_kernel", "pointwise.weight", OUT_IN_ROW_COLUMN),
            ("bias", "pointwise.bias", &[0]),
        ],
        Kind::Norm => &[
            ("gamma", "weight", &[0]),
            ("beta", "bias", &[0]),
            ("moving_mean", "running_mean", &[0]),
            ("moving_variance", "running_var", &[0]),
        ],
        Kind::Dense => &[("kernel", "weight", &[1, 0]), ("bias", "bias", &[0])],
    }
}

/// Our name of the `position`-th layer of a kind.
fn module(kind: Kind, position: usize) -> String {
    let block = |ours: [&str; 2], position: usize| {
        format!("block{}.{}", position / 2 + 1, ours[position % 2])
    };
    match (kind, position) {
        (Kind::Convolution, 0) => "stem.0".into(),
        (Kind::Convolution, n) => format!("block{n}.shortcut"),
        (Kind::Separable, n) if n == 2 * N_BLOCKS => "tail.0".into(),
        (Kind::Separable, n) => block(["0", "3"], n),
        (Kind::Norm, 0) => "stem.1".into(),
        (Kind::Norm, n) if n == 2 * N_BLOCKS + 1 => "tail.1".into(),
        (Kind::Norm, n) => block(["1", "4"], n - 1),
        (Kind::Dense, _) => "head".into(),
    }
}

/// The weights in the order of the network's schema.
///
/// Every shape is compared with the published network's before a number is read.
pub(super) fn state_dict(layers: Vec<Layer>) -> Result<StateDict, Fault> {
    check_counts(&layers)?;
    let schema: IndexMap<String, Vec<usize>> =
        PolarLowConfig::default().schema().into_iter().collect();
    let mut positions = [0; COUNTS.len()];
    let mut named = Vec::with_capacity(layers.len());
    for layer in layers {
        let position = &mut positions[layer.kind as usize];
        let module = module(layer.kind, *position);
        *position += 1;
        check_shapes(&layer, &module, &schema)?;
        named.push((module, layer));
    }
    let mut tensors = IndexMap::new();
    for (module, layer) in &named {
        for &(theirs, ours, axes) in parts(layer.kind) {
            tensors.insert(format!("{module}.{ours}"), read(layer, theirs, axes)?);
        }
    }
    tensors.sort_by_cached_key(|name, _| schema.get_index_of(name));
    Ok(StateDict { tensors })
}

fn check_counts(layers: &[Layer]) -> Result<(), Fault> {
    let found = |kind| layers.iter().filter(|layer| layer.kind == kind).count();
    if COUNTS.iter().all(|&(kind, n, _)| found(kind) == n) {
        return Ok(());
    }
    let list = |count: &dyn Fn(Kind, usize) -> usize| {
        let counts = COUNTS.map(|(kind, n, what)| format!("{} {what}", count(kind, n)));
        counts.join(", ")
    };
    Err(Fault::Unsupported(format!(
        "it has {}; the polar-low CNN has {}",
        list(&|kind, _| found(kind)),
        list(&|_, n| n)
    )))
}

fn check_shapes(
    layer: &Layer,
    module: &str,
    schema: &IndexMap<String, Vec<usize>>,
) -> Result<(), Fault> {
    for &(theirs, ours, axes) in parts(layer.kind) {
        let name = printable(&layer.name);
        let Some((_, array)) = layer.arrays.iter().find(|(name, _)| name == theirs) else {
            return Err(Fault::Unsupported(format!("its layer `{name}` has no {theirs}")));
        };
        let mut expected = vec![0; axes.len()];
        for (&axis, &n) in axes.iter().zip(&schema[&format!("{module}.{ours}")]) {
            expected[axis] = n as u64;
        }
        if array.shape() != expected {
            return Err(Fault::Unsupported(format!(
                "its layer `{name}` has a {theirs} of shape {:?} where the polar-low CNN has \
                 {expected:?}",
                array.shape()
            )));
        }
    }
    Ok(())
}

/// The numbers of an array whose shape has been checked, with our order of axes.
fn read(layer: &Layer, name: &str, axes: &[usize]) -> Result<Tensor, Fault> {
    let found = layer.arrays.iter().find(|(array, _)| array == name);
    let (_, array) = found.expect("check_shapes has seen it");
    let values = array.read_array::<f32>().map_err(|e| broken(&e))?.permuted_axes(axes);
    Ok(Tensor::f32(values.shape().to_vec(), values.iter().copied().collect()))
}
