//! Cloud cover as SAR-UNet's data set has it: one `.npz` a sample, four frames to look at and six that followed.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, bail};
use stormlens_data::card::{NowcastField, Nowcasting};
use stormlens_data::dataset::clouds::{FRAME_STEP_MIN, N_FRAMES, N_INPUT_FRAMES, read_sample};
use stormlens_data::{files, hash};

use super::{Brought, Kept};
use crate::tasks::nowcast::samples::SampleEntry;
use crate::tasks::nowcast::units::Units;

/// One sample, with what was observed at the lead times.
///
/// # Errors
/// For a network of another field, step or number of frames, and for a file that is no sample.
pub fn sample(path: &Path, task: &Nowcasting) -> anyhow::Result<(SampleEntry, Kept)> {
    let file = path.display().to_string();
    check(&file, task)?;
    let sha256 = hash::sha256_of_file(path).with_context(|| file.clone())?;
    let ([height, width], frames) = read_sample(path)?;
    let n_inputs = N_INPUT_FRAMES * height * width;
    let observed = n_inputs..frames.len();
    let array = Brought {
        all: Arc::new(frames),
        place: 0..n_inputs,
        observed: Some(observed),
        shape: [N_INPUT_FRAMES, height, width],
        file: files::name_of(path),
        sha256,
        field: NowcastField::CloudCover,
        units: Units::Normalised,
        is_unit_stated: true,
    };
    let id = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let mut entry = SampleEntry::undated(id, NowcastField::CloudCover);
    entry.observed = true;
    Ok((entry, Kept::Array(array)))
}

fn check(file: &str, task: &Nowcasting) -> anyhow::Result<()> {
    if task.field != NowcastField::CloudCover {
        bail!(
            "{file} is a sample of cloud cover, and the network takes rain: choose one that was trained on clouds"
        );
    }
    let leads = (1..=N_FRAMES - N_INPUT_FRAMES).map(|i| i as u32 * FRAME_STEP_MIN);
    let fits = task.n_input_frames == N_INPUT_FRAMES
        && task.frame_step_min == FRAME_STEP_MIN
        && leads.eq(task.lead_times_min.iter().copied());
    if !fits {
        bail!(
            "{file} has {N_INPUT_FRAMES} frames of cloud cover and {} that followed, one every {FRAME_STEP_MIN} \
             minutes; the network takes {}, one every {} minutes, and predicts {} lead times",
            N_FRAMES - N_INPUT_FRAMES,
            task.n_input_frames,
            task.frame_step_min,
            task.lead_times_min.len()
        );
    }
    Ok(())
}
