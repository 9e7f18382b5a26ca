//! Radar composites of weather services, whatever file they come in: rain of five minutes on a grid of
//! 1 km, and where nothing is known.
//!
//! A file is recognised by what is in it, never by its name. Each kind has a module of its own beside this one:
//! [`knmi`], [`radolan`], [`meteoswiss`], [`fmi`],
//! [`odim`], and files of many frames in HDF5 and NetCDF-4.

mod frame;
mod frames;
mod measured;
mod packed;
mod series;

use std::path::Path;

use hdf5_reader::Hdf5File;
use jiff::Timestamp;

pub use frame::{Frame, Pixels};
pub(super) use frame::{hundredths, table};
pub(super) use frames::Frames;
pub use measured::{Measured, Provider};
pub(super) use series::{Coding, Series, ends, step_min};

use super::{ImportError, dwd_netcdf, fmi, knmi, knmi_series, meteoswiss, odim, radolan};
use crate::field::Grid;
use crate::files::hdf5::check_texts;
use crate::hash;

/// A year of frames in one file is larger and has to be cut.
const MAX_FILE_BYTES: u64 = 256 << 20;
/// What a gzipped file may unpack to: a frame of 4 million pixels of 8 bytes.
const MAX_UNPACKED_BYTES: u64 = 32 << 20;
/// A frame of 3000 × 2700 pixels.
pub(super) const MAX_PIXELS: usize = 8 << 20;
/// One chunk, decoded.
const MAX_CHUNK_BYTES: usize = 64 << 20;
/// Spacings of so much of a kilometre count as 1 km: the Finnish grid has 0.99967.
const SPACING_KM: std::ops::RangeInclusive<f64> = 0.995..=1.005;

/// One radar file with one frame or many, all on one grid.
///
/// [`Self::frame`] gives the frames one by one; those of large files are decoded when they are asked for.
#[derive(Debug)]
pub struct RadarFile {
    /// Where it was read from, for messages.
    pub file: String,
    pub provider: Provider,
    /// What the file calls it, e.g. `RAD_NL25_RAC_5min`.
    pub product: String,
    /// What the values of the file are, before they became amounts of rain.
    pub measured: Measured,
    /// Where the frames lie, with their height and width. It may lie [nowhere](Grid::is_somewhere).
    pub grid: Grid,
    /// End of the five minutes of each frame, oldest first; of a rate or a reflectivity the time of
    /// measurement.
    pub ends: Vec<Timestamp>,
    /// Minutes between two frames of an unbroken series.
    pub step_min: u32,
    /// Hash of the file's bytes as they lie on the disk, hexadecimal.
    pub sha256: String,
    pub(super) frames: Frames,
}

impl RadarFile {
    /// The frame at a place of [`Self::ends`].
    ///
    /// # Errors
    /// For a damaged part of the file, and for amounts of rain that cannot be.
    ///
    /// # Panics
    /// If there is no such place.
    pub fn frame(&self, place: usize) -> Result<Frame, ImportError> {
        assert!(place < self.ends.len(), "{} has {} frames", self.file, self.ends.len());
        self.frames.read(&self.file, place)
    }

    /// The file without its frames, as an archive lists it.
    pub fn n_frames(&self) -> usize {
        self.ends.len()
    }
}

/// Opens a file of any kind that is read.
///
/// # Errors
/// For a file that cannot be read, is of another kind, damaged or cut off, has another quantity, unit, interval or
/// spacing, or lies where its product never does: in words that say which.
pub fn open(path: &Path) -> Result<RadarFile, ImportError> {
    decode(&path.display().to_string(), super::read_bytes(path, MAX_FILE_BYTES)?)
}

/// The same for bytes; `file` stands for them in messages.
///
/// # Errors
/// As [`open`].
pub fn decode(file: &str, bytes: Vec<u8>) -> Result<RadarFile, ImportError> {
    let sha256 = hash::sha256(&bytes);
    let bytes = packed::unpack(file, bytes)?;
    let mut opened = match Format::of(&bytes) {
        Some(Format::Gif) => meteoswiss::decode(file, &bytes),
        Some(Format::Pgm) => fmi::decode(file, &bytes),
        Some(Format::Radolan) => radolan::decode(file, &bytes),
        Some(Format::Hdf5) => decode_hdf5(file, bytes),
        None => Err(ImportError::Foreign { file: file.to_owned() }),
    }?;
    opened.sha256 = sha256;
    Ok(opened)
}

