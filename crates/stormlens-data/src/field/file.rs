//! Files of fields: what they hold, which one is meant, and its values.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use super::contents::{Content, Wanted};
use super::grib::{self, Message, Scanned};
use super::netcdf::NetcdfFile;
use super::{FieldError, GriddedField, Interval, LeftOut};
use crate::files;
use crate::files::npy::{npy_shape, read_npy_f32};

/// A file of more bytes is not read: a global GFS file of all variables at 0.25° has 550 MB.
pub const MAX_FILE_BYTES: u64 = 1 << 30;
/// A field of more nodes is not decoded: MRMS has 24.5 million.
pub const MAX_POINTS: usize = 32_000_000;

/// A file of fields of which the heads have been read.
pub struct FieldFile {
    name: String,
    contents: Vec<Content>,
    kind: Kind,
}

enum Kind {
    Grib { bytes: Vec<u8>, messages: Vec<Message>, left_out: Vec<LeftOut> },
    Netcdf(Box<NetcdfFile>),
}

impl FieldFile {
    /// Opens GRIB (edition 1 or 2) or NetCDF, which it is told by its first bytes.
    ///
    /// # Errors
    /// For what is neither, is damaged, cut off or too large, in words of the user.
    pub fn open(path: &Path) -> Result<Self, FieldError> {
        let bytes = files::read_file(path, MAX_FILE_BYTES)?;
        Self::from_bytes(&path.display().to_string(), bytes)
    }

    /// The same for bytes; `name` stands for the file in messages.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn from_bytes(name: &str, bytes: Vec<u8>) -> Result<Self, FieldError> {
        match Format::of(&bytes) {
            Some(Format::Grib) => {
                let Scanned { messages, left_out } = grib::scan(name, &bytes)?;
                let contents = messages.iter().map(Message::content).collect();
                let kind = Kind::Grib { bytes, messages, left_out };
                Ok(Self { name: name.to_owned(), contents, kind })
            }
            Some(Format::Netcdf) => {
                let file = guarded(name, "NetCDF", || NetcdfFile::open(name, bytes))?;
                let contents = file.contents();
                Ok(Self { name: name.to_owned(), contents, kind: Kind::Netcdf(Box::new(file)) })
            }
            None => Err(FieldError::Foreign { file: name.to_owned() }),
        }
    }

    /// What is in the file, in its order.
    pub fn contents(&self) -> &[Content] {
        &self.contents
    }

    /// Variables that are none of the fields; of GRIB, messages whose heads are not understood.
    pub fn left_out(&self) -> &[LeftOut] {
        match &self.kind {
            Kind::Grib { left_out, .. } => left_out,
            Kind::Netcdf(file) => file.left_out(),
        }
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// The place in [`Self::contents`] of the one field that is meant.
    ///
    /// # Errors
    /// Where none fits, or more than one does: nothing is chosen silently.
    pub fn choose(&self, wanted: &Wanted) -> Result<usize, FieldError> {
        let found = wanted.find(&self.name, &self.contents);
        found.map_err(|error| match (error, self.why_skipped(wanted)) {
            (FieldError::Absent { file, .. }, Some(what)) => FieldError::Unsupported { file, what },
            (error, _) => error,
        })
    }

    /// Why a variable that is wanted, and is in the file, is not among its fields.
    fn why_skipped(&self, wanted: &Wanted) -> Option<String> {
        let name = wanted.variable.as_deref()?;
        let is_it = |left: &&LeftOut| left.content.variable.eq_ignore_ascii_case(name);
        Some(format!("{name}: {}", self.left_out().iter().find(is_it)?.why))
    }

    /// Reads the one field that is meant.
    ///
    /// # Errors
    /// As [`Self::choose`] and [`Self::read`].
    pub fn read_wanted(&self, wanted: &Wanted) -> Result<GriddedField, FieldError> {
        self.read(self.choose(wanted)?)
    }

    /// Decodes the field at a place of [`Self::contents`].
    ///
    /// # Errors
    /// For damaged values, unknown packings, and grids that are not made of latitudes and longitudes.
    ///
    /// # Panics
    /// If there is no such place.
    pub fn read(&self, place: usize) -> Result<GriddedField, FieldError> {
        match &self.kind {
            Kind::Grib { bytes, messages, .. } => {
                let read = guarded(&self.name, "GRIB", || messages[place].read(&self.name, bytes));
                read.map_err(|error| self.of_message(place, error))
            }
            Kind::Netcdf(file) => guarded(&self.name, "NetCDF", || file.read(place)),
        }
    }

    /// What is wrong with one of several messages, with what that one is.
    fn of_message(&self, place: usize, error: FieldError) -> FieldError {
        let named = |what: String| match &self.contents[..] {
            [_] => what,
            several => format!("{}: {what}", several[place]),
        };
        match error {
            FieldError::Damaged { file, what } => FieldError::Damaged { file, what: named(what) },
            FieldError::Unsupported { file, what } => {
                FieldError::Unsupported { file, what: named(what) }
            }
            other => other,
        }
    }
}

