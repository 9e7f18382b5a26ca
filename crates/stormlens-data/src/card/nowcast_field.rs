//! What each field of a nowcast means in numbers.

use super::NowcastField;
use crate::import::knmi;

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
    pub fn default_target_threshold(self) -> f64 {
        match self {
            Self::Precipitation => 1.5,
            Self::CloudCover => 0.5,
        }
    }
}
