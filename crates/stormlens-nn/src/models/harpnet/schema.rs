//! Names and shapes of the weights, and what they say of the network.

use stormlens_checkpoint::StateDict;

use super::form::Form;
use crate::models::{Architecture, HostTensors, Schema, Sizes};
use crate::random::Random;

pub(super) fn recognise(state: &StateDict) -> Option<Result<Architecture, String>> {
    let shape = |name: &str| state.tensors.get(name).map(|tensor| tensor.shape.clone());
    Form::of(&shape).map(|form| form.map(|form| architecture(&form)))
}

/// A network that is yet to be trained: version 4, or with one channel in version 2 at its depth.
pub(super) fn design(wanted: &Sizes) -> Result<Architecture, String> {
    if wanted.kernels_per_layer.is_some() {
        return Err("its convolutions are not depthwise; leave kernels_per_layer out".into());
    }
    if !matches!(wanted.channels, None | Some((2, 1))) {
        return Err("it takes two channels, rain and elevation, and gives one".into());
    }
    let published = Form::PUBLISHED;
    let base_channels = wanted.base_channels.unwrap_or(published.base_channels);
    let form = Form { base_channels, ..published };
    form.check().map(|()| architecture(&form))
}

/// The tensors of a network, in the order of the authors' modules.
pub fn architecture(form: &Form) -> Architecture {
    let schema = schema(form);
    Architecture {
        in_channels: form.in_channels(),
        out_channels: 1,
        kernels_per_layer: None,
        n_parameters: schema.n_learnable(),
        schema,
    }
}

fn schema(form: &Form) -> Schema {
    let mut schema = Schema::default();
    let levels = || 0..form.n_levels();
    let above = |level: usize| level.checked_sub(1).map(|above| form.channels(above));
    for level in levels() {
        let n_in = above(level).unwrap_or(form.in_channels());
        block(&mut schema, form, &form.encoder(level), [n_in, form.channels(level)], level);
    }
    let (depth, n) = (form.depth, form.channels(form.depth));
    block(&mut schema, form, "bridge", [n / 2, n], depth);
    let deepest_first = || levels().rev();
    let is_named = form.version == super::Version::V1;
    // Version 1 declares its gates first.
    for is_gate in [is_named, !is_named] {
        for level in deepest_first() {
            match is_gate {
                true => gate(&mut schema, &form.gate(level), form.channels(level)),
                false => enlarging(&mut schema, &form.enlarging(level), form.channels(level)),
            }
        }
    }
    for level in deepest_first() {
        let n = form.channels(level);
        block(&mut schema, form, &form.decoder(level), [2 * n, n], level);
    }
    schema.convolution("final_conv", form.base_channels, 1, 1);
    schema
}

/// Two convolutions and a straight one, each with its normalisation.
fn block(schema: &mut Schema, form: &Form, name: &str, [n_in, n_out]: [usize; 2], level: usize) {
    let side = form.side(level);
    let mut layer = |conv: &str, norm: &str, n_in, kernel| {
        schema.convolution(&format!("{name}.{conv}"), n_in, n_out, kernel);
        schema.layer_norm(&format!("{name}.{norm}"), [n_out, side, side]);
    };
    layer("resconvblock.0", "resconvblock.1", n_in, 3);
    layer("resconvblock.3", "resconvblock.4", n_out, 3);
    layer("shortcut.0", "shortcut.1", n_in, 1);
}

fn gate(schema: &mut Schema, name: &str, n: usize) {
    schema.convolution(&format!("{name}.theta_x"), n, n, 1);
    schema.convolution(&format!("{name}.phi_g"), 2 * n, n, 1);
    schema.convolution(&format!("{name}.psi"), n, 1, 1);
}

/// A transposed convolution, whose weights are `[in, out, 2, 2]`.
fn enlarging(schema: &mut Schema, name: &str, n_out: usize) {
    schema.push(format!("{name}.weight"), &[2 * n_out, n_out, 2, 2]);
    schema.push(format!("{name}.bias"), &[n_out]);
}

/// Weights before training, as PyTorch's defaults draw them: uniform within ± 1/√fan-in (He et al. 2015
/// with a = √5), biases too; normalisation starts as the identity.
///
/// PyTorch takes the second dimension for the inputs of a transposed convolution, though these are its
/// outputs, and so do we.
pub(super) fn initialise(schema: &Schema, seed: u64) -> HostTensors {
    let mut random = Random::new(seed);
    let shape_of = |wanted: &str| schema.iter().find(|(name, _)| name == wanted).map(|s| &s.1);
    let mut draw = |name: &str, shape: &[usize]| -> Vec<f32> {
        let n = shape.iter().product();
        let weight = match name.strip_suffix("bias") {
            Some(owner) => shape_of(&format!("{owner}weight")).map_or(shape, Vec::as_slice),
            None => shape,
        };
        if weight.len() != 4 {
            return vec![f32::from(u8::from(name.ends_with("weight"))); n];
        }
        let bound = 1.0 / (weight[1..].iter().product::<usize>() as f64).sqrt();
        (0..n).map(|_| random.between(-bound, bound) as f32).collect()
    };
    schema.iter().map(|(name, shape)| (name.clone(), shape.clone(), draw(name, shape))).collect()
}
