//! Building blocks that two or more models share, as functions over the parameters they use.
//!
//! Names and order of children follow the published PyTorch modules, because those names are the
//! keys of their checkpoints. Activations are `[batch, channels, height, width]`.

mod attention;
mod convolution;
mod depthwise;
mod fold;
mod resample;

pub(crate) use attention::cbam;
pub(crate) use convolution::{conv1x1, depthwise_separable, double_depthwise_separable, norm_relu};
pub(crate) use depthwise::DepthwisePass;
pub use fold::fold;
pub(crate) use resample::{max_pool, upsample};
