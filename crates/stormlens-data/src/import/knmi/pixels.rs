//! The pixel values of a radar image: whatever they are stored as, and what the file says they mean.

use hdf5_reader::error::Error;
use hdf5_reader::{Dataset, H5Type, Hdf5File};

use super::{HEIGHT, ImportError, NO_DATA, WIDTH, attributes, layout};

const DATA: &str = "image1/image_data";
/// Attributes of the calibration that name a pixel value which is no measurement.
const MISSING: [&str; 2] = ["calibration_missing_data", "calibration_out_of_image"];
/// [`MAX_MM_5MIN`](super::MAX_MM_5MIN) as it is stored.
pub(super) const MAX_VALUE: u16 = 12_600;

/// The pixel values, all that are no measurement as [`NO_DATA`].
pub(super) fn read(source: &Hdf5File, file: &str) -> Result<Vec<u16>, ImportError> {
    let calibration = attributes(source, file, "image1/calibration")?;
    let dataset = source.dataset(DATA).map_err(|cause| refuse(file, cause))?;
    if dataset.shape() != [HEIGHT as u64, WIDTH as u64] {
        let what = format!("{DATA} is {:?}, not [765, 700]", dataset.shape());
        return Err(layout(file, what));
    }
    let missing = MISSING.iter().filter_map(|name| calibration.optional(name).transpose());
    let missing = missing.collect::<Result<Vec<f64>, _>>()?;
    let value = |stored: f64| match missing.contains(&stored) || stored == f64::from(NO_DATA) {
        true => Ok(NO_DATA),
        false => measured(file, stored),
    };
    stored(&dataset, file)?.into_iter().map(value).collect()
}

fn measured(file: &str, stored: f64) -> Result<u16, ImportError> {
    let mm = stored / 100.0;
    if stored > f64::from(MAX_VALUE) {
        let what = format!(
            "a pixel has {mm} mm in 5 minutes, more than ever fell; if {stored} stands for no data, the \
             file has to say so ({})",
            MISSING.join(", ")
        );
        return Err(layout(file, what));
    }
    if stored < 0.0 || stored.fract() != 0.0 {
        let what = format!("{DATA} holds {stored}, but pixel values are whole numbers from 0");
        return Err(layout(file, what));
    }
    Ok(stored as u16)
}

/// Reads values of one type.
type Reading = fn(&Dataset) -> Result<Vec<f64>, Error>;

/// As stored, in the type that loses nothing.
fn stored(dataset: &Dataset, file: &str) -> Result<Vec<f64>, ImportError> {
    let kind = match values::<u16>(dataset) {
        Ok(values) => return Ok(values),
        Err(error) => match inner(&error) {
            Error::TypeMismatch { actual, .. } => actual.clone(),
            _ => return Err(refuse(file, error)),
        },
    };
    if values::<u8>(dataset).is_ok() || values::<i8>(dataset).is_ok() {
        let what = format!(
            "{DATA} is stored in 8 bits, which end at 255 or before: whatever is above 2.55 mm in 5 minutes is lost"
        );
        return Err(layout(file, what));
    }
    let types: [Reading; 7] = [
        values::<i16>,
        values::<i32>,
        values::<u32>,
        values::<f32>,
        values::<f64>,
        // What a float64 cannot hold of these is far from any amount of rain.
        |dataset| converted(dataset, |value: i64| value as f64),
        |dataset| converted(dataset, |value: u64| value as f64),
    ];
    let found = types.iter().find_map(|values| values(dataset).ok());
    let unread = || {
        format!(
            "{DATA} holds {kind}, which is not read here: store it as whole numbers of 16 or 32 bits, or as float32"
        )
    };
    found.ok_or_else(|| layout(file, unread()))
}

fn values<T: H5Type + Copy + Into<f64>>(dataset: &Dataset) -> Result<Vec<f64>, Error> {
    converted(dataset, T::into)
}

fn converted<T: H5Type + Copy>(
    dataset: &Dataset,
    convert: impl Fn(T) -> f64,
) -> Result<Vec<f64>, Error> {
    let values = dataset.read_array::<T>()?;
    Ok(values.as_standard_layout().iter().map(|&value| convert(value)).collect())
}

/// An error without the path that stands before it.
fn inner(error: &Error) -> &Error {
    match error {
        Error::Context { source, .. } => inner(source),
        error => error,
    }
}

/// What this reader does not know is no damage.
fn refuse(file: &str, cause: Error) -> ImportError {
    match inner(&cause) {
        Error::UnsupportedFilter(filter) => {
            let what = format!(
                "{DATA} is compressed with a filter that is not known here ({filter}); `h5repack -f GZIP=4` \
                 writes one that is"
            );
            layout(file, what)
        }
        Error::ResourceLimit(limit) => {
            layout(file, format!("{DATA} is larger than such frames are ({limit})"))
        }
        _ => ImportError::hdf5(file, cause),
    }
}
