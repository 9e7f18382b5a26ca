//! From Keras's layers to a state dictionary: names by kind and position, axes in PyTorch's order.

use hdf5_reader::Dataset;
use indexmap::IndexMap;

use super::super::error::{Fault, printable};
use super::super::{StateDict, Tensor};
use super::broken;
use super::layers::{Kind, Layer};

/// An array of a layer: its name in Keras, its name here, and where our axes lie in Keras's.
pub(super) type Part = (&'static str, &'static str, &'static [usize]);

/// Kernels are `[height, width, in, out]` there and `[out, in, height, width]` here.
const OUT_IN_ROW_COLUMN: &[usize] = &[3, 2, 0, 1];
/// A depthwise kernel is `[height, width, channel, 1]` there and `[channel, 1, height, width]` here.
const CHANNEL_ONE_ROW_COLUMN: &[usize] = &[2, 3, 0, 1];

/// The arrays of a layer, in the order in which Keras numbers them.
pub(super) fn parts(kind: Kind) -> &'static [Part] {
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

/// The name that a fresh process gives the `position`-th layer of a kind.
fn module(kind: Kind, position: usize) -> String {
    let name = match kind {
        Kind::Convolution => "conv2d",
        Kind::Separable => "separable_conv2d",
        Kind::Norm => "batch_normalization",
        Kind::Dense => "dense",
    };
    if position == 0 { name.to_owned() } else { format!("{name}_{position}") }
}

/// The weights in the order of the layers. A file of `n_file_bytes` may hold at most as many numbers,
/// which keeps a small file from describing a large network; that is checked before any is read.
pub(super) fn state_dict(layers: Vec<Layer>, n_file_bytes: usize) -> Result<StateDict, Fault> {
    layers.iter().try_for_each(check)?;
    let mut arrays = layers.iter().flat_map(|layer| &layer.arrays);
    let n_numbers = arrays.try_fold(0, |n: u64, (_, array)| n.checked_add(n_elements(array)?));
    if n_numbers.is_none_or(|n| n > n_file_bytes as u64) {
        return Err(Fault::Unsupported("it describes more numbers than the file has bytes".into()));
    }
    let mut positions = [0; Kind::N];
    let mut tensors = IndexMap::new();
    for layer in &layers {
        let position = &mut positions[layer.kind as usize];
        let module = module(layer.kind, *position);
        *position += 1;
        for &(theirs, ours, axes) in parts(layer.kind) {
            tensors.insert(format!("{module}.{ours}"), read(layer, theirs, axes)?);
        }
    }
    Ok(StateDict { tensors })
}

fn n_elements(array: &Dataset) -> Option<u64> {
    array.shape().iter().try_fold(1, |n: u64, &size| n.checked_mul(size))
}

/// That a layer has the arrays of its kind, of as many dimensions.
fn check(layer: &Layer) -> Result<(), Fault> {
    let name = printable(&layer.name);
    for &(theirs, _, axes) in parts(layer.kind) {
        let Some((_, array)) = layer.arrays.iter().find(|(array, _)| array == theirs) else {
            return Err(Fault::Unsupported(format!("its layer `{name}` has no {theirs}")));
        };
        let (n_found, n_wanted) = (array.shape().len(), axes.len());
        if n_found != n_wanted {
            return Err(Fault::Unsupported(format!(
                "its layer `{name}` has a {theirs} of {n_found} dimensions, not {n_wanted}"
            )));
        }
    }
    Ok(())
}

/// The numbers of an array, with our order of axes.
fn read(layer: &Layer, name: &str, axes: &[usize]) -> Result<Tensor, Fault> {
    let found = layer.arrays.iter().find(|(array, _)| array == name);
    let (_, array) = found.expect("`check` has seen it");
    let values = array.read_array::<f32>().map_err(|e| broken(&e))?.permuted_axes(axes);
    Ok(Tensor::f32(values.shape().to_vec(), values.iter().copied().collect()))
}
