//! Reference forecasts beside a network's: what it has to be better than.

use anyhow::bail;
use stormlens_data::archive::Sample;
use stormlens_data::card::NowcastField;
use stormlens_data::field::Field;
use stormlens_data::forecast::{
    Card, ForecastError, Forecaster, LagrangianPersistence, RecentRain, SProg, Steps,
};
use stormlens_data::outcome::Note;
use stormlens_data::request::{Cancelled, Progress};

use crate::causes::with_causes;

/// A note of why a reference forecast is not shown.
pub const NO_REFERENCE: &str = "no-reference";

/// Maps of one forecast at all lead times, one after another.
pub struct Beside {
    /// Name of the variable.
    pub name: String,
    pub values: Vec<f32>,
}

/// Members that are drawn for the mean of an ensemble, where it is asked for.
pub fn n_drawn(steps_mean: bool) -> usize {
    if steps_mean { Steps::default().n_members } else { 0 }
}

/// The name of the variable of a forecaster.
pub fn variable_name(forecaster: &str) -> String {
    forecaster.replace('-', "_")
}

/// Forecasts of a sample's rain that follow its motion, which persistence does not, and why there are fewer than there
/// could be. The mean of an ensemble (STEPS) takes seconds, so it is made where it is asked for.
///
/// # Errors
/// When nobody waits for that mean any more.
pub fn references(
    sample: &Sample,
    lead_times_min: &[u32],
    steps_mean: bool,
    progress: &dyn Progress,
) -> Result<(Vec<Beside>, Vec<Note>), Cancelled> {
    let (mut found, mut notes) = (Vec::new(), Vec::new());
    if sample.field != NowcastField::Precipitation {
        return Ok((found, notes));
    }
    let mut take = |card: &Card, made: anyhow::Result<Vec<Field>>| match made {
        Ok(maps) => {
            let values = maps.into_iter().flat_map(|map| map.values).collect();
            found.push(Beside { name: variable_name(card.name), values });
        }
        Err(why) => {
            let text = format!("{} is not shown: {}", card.label, with_causes(&why));
            notes.push(Note::new(NO_REFERENCE, text, false));
        }
    };
    for forecaster in [&LagrangianPersistence as &dyn Forecaster, &SProg::default()] {
        take(forecaster.card(), forecast(forecaster, sample, lead_times_min));
    }
    if steps_mean {
        let steps = Steps::default();
        let made = recent(sample).map(|recent| steps.mean(&recent, lead_times_min, progress));
        match made {
            Ok(Err(ForecastError::Cancelled(cancelled))) => return Err(cancelled),
            Ok(made) => take(steps.card(), made.map_err(Into::into)),
            Err(why) => take(steps.card(), Err(why)),
        }
    }
    Ok((found, notes))
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
    Ok(forecaster.forecast(&recent(sample)?, lead_times_min)?)
}

fn recent(sample: &Sample) -> anyhow::Result<RecentRain<'_>> {
    let sequence = &sample.sequence;
    Ok(RecentRain::new(&sequence.frames, step_min(sample)?, sequence.grid.spacing_km)?)
}

/// Minutes between the last two frames of a sample.
fn step_min(sample: &Sample) -> anyhow::Result<u32> {
    let [.., before, last] = &sample.sequence.times[..] else { bail!("one frame has no step") };
    let minutes = (*last - *before).total(jiff::Unit::Minute)?;
    Ok(minutes.round() as u32)
}
