//! The forward pass.

use burn::tensor::Tensor;
use burn::tensor::activation::log_softmax;

use super::EPSILON;
use super::block::{downsample, layer, stem};
use super::form::Form;
use super::front::{Hidden, picture, tokens};
use super::head::head;
use crate::layers::{channel_norm, convolution, resize};
use crate::network::{FieldSizes, Network, Prediction, ShapeOf};
use crate::parameters::{Mode, Scope};
use crate::{Parameters, Tap};

/// The variant whose layers return their input, as those of the published program do.
pub const IDENTITY: &str = "identity";

/// The layer under which fine-tuned weights show the fields that their encoder rebuilds.
pub const RECONSTRUCTION: &str = "reconstruction";

/// Fields in, of which tokens may be hidden; the encoder's four maps; a head.
///
/// Which sizes, the parameters say ([`Form`]), and which stage: fine-tuned weights have a `generator`. A token that holds a
/// missing value is hidden as a whole.
///
/// # Shapes
/// - in `[batch, variables, height, width]`, z-scores, rows from north to south
/// - out, fine-tuned: logits `[batch, classes, height, width]`, one softmax over the classes away from probabilities
/// - out, of the pre-training: z-scores `[batch, variables, height, width]`
pub struct Sslpdl;

impl Network for Sslpdl {
    fn forward(
        &self,
        parameters: &Parameters,
        input: Tensor<4>,
        tap: &mut Tap,
        mode: &Mode,
    ) -> Prediction {
        let form = form(parameters);
        let (root, size) = (parameters.root(), [input.dims()[2], input.dims()[3]]);
        let p = root.below(form.naming.prefix());
        let levels = encode(&p, &form, input, tap, mode);
        if form.n_classes.is_none() {
            let fields = rebuild(&p, &levels, size, tap, mode);
            return Prediction::Field(tap.at(RECONSTRUCTION, fields));
        }
        if tap.watches(RECONSTRUCTION) {
            let fields = rebuild(&p, &levels, size, &mut Tap::off(), mode);
            tap.at(RECONSTRUCTION, fields);
        }
        let logits = head(&root.at("generator"), &levels, tap, mode);
        Prediction::Field(resize(logits, size))
    }

    fn fields(&self, shape: ShapeOf) -> Option<FieldSizes> {
        Some(Form::of(shape)?.ok()?.sizes())
    }

    fn variant(&self, name: &str) -> Option<fn(&str) -> bool> {
        let is_kept = |tensor: &str| !(tensor.contains("levels.") && tensor.contains(".blocks."));
        (name == IDENTITY).then_some(is_kept)
    }

    fn has_layer(&self, shape: ShapeOf, name: &str) -> bool {
        let Some(Ok(form)) = Form::of(shape) else { return true };
        let n_levels = form.depths.len();
        let number = name.rsplit('.').next().and_then(|number| number.parse::<usize>().ok());
        match number {
            Some(level) if name.starts_with("levels.") => level < n_levels,
            Some(level) if name.starts_with("head.fpn.") => level + 1 < n_levels,
            _ => true,
        }
    }
}

/// # Panics
/// For parameters of another network, which checkpoints are checked against before.
fn form(parameters: &Parameters) -> Form {
    let form = Form::of(&|name| parameters.shape(name).map(<[usize]>::to_vec));
    form.expect("parameters of SSLPDL").expect("of sizes that there are")
}

/// The maps of all levels, the finest first, each shown as `levels.LEVEL`; the stem as `stem`.
pub(super) fn encode(
    p: &Scope,
    form: &Form,
    fields: Tensor<4>,
    tap: &mut Tap,
    mode: &Mode,
) -> Vec<Tensor<4>> {
    let hidden = Hidden::of(form, &fields);
    let picture = picture(p, form, tokens(p, form, fields, &hidden), &hidden);
    let mut x = tap.at("stem", stem(&p.at("stem"), picture, mode));
    let mut levels = Vec::with_capacity(form.depths.len());
    for (level, &depth) in form.depths.iter().enumerate() {
        let own = p.at(&format!("levels.{level}"));
        for j in 0..depth {
            let name = format!("levels.{level}.blocks.{j}");
            let share = form.drop_share(level, j);
            x = layer(&own.at(&format!("blocks.{j}")), &name, x, share, tap, mode);
        }
        let map = channel_norm(&own.at("norm.0"), x, EPSILON, mode);
        let map = tap.at(&format!("levels.{level}"), map);
        levels.push(map.clone());
        x = if level + 1 < form.depths.len() {
            downsample(&own.at("downsample"), map, mode)
        } else {
            map
        };
    }
    levels
}

/// The fields that the head of the pre-training makes of the encoder's maps. The softmax over fields has no meaning, but
/// the published weights were trained with it.
fn rebuild(
    p: &Scope,
    levels: &[Tensor<4>],
    size: [usize; 2],
    tap: &mut Tap,
    mode: &Mode,
) -> Tensor<4> {
    let x = log_softmax(head(&p.at("upper"), levels, tap, mode), 1);
    convolution(&p.at("out"), resize(x, size), mode)
}
