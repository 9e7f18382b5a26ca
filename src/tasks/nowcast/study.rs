//! Forecasts of many samples verified beside each other: networks and reference forecasts on the same frames.
//!
//! What is counted is written to a file now and then, so that work that was stopped goes on where it was.

mod forecasts;
mod found;
pub mod plan;
mod run;
mod samples;
#[cfg(test)]
mod tests;
pub mod write;

use std::path::Path;

use anyhow::{Context as _, bail};
use stormlens_data::archive::{Archive, Sample};
use stormlens_data::card::NowcastField;
use stormlens_data::field::Field;
use stormlens_data::request::Progress;
use stormlens_data::score::events::{EventVerification, Pair, SCALES_PX, Settings};

use crate::unfinished::{SAMPLES_BETWEEN_WRITES, Unfinished};
#[cfg(feature = "nn")]
pub use forecasts::input;
pub use forecasts::{Forecasts, Network, Reference, references};
pub use found::{CASE_SCORES, Case, ErrorMap, Found, Trained, case_score};
pub use plan::Plan;
pub use run::run;
pub use samples::{Chosen, Selection, select};

/// What is verified on what.
pub struct Study<'a> {
    pub archive: &'a Archive,
    pub samples: &'a [Chosen],
    pub forecasts: &'a [Box<dyn Forecasts + 'a>],
    pub lead_times_min: &'a [u32],
    /// mm/h
    pub thresholds: &'a [f64],
    /// Where what was counted is kept while the work goes on.
    pub state: Option<&'a Path>,
    pub progress: &'a dyn Progress,
}

impl Study<'_> {
    /// Verifies all samples. The file of the state stays, for whoever writes the result removes it.
    ///
    /// # Errors
    /// For a sample or a forecast that cannot be had, where nobody waits any more, for a state that is of something else,
    /// and where no sample has an input.
    pub fn run(&self) -> anyhow::Result<EventVerification> {
        let mut verification = self.begin()?;
        let n = self.samples.len();
        for (done, chosen) in self.samples.iter().enumerate() {
            if let std::ops::ControlFlow::Break(cancelled) =
                self.progress.report("verifying", done, n)
            {
                self.keep(&verification)?;
                return Err(cancelled.into());
            }
            if verification.has(&chosen.id) {
                continue;
            }
            if let Err(error) = self.count(chosen, &mut verification) {
                // What was counted before is not lost with the sample that failed.
                if verification.n_samples() > 0 {
                    self.unfinished(&verification.settings)?.keep_beside(&verification);
                }
                return Err(error.context(chosen.id.clone()));
            }
            if (done + 1).is_multiple_of(SAMPLES_BETWEEN_WRITES) {
                self.keep(&verification)?;
            }
        }
        self.keep(&verification)?;
        if verification.n_samples() == 0 {
            bail!(
                "of the input of each of the {n} samples nothing was measured, or too little to forecast from"
            );
        }
        Ok(verification)
    }

    fn count(&self, chosen: &Chosen, verification: &mut EventVerification) -> anyhow::Result<()> {
        let sample = self.load(&chosen.id)?;
        if !self.forecasts.iter().all(|forecast| forecast.has_input(&sample)) {
            verification.leave_out(&chosen.id);
            return Ok(());
        }
        let mut by_forecast = Vec::with_capacity(self.forecasts.len());
        for forecast in self.forecasts {
            let maps = forecast.forecast(&sample, self.lead_times_min)?;
            if maps.len() != self.lead_times_min.len() {
                bail!("{} gives {} maps", forecast.name(), maps.len());
            }
            by_forecast.push(maps);
        }
        let at_lead = |lead: usize| -> Vec<Field> {
            by_forecast.iter().map(|maps| maps[lead].clone()).collect()
        };
        let maps: Vec<Vec<Field>> = (0..self.lead_times_min.len()).map(at_lead).collect();
        let pairs = maps.iter().zip(&sample.leads).map(|(forecasts, lead)| {
            let observation = &lead.observation.as_ref()?.map;
            Some(Pair { forecasts, observation })
        });
        verification.add(&chosen.id, &chosen.part, &pairs.collect::<Vec<_>>());
        Ok(())
    }

    fn load(&self, id: &str) -> anyhow::Result<Sample> {
        let n_frames = self.forecasts.iter().map(|forecast| forecast.n_frames()).max();
        let step = self.archive.frame_step_min();
        Ok(self.archive.load(id, n_frames.unwrap_or(1), step, self.lead_times_min)?)
    }

    /// What was counted before, or nothing.
    fn begin(&self) -> anyhow::Result<EventVerification> {
        let first = self.samples.first().context("there is no sample to verify")?;
        let grid = self.load(&first.id)?.sequence.grid;
        let settings = Settings {
            field: NowcastField::Precipitation,
            forecasts: self.forecasts.iter().map(|f| f.name().to_owned()).collect(),
            lead_times_min: self.lead_times_min.to_vec(),
            thresholds: self.thresholds.to_vec(),
            scales_px: SCALES_PX.to_vec(),
            size: [grid.height, grid.width],
            spacing_km: grid.spacing_km,
        };
        let Some(verification) = self.unfinished(&settings)?.read::<EventVerification>()? else {
            return Ok(EventVerification::new(settings));
        };
        tracing::info!("going on after {} samples", verification.n_samples());
        Ok(verification)
    }

    fn keep(&self, verification: &EventVerification) -> anyhow::Result<()> {
        self.unfinished(&verification.settings)?.keep(verification)
    }

    fn unfinished(&self, settings: &Settings) -> anyhow::Result<Unfinished<'_>> {
        // A folder may get new frames meanwhile, so its files are not part of it.
        let folder = self.archive.folder();
        let folder = folder.canonicalize().with_context(|| folder.display().to_string())?;
        let data = ["compare".to_owned(), folder.display().to_string()];
        let forecasts = self.forecasts.iter().map(|forecast| forecast.identity());
        let samples = self.samples.iter().map(|chosen| format!("{} {}", chosen.id, chosen.part));
        let all = data.into_iter().chain(forecasts).chain(samples);
        let all: Vec<String> = all.chain([format!("{settings:?}")]).collect();
        Ok(Unfinished::new(self.state, &all))
    }
}
