//! Forecasts of rain from the last radar frames without a network: what a network has to be better than.
//!
//! | forecast | motion | change along the motion | source |
//! |---|---|---|---|
//! | [`Persistence`] | none | none | |
//! | [`LagrangianPersistence`] | [`motion::lucas_kanade`] | none | Germann and Zawadzki, Mon. Weather Rev. 130, 2002 |
//! | [`SProg`] | the same | small scales fade first | Seed, J. Appl. Meteorol. 42, 2003 |
//! | [`Steps`] | the same, each member a little different | what fades is replaced with noise | Bowler, Pierce and Seed, Q. J. R. Meteorol. Soc. 132, 2006 |
//!
//! The methods and their defaults are those of pysteps (Pulkkinen et al., Geosci. Model Dev. 12, 2019), which
//! `tools/pysteps` compares them with; where we differ, the documentation says why.
//!
//! Maps have row 0 in the north. Rain is in mm/h, NaN where it is unknown. Motion is found, and spectra are taken, as
//! if it were dry there; in a forecast a pixel is NaN where its air comes from there, or from outside the map.

pub mod autoregression;
pub mod cascade;
mod error;
pub mod extrapolation;
mod lagrangian;
pub mod matching;
mod model;
pub mod motion;
pub mod noise;
mod persistence;
mod recent;
mod sprog;
mod steps;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
pub mod transform;

pub use error::ForecastError;
pub use lagrangian::LagrangianPersistence;
pub use persistence::Persistence;
pub use recent::RecentRain;
pub use sprog::{Matching, SProg};
pub use steps::Steps;

use crate::card::Citation;
use crate::field::Field;

/// What a forecaster is, in words and numbers.
#[derive(Debug)]
pub struct Card {
    /// Name in addresses, files and on the command line, e.g. `lagrangian-persistence`.
    pub name: &'static str,
    /// Name for people.
    pub label: &'static str,
    /// What it does, in one sentence.
    pub meaning: &'static str,
    /// How many of the last frames it looks at.
    pub n_frames: usize,
    /// Works behind it.
    pub citations: &'static [Citation],
}

/// Something that forecasts rain from the last frames.
pub trait Forecaster: Send + Sync {
    fn card(&self) -> &'static Card;

    fn name(&self) -> &'static str {
        self.card().name
    }

    fn n_frames(&self) -> usize {
        self.card().n_frames
    }

    /// Rain rate in mm/h, a map for each lead time in the order asked for; NaN where nothing can be known.
    ///
    /// # Errors
    /// For too few frames or frames of which nothing is known, and for lead times that are no multiple of the step.
    fn forecast(
        &self,
        recent: &RecentRain<'_>,
        lead_times_min: &[u32],
    ) -> Result<Vec<Field>, ForecastError>;
}

/// A forecaster that can draw different futures.
pub trait EnsembleForecaster: Forecaster {
    /// Rain rate in mm/h, `[member][lead time]`. Equal seeds give equal members, and a member does not depend on how
    /// many there are.
    ///
    /// # Errors
    /// As [`Forecaster::forecast`], and for no members.
    fn members(
        &self,
        recent: &RecentRain<'_>,
        lead_times_min: &[u32],
        n_members: usize,
        seed: u64,
    ) -> Result<Vec<Vec<Field>>, ForecastError>;
}

/// The reference forecasts, simplest first.
pub fn reference_forecasters() -> Vec<Box<dyn Forecaster>> {
    vec![
        Box::new(Persistence),
        Box::new(LagrangianPersistence),
        Box::new(SProg::default()),
        Box::new(Steps::default()),
    ]
}

/// The title of a reference forecast by its name, or by that of a variable, where hyphens are underscores.
pub fn title(name: &str) -> Option<&'static str> {
    card(name).map(|card| card.label)
}

/// Works behind a reference forecast, by the same names; none for what is no reference forecast.
pub fn citations(name: &str) -> &'static [Citation] {
    card(name).map_or(&[], |card| card.citations)
}

fn card(name: &str) -> Option<&'static Card> {
    let wanted = name.replace('_', "-");
    let all = reference_forecasters().into_iter();
    all.map(|forecaster| forecaster.card()).find(|card| card.name == wanted)
}
