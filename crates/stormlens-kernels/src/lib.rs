//! The layers of weather networks on the CPU, forward and backward.
//!
//! Plain slices in, plain vectors out; this crate knows no tensors and no tape. Each kernel is an
//! operation of a network as a whole (a convolution with its bias and its ReLU, an attention
//! module), because on a CPU the time goes into memory between operations and not into arithmetic.
//! Work is shared out in bands of rows over all cores; vector instructions are chosen when the
//! program runs ([`Level`]).

pub mod activation;
pub mod adam;
pub mod attention;
pub mod bands;
pub mod batch_norm;
mod bilinear;
pub mod channel_norm;
pub mod convolution;
pub mod deformable;
pub mod depthwise;
pub mod gelu;
pub mod halving;
pub mod lamb;
pub mod layer_norm;
pub mod level;
mod parts;
pub mod planes;
pub mod pointwise;
pub mod pool;
pub mod product;
mod scratch;
pub mod separable;
pub mod similarity;
pub mod stem;
pub mod tanh;
pub mod transposed;
pub mod turning;
pub mod upsample;

pub use activation::Activation;
pub use bands::{Maps, Shape};
pub use level::{Level, LevelError};
