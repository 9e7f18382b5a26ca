//! Where the network learnt corrections for single pixels, whatever the weather.

use super::form::Form;
use crate::models::HostTensors;

/// How far a layer normalisation's weights are from the identity, pixel by pixel.
#[derive(Clone, Debug, PartialEq)]
pub struct AffineMap {
    /// The block under the name of its layer, and which of its three normalisations: `decoders.1`,
    /// `resconvblock.1`.
    pub block: String,
    pub norm: &'static str,
    /// Height and width.
    pub side: usize,
    /// Mean over the channels of |weight − 1|: `[side × side]`.
    pub weight: Vec<f32>,
    /// Mean over the channels of |bias|: `[side × side]`.
    pub bias: Vec<f32>,
}

const NORMS: [&str; 3] = ["resconvblock.1", "resconvblock.4", "shortcut.1"];

/// Those of all blocks in use, in the order of the forward pass. Empty for weights of another network.
pub fn affine_maps(weights: &HostTensors) -> Vec<AffineMap> {
    let find = |wanted: &str| weights.iter().find(|(name, ..)| name == wanted);
    let form = Form::of(&|name| find(name).map(|(_, shape, _)| shape.clone()));
    let Some(Ok(form)) = form else { return Vec::new() };
    let map = |block: &str, module: &str, norm: &'static str| {
        let part = |part: &str| find(&format!("{module}.{norm}.{part}"));
        let (_, shape, weight) = part("weight")?;
        let (_, _, bias) = part("bias")?;
        let &[_, side, _] = shape.as_slice() else { return None };
        let (weight, bias) = (distance(weight, 1.0, side), distance(bias, 0.0, side));
        Some(AffineMap { block: block.to_owned(), norm, side, weight, bias })
    };
    let of_block = |(block, module): (String, String)| {
        NORMS.into_iter().filter_map(|norm| map(&block, &module, norm)).collect::<Vec<_>>()
    };
    form.blocks().into_iter().flat_map(of_block).collect()
}

/// Mean over the channels of the distance from a value, in `f64`.
fn distance(values: &[f32], from: f64, side: usize) -> Vec<f32> {
    let n_pixels = side * side;
    let n_channels = (values.len() / n_pixels) as f64;
    let mut sums = vec![0.0; n_pixels];
    for channel in values.chunks_exact(n_pixels) {
        sums.iter_mut().zip(channel).for_each(|(sum, &v)| *sum += (f64::from(v) - from).abs());
    }
    sums.into_iter().map(|sum| (sum / n_channels) as f32).collect()
}
