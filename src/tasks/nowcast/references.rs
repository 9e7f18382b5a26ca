//! Reference forecasts beside a network's: what it has to be better than.

use anyhow::bail;
use stormlens_data::archive::Sample;
use stormlens_data::card::NowcastField;
use stormlens_data::field::Field;
use stormlens_data::forecast::{Forecaster, LagrangianPersistence, RecentRain, SProg, Steps};
use stormlens_data::outcome::Note;

/// A note of why a reference forecast is not shown.
pub const NO_REFERENCE: &str = "no-reference";

/// Maps of one forecast at all lead times, one after another.
pub struct Beside {
    /// Name of the variable.
    pub name: String,
    pub values: Vec<f32>,
}

/// Forecasts of rain that follow its motion, which persistence does not. The mean of an ensemble (STEPS) takes seconds,
/// so it is made where it is asked for.
fn forecasters(steps_mean: bool) -> Vec<Box<dyn Forecaster>> {
    let mut all: Vec<Box<dyn Forecaster>> =
        vec![Box::new(LagrangianPersistence), Box::new(SProg::default())];
    if steps_mean {
        all.push(Box::new(Steps::default()));
    }
    all
}

/// The name of the variable of a forecaster.
pub fn variable_name(forecaster: &str) -> String {
    forecaster.replace('-', "_")
}

/// Forecasts of a sample's frames, and why there are fewer than there could be.
pub fn references(
    sample: &Sample,
    lead_times_min: &[u32],
    steps_mean: bool,
) -> (Vec<Beside>, Vec<Note>) {
    let (mut found, mut notes) = (Vec::new(), Vec::new());
    if sample.field != NowcastField::Precipitation {
        return (found, notes);
    }
    for forecaster in forecasters(steps_mean) {
        let (name, label) = (variable_name(forecaster.name()), forecaster.card().label);
        match forecast(forecaster.as_ref(), sample, lead_times_min) {
            Ok(maps) => {
                let values = maps.into_iter().flat_map(|map| map.values).collect();
                found.push(Beside { name, values });
            }
            Err(why) => {
                let text = format!("{label} is not shown: {why:#}");
                notes.push(Note::new(NO_REFERENCE, text, false));
            }
        }
    }
    (found, notes)
}

/// Maps of a forecaster from the frames of a sample, mm/h, one for each lead time; NaN where nothing can be known.
///
/// # Errors
/// For one frame alone, and as [`Forecaster::forecast`].
pub fn forecast(
    forecaster: &dyn Forecaster,
    sample: &Sample,
    lead_times_min: &[u32],
) -> anyhow::Result<Vec<Field>> {
    let sequence = &sample.sequence;
    let recent = RecentRain::new(&sequence.frames, step_min(sample)?, sequence.grid.spacing_km)?;
    Ok(forecaster.forecast(&recent, lead_times_min)?)
}

/// Minutes between the last two frames of a sample.
fn step_min(sample: &Sample) -> anyhow::Result<u32> {
    let [.., before, last] = &sample.sequence.times[..] else { bail!("one frame has no step") };
    let minutes = (*last - *before).total(jiff::Unit::Minute)?;
    Ok(minutes.round() as u32)
}
