//! Why there is no forecast.

use crate::field::number;
use crate::request::Cancelled;

/// Frames that nothing can be forecast from, or lead times that nobody can forecast.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum ForecastError {
    #[error("{name} needs the last {needed} frames, and there are {given}")]
    TooFewFrames { name: &'static str, needed: usize, given: usize },
    #[error(
        "frame {index} has {} × {} pixels and the last frame {} × {}: give equally large frames",
        found.0, found.1, expected.0, expected.1
    )]
    Size { index: usize, found: (usize, usize), expected: (usize, usize) },
    #[error("the frames have {height} × {width} pixels: give at least {least} × {least}")]
    TooSmall { height: usize, width: usize, least: usize },
    #[error("nothing is known of frame {index}, all its pixels are missing: leave that time out")]
    NothingKnown { index: usize },
    #[error(
        "frame {index} holds a rain rate of {} mm/h: mark what is unknown as missing (NaN)",
        number(*value)
    )]
    Value { index: usize, value: f32 },
    #[error("a step of {step_min} min and pixels of {spacing_km} km: both have to be above 0")]
    Scale { step_min: u32, spacing_km: f64 },
    #[error("a lead time of {lead_time_min} min is no multiple of the step of {step_min} min")]
    LeadTime { lead_time_min: u32, step_min: u32 },
    #[error("an ensemble needs at least one member")]
    NoMembers,
    #[error("{n_levels} levels make no cascade of {height} × {width} pixels: take 3 or more")]
    Levels { n_levels: usize, height: usize, width: usize },
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
    /// Of forecasters that are not of this module.
    #[error("{name} made no forecast: {what}")]
    Failed { name: &'static str, what: String },
}