enum Format {
    Grib,
    Netcdf,
}

impl Format {
    fn of(bytes: &[u8]) -> Option<Self> {
        let is = |magic: &[u8]| bytes.starts_with(magic);
        match () {
            () if is(b"GRIB") => Some(Self::Grib),
            () if is(b"CDF\x01") || is(b"CDF\x02") || is(b"CDF\x05") => Some(Self::Netcdf),
            () if is(b"\x89HDF\r\n\x1a\n") => Some(Self::Netcdf),
            () => None,
        }
    }
}

/// Runs a decoder. After a panic nothing of the call is used.
fn guarded<T>(
    file: &str,
    format: &'static str,
    decode: impl FnOnce() -> Result<T, FieldError>,
) -> Result<T, FieldError> {
    let fault = |_| Err(FieldError::Fault { file: file.to_owned(), format });
    catch_unwind(AssertUnwindSafe(decode)).unwrap_or_else(fault)
}

/// What an `.npy` file does not say of itself.
#[derive(Clone, Debug, PartialEq)]
pub struct Stated {
    pub variable: String,
    pub unit: String,
    pub interval: Option<Interval>,
    /// Of the rows, in their order, degrees.
    pub latitudes: Vec<f64>,
    /// Of the columns, in their order, degrees.
    pub longitudes: Vec<f64>,
}

/// Reads an `.npy` of float32 or float64 `[latitudes, longitudes]`, of which all else is stated.
///
/// # Errors
/// For what is no such array, and for one of another shape than the axes.
pub fn npy_field(path: &Path, stated: &Stated) -> Result<GriddedField, FieldError> {
    let name = path.display().to_string();
    let refuse = |what: String| FieldError::Unsupported { file: name.clone(), what };
    let Stated { variable, unit, interval, latitudes, longitudes } = stated;
    let shape = npy_shape(path)?;
    if shape != [latitudes.len(), longitudes.len()] {
        return Err(refuse(format!(
            "it has the shape {shape:?}, and {} latitudes and {} longitudes are stated",
            latitudes.len(),
            longitudes.len()
        )));
    }
    if latitudes.len().saturating_mul(longitudes.len()) > MAX_POINTS {
        let what = format!("more than {MAX_POINTS} nodes");
        return Err(FieldError::TooLarge { file: name, what });
    }
    let (_, values) = read_npy_f32(path)?;
    let (grid, values) = GriddedField::of_axes([latitudes, longitudes], &values).map_err(refuse)?;
    Ok(GriddedField {
        storage_ends: Vec::new(),
        variable: variable.clone(),
        unit: unit.clone(),
        interval: *interval,
        reference_time: None,
        grid,
        values,
        source: name,
    })
}
