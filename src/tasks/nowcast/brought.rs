//! Frames from files that somebody brought: radar frames as they come, arrays, and samples of cloud cover.

mod clouds;

use std::fs::File;
use std::io::Read as _;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, bail};
use jiff::Timestamp;
use stormlens_data::archive::{Archive, SampleRef};
use stormlens_data::card::{NowcastField, Nowcasting};
use stormlens_data::files::{file_bytes, name_of, npy};
use stormlens_data::import::radar;
use stormlens_data::{hash, time};

use super::samples::SampleEntry;
use super::units::{Units, check};
use crate::memory::MemoryLimit;

/// As many as tell a file of radar from others.
const N_FIRST_BYTES: u64 = 32;
/// What archives of arrays begin with, `.npz`.
const NPZ: &[u8] = b"PK\x03\x04";
/// Bytes for each number of an array while it is read: as stored, and as the networks take it.
const READING_BYTES: u64 = 8;

/// Frames from an array, `[n_frames × height × width]`, in a network's own unit.
#[derive(Clone, Debug)]
pub struct Brought {
    /// Of all sequences of the file.
    all: Arc<Vec<f32>>,
    place: Range<usize>,
    /// What followed at the lead times, where the file has it.
    observed: Option<Range<usize>>,
    pub shape: [usize; 3],
    /// The name of the file, without its folders.
    pub file: String,
    pub sha256: String,
    pub field: NowcastField,
    /// What the numbers of the file were taken for, and whether somebody said so.
    pub units: Units,
    pub is_unit_stated: bool,
}

impl Brought {
    pub fn values(&self) -> &[f32] {
        &self.all[self.place.clone()]
    }

    /// What was observed at the lead times.
    pub fn observed(&self) -> Option<&[f32]> {
        self.observed.clone().map(|place| &self.all[place])
    }
}

/// A file's frames under their name.
pub enum Kept {
    Array(Brought),
    /// The name of the sample in an archive of these files.
    Radar {
        archive: Arc<Archive>,
        name: String,
    },
}

/// What is known of arrays before they are read.
pub struct Stated<'a> {
    pub units: Option<Units>,
    pub task: &'a Nowcasting,
    pub memory: MemoryLimit,
}

/// Radar files, one folder of frames, or arrays: each with a name that nothing else here has.
///
/// # Errors
/// For files that cannot be read, frames that are not in a row, and numbers that cannot be what their unit
/// says.
pub fn read(paths: &[PathBuf], stated: &Stated<'_>) -> anyhow::Result<Vec<(SampleEntry, Kept)>> {
    if let [folder] = paths
        && folder.is_dir()
    {
        if stated.units.is_some() {
            bail!(
                "{} is a folder, and frames of a folder say their unit: leave --units out, or give the array that is meant",
                folder.display()
            );
        }
        return frames_in_a_row(Archive::open(folder)?, stated.task);
    }
    if let Some(folder) = paths.iter().find(|path| path.is_dir()) {
        bail!(
            "{} is a folder, and other inputs stand beside it: give one folder, or files only",
            folder.display()
        );
    }
    let kinds: Vec<FileKind> = paths.iter().map(|path| kind(path)).collect::<Result<_, _>>()?;
    if kinds.windows(2).any(|pair| pair[0] != pair[1]) {
        bail!("give radar files, arrays or samples of cloud cover (.npz), not several of them");
    }
    if kinds.first() != Some(&FileKind::Array) {
        no_units(stated)?;
    }
    match kinds.first() {
        Some(FileKind::Radar) => frames_in_a_row(Archive::of_files(paths)?, stated.task),
        Some(FileKind::Clouds) => {
            paths.iter().map(|path| clouds::sample(path, stated.task)).collect()
        }
        Some(FileKind::Array) | None => {
            let sequences = paths.iter().map(|path| arrays(path, stated));
            Ok(sequences.collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect())
        }
    }
}

fn no_units(stated: &Stated<'_>) -> anyhow::Result<()> {
    if stated.units.is_some() {
        bail!("leave --units out: radar files and samples of cloud cover say their units");
    }
    Ok(())
}

/// What a file is by its first bytes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum FileKind {
    Radar,
    Clouds,
    Array,
}

