//! Where the frames of a file are: in memory, or in the file until they are asked for.

use super::{Frame, Series};
use crate::import::ImportError;

/// The frames of one file.
pub(in crate::import) enum Frames {
    One(Frame),
    Series(Box<Series>),
}

impl std::fmt::Debug for Frames {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::One(frame) => frame.fmt(f),
            Self::Series(_) => f.write_str("frames that are read one by one"),
        }
    }
}

impl Frames {
    /// A single frame of possible amounts.
    ///
    /// # Errors
    /// For an amount that cannot be: the file has another unit, or its values are damaged.
    pub fn one(file: &str, product: &'static str, frame: Frame) -> Result<Self, ImportError> {
        check(file, product, &frame)?;
        Ok(Self::One(frame))
    }

    pub fn read(&self, file: &str, place: usize) -> Result<Frame, ImportError> {
        match self {
            Self::One(frame) => Ok(frame.clone()),
            Self::Series(series) => {
                let frame = series.read(file, place)?;
                check(file, series.product, &frame)?;
                Ok(frame)
            }
        }
    }
}

fn check(file: &str, product: &'static str, frame: &Frame) -> Result<(), ImportError> {
    match frame.impossible() {
        None => Ok(()),
        Some(mm) if mm < 0.0 => {
            let what = format!("a pixel has {mm} mm in 5 minutes, less than nothing");
            Err(ImportError::layout(file, product, what))
        }
        Some(mm) => {
            let what = format!("a pixel has {mm} mm in 5 minutes, more than ever fell");
            Err(ImportError::layout(file, product, what))
        }
    }
}
