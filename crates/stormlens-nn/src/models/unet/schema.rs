//! Names and shapes of the weights, and what they say of the network.

use super::network::{Block, Convolution, LEVELS, UNet};
use super::networks;
use crate::models::{Architecture, Kernels, Schema, Sizes, UShape, dimension, kernels_of};
use stormlens_checkpoint::StateDict;

/// The sizes that tensors show, each from one of them, where they are those of this network. Where
/// that one is missing the published size is assumed, so that the comparison can name all that is
/// wrong.
pub(super) fn recognise(network: &UNet, state: &StateDict) -> Option<Result<Architecture, String>> {
    (which(state)? == *network).then(|| {
        if let Some(name) = state.tensors.keys().find(|name| is_transposed(name)) {
            return Err(format!(
                "it enlarges by transposed convolutions (`bilinear=False`; it has `{name}`), which \
                 this program does not compute; train it with `bilinear=True`"
            ));
        }
        let sizes = sizes(network, state);
        sizes.check()?;
        Ok(architecture(network, &sizes, &|module, n_in| {
            kernels_of(state, module, n_in).unwrap_or(sizes.kernels_per_layer)
        }))
    })
}

/// By the kind of convolutions and the deepest attention: with four levels of it at most, where
/// some of its tensors are missing.
fn which(state: &StateDict) -> Option<UNet> {
    let has = |part: &str| state.tensors.keys().any(|name| name.starts_with(part));
    if !has("inc.double_conv.") {
        return None;
    }
    let is_separable = ["0", "3"].map(|n| has(&format!("inc.double_conv.{n}.depthwise")));
    let convolution = match is_separable.contains(&true) {
        true => Convolution::Separable,
        false => Convolution::Plain,
    };
    let deepest = (1..=LEVELS).rev().find(|level| has(&format!("cbam{level}."))).unwrap_or(0);
    let could =
        |network: &UNet| network.convolution == convolution && network.n_attention >= deepest;
    networks::ALL.into_iter().filter(could).min_by_key(|network| network.n_attention)
}

/// `up1.up.weight` and the like.
fn is_transposed(name: &str) -> bool {
    (1..LEVELS).any(|level| name.starts_with(&format!("up{level}.up.")))
}

fn sizes(network: &UNet, state: &StateDict) -> UShape {
    let published = UShape::default();
    let dimension = |name: &str, axis: usize| dimension(state, name, axis);
    let base_channels = dimension("outc.conv.weight", 1)
        .or_else(|| dimension("inc.double_conv.1.weight", 0))
        .unwrap_or(published.base_channels);
    // Of the second convolution, whose input channels are known.
    let kernels_per_layer = kernels_of(state, "inc.double_conv.3", base_channels).unwrap_or(1);
    let in_channels = match network.convolution {
        Convolution::Plain => dimension("inc.double_conv.0.weight", 1),
        Convolution::Separable => {
            dimension("inc.double_conv.0.depthwise.weight", 0).map(|n| n / kernels_per_layer)
        }
    };
    let hidden = dimension("cbam1.channel_att.MLP.1.weight", 0);
    UShape {
        in_channels: in_channels.unwrap_or(published.in_channels),
        out_channels: dimension("outc.conv.weight", 0).unwrap_or(published.out_channels),
        base_channels,
        kernels_per_layer,
        reduction_ratio: hidden
            .map_or(published.reduction_ratio, |hidden| (base_channels / hidden.max(1)).max(1)),
    }
}

/// A network that is yet to be trained.
pub(super) fn design(network: &UNet, wanted: &Sizes) -> Result<Architecture, String> {
    if network.convolution == Convolution::Plain && wanted.kernels_per_layer.is_some() {
        return Err("its convolutions are not depthwise; leave kernels_per_layer out".into());
    }
    // 2 is what SmaAt-UNet was published with.
    Ok(of_sizes(network, &UShape::of(wanted, 2)?))
}

pub(super) fn of_sizes(network: &UNet, sizes: &UShape) -> Architecture {
    architecture(network, sizes, &|_, _| sizes.kernels_per_layer)
}

fn architecture(network: &UNet, sizes: &UShape, kernels: Kernels) -> Architecture {
    let schema = schema(network, sizes, kernels);
    Architecture {
        in_channels: sizes.in_channels,
        out_channels: sizes.out_channels,
        kernels_per_layer: match network.convolution {
            Convolution::Plain => None,
            Convolution::Separable => Some(sizes.kernels_per_layer),
        },
        n_parameters: schema.n_learnable(),
        schema,
    }
}

fn schema(network: &UNet, sizes: &UShape, kernels: Kernels) -> Schema {
    let mut schema = Schema::default();
    let double = |schema: &mut Schema, block: Block, channels: [usize; 3]| match network.convolution
    {
        Convolution::Plain => schema.double(&block.module, channels),
        Convolution::Separable => schema.double_separable(&block.module, channels, kernels),
    };
    // The last level has no more channels than the one above it.
    let channels = |level: usize| sizes.base_channels << (level.min(LEVELS - 1) - 1);
    let mut n_in = sizes.in_channels;
    for level in 1..=LEVELS {
        let n_out = channels(level);
        double(&mut schema, Block::encoder(level), [n_in, n_out, n_out]);
        if level <= network.n_attention {
            schema.cbam(&format!("cbam{level}"), n_out, sizes.reduction_ratio);
        }
        n_in = n_out;
    }
    for level in 1..LEVELS {
        let skip = channels(LEVELS - level);
        // As many as the skip connection one level up; the last one as its own.
        let n_out = channels((LEVELS - level - 1).max(1));
        double(&mut schema, Block::decoder(level), [2 * skip, skip, n_out]);
    }
    schema.convolution("outc.conv", sizes.base_channels, sizes.out_channels, 1);
    schema
}

/// The weights that the input meets.
pub(super) fn first(network: &UNet) -> &'static str {
    match network.convolution {
        Convolution::Plain => "inc.double_conv.0.weight",
        Convolution::Separable => "inc.double_conv.0.depthwise.weight",
    }
}
