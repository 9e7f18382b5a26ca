//! What each field of a nowcast means in numbers.

use super::NowcastField;
use crate::import::knmi::{self, NORMALISATION_MM_5MIN};
use crate::outcome::Quantity;

impl NowcastField {
    /// Unit of maps in physical units; `1` for a share.
    pub fn unit(self) -> &'static str {
        match self {
            Self::Precipitation => "mm/h",
            Self::CloudCover => "1",
        }
    }

    /// From what the networks take and give to physical units: rain in mm/h; cloud cover is not
    /// normalised.
    pub fn to_physical(self, normalised: f32) -> f32 {
        match self {
            Self::Precipitation => knmi::to_mm_h(normalised),
            Self::CloudCover => normalised,
        }
    }

    /// Value in physical units above which a predicted pixel belongs to the target of an
    /// explanation, until the visitor chooses: 1.5 mm/h as in SAR-UNet's program, and one half of a
    /// cloud. (That program takes 1 for clouds, which outputs between 0 and 1 hardly exceed.)
    pub fn default_threshold(self) -> f64 {
        match self {
            Self::Precipitation => 1.5,
            Self::CloudCover => 0.5,
        }
    }

    /// The largest threshold that makes sense: more rain than 500 mm/h over five minutes was hardly ever
    /// measured anywhere, and more than all of the sky is never covered.
    pub fn max_threshold(self) -> f64 {
        match self {
            Self::Precipitation => 500.0,
            Self::CloudCover => 1.0,
        }
    }

    /// What its maps measure, in physical units.
    pub fn quantity(self) -> Quantity {
        match self {
            Self::Precipitation => Quantity::rain_rate(),
            Self::CloudCover => Quantity::cloud_cover(),
        }
    }

    /// By how much [`Self::to_physical`] multiplies.
    pub fn factor(self) -> f64 {
        match self {
            Self::Precipitation => NORMALISATION_MM_5MIN * 12.0,
            Self::CloudCover => 1.0,
        }
    }
}
