//! The Dutch radar composite of KNMI: precipitation accumulated over 5 minutes, HDF5.
//!
//! Products `RAD_NL25_RAC_5min`, `RAD_NL25_RAC_MFBS_EM_5min`, `RAD_NL25_RAC_RT` (corrected with rain
//! gauges, of best first) and `RAD_NL25_RAP_5min` have one layout: `image1/image_data`, uint16 of
//! 765 × 700 pixels of 1 km, row 0 in the north, where a pixel value of 1 stands for 0.01 mm in 5
//! minutes; which values stand for no data, the file says. The networks see the
//! 288 × 288 pixels in the middle of the radar disc, divided by the largest value of their training
//! set (Trebing, Stańczyk and Mehrkanoon 2021).

mod pixels;

use std::path::Path;

use hdf5_reader::{Hdf5File, OpenOptions};
use jiff::Timestamp;

use super::attributes::Attributes;
use super::radar::{Frame, Frames, Measured, Pixels, Provider, RadarFile, hundredths};
use super::{ImportError, read_bytes};
use crate::field::Grid;
use crate::files::hdf5::check_texts;
use crate::{hash, time};

/// What a normalised value of 1 stands for: the largest accumulation of the training set.
pub const NORMALISATION_MM_5MIN: f64 = 47.83;
/// Where frames come from, for captions and files.
pub const SOURCE: &str = "KNMI 5-minute radar accumulations, RAD_NL25";
pub const LICENCE: &str = "CC BY 4.0, Royal Netherlands Meteorological Institute (KNMI)";

/// What names of files begin with, before the end of the interval: measured sums of 5 minutes, the one
/// that is best corrected first.
pub const PREFIXES: [&str; 4] =
    ["RAD_NL25_RAC_5min_", "RAD_NL25_RAC_MFBS_EM_5min_", "RAD_NL25_RAC_RT_", "RAD_NL25_RAP_5min_"];

/// What names of forecasts begin with, which are no frames.
pub(crate) const FORECAST_PREFIX: &str = "RAD_NL25_RAC_FM_";

/// 126 mm, the most rain that is known to have fallen in 8 minutes (Füssen, 25 May 1920).
pub const MAX_MM_5MIN: f64 = 126.0;

/// A frame every so many minutes.
pub const FRAME_STEP_MIN: u32 = 5;
/// Height and width of the crop that the networks see.
pub const CROP_SIZE: usize = 288;

const HEIGHT: usize = 765;
const WIDTH: usize = 700;
const CROP_ROW: usize = 284;
const CROP_COLUMN: usize = 225;
/// Row and column of the crop's first pixel.
pub(crate) const CROP_START: [usize; 2] = [CROP_ROW, CROP_COLUMN];
const NO_DATA: u16 = u16::MAX;
/// Distance from the pole to the northern edge of row 0.
const ROW_OFFSET_KM: f64 = 3650.0;
const PROJ4: &str = "+proj=stere +lat_0=90 +lon_0=0.0 +lat_ts=60.0 +a=6378.137 +b=6356.752 +x_0=0 \
                     +y_0=0";
/// Radar files have about 60 kB; what is far larger is something else.
const MAX_FILE_BYTES: u64 = 16 << 20;
/// Pixels of eight bytes have 4.3 MB.
const MAX_READ_BYTES: usize = 8 << 20;
/// What a file should be, for messages.
const PRODUCT: &str = "a KNMI 5-minute radar accumulation";

/// One radar image as stored.
#[derive(Clone, PartialEq)]
pub struct KnmiImage {
    /// Row by row, row 0 in the north; 0.01 mm in 5 minutes, 65535 for no data.
    pub pixel_values: Vec<u16>,
    pub height: usize,
    pub width: usize,
    /// Accumulation interval, `product_datetime_start` and `product_datetime_end`.
    pub start: Timestamp,
    pub end: Timestamp,
    /// `image1@image_product_name`, e.g. `RAD_NL25_RAU_H1.5_5mi`.
    pub product: String,
    /// Hash of the file's bytes, hexadecimal.
    pub sha256: String,
    /// Where it was read from, for messages.
    pub file: String,
}

/// Reads one file.
///
/// # Errors
/// For a file that cannot be read, is no HDF5, or differs from the product in its shape, type, unit
/// or position.
pub fn read(path: &Path) -> Result<KnmiImage, ImportError> {
    Ok(read_with_bytes(path)?.0)
}

/// Reads one file and also gives its bytes.
pub(crate) fn read_with_bytes(path: &Path) -> Result<(KnmiImage, Vec<u8>), ImportError> {
    let bytes = read_bytes(path, MAX_FILE_BYTES)?;
    Ok((decode(&path.display().to_string(), bytes.clone())?, bytes))
}

