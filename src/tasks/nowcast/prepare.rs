//! From a sample to what a network is given.

use stormlens_data::archive::Sample;
use stormlens_data::card::{NowcastField, Nowcasting};
use stormlens_data::import::knmi::CROP_SIZE;
use stormlens_data::network::{self, Asked, Input};
use stormlens_data::request::{Explain, Request, Target};

use super::question::{nowcasting, sample_of};
use super::samples::{Frames, Samples};
use crate::jobs::WorkerError;
use crate::question::Cards;
use crate::task::Prepared;

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
    let asked: Result<_, _> = request.explain.iter().map(|explain| ask(explain, task)).collect();
    let (input, frames) = input(frames);
    Ok(Prepared::one(input, asked?, Box::new(frames)))
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

/// Memory that a run over maps of this size takes, and what it is, for messages.
pub fn memory(request: &Request, [_, height, width]: [usize; 3]) -> (String, u64) {
    let (what, each_bytes) = match request.explain.is_empty() {
        true => ("predicting", PREDICTING_BYTES),
        false => ("explaining", EXPLAINING_BYTES),
    };
    let n_pixels = (height as u64).saturating_mul(width as u64);
    let n_bytes = n_pixels.saturating_mul(each_bytes).saturating_add(BESIDE_BYTES);
    (format!("{what} {height} × {width} pixels"), n_bytes)
}

fn ask(explain: &Explain, task: &Nowcasting) -> Result<Asked, WorkerError> {
    let Explain { method, options, target, layers } = explain.clone();
    let Target::SumAbove { threshold, lead_time_min } = target else {
        return Err(invalid(&"a forecast has no classes to explain"));
    };
    let channel = task.lead_times_min.iter().position(|&lead| lead == lead_time_min);
    let channel = channel.ok_or_else(|| {
        invalid(&format!("the network does not forecast {lead_time_min} minutes ahead"))
    })?;
    let target = network::Target::SumAbove { channel, field: task.field, threshold };
    Ok(Asked { method, options, target, layers, nothing: Vec::new() })
}

/// Frames without anything in them, of the size that pages ask for.
pub fn zeros(cards: &Cards) -> (Input, network::Target) {
    let task = cards.checkpoint.nowcasting.as_ref();
    let shape = [task.map_or(1, |task| task.n_input_frames), CROP_SIZE, CROP_SIZE];
    let field = task.map_or(NowcastField::Precipitation, |task| task.field);
    let threshold = field.default_threshold();
    let input = Input { values: vec![0.0; shape.iter().product()], shape };
    (input, network::Target::SumAbove { channel: 0, field, threshold })
}

fn invalid(error: &dyn std::fmt::Display) -> WorkerError {
    WorkerError::Invalid {
        message: error.to_string(),
        remedy: "choose another sample or another network, or replace the file".into(),
    }
}
