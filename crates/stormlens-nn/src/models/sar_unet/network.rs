//! The forward pass.

use burn::tensor::Tensor;

use crate::layers::{
    cbam, conv1x1, depthwise_separable, double_depthwise_separable, max_pool, norm_relu, upsample,
};
use crate::network::{Network, Prediction};
use crate::parameters::{Mode, Scope};
use crate::{Parameters, Tap};

/// Five residual encoder blocks, each followed by attention, and four residual decoder blocks.
///
/// Unlike in SmaAt-UNet, the attended activation goes both to the skip connection and to the next
/// level. The last convolution has no activation: the answer may be slightly negative.
///
/// # Shapes
/// - input `[batch, frames, height, width]`, height and width multiples of 16
/// - output `[batch, lead times, height, width]`
pub struct SarUnet;

impl Network for SarUnet {
    fn forward(
        &self,
        parameters: &Parameters,
        input: Tensor<4>,
        tap: &mut Tap,
        mode: &Mode,
    ) -> Prediction {
        let p = parameters.root();
        let mut x = input;
        let mut skips = Vec::with_capacity(5);
        for level in 1..=5 {
            x = encode(&p, level, x, tap, mode);
            if level < 5 {
                skips.push(x.clone());
                x = max_pool(x);
            }
        }
        for (level, skip) in (2..=5).rev().zip(skips.into_iter().rev()) {
            x = decode(&p, level, x, skip, tap, mode);
        }
        Prediction::Field(conv1x1(&p.at("outc.conv"), x))
    }
}

fn encode(p: &Scope, level: usize, x: Tensor<4>, tap: &mut Tap, mode: &Mode) -> Tensor<4> {
    let x = residual_block(p, &format!("RRCNN{level}"), x, tap, mode);
    let name = format!("cbam{level}");
    let x = cbam(&p.at(&name), x, mode);
    tap.at(&name, x)
}

fn decode(
    p: &Scope,
    level: usize,
    x: Tensor<4>,
    skip: Tensor<4>,
    tap: &mut Tap,
    mode: &Mode,
) -> Tensor<4> {
    let up = p.at(&format!("Up{level}.conv.conv"));
    let x = norm_relu(&up.at("1"), depthwise_separable(&up.at("0"), upsample(x), mode), mode);
    let x = Tensor::cat(vec![skip, x], 1);
    residual_block(p, &format!("Up_RRCNN{level}"), x, tap, mode)
}

/// `Conv_1x1(x) + doubleconv(x)`, with neither normalisation nor ReLU behind the sum.
fn residual_block(p: &Scope, name: &str, x: Tensor<4>, tap: &mut Tap, mode: &Mode) -> Tensor<4> {
    let block = p.at(name);
    let straight = conv1x1(&block.at("Conv_1x1"), x.clone());
    let straight = tap.at(&format!("{name}.Conv_1x1"), straight);
    let convolved = double_depthwise_separable(&block.at("doubleconv.0"), x, mode);
    let convolved = tap.at(&format!("{name}.doubleconv"), convolved);
    tap.at(name, straight + convolved)
}
