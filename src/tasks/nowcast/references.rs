//! Reference forecasts beside a network's: what it has to be better than.

use stormlens_data::archive::Sample;
use stormlens_data::card::NowcastField;
use stormlens_data::forecast::{Forecaster, LagrangianPersistence, RecentRain, SProg};
use stormlens_data::outcome::Note;

/// Maps of one forecast at all lead times, one after another.
pub struct Beside {
    /// Name of the variable.
    pub name: String,
    pub values: Vec<f32>,
}

/// Forecasts of rain that follow its motion, which persistence does not. The mean of an ensemble (STEPS) takes seconds,
/// so it is left to comparisons of whole data sets.
fn forecasters() -> [Box<dyn Forecaster>; 2] {
    [Box::new(LagrangianPersistence), Box::new(SProg::default())]
}

/// The name of the variable of a forecaster.
pub fn variable_name(forecaster: &str) -> String {
    forecaster.replace('-', "_")
}

/// Forecasts of a sample's frames, and why there are fewer than there could be.
pub fn references(sample: &Sample, lead_times_min: &[u32]) -> (Vec<Beside>, Vec<Note>) {
    let (mut found, mut notes) = (Vec::new(), Vec::new());
    if sample.field != NowcastField::Precipitation {
        return (found, notes);
    }
    for forecaster in forecasters() {
        match forecast(forecaster.as_ref(), sample, lead_times_min) {
            Ok(values) => found.push(Beside { name: variable_name(forecaster.name()), values }),
            Err(why) => {
                let text = format!("{} is not shown: {why}", forecaster.label());
                notes.push(Note::new("no-reference", text, false));
            }
        }
    }
    (found, notes)
}

fn forecast(
    forecaster: &dyn Forecaster,
    sample: &Sample,
    lead_times_min: &[u32],
) -> Result<Vec<f32>, String> {
    let sequence = &sample.sequence;
    let [.., before, last] = &sequence.times[..] else {
        return Err("there is one frame only".to_owned());
    };
    let step_min = (last.as_second() - before.as_second()) / 60;
    let recent =
        RecentRain::new(&sequence.frames, step_min.unsigned_abs() as u32, sequence.grid.spacing_km);
    let maps = recent.and_then(|recent| forecaster.forecast(&recent, lead_times_min));
    let maps = maps.map_err(|error| error.to_string())?;
    Ok(maps.into_iter().flat_map(|map| map.values).collect())
}
