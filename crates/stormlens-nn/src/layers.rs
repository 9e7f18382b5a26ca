//! Building blocks that two or more models share, as functions over the parameters they use.
//!
//! Names and order of children follow the published PyTorch modules, because those names are the
//! keys of their checkpoints; a network published in Keras is named in the same way. Activations are `[batch, channels, height, width]`.

mod attention;
mod channel_norm;
mod convolution;
mod deformable;
mod depthwise;
mod dropout;
mod fold;
mod fused;
mod layer_norm;
mod plain;
mod resample;
mod similarity;
mod source;
mod tanh;
#[cfg(test)]
mod tests;
mod trained;
mod transposed;

pub(crate) use attention::cbam;
pub(crate) use channel_norm::{channel_norm, channel_norm_gelu, gelu, normalise_last};
pub use convolution::NormOptions;
pub(crate) use convolution::{
    conv1x1, conv1x1_gelu, conv1x1_onto, conv1x1_relu, conv3x3_halving_relu,
    double_depthwise_separable, linear, norm, residual_separable, separable_relu,
};
pub(crate) use deformable::deformable;
pub(crate) use depthwise::DepthwisePass;
pub(crate) use dropout::{drop_path, dropout};
pub use fold::fold;
pub(crate) use layer_norm::{layer_norm, layer_norm_relu, residual_layer_norms};
pub(crate) use plain::{
    convolution, convolution_gelu, convolution_halving, convolution_halving_relu,
    convolution_leaky, convolution_of_resized_gelu, convolution_relu,
};
pub(crate) use resample::{
    adaptive_mean, enlarge_nearest, max_pool, max_pool_halving, max_pool_three, resize, upsample,
    upsample_onto,
};
pub(crate) use similarity::similarity;
pub(crate) use source::Source;
pub(crate) use tanh::tanh;
pub(crate) use transposed::{enlarge_overlapping, enlarge_transposed};
