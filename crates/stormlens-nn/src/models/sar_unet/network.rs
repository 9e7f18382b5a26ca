//! The forward pass.

use burn::tensor::Tensor;

use crate::layers::{
    NormOptions, Source, cbam, conv1x1, double_depthwise_separable, max_pool, residual_separable,
    separable_relu,
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
                x = max_pool(x, mode);
            }
        }
        for (level, skip) in (2..=5).rev().zip(skips.into_iter().rev()) {
            x = decode(&p, level, x, skip, tap, mode);
        }
        Prediction::Field(conv1x1(&p.at("outc.conv"), x, mode))
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
    let x = separable_relu(&up, ["0", "1"], Source::Doubled(x), NormOptions::PYTORCH, mode);
    residual_block(p, &format!("Up_RRCNN{level}"), Source::Joined(skip, x), tap, mode)
}

/// `Conv_1x1(x) + doubleconv(x)`, with neither normalisation nor ReLU behind the sum.
fn residual_block(
    p: &Scope,
    name: &str,
    x: impl Into<Source>,
    tap: &mut Tap,
    mode: &Mode,
) -> Tensor<4> {
    let (block, x) = (p.at(name), x.into());
    let (straight, double) = (block.at("Conv_1x1"), block.at("doubleconv.0"));
    let (straight_name, double_name) = (format!("{name}.Conv_1x1"), format!("{name}.doubleconv"));
    // Nobody needs either path by itself unless it is watched.
    if !tap.watches(&straight_name) && !tap.watches(&double_name) {
        return tap.at(name, residual_separable(&double, &straight, x, mode));
    }
    let straight = tap.at(&straight_name, conv1x1(&straight, x.clone(), mode));
    let convolved = tap.at(&double_name, double_depthwise_separable(&double, x, mode));
    tap.at(name, straight + convolved)
}
