//! Weights that refine rain on tiles: what goes in, what comes out, and in which unit.

use std::ops::RangeInclusive;

use serde::{Deserialize, Serialize};

use crate::downscale::{DRY_MM, Geometry, LogScale, Registration};
use crate::field::number;
use crate::field::record::most_mm;

/// A tile of coarse rain in, the same tile with fine rain out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Downscaling {
    /// 2: the logarithm of rain, ln(1 + mm), normalised and interpolated to the fine tile, and elevation; the
    /// output is normalised too. 1: rain in mm as it is, and so is the output.
    pub n_input_channels: usize,
    /// Height and width of the input; `None` where any will do, because the network itself enlarges it.
    pub input_px: Option<usize>,
    /// Height and width of the output.
    pub output_px: usize,
}

/// What weights that refine tiles say of the rain that they were trained on.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct RainStatement {
    /// Of `ln(1 + mm)`, from which the network's unit follows.
    pub log_mean: f64,
    pub log_std: f64,
    /// Rain of a tile is multiplied so that its wettest coarse node has so much, mm (of a tile with less than 1 mm everywhere
    /// as if it had 1 mm), and what the network says is divided by the same; `None`, as published: rain as it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wettest_mm: Option<f64>,
    /// Length of the interval that rain is summed over.
    pub hours: u32,
    /// Where coarse rain was placed on the fine nodes.
    pub registration: Registration,
}

impl RainStatement {
    /// The numbers that the published program takes for every file: sums of three hours, with its own registration.
    pub const PUBLISHED: Self = Self {
        log_mean: 0.1734,
        log_std: 0.4228,
        wettest_mm: None,
        hours: 3,
        registration: Registration::Reference,
    };
}

impl RainStatement {
    /// Hours of which sums are refined: longer ones are no weather of one time.
    pub const HOURS: RangeInclusive<u32> = 1..=240;

    /// Checks what the wettest node of a tile is multiplied to, in sums of so many hours.
    ///
    /// # Errors
    /// In words that follow the number.
    pub fn check_wettest_mm(mm: f64, hours: u32) -> Result<(), String> {
        // Below, a tile is dry; more no gauge has measured.
        let most = most_mm(i64::from(hours) * 3600);
        match (DRY_MM..=most).contains(&mm) {
            true => Ok(()),
            false => {
                Err(format!("give a number from {DRY_MM} to {most}, the most rain in {hours} h"))
            }
        }
    }

    /// Checks that the numbers make a unit of a network with so many channels.
    ///
    /// # Errors
    /// In words, which number does not.
    pub fn check(&self, n_input_channels: usize) -> Result<(), String> {
        let Self { log_mean, log_std, wettest_mm, hours, .. } = *self;
        if !(log_mean.is_finite() && log_std.is_finite() && log_std > 0.0) {
            return Err(format!(
                "ln(1 + mm) of mean {} and standard deviation {} is no unit: the mean is a number, the deviation \
                 a number above 0",
                number(log_mean),
                number(log_std)
            ));
        }
        if !Self::HOURS.contains(&hours) {
            let (least, most) = Self::HOURS.into_inner();
            return Err(format!(
                "sums of {hours} hours are not refined: an interval has {least} to {most} hours"
            ));
        }
        match wettest_mm {
            Some(_) if n_input_channels == 1 => {
                Err("this network takes rain in mm as it is: leave out to what the wettest node of a tile is multiplied".to_owned())
            }
            Some(mm) => Self::check_wettest_mm(mm, hours).map_err(|why| {
                let mm = number(mm);
                format!("the wettest node of a tile cannot be multiplied to {mm} mm: {why}")
            }),
            None => Ok(()),
        }
    }
}

/// A tile of coarse rain in, the same tile with fine rain out: what a set of weights is for.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Refining {
    pub tiles: Downscaling,
    pub rain: RainStatement,
    /// Whether the file says of which rain it is; else that of the publication is taken, and pages say so.
    pub is_stated: bool,
}

impl Refining {
    /// Where the tiles' nodes lie: of the published network with terrain, or of that without.
    pub fn geometry(&self) -> Geometry {
        let published = if self.tiles.n_input_channels == 1 { Geometry::V1 } else { Geometry::V4 };
        Geometry { size: self.tiles.output_px, ..published }
    }

    /// The network's unit for a tile, by its coarse rain in mm.
    pub fn scale_of(&self, coarse_mm: &[f64]) -> LogScale {
        match (self.tiles.n_input_channels, self.rain.wettest_mm) {
            (2.., Some(wettest)) => self.scale().with_wettest(wettest, coarse_mm),
            _ => self.scale(),
        }
    }

    /// The network's unit for rain as it is. That of one without terrain is mm; on the way to maps it goes by its
    /// logarithm.
    pub fn scale(&self) -> LogScale {
        match self.tiles.n_input_channels {
            1 => LogScale::new(0.0, 1.0),
            _ => LogScale::new(self.rain.log_mean, self.rain.log_std),
        }
    }
}
