//! A set of simulated scenes on disk, in the layout of the published data.

use std::fs::{self, File};
use std::io::BufWriter;
use std::ops::ControlFlow;
use std::path::Path;

use image::{ExtendedColorType, ImageFormat};
use rayon::prelude::*;
use serde::Serialize;

use super::{
    Footprint, Options, PlannedScene, Random, SceneParameters, SimulateError, plan, render,
};
use crate::request::Progress;

/// Streams of random numbers.
const FOOTPRINTS: u64 = 3;
const SCENES: u64 = 4;
/// Version of what is drawn: a set of another version has other scenes for the same seed.
const VERSION: u32 = 1;
/// Scenes between two reports of progress.
const SCENES_A_STEP: usize = 16;

/// What was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// Number of positive and negative scenes of each split.
    pub splits: Vec<(String, usize, usize)>,
}

/// The record of a set: `simulation.json`.
#[derive(Serialize)]
struct Record<'a> {
    what: &'static str,
    version: u32,
    program: &'static str,
    options: &'a Options,
    scenes: Vec<SceneRecord>,
}

#[derive(Serialize)]
struct SceneRecord {
    file: String,
    index: usize,
    parameters: SceneParameters,
}

/// Makes a set of scenes in the new or empty folder `output`: `<split>/<pos|neg>/<name>.png`,
/// `simulation.json` with all that was drawn, and `README.md`. For one seed the files are the same
/// whatever the number of threads.
///
/// # Errors
/// For options that make no sense, a folder that is not empty or cannot be written, and where
/// `progress` says that nobody waits any more.
pub fn write(
    output: &Path,
    options: &Options,
    progress: &dyn Progress,
) -> Result<Report, SimulateError> {
    let planned = plan(options)?;
    make_folders(output, options)?;
    let mut scenes = Vec::with_capacity(planned.len());
    for step in planned.chunks(SCENES_A_STEP) {
        let report = progress.report("simulated scenes", scenes.len(), planned.len());
        if let ControlFlow::Break(cancelled) = report {
            return Err(cancelled.into());
        }
        let written = step.par_iter().map(|planned| write_scene(output, options, planned));
        scenes.extend(written.collect::<Result<Vec<_>, _>>()?);
    }
    write_record(output, options, scenes)?;
    write_text(&output.join("README.md"), &readme(options))?;
    Ok(report(options, &planned))
}

fn make_folders(output: &Path, options: &Options) -> Result<(), SimulateError> {
    if fs::read_dir(output).is_ok_and(|mut entries| entries.next().is_some()) {
        return Err(SimulateError::NotEmpty { folder: output.display().to_string() });
    }
    for (name, _) in &options.splits.0 {
        for label in ["pos", "neg"] {
            let folder = output.join(name).join(label);
            fs::create_dir_all(&folder).map_err(|e| SimulateError::io(&folder, e))?;
        }
    }
    Ok(())
}

/// The parameters of one scene of a set, which depend on nothing but the seed and the plan.
fn draw(seed: u64, planned: &PlannedScene) -> SceneParameters {
    let footprint = Footprint::draw(&mut Random::of(seed, FOOTPRINTS, planned.footprint as u64));
    let mut random = Random::of(seed, SCENES, planned.index as u64);
    SceneParameters::draw_at(footprint, planned.kind, &mut random)
}

fn write_scene(
    output: &Path,
    options: &Options,
    planned: &PlannedScene,
) -> Result<SceneRecord, SimulateError> {
    let parameters = draw(options.seed, planned);
    let picture = render(&parameters, options.size_px);
    let path = output.join(&planned.file);
    let side = options.size_px as u32;
    let (colour, format) = (ExtendedColorType::Rgb8, ImageFormat::Png);
    image::save_buffer_with_format(&path, &picture.rgb, side, side, colour, format).map_err(
        |error| match error {
            image::ImageError::IoError(cause) => SimulateError::io(&path, cause),
            other => {
                SimulateError::Encode { file: path.display().to_string(), cause: other.to_string() }
            }
        },
    )?;
    Ok(SceneRecord { file: planned.file.clone(), index: planned.index, parameters })
}

fn write_record(
    output: &Path,
    options: &Options,
    scenes: Vec<SceneRecord>,
) -> Result<(), SimulateError> {
    let record = Record {
        what: "simulated scenes, no measurements",
        version: VERSION,
        program: concat!("stormlens ", env!("CARGO_PKG_VERSION")),
        options,
        scenes,
    };
    let path = output.join("simulation.json");
    let file = File::create(&path).map_err(|e| SimulateError::io(&path, e))?;
    serde_json::to_writer(BufWriter::new(file), &record)
        .map_err(|e| SimulateError::io(&path, e.into()))
}

fn write_text(path: &Path, text: &str) -> Result<(), SimulateError> {
    fs::write(path, text).map_err(|e| SimulateError::io(path, e))
}

fn readme(options: &Options) -> String {
    let Options { size_px, n_scenes, positive_share, seed, splits } = options;
    let splits: Vec<String> = splits.0.iter().map(|(name, s)| format!("{name}:{s}")).collect();
    let splits = splits.join(",");
    format!(
        "Simulated scenes of Sentinel-1, {size_px} × {size_px} pixels, about 400 km × 400 km each. \
         None of them was measured.\n\n\
         `pos` holds scenes with a polar low, `neg` scenes without: open water, fronts, gravity \
         waves, wakes of islands, convective cells, low wind, slicks, ice edges. Red and green are \
         the cross-polarised channel, blue is the co-polarised one, both nearly linear in decibels; scenes \
         with one polarisation are grey; black is no data. `simulation.json` holds what was drawn \
         for each scene.\n\n\
         Made by\n\n    stormlens dataset simulate-sar --output FOLDER --size {size_px} --count {n_scenes} \
         --positive-share {positive_share} --seed {seed} --splits {splits}\n"
    )
}

fn report(options: &Options, planned: &[PlannedScene]) -> Report {
    let count = |name: &str, label: &str| {
        let folder = format!("{name}/{label}/");
        planned.iter().filter(|scene| scene.file.starts_with(&folder)).count()
    };
    let split = |(name, _): &(String, f64)| (name.clone(), count(name, "pos"), count(name, "neg"));
    Report { splits: options.splits.0.iter().map(split).collect() }
}

impl SimulateError {
    fn io(path: &Path, cause: std::io::Error) -> Self {
        Self::Io { file: path.display().to_string(), cause }
    }
}