/// Whether the first bytes of a file are those of a kind that is read, or of gzip.
pub(crate) fn may_be_radar(head: &[u8]) -> bool {
    packed::is_packed(head) || Format::of(head).is_some()
}

/// The time of a frame by the name of its file, where a service has a rule for that; the frame itself says it again when
/// it is read. `None` for other names, KNMI's too.
pub(crate) fn time_in_name(name: &str) -> Option<Timestamp> {
    meteoswiss::time_in_name(name)
        .or_else(|| fmi::time_in_name(name))
        .or_else(|| radolan::time_in_name(name))
}

/// Whether a file that begins with these bytes (32 or more) may be radar; gzipped files may, whatever is in them.
pub fn is_radar(first: &[u8]) -> bool {
    Format::of(first).is_some() || packed::is_packed(first)
}

/// What the first bytes say.
enum Format {
    Gif,
    Pgm,
    Hdf5,
    Radolan,
}

impl Format {
    fn of(bytes: &[u8]) -> Option<Self> {
        let is = |magic: &[u8]| bytes.starts_with(magic);
        match () {
            () if is(b"\x89HDF\r\n\x1a\n") => Some(Self::Hdf5),
            () if is(b"GIF87a") || is(b"GIF89a") => Some(Self::Gif),
            () if is(b"P5") => Some(Self::Pgm),
            () if radolan::is_radolan(bytes) => Some(Self::Radolan),
            () => None,
        }
    }
}

/// What an HDF5 file holds tells whose it is.
fn decode_hdf5(file: &str, bytes: Vec<u8>) -> Result<RadarFile, ImportError> {
    let source = open_hdf5(file, &bytes)?;
    let has_array = |name: &str| source.dataset(name).is_ok();
    if odim::is_odim(&source) {
        return odim::read(file, &source);
    }
    if source.group("image1").is_ok() {
        return knmi::decode(file, bytes).map(knmi::KnmiImage::into_radar_file);
    }
    if has_array("images") && has_array("timestamps") {
        return knmi_series::read(file, &source);
    }
    match dwd_netcdf::variable(&source) {
        Some(variable) => dwd_netcdf::read(file, &source, variable),
        None => Err(ImportError::Foreign { file: file.to_owned() }),
    }
}

/// An HDF5 file that is whole, and whose texts fit in memory.
fn open_hdf5(file: &str, bytes: &[u8]) -> Result<Hdf5File, ImportError> {
    let options = hdf5_reader::OpenOptions::default()
        .with_max_read_bytes(MAX_PIXELS * 8)
        .with_max_chunk_bytes(MAX_CHUNK_BYTES)
        .with_chunk_cache_bytes(MAX_CHUNK_BYTES);
    let source = Hdf5File::from_bytes_with_options(bytes, options)
        .map_err(|cause| ImportError::hdf5(file, cause))?;
    // The reader takes a file whose end is missing as long as nothing it is asked for lies there.
    let (n_bytes, expected) = (bytes.len() as u64, source.superblock().eof_address);
    if n_bytes < expected {
        return Err(ImportError::Truncated { file: file.to_owned(), n_bytes, expected });
    }
    check_texts(bytes, &source)
        .map_err(|what| ImportError::layout(file, "a radar file as it is read here", what))?;
    Ok(source)
}

/// A spacing in kilometres that counts as 1 km.
///
/// # Errors
/// In words that follow the name of the file, for any other.
pub(super) fn check_spacing(spacing_km: f64) -> Result<f64, String> {
    match SPACING_KM.contains(&spacing_km) {
        true => Ok(spacing_km),
        false => Err(format!(
            "its pixels have {spacing_km} km where 1 km is needed: resample it to 1 km first, or leave it out"
        )),
    }
}

#[cfg(test)]
pub(crate) mod tests;
