//! Building blocks that two or more models share, as functions over the parameters they use.
//!
//! Names and order of children follow the published PyTorch modules, because those names are the
//! keys of their checkpoints; a network published in Keras is named in the same way. Activations are `[batch, channels, height, width]`.

mod attention;
mod convolution;
mod depthwise;
mod dropout;
mod fold;
mod resample;
#[cfg(test)]
mod tests;

pub(crate) use attention::cbam;
pub use convolution::NormOptions;
pub(crate) use convolution::{
    conv1x1, conv3x3_halving, depthwise_separable, double_depthwise_separable, linear, norm_relu,
    norm_with,
};
pub(crate) use depthwise::DepthwisePass;
pub(crate) use dropout::dropout;
pub use fold::fold;
pub(crate) use resample::{every_second, max_pool, max_pool_halving, upsample};