fn kind(path: &Path) -> anyhow::Result<FileKind> {
    file_bytes(path, u64::MAX)?;
    let mut first = Vec::new();
    let file = File::open(path).with_context(|| path.display().to_string())?;
    file.take(N_FIRST_BYTES).read_to_end(&mut first)?;
    Ok(match first.as_slice() {
        first if radar::is_radar(first) => FileKind::Radar,
        first if first.starts_with(NPZ) => FileKind::Clouds,
        _ => FileKind::Array,
    })
}

/// The last frames in a row that the network can take, of every tile.
fn frames_in_a_row(
    archive: Archive,
    task: &Nowcasting,
) -> anyhow::Result<Vec<(SampleEntry, Kept)>> {
    archive.check(task)?;
    archive.twins().iter().for_each(|twin| tracing::warn!("{twin}"));
    let Nowcasting { n_input_frames, frame_step_min, lead_times_min, .. } = task;
    let samples = archive.samples(*n_input_frames, *frame_step_min, lead_times_min);
    let Some(last) = samples.last().map(|sample| sample.time) else {
        let ends = [archive.times().next(), archive.times().last()];
        let [from, to] = ends.map(|time| time.map(time::format_utc).unwrap_or_default());
        bail!(
            "there are {} frames from {from} to {to}, but the network takes {n_input_frames} in a row, one \
             every {frame_step_min} minutes{}",
            archive.times().len(),
            missing(&archive, *frame_step_min)
        );
    };
    let archive = Arc::new(archive);
    let of_tile = |sample: SampleRef| {
        let mut entry = SampleEntry::brought(sample.id.clone(), sample.time, archive.field());
        entry.observed = sample.is_observed();
        (entry, Kept::Radar { archive: archive.clone(), name: sample.id })
    };
    Ok(samples.into_iter().filter(|sample| sample.time == last).map(of_tile).collect())
}

/// The first time between the frames that has none, in words that go on.
fn missing(archive: &Archive, frame_step_min: u32) -> String {
    let times: Vec<Timestamp> = archive.times().collect();
    let next = |time: &Timestamp| time::add_minutes(*time, i64::from(frame_step_min));
    let gap = times.windows(2).find_map(|pair| next(&pair[0]).filter(|next| *next < pair[1]));
    gap.map_or(String::new(), |time| format!("; that of {} is missing", time::format_utc(time)))
}

/// Sequences of a `.npy` file: `[frames, height, width]` or `[n, frames, height, width]`.
fn arrays(path: &Path, stated: &Stated<'_>) -> anyhow::Result<Vec<(SampleEntry, Kept)>> {
    let file = path.display().to_string();
    let shape = npy::npy_shape(path)?;
    let (n, rest) = match shape.as_slice() {
        [f, h, w] => (1, [*f, *h, *w]),
        [n, f, h, w] => (*n, [*f, *h, *w]),
        other => bail!(
            "{file} has shape {other:?}; wanted is [frames, height, width] or [n, frames, height, width]"
        ),
    };
    let size: usize = rest.iter().product();
    if n == 0 || size == 0 {
        bail!("{file} has shape {shape:?}: there is nothing in it");
    }
    let reading = format!("reading {file} of shape {shape:?}");
    stated.memory.check(&reading, (n * size) as u64 * READING_BYTES).map_err(anyhow::Error::msg)?;
    let sha256 = hash::sha256_of_file(path).with_context(|| file.clone())?;
    let values = npy::read_npy_f32(path)?.1;
    let (field, units) = (stated.task.field, stated.units.unwrap_or_default());
    if field == NowcastField::CloudCover && units != Units::Normalised {
        bail!("leave --units out: cloud cover is a share from 0 to 1 and has no unit");
    }
    check(&file, &values, rest, (units, field))?;
    let normalised = values.into_iter().map(|value| units.to_normalised(value));
    let all = Arc::new(normalised.collect::<Vec<f32>>());
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let sequence = |i: usize| {
        let id = if n == 1 { stem.to_string() } else { format!("{stem}-{i}") };
        let brought = Brought {
            all: all.clone(),
            place: i * size..(i + 1) * size,
            observed: None,
            shape: rest,
            file: name_of(path),
            sha256: sha256.clone(),
            field,
            units,
            is_unit_stated: stated.units.is_some() || field == NowcastField::CloudCover,
        };
        (SampleEntry::undated(id, field), Kept::Array(brought))
    };
    Ok((0..n).map(sequence).collect())
}
