//! Names and shapes of the weights, and what they say of the network.

use stormlens_checkpoint::StateDict;

use super::form::{BLOCKS, ENCODER, EXPANSION, Form, LEVELS};
use super::patches::FLOOR;
use crate::models::{Architecture, Schema, Sizes};

pub(super) fn recognise(state: &StateDict) -> Option<Result<Architecture, String>> {
    let shape = |name: &str| state.tensors.get(name).map(|tensor| tensor.shape.clone());
    Form::of(&shape).map(|form| form.map(|form| architecture(&form)))
}

/// A network that is yet to be trained, of the published sizes but for frames and channels; others are made from a
/// [`Form`].
pub(super) fn design(wanted: &Sizes) -> Result<Architecture, String> {
    if wanted.kernels_per_layer.is_some() {
        return Err("it has no depthwise convolutions; leave kernels_per_layer out".into());
    }
    let published = Form::published();
    let (in_channels, out_channels) =
        wanted.channels.unwrap_or((published.in_channels, published.out_channels));
    if in_channels != out_channels {
        return Err(format!(
            "it gives as many frames as it takes, but {in_channels} frames in and {out_channels} out are wanted"
        ));
    }
    let base_channels = wanted.base_channels.unwrap_or(published.base_channels);
    let decoder_channels = base_channels * published.decoder_channels / published.base_channels;
    let form = Form { in_channels, out_channels, base_channels, decoder_channels, ..published };
    form.check().map(|()| architecture(&form))
}

/// The tensors of a network, in the order of the authors' modules.
pub fn architecture(form: &Form) -> Architecture {
    let mut schema = Schema::default();
    encoder(&mut schema, form);
    decoder(&mut schema, form);
    if form.translates {
        translation(&mut schema, form);
    }
    densify(&mut schema, form);
    let n_parameters = schema.n_learnable();
    if form.has_floor {
        schema.push(FLOOR, &[1]);
    }
    if let Some([height, width]) = form.unused_px {
        schema.push("imn_m", &[1, 3, 1, 1]);
        schema.push("imn_s", &[1, 3, 1, 1]);
        schema.push("norm_black", &[1, 3, height, width]);
    }
    Architecture {
        in_channels: form.in_channels,
        out_channels: form.out_channels,
        kernels_per_layer: None,
        n_parameters,
        schema,
    }
}

fn encoder(schema: &mut Schema, form: &Form) {
    let stem = form.base_channels;
    schema.push(format!("{ENCODER}.conv1.weight"), &[stem, form.in_channels, 7, 7]);
    schema.norm(&format!("{ENCODER}.bn1"), stem);
    let mut n_in = stem;
    for level in 0..LEVELS {
        for j in 0..form.depths[level] {
            let name = format!("{ENCODER}.layer{}.{j}", level + 1);
            bottleneck(schema, &name, n_in, form.base_channels << level, j == 0);
            n_in = form.channels(level);
        }
    }
}

/// Three convolutions with a normalisation each, and the way beside them where sizes change.
fn bottleneck(schema: &mut Schema, name: &str, n_in: usize, n: usize, is_first: bool) {
    let n_out = EXPANSION * n;
    for (i, shape) in [[n, n_in, 1, 1], [n, n, 3, 3], [n_out, n, 1, 1]].iter().enumerate() {
        schema.push(format!("{name}.conv{}.weight", i + 1), shape);
        schema.norm(&format!("{name}.bn{}", i + 1), shape[0]);
    }
    if is_first {
        schema.push(format!("{name}.downsample.0.weight"), &[n_out, n_in, 1, 1]);
        schema.norm(&format!("{name}.downsample.1"), n_out);
    }
}

fn decoder(schema: &mut Schema, form: &Form) {
    for i in 0..BLOCKS {
        let (n_in, n_out) = (form.decoded_channels(i), form.decoded_channels(i + 1));
        let name = format!("dense_decoder.dec.{i}");
        schema.push(format!("{name}.up_sample.weight"), &[n_in, n_in, 4, 4]);
        schema.push(format!("{name}.up_sample.bias"), &[n_in]);
        schema.push(format!("{name}.conv.0.weight"), &[n_in, n_in, 3, 3]);
        schema.norm(&format!("{name}.conv.1"), n_in);
        schema.push(format!("{name}.conv.3.weight"), &[n_out, n_in, 3, 3]);
        schema.norm(&format!("{name}.conv.4"), n_out);
    }
    schema.convolution("dense_decoder.proj", form.decoded_channels(BLOCKS), form.out_channels, 1);
}

/// Of the levels from the coarsest on, as all that follows counts them.
fn translation(schema: &mut Schema, form: &Form) {
    for i in 0..LEVELS {
        let n = form.channels(LEVELS - 1 - i);
        for j in 0..super::densify::n_translations(i) {
            schema.convolution(&format!("transition.net.{i}.{}", 2 * j), n, n, 3);
        }
    }
}

fn densify(schema: &mut Schema, form: &Form) {
    let channels = |i: usize| form.channels(LEVELS - 1 - i);
    (0..LEVELS).for_each(|i| schema.norm(&format!("densify_norms.{i}"), channels(i)));
    for i in 0..LEVELS {
        let (n_in, n_out) = (channels(i), form.decoded_channels(i));
        // Of equal widths the coarsest map is taken as it is.
        if i > 0 || n_in != n_out {
            let side = if i == 0 { 1 } else { 3 };
            schema.convolution(&format!("densify_projs.{i}"), n_in, n_out, side);
        }
    }
    (0..LEVELS).for_each(|i| schema.push(format!("mask_tokens.{i}"), &[1, channels(i), 1, 1]));
}
