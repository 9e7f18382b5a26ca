//! Names and shapes of the weights, and what they say of the network.

use stormlens_checkpoint::StateDict;

use super::form::{Form, POOLED};
use crate::models::{Architecture, Schema, Sizes};

pub(super) fn recognise(state: &StateDict) -> Option<Result<Architecture, String>> {
    let shape = |name: &str| state.tensors.get(name).map(|tensor| tensor.shape.clone());
    Form::of(&shape).map(|form| form.map(|form| architecture(&form)))
}

/// A network that is yet to be trained, of the published sizes but for fields, classes and channels; others are made from
/// a [`Form`].
pub(super) fn design(wanted: &Sizes) -> Result<Architecture, String> {
    if wanted.kernels_per_layer.is_some() {
        return Err(
            "its depthwise convolutions have one kernel; leave kernels_per_layer out".into()
        );
    }
    let published = Form::published();
    let (n_variables, n_classes) = wanted.channels.unwrap_or((published.n_variables, 3));
    let base_channels = wanted.base_channels.unwrap_or(published.base_channels);
    let form = Form { n_variables, n_classes: Some(n_classes), base_channels, ..published };
    form.check().map(|()| architecture(&form))
}

/// The tensors of a network, in the order of the authors' modules.
pub fn architecture(form: &Form) -> Architecture {
    let mut schema = Schema::default();
    let mut names = Names { schema: &mut schema, prefix: form.naming.prefix() };
    encoder(&mut names, form);
    names.prefix = "generator.";
    if let Some(n_classes) = form.n_classes {
        head(&mut names, "", form, n_classes);
    }
    let n_parameters = schema.n_learnable();
    if let (true, Some(n_classes)) = (form.has_loss_weights, form.n_classes) {
        schema.push("one_hot_loss.weight", &[n_classes]);
        schema.push("prob_den_loss.weight", &[n_classes]);
    }
    Architecture {
        in_channels: form.n_variables,
        out_channels: form.n_classes.unwrap_or(form.n_variables),
        kernels_per_layer: None,
        n_parameters,
        schema,
    }
}

/// A schema below a prefix.
struct Names<'a> {
    schema: &'a mut Schema,
    prefix: &'static str,
}

impl Names<'_> {
    fn push(&mut self, name: &str, shape: &[usize]) {
        self.schema.push(format!("{}{name}", self.prefix), shape);
    }

    /// A weight and a bias of so many outputs.
    fn both(&mut self, name: &str, weight: &[usize]) {
        self.push(&format!("{name}.weight"), weight);
        self.push(&format!("{name}.bias"), &weight[..1]);
    }

    /// Convolution without bias and batch normalisation, the first two modules of a sequence.
    fn normed(&mut self, name: &str, [n_in, n_out, side]: [usize; 3]) {
        self.push(&format!("{name}.0.weight"), &[n_out, n_in, side, side]);
        self.schema.norm(&format!("{}{name}.1", self.prefix), n_out);
    }
}

fn encoder(names: &mut Names, form: &Form) {
    let ([depth, rows, columns], n_token, n) = (form.patch, form.n_token(), form.base_channels);
    names.push("pos_embed_spatial", &[1, form.n_places, n_token]);
    names.push("pos_embed_temporal", &[1, form.n_groups(), n_token]);
    names.push("mask_token", &[1, 1, n_token]);
    names.both("stem.conv1", &[n, form.n_variables, 3, 3]);
    names.both("stem.norm1.1", &[n]);
    names.both("stem.conv2", &[n, n, 1, 1]);
    names.both("stem.norm2.1", &[n]);
    (0..form.depths.len()).for_each(|level| stage(names, form, level));
    let n_last = form.channels(form.depths.len() - 1);
    if form.has_unused {
        let n = n_last * 3 / 2;
        names.push("conv_head.0.weight", &[n, n_last, 1, 1]);
        names.schema.norm(&format!("{}conv_head.1.0", names.prefix), n);
    }
    names.both("out", &[form.n_variables, form.n_variables, 3, 3]);
    head(names, "upper.", form, form.n_variables);
    names.both("patch_embed.proj", &[n_token, 1, depth, rows, columns]);
    names.both("embed", &[n_token, n_token]);
    names.both("norm.0", &[n_token]);
}

/// The layers of a level, its normalisation, and the way to the next one.
fn stage(names: &mut Names, form: &Form, level: usize) {
    let n = form.channels(level);
    for j in 0..form.depths[level] {
        layer(names, form, level, &format!("levels.{level}.blocks.{j}"));
    }
    names.both(&format!("levels.{level}.norm.0"), &[n]);
    if form.has_unused || level + 1 < form.depths.len() {
        names.push(&format!("levels.{level}.downsample.conv.weight"), &[2 * n, n, 3, 3]);
        names.both(&format!("levels.{level}.downsample.norm.1"), &[2 * n]);
    }
}

fn layer(names: &mut Names, form: &Form, level: usize, name: &str) {
    let (n, n_points) = (form.channels(level), 9 * form.channel_groups(level));
    if form.has_layer_scale {
        names.push(&format!("{name}.gamma1"), &[n]);
        names.push(&format!("{name}.gamma2"), &[n]);
    }
    names.both(&format!("{name}.norm1.0"), &[n]);
    names.both(&format!("{name}.dcn.dw_conv.0"), &[n, 1, 3, 3]);
    names.both(&format!("{name}.dcn.dw_conv.1.1"), &[n]);
    names.both(&format!("{name}.dcn.offset"), &[2 * n_points, n]);
    names.both(&format!("{name}.dcn.mask"), &[n_points, n]);
    names.both(&format!("{name}.dcn.input_proj"), &[n, n]);
    names.both(&format!("{name}.dcn.output_proj"), &[n, n]);
    names.both(&format!("{name}.norm2.0"), &[n]);
    names.both(&format!("{name}.mlp.fc1"), &[form.mlp_ratio * n, n]);
    names.both(&format!("{name}.mlp.fc2"), &[n, form.mlp_ratio * n]);
}

fn head(names: &mut Names, name: &str, form: &Form, n_out: usize) {
    let (last, width) = (form.depths.len() - 1, form.head_channels);
    let n_last = form.channels(last);
    for i in 0..POOLED.len() {
        names.normed(&format!("{name}ppm_conv.{i}"), [n_last, n_last, 1]);
    }
    names.normed(&format!("{name}ppm_last_conv"), [(1 + POOLED.len()) * n_last, width, 3]);
    for i in 0..last {
        names.normed(&format!("{name}fpn_in.{i}"), [form.channels(i), width, 1]);
    }
    for i in 0..last {
        names.normed(&format!("{name}fpn_out.{i}.0"), [width, width, 3]);
    }
    names.normed(&format!("{name}conv_last.0"), [(1 + last) * width, width, 3]);
    names.both(&format!("{name}conv_last.1"), &[n_out, width, 1, 1]);
}
