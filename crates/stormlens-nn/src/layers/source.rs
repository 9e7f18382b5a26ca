//! What a convolution reads: a map, or what can be made of maps without writing it down first.

use burn::tensor::{Tensor, s};

use super::resample::interpolated;

/// The input of a convolution.
#[derive(Clone)]
#[expect(clippy::large_enum_variant, reason = "made, read and forgotten; never kept in numbers")]
pub(crate) enum Source {
    Whole(Tensor<4>),
    /// Interpolated to twice its size: bilinear, corners aligned.
    Doubled(Tensor<4>),
    /// The channels of the first, then those of the second.
    Joined(Tensor<4>, Tensor<4>),
    /// The pixels of even row and column: n become ⌈n / 2⌉.
    EverySecond(Tensor<4>),
}

impl Source {
    /// The map itself.
    pub fn into_map(self) -> Tensor<4> {
        match self {
            Self::Whole(x) => x,
            Self::Doubled(x) => interpolated(x),
            Self::Joined(x, y) => Tensor::cat(vec![x, y], 1),
            Self::EverySecond(x) => x.slice(s![.., .., ..;2, ..;2]),
        }
    }

    /// One of the maps: where they lie, all do.
    pub fn any(&self) -> &Tensor<4> {
        match self {
            Self::Whole(x) | Self::Doubled(x) | Self::Joined(x, _) | Self::EverySecond(x) => x,
        }
    }
}

impl From<Tensor<4>> for Source {
    fn from(x: Tensor<4>) -> Self {
        Self::Whole(x)
    }
}
