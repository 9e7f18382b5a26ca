//! Names and shapes of the weights, and what they say of the network.

use crate::models::{Architecture, Kernels, Schema, Sizes, UShape, dimension, kernels_of};
use stormlens_checkpoint::StateDict;

/// Whose weights these are, by the names of the residual blocks, and their sizes, each from one
/// tensor. Where that is missing the published size is assumed, so that the comparison can name all
/// that is wrong.
pub(super) fn recognise(state: &StateDict) -> Option<Result<Architecture, String>> {
    let is_ours = |name: &String| name.starts_with("RRCNN") || name.starts_with("Up_RRCNN");
    state.tensors.keys().any(is_ours).then(|| {
        let sizes = sizes(state);
        sizes.check()?;
        let shown = |module: &str, n_in: usize| kernels_of(state, module, n_in);
        Ok(architecture(&sizes, &|module, n_in| {
            shown(module, n_in).unwrap_or(sizes.kernels_per_layer)
        }))
    })
}

fn sizes(state: &StateDict) -> UShape {
    let published = UShape::default();
    let dimension = |name: &str, axis: usize| dimension(state, name, axis);
    let base_channels = dimension("outc.conv.weight", 1)
        .or_else(|| dimension("RRCNN1.doubleconv.0.double_conv.1.weight", 0))
        .unwrap_or(published.base_channels);
    let hidden = dimension("cbam1.channel_att.MLP.1.weight", 0);
    // The second convolution, whose input channels are known.
    let kernels = kernels_of(state, "RRCNN1.doubleconv.0.double_conv.3", base_channels);
    UShape {
        in_channels: dimension("RRCNN1.Conv_1x1.weight", 1).unwrap_or(published.in_channels),
        out_channels: dimension("outc.conv.weight", 0).unwrap_or(published.out_channels),
        base_channels,
        kernels_per_layer: kernels.unwrap_or(published.kernels_per_layer),
        reduction_ratio: hidden
            .map_or(published.reduction_ratio, |hidden| (base_channels / hidden.max(1)).max(1)),
    }
}

/// A network that is yet to be trained. As in the reference, the decoder's residual blocks have a
/// depth multiplier of 1, whatever the encoder's is.
pub(super) fn design(wanted: &Sizes) -> Result<Architecture, String> {
    Ok(of_sizes(&UShape::of(wanted, 1)?))
}

pub(super) fn of_sizes(sizes: &UShape) -> Architecture {
    architecture(sizes, &|module, _| match module.starts_with("Up_RRCNN") {
        true => 1,
        false => sizes.kernels_per_layer,
    })
}

fn architecture(sizes: &UShape, kernels: Kernels) -> Architecture {
    let schema = schema(sizes, kernels);
    Architecture {
        in_channels: sizes.in_channels,
        out_channels: sizes.out_channels,
        kernels_per_layer: Some(sizes.kernels_per_layer),
        n_parameters: schema.n_learnable(),
        schema,
    }
}

fn schema(sizes: &UShape, kernels: Kernels) -> Schema {
    let mut schema = Schema::default();
    let block = |schema: &mut Schema, name: &str, n_in: usize, n_out: usize| {
        schema.double_separable(&format!("{name}.doubleconv.0"), [n_in, n_out, n_out], kernels);
        schema.convolution(&format!("{name}.Conv_1x1"), n_in, n_out, 1);
    };
    let channels = |level: usize| sizes.base_channels << (level - 1);
    let mut n_in = sizes.in_channels;
    for level in 1..=5 {
        block(&mut schema, &format!("RRCNN{level}"), n_in, channels(level));
        schema.cbam(&format!("cbam{level}"), channels(level), sizes.reduction_ratio);
        n_in = channels(level);
    }
    for level in (2..=5).rev() {
        let (n_in, n_out) = (channels(level), channels(level - 1));
        schema.separable(&format!("Up{level}.conv.conv.0"), n_in, n_out, kernels);
        schema.norm(&format!("Up{level}.conv.conv.1"), n_out);
        block(&mut schema, &format!("Up_RRCNN{level}"), 2 * n_out, n_out);
    }
    schema.convolution("outc.conv", sizes.base_channels, sizes.out_channels, 1);
    schema
}

/// The weights that the input meets.
pub(super) const FIRST: &[&str] =
    &["RRCNN1.doubleconv.0.double_conv.0.depthwise.weight", "RRCNN1.Conv_1x1.weight"];
