//! The light decoder: five blocks, each of which doubles the size, with the encoder's maps added on the way.

use burn::tensor::Tensor;

use super::form::BLOCKS;
use crate::Tap;
use crate::layers::{conv1x1, convolution, convolution_leaky, enlarge_overlapping, norm};
use crate::parameters::{Mode, Scope};

/// Slope below zero.
const SLOPE: f32 = 0.01;

/// Maps from the coarsest on, to frames of patches of mean 0 and spread 1; blocks are shown as `decoder.BLOCK`.
pub(super) fn decode(p: &Scope, maps: Vec<Tensor<4>>, tap: &mut Tap, mode: &Mode) -> Tensor<4> {
    let mut maps = maps.into_iter();
    let mut x = maps.next().expect("the coarsest map");
    for i in 0..BLOCKS {
        if i > 0
            && let Some(map) = maps.next()
        {
            x = x + map;
        }
        x = tap.at(&format!("decoder.{i}"), block(&p.at(&format!("dec.{i}")), x, mode));
    }
    conv1x1(&p.at("proj"), x, mode)
}

/// Twice the size, 3 × 3, normalisation, leaky ReLU, 3 × 3, normalisation.
fn block(p: &Scope, x: Tensor<4>, mode: &Mode) -> Tensor<4> {
    let x = enlarge_overlapping(&p.at("up_sample"), x, mode);
    let p = p.at("conv");
    let x = convolution_leaky(&p, ["0", "1"], x, SLOPE, mode);
    norm(&p.at("4"), convolution(&p.at("3"), x, mode), mode)
}
