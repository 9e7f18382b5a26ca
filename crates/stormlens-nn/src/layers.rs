//! Building blocks that two or more models share, as functions over the parameters they use.
//!
//! Names and order of children follow the published PyTorch modules, because those names are the
//! keys of their checkpoints; a network published in Keras is named in the same way. Activations are `[batch, channels, height, width]`.

mod attention;
mod convolution;
mod depthwise;
mod dropout;
mod fold;
mod fused;
mod plain;
mod resample;
mod source;
#[cfg(test)]
mod tests;

pub(crate) use attention::cbam;
pub use convolution::NormOptions;
pub(crate) use convolution::{
    conv1x1, conv1x1_onto, conv3x3_halving_relu, double_depthwise_separable, linear,
    residual_separable, separable_relu,
};
pub(crate) use depthwise::DepthwisePass;
pub(crate) use dropout::dropout;
pub use fold::fold;
pub(crate) use plain::convolution_relu;
pub(crate) use resample::{max_pool, max_pool_halving, upsample_onto};
pub(crate) use source::Source;
