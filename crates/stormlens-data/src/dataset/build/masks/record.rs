//! `dataset.json` beside the folders of a set: what its samples are.

use std::path::Path;

use jiff::Timestamp;
use serde::Serialize;

use super::{MaskOptions, WHAT};
use crate::archive::Archive;
use crate::card::NowcastField;
use crate::dataset::DatasetError;
use crate::dataset::clouds::{DESCRIPTION, FRAME_STEP_MIN, N_INPUT_FRAMES};
use crate::field::Grid;
use crate::import::knmi;

#[derive(Serialize)]
struct Record<'a> {
    what: &'static str,
    field: NowcastField,
    source: &'a str,
    licence: &'a str,
    wet_above_mm_h: f64,
    n_input_frames: usize,
    frame_step_min: u32,
    lead_times_min: &'a [u32],
    stride_min: u32,
    rain_threshold: f64,
    train_until: Timestamp,
    validate_until: Option<Timestamp>,
    grid: Grid,
}

pub fn write(
    output: &Path,
    archive: &Archive,
    options: &MaskOptions,
    lead_times_min: &[u32],
) -> Result<(), DatasetError> {
    let margin_km = ((knmi::CROP_SIZE - options.size) / 2) as f64;
    let Grid { spacing_km, west_km, north_km, proj4, .. } = archive.grid().clone();
    let record = Record {
        what: WHAT,
        field: NowcastField::CloudCover,
        source: archive.origin(),
        licence: archive.licence(),
        wet_above_mm_h: options.wet_above_mm_h,
        n_input_frames: N_INPUT_FRAMES,
        frame_step_min: FRAME_STEP_MIN,
        lead_times_min,
        stride_min: options.stride_min,
        rain_threshold: options.rain_threshold,
        train_until: options.split.train_until,
        validate_until: options.split.validate_until,
        grid: Grid {
            height: options.size,
            width: options.size,
            spacing_km,
            west_km: west_km + margin_km * spacing_km,
            north_km: north_km - margin_km * spacing_km,
            proj4,
        },
    };
    let path = output.join(DESCRIPTION);
    let text = serde_json::to_string_pretty(&record)
        .map_err(|e| DatasetError::io(&path, std::io::Error::other(e)))?;
    std::fs::write(&path, text + "\n").map_err(|e| DatasetError::io(&path, e))
}
