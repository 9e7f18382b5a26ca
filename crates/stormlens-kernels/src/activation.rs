//! What follows a linear layer.

/// The function that every value goes through.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Activation {
    None,
    /// `max(x, 0)`
    Relu,
    /// Values below zero are multiplied by this positive number.
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

/// A value with such a slope below zero.
#[inline(always)]
pub(crate) fn bent(v: f32, slope: f32) -> f32 {
    if v > 0.0 { v } else { sloped(v, slope) }
}

/// `slope · v`, and zero for a slope of zero, whatever `v` is: behind a closed ReLU nothing counts, be it infinite or missing.
#[inline(always)]
pub(crate) fn sloped(v: f32, slope: f32) -> f32 {
    if slope == 0.0 { 0.0 } else { slope * v }
}
