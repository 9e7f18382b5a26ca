//! Every kernel on every level of vector instructions against its definition in `f64`, and its
//! gradient against finite differences of the definition.

mod attention;
mod attention_training;
mod batch_norm;
mod between_sizes;
mod channel_norm;
mod convolution;
mod definitions;
mod deformable;
mod halving;
mod layer_norm;
mod pointwise;
mod resized;
mod separable;
mod similarity;
mod stem;
mod sums;
mod transposed;
mod weights;

use definitions::{
    ACTIVATIONS, activated, assert_near, at, convolved, differences, doubled, draw, relu,
    split_channels, wide,
};
