//! From a sample to what a network is given.

use stormlens_data::archive::Sample;
use stormlens_data::card::{Hides, NowcastField, Nowcasting};
use stormlens_data::import::knmi::CROP_SIZE;
use stormlens_data::network::{self, Asked, Input, Pass};
use stormlens_data::request::{Explain, Request, Target};

use super::answer::levels::layers;
use super::question::{mask_of, nowcasting, sample_of};
use super::samples::{Frames, Samples};
use super::seen::{Seen, know_whole_patches};
use super::unmeasured::Unmeasured;
use crate::jobs::WorkerError;
use crate::question::Cards;
use crate::task::{Prepared, Takes};

#[cfg(test)]
mod tests;

pub fn prepare(
    samples: &Samples,
    request: &Request,
    cards: &Cards,
) -> Result<Prepared, WorkerError> {
    let task = nowcasting(cards).map_err(|error| invalid(&error))?;
    let frames =
        samples.load(sample_of(&request.subject), task).map_err(|error| invalid(&error))?;
    if let Some(message) = Unmeasured::of(&frames).refusal() {
        return Err(invalid(&message));
    }
    let may_hide = cards.model.hides() == Some(Hides::Patches);
    let mut known = may_hide.then(|| known(&frames)).flatten();
    if task.rebuilds() {
        // What was not measured is to be rebuilt, and not a dry pixel that somebody made up.
        known.iter_mut().for_each(|known| know_whole_patches(known, frames.shape()));
    }
    let (input, frames) = input(frames);
    let seen = may_hide.then(|| Seen::new(&input, known.as_deref(), mask_of(&request.subject)));
    let seen = seen.transpose().map_err(|message| WorkerError::Invalid {
        message,
        remedy: "choose other patches, fewer of them, or another sample".into(),
    })?;
    let within = seen.as_ref().and_then(Seen::within);
    let asked: Result<_, _> =
        request.explain.iter().map(|explain| ask(explain, task, within)).collect();
    let show = if may_hide { layers(cards) } else { Vec::new() };
    let mut passes =
        vec![Pass { show, ..Pass::new(seen.as_ref().map_or(input, Seen::input), asked?) }];
    passes.extend(seen.iter().flat_map(Seen::masked).map(|input| Pass::new(input, Vec::new())));
    let phase = if passes.len() > 1 { "forecasts behind masks" } else { "prediction" };
    Ok(Prepared { passes, phase, rest: Box::new(Rest { frames, seen }) })
}

/// What an answer is put together with.
pub struct Rest {
    pub frames: Frames,
    /// Of a network that can do without patches: what it saw.
    pub seen: Option<Seen>,
}

/// Which values a radar measured, where frames say it.
fn known(frames: &Frames) -> Option<Vec<bool>> {
    let Frames::Sample(sample) = frames else { return None };
    let values = sample.sequence.frames.iter().flat_map(|frame| &frame.values);
    Some(values.map(|value| !value.is_nan()).collect())
}

/// The numbers for the network, and what is left of the frames.
fn input(mut frames: Frames) -> (Input, Frames) {
    let values = match &mut frames {
        Frames::Sample(Sample { inputs_normalised, .. }) => std::mem::take(inputs_normalised),
        Frames::Brought(brought) => brought.values().to_vec(),
    };
    let shape = frames.shape();
    (Input { values, shape }, frames)
}

/// Memory that a run takes for each pixel of a map, and beside that, in bytes. Measured with SAR-UNet on a CPU, the
/// largest of the networks: predicting takes 0.6, 1.5 and 6.0 GB for 512², 1024² and 2048² pixels, explaining by
/// Grad-CAM 0.6, 1.9 and 6.8 GB for 256², 512² and 1024². A narrow network takes less.
const PREDICTING_BYTES: u64 = 1_400;
const EXPLAINING_BYTES: u64 = 6_750;
const BESIDE_BYTES: u64 = 220_000_000;

/// What a pass over maps of this size takes.
pub fn memory(request: &Request, cards: &Cards, [_, height, width]: [usize; 3]) -> Takes {
    let what = if request.explain.is_empty() { "predicting" } else { "explaining" };
    let n_pixels = (height as u64).saturating_mul(width as u64);
    let task = cards.checkpoint.nowcasting.as_ref();
    let n_maps = task.map_or(1, |task| task.lead_times_min.len().max(task.n_input_frames));
    Takes {
        what: format!("{what} {height} × {width} pixels"),
        beside_bytes: BESIDE_BYTES,
        predicting_bytes: n_pixels.saturating_mul(PREDICTING_BYTES),
        explaining_bytes: n_pixels.saturating_mul(EXPLAINING_BYTES),
        prediction_bytes: n_pixels.saturating_mul(4 * n_maps as u64),
    }
}

fn ask(
    explain: &Explain,
    task: &Nowcasting,
    within: Option<[usize; 2]>,
) -> Result<Asked, WorkerError> {
    let Explain { method, options, target, layers } = explain.clone();
    let Target::SumAbove { threshold, lead_time_min, last_lead_time_min } = target else {
        return Err(invalid(&"a forecast has no classes to explain"));
    };
    let channel = |minutes: u32| {
        let channel = match task.rebuilds() {
            true => task.n_input_frames.checked_sub(1),
            false => task.lead_times_min.iter().position(|&lead| lead == minutes),
        };
        let missing = || invalid(&format!("the network does not forecast {minutes} minutes ahead"));
        channel.ok_or_else(missing)
    };
    let channels =
        channel(lead_time_min)?..channel(last_lead_time_min.unwrap_or(lead_time_min))? + 1;
    let target = network::Target::SumAbove { channels, field: task.field, threshold, within };
    Ok(Asked { method, options, target, layers, nothing: Vec::new() })
}

/// Frames without anything in them, of the size that pages ask for.
pub fn zeros(cards: &Cards) -> (Input, network::Target) {
    let task = cards.checkpoint.nowcasting.as_ref();
    let shape = [task.map_or(1, |task| task.n_input_frames), CROP_SIZE, CROP_SIZE];
    let field = task.map_or(NowcastField::Precipitation, |task| task.field);
    let threshold = field.default_threshold();
    let input = Input { values: vec![0.0; shape.iter().product()], shape };
    (input, network::Target::SumAbove { channels: 0..1, field, threshold, within: None })
}

fn invalid(error: &dyn std::fmt::Display) -> WorkerError {
    WorkerError::Invalid {
        message: error.to_string(),
        remedy: "choose another sample or another network, or replace the file".into(),
    }
}