/// Reads one image from the bytes of a file; `file` names it in messages.
///
/// # Errors
/// As [`read`].
pub fn decode(file: &str, bytes: Vec<u8>) -> Result<KnmiImage, ImportError> {
    let (sha256, n_bytes) = (hash::sha256(&bytes), bytes.len() as u64);
    let options = OpenOptions::default().with_max_read_bytes(MAX_READ_BYTES);
    let source = Hdf5File::from_bytes_with_options(&bytes, options)
        .map_err(|cause| ImportError::hdf5(file, cause))?;
    // The reader takes a file whose end is missing as long as nothing it is asked for lies there.
    let expected = source.superblock().eof_address;
    if n_bytes < expected {
        return Err(ImportError::Truncated { file: file.to_owned(), n_bytes, expected });
    }
    check_texts(&bytes, &source).map_err(|what| layout(file, what))?;
    let at = |path| attributes(&source, file, path);
    if at("/")?.text("Conventions").is_ok_and(|name| name.starts_with("ODIM_H5")) {
        let what = "it is in the layout of ODIM_H5, and only that of KNMI's own products is read";
        return Err(layout(file, what));
    }
    check_unit(file, &at("image1/calibration")?.text("calibration_formulas")?)?;
    check_quantity(file, &at("image1")?)?;
    check_position(file, &at("geographic")?)?;
    if source.group("geographic/map_projection").is_ok() {
        check_projection(file, &at("geographic/map_projection")?)?;
    }
    if source.group("image2").is_ok() {
        let what = "it holds several images, as forecasts do: only measured frames are read";
        return Err(layout(file, what));
    }
    let overview = at("overview")?;
    let start = overview.time("product_datetime_start")?;
    let end = overview.time("product_datetime_end")?;
    check_interval(file, start, end)?;
    Ok(KnmiImage {
        pixel_values: pixels::read(&source, file)?,
        height: HEIGHT,
        width: WIDTH,
        start,
        end,
        product: at("image1")?.text("image_product_name")?,
        sha256,
        file: file.to_owned(),
    })
}

/// A sum over another interval, or a forecast, would count as five minutes of rain.
fn check_interval(file: &str, start: Timestamp, end: Timestamp) -> Result<(), ImportError> {
    let (from, to) = (time::format_knmi(start), time::format_knmi(end));
    match (end - start).total(jiff::Unit::Minute) {
        Ok(minutes) if minutes == f64::from(FRAME_STEP_MIN) => Ok(()),
        _ => Err(layout(
            file,
            format!(
                "it is of the time from {from} to {to}, where {FRAME_STEP_MIN} minutes are needed"
            ),
        )),
    }
}

/// The formula says what a pixel value means; another one would be another unit.
fn check_unit(file: &str, formula: &str) -> Result<(), ImportError> {
    let compact: String = formula.chars().filter(|c| !c.is_whitespace()).collect();
    let numbers = compact.strip_prefix("GEO=").and_then(|f| f.split_once("*PV+"));
    let parsed = numbers.and_then(|(a, b)| Some((a.parse().ok()?, b.parse().ok()?)));
    match parsed {
        Some((factor, offset)) if is_near(factor, 0.01, 1e-9) && is_near(offset, 0.0, 1e-9) => {
            Ok(())
        }
        _ => Err(layout(
            file,
            format!("its calibration is {formula:?} where GEO=0.01*PV+0.0 is needed"),
        )),
    }
}

/// A rate or a reflectivity would count as rain of five minutes.
fn check_quantity(file: &str, image: &Attributes<'_>) -> Result<(), ImportError> {
    const QUANTITY: &str = "ACCUMULATED_PRECIPITATION_[MM]";
    match image.optional_text("image_geo_parameter")? {
        Some(found) if found != QUANTITY => Err(layout(
            file,
            format!("its image_geo_parameter is {found:?} where {QUANTITY} is needed"),
        )),
        _ => Ok(()),
    }
}

/// The projection that a file states.
fn check_projection(file: &str, projection: &Attributes<'_>) -> Result<(), ImportError> {
    const NAME: &str = "projection_proj4_params";
    let Some(text) = projection.optional_text(NAME)? else { return Ok(()) };
    if is_own_plane(&text) {
        return Ok(());
    }
    let what = format!("its {NAME} are {text:?}, not those of KNMI's stereographic maps");
    Err(layout(file, what))
}

/// Whether a definition has no other parameters than those of KNMI's maps, in kilometres and degrees.
pub(super) fn is_own_plane(proj4: &str) -> bool {
    const NUMBERS: [(&str, f64, f64); 7] = [
        ("lat_0", 90.0, 1e-6),
        ("lon_0", 0.0, 1e-6),
        ("lat_ts", 60.0, 1e-6),
        ("a", 6378.14, 0.01),
        ("b", 6356.75, 0.01),
        ("x_0", 0.0, 0.01),
        ("y_0", 0.0, 0.01),
    ];
    let is_known = |(name, value): (&str, &str)| {
        let number = NUMBERS.iter().find(|(known, ..)| *known == name);
        let is_it = |&(_, expected, tolerance): &(&str, f64, f64)| {
            value.parse().is_ok_and(|found| is_near(found, expected, tolerance))
        };
        (name == "proj" && value == "stere") || number.is_some_and(is_it)
    };
    let mut parts = proj4.split_whitespace().map(|part| part.trim_start_matches('+'));
    parts.all(|part| part.split_once('=').is_some_and(is_known))
}

