//! Fused layers: whole layers as single operations on the CPU, on the tape of burn.
//!
//! A network is written once, in [`crate::models`]. The functions of [`crate::layers`] compute a
//! layer either from burn's operations (the plain path: any device, training too) or, on the CPU and
//! while explaining, through a kernel of `stormlens-kernels` with a gradient of its own. Both give
//! the same numbers.

mod operation;
mod operations;
mod tape;
#[cfg(test)]
mod tests;
mod untaped;
mod weight_gradients;

use std::sync::OnceLock;

use burn::tensor::{Device, Tensor};
use stormlens_kernels::{Level, LevelError};

pub(crate) use self::operation::{alike, apply, apply_pair, apply_triple};
pub(crate) use self::operations::{
    AttentionOperation, AttentionTraining, ChannelNormOperation, ConvolutionOperation,
    ConvolutionTraining, DeformableOperation, DepthwiseOperation, GeluOperation, HalvingOperation,
    HalvingTraining, LayerNormOperation, LayerNormPair, Learner, NormTraining,
    OverlappingOperation, OverlappingTraining, PointwiseOperation, PointwiseRelu,
    PointwiseTraining, PoolOperation, ResidualEnd, ResizedParts, SeparableOperation,
    SeparableTraining, SimilarityOperation, StemOperation, TanhOperation, TransposedOperation,
    UpsampleOperation,
};
pub(crate) use self::tape::{show, weighted_sum};
pub(crate) use self::untaped::{compute_four, compute_one, compute_pair, compute_triple};
pub(crate) use self::weight_gradients::WeightGradients;

/// Names the kernels: `auto`, `plain`, or a level of vector instructions.
pub const VARIABLE: &str = "STORMLENS_KERNELS";

/// How layers are computed on the CPU.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kernels {
    /// From burn's operations, as on every other device.
    Plain,
    /// As fused layers, with these vector instructions.
    Fused(Level),
}

impl Kernels {
    /// What the environment asks for by [`VARIABLE`]; without it the widest instructions of this
    /// processor.
    ///
    /// # Errors
    /// For an unknown name, and for instructions that this processor lacks.
    pub fn from_environment() -> Result<Self, LevelError> {
        match std::env::var(VARIABLE) {
            Ok(name) => Self::named(&name),
            Err(_) => Ok(Self::Fused(Level::detect())),
        }
    }

    fn named(name: &str) -> Result<Self, LevelError> {
        match name {
            "" | "auto" => Ok(Self::Fused(Level::detect())),
            "plain" => Ok(Self::Plain),
            level => Level::require(level).map(Self::Fused),
        }
    }

    /// The same, read once. Where the environment asks for what there is not, the plain path: the
    /// engine has refused to start by then.
    pub fn chosen() -> Self {
        static CHOSEN: OnceLock<Kernels> = OnceLock::new();
        *CHOSEN.get_or_init(|| Self::from_environment().unwrap_or(Self::Plain))
    }

    /// Every way that this processor can go.
    pub fn all() -> Vec<Self> {
        let fused = Level::available().into_iter().map(Self::Fused);
        fused.chain([Self::Plain]).collect()
    }

    /// The level to compute `x` with; none where burn does it.
    pub(crate) fn level_for(self, x: &Tensor<4>) -> Option<Level> {
        self.level_on(&x.device())
    }

    /// The level to compute with on a device; none where burn does it.
    pub(crate) fn level_on(self, device: &Device) -> Option<Level> {
        let is_on_cpu = device.clone().without_autodiff() == Device::flex();
        match self {
            Self::Fused(level) if is_on_cpu => Some(level),
            _ => None,
        }
    }
}

impl std::fmt::Display for Kernels {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Plain => f.write_str("plain"),
            Self::Fused(level) => level.fmt(f),
        }
    }
}
