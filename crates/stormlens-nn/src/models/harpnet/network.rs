//! The forward pass.

use burn::tensor::Tensor;
use stormlens_data::card::Downscaling;
use stormlens_data::network::ShownLayer;

use super::affine::{AffineMap, affine_maps};
use super::block::{attend, residual_block};
use super::form::{Form, Version};
use crate::layers::{Source, conv1x1, dropout, enlarge_nearest, enlarge_transposed, max_pool};
use crate::network::{Network, Prediction, ShapeOf};
use crate::parameters::{Mode, Scope};
use crate::{Parameters, Tap};

/// A U-Net of residual blocks whose skip connections are gated by attention.
///
/// Which version and how deep, the parameters say ([`Form`]). Layers are shown under the names of version
/// 4, whatever the tensors are called: `encoders.0` is the finest, `decoders.0` and `attn_blocks.0` stand
/// at the bridge.
///
/// # Shapes
/// - versions 3 and 4: `[batch, 2, tile, tile]` in, the normalised logarithm of rain and the elevation;
///   the normalised logarithm of rain out, `[batch, 1, tile, tile]`, which may be negative
/// - versions 1 and 2: `[batch, 1, height, width]` in, rain in mm, enlarged to the tile by nearest
///   neighbour; rain in mm out, `[batch, 1, tile, tile]`, nowhere negative
pub struct Harpnet;

impl Network for Harpnet {
    fn forward(
        &self,
        parameters: &Parameters,
        input: Tensor<4>,
        tap: &mut Tap,
        mode: &Mode,
    ) -> Prediction {
        let form = form(parameters);
        let p = parameters.root();
        let mut x = match form.version {
            Version::V1 | Version::V2 => enlarge_nearest(input, [form.tile; 2]),
            Version::V4 => input,
        };
        let mut skips = Vec::with_capacity(form.depth);
        for level in 0..form.depth {
            let name = format!("encoders.{level}");
            let y = residual_block(&p.at(&form.encoder(level)), &name, x, tap, mode);
            let y = tap.at(&name, y);
            x = max_pool(y.clone(), mode);
            skips.push(y);
        }
        let bridge = residual_block(&p.at("bridge"), "bridge", x, tap, mode);
        let mut x = tap.at("bridge", bridge);
        for (level, skip) in skips.into_iter().enumerate().rev() {
            x = decode(&p, &form, level, x, skip, tap, mode);
        }
        let rain = conv1x1(&p.at("final_conv"), x, mode);
        Prediction::Field(if form.is_normalised() { rain } else { rain.clamp_min(0.0) })
    }

    fn downscaling(&self, shape: ShapeOf) -> Option<Downscaling> {
        Some(Form::of(shape)?.ok()?.downscaling())
    }

    fn has_layer(&self, shape: ShapeOf, name: &str) -> bool {
        let Some(Ok(form)) = Form::of(shape) else { return true };
        let place = name.split('.').nth(1).and_then(|place| place.parse::<usize>().ok());
        place.is_none_or(|place| place < form.depth)
    }

    /// How far the normalisation behind each block is from the identity: weights `BLOCK.NORM.weight`, then biases
    /// `BLOCK.NORM.bias`.
    fn placed(&self, parameters: &Parameters) -> Vec<ShownLayer> {
        let layer = |map: &AffineMap, part: &str, values: &[f32]| ShownLayer {
            name: format!("{}.{}.{part}", map.block, map.norm),
            shape: [1, map.side, map.side],
            values: values.to_vec(),
        };
        let maps = affine_maps(&parameters.to_host());
        let both =
            |map: &AffineMap| [layer(map, "weight", &map.weight), layer(map, "bias", &map.bias)];
        maps.iter().flat_map(both).collect()
    }
}

/// # Panics
/// For parameters of another network, which checkpoints are checked against before.
fn form(parameters: &Parameters) -> Form {
    let form = Form::of(&|name| parameters.shape(name).map(<[usize]>::to_vec));
    form.expect("parameters of HARPNET").expect("of a version that there is")
}

fn decode(
    p: &Scope,
    form: &Form,
    level: usize,
    below: Tensor<4>,
    skip: Tensor<4>,
    tap: &mut Tap,
    mode: &Mode,
) -> Tensor<4> {
    let place = form.decoders_below(level);
    let gate = p.at(&form.gate(level));
    let gated = attend(&gate, &format!("attn_blocks.{place}"), skip, below.clone(), tap, mode);
    let enlarged = enlarge_transposed(&p.at(&form.enlarging(level)), below, mode);
    let name = format!("decoders.{place}");
    let joined = Source::Joined(enlarged, gated);
    let y = residual_block(&p.at(&form.decoder(level)), &name, joined, tap, mode);
    tap.at(&name, dropout(y, form.dropout(level), mode))
}