/// The crop is a fixed window, so the composite has to lie where it always does, to the pixel.
fn check_position(file: &str, geographic: &Attributes<'_>) -> Result<(), ImportError> {
    for (name, expected) in
        [("geo_row_offset", ROW_OFFSET_KM), ("geo_column_offset", 0.0), ("geo_pixel_size_x", 1.0)]
    {
        let found = geographic.number(name)?;
        if !is_near(found, expected, 0.05) {
            let what = format!("its {name} is {found} where {expected} is needed");
            return Err(layout(file, what));
        }
    }
    // Rows go from north to south, which some files say by a sign.
    match geographic.optional("geo_pixel_size_y")? {
        Some(size) if !is_near(size.abs(), 1.0, 0.05) => {
            let what = format!("its geo_pixel_size_y is {size} where 1 or -1 is needed");
            return Err(layout(file, what));
        }
        _ => {}
    }
    Ok(())
}

fn is_near(found: f64, expected: f64, tolerance: f64) -> bool {
    (found - expected).abs() <= tolerance
}

fn attributes<'a>(
    source: &Hdf5File,
    file: &'a str,
    path: &str,
) -> Result<Attributes<'a>, ImportError> {
    Attributes::open(source, (file, PRODUCT), path)
}

fn layout(file: &str, what: impl Into<String>) -> ImportError {
    ImportError::layout(file, PRODUCT, what)
}

/// Whose data they are, and what has to be said of them.
pub fn provider() -> Provider {
    let name = "Royal Netherlands Meteorological Institute (KNMI)";
    Provider::new(name, "Source: KNMI", "CC BY 4.0")
}

impl KnmiImage {
    /// The whole composite as a radar file of one frame.
    #[must_use]
    pub fn into_radar_file(self) -> RadarFile {
        let Self { pixel_values, height, width, end, product, sha256, file, .. } = self;
        let frame = Frame::new([height, width], Pixels::U16(pixel_values), hundredths());
        RadarFile {
            file,
            provider: provider(),
            product,
            measured: Measured::Sum { minutes: FRAME_STEP_MIN },
            grid: composite_grid(),
            ends: vec![time::whole_minute(end)],
            step_min: FRAME_STEP_MIN,
            sha256,
            frames: Frames::One(frame),
        }
    }

    /// The pixel values that the networks see, rows 284 to 571 and columns 225 to 512.
    ///
    /// # Errors
    /// [`ImportError::Missing`] where the crop holds pixels without data.
    pub fn crop(&self) -> Result<Vec<u16>, ImportError> {
        let rows = self.pixel_values.chunks_exact(self.width).skip(CROP_ROW).take(CROP_SIZE);
        let crop: Vec<u16> =
            rows.flat_map(|row| &row[CROP_COLUMN..CROP_COLUMN + CROP_SIZE]).copied().collect();
        match crop.iter().filter(|&&pv| pv == NO_DATA).count() {
            0 => Ok(crop),
            count => Err(ImportError::Missing {
                file: self.file.clone(),
                count,
                height: CROP_SIZE,
                width: CROP_SIZE,
            }),
        }
    }
}

/// A pixel value as the networks take it: mm in 5 minutes over [`NORMALISATION_MM_5MIN`], computed
/// in float64 and rounded once.
pub fn normalise(pixel_value: u16) -> f32 {
    normalise_mm(f64::from(pixel_value) / 100.0)
}

/// Millimetres in five minutes as the networks take them, of any radar; NaN stays NaN.
pub fn normalise_mm(mm_5min: f64) -> f32 {
    (mm_5min / NORMALISATION_MM_5MIN) as f32
}

/// A normalised value as rain rate in mm/h, in the two float32 products of the reference program,
/// so that thresholds decide alike.
pub fn to_mm_h(normalised: f32) -> f32 {
    normalised * (NORMALISATION_MM_5MIN as f32) * 12.0
}

/// Where the crop lies: polar stereographic, 1 km pixels, from the product's own attributes.
pub fn crop_grid() -> Grid {
    composite_grid().window(CROP_START, [CROP_SIZE; 2])
}

/// Where the whole composite lies.
pub fn composite_grid() -> Grid {
    Grid {
        height: HEIGHT,
        width: WIDTH,
        spacing_km: 1.0,
        west_km: 0.0,
        north_km: -ROW_OFFSET_KM,
        proj4: PROJ4.to_owned(),
    }
}

#[cfg(test)]
mod tests;
