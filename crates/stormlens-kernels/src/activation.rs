//! What follows a linear layer.

/// The function that every value goes through.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Activation {
    None,
    /// `max(x, 0)`
    Relu,
    /// A ReLU with this slope below zero, which is positive.
    Leaky(f32),
}

impl Activation {
    /// The slope below zero; above it is 1.
    #[inline(always)]
    pub(crate) fn slope(self) -> f32 {
        match self {
            Self::None => 1.0,
            Self::Relu => 0.0,
            Self::Leaky(slope) => slope,
        }
    }
}

/// With such a slope below zero.
#[inline(always)]
pub(crate) fn bent(v: f32, slope: f32) -> f32 {
    if v > 0.0 { v } else { slope * v }
}
