//! Many frames in one array of an HDF5 file, `[time, y, x]`, of which a frame is decoded when it is asked for.
//!
//! Arrays are stored in chunks that hold pieces of hundreds of frames, so the reader keeps decoded chunks, up to
//! 64 MiB of them, and the frames that follow come from there.

use std::sync::Arc;

use hdf5_reader::error::Error;
use hdf5_reader::{Dataset, Datatype, SliceInfo, SliceInfoElem};
use jiff::Timestamp;

use super::{Frame, MAX_PIXELS, Pixels, hundredths, table};
use crate::import::ImportError;
use crate::import::attributes::Attributes;
use crate::import::knmi::{FRAME_STEP_MIN, MAX_MM_5MIN};

/// Ten years of frames.
const MAX_FRAMES: u64 = 1 << 20;
/// Codes for no data, which no table has.
const NO_DATA: u16 = u16::MAX;

/// The array, and what its whole numbers mean.
pub(in crate::import) struct Series {
    pub product: &'static str,
    dataset: Dataset,
    size: [usize; 2],
    coding: Coding,
    table: Arc<[f64]>,
}

/// What is stored in an array of rain of five minutes.
pub(in crate::import) struct Coding {
    /// Millimetres of a stored 1.
    pub factor: f64,
    /// What stands for no data.
    pub missing: Vec<f64>,
    /// The least and the largest stored value that counts; anything else is no data, too.
    pub valid: [f64; 2],
    /// Whether the first row is the southernmost.
    pub is_south_first: bool,
}

impl Coding {
    /// What an array says of its numbers, with the first row in the north.
    ///
    /// # Errors
    /// Without a factor, and with an offset, which sums of rain do not have.
    pub fn of(described: &Attributes<'_>) -> Result<Self, ImportError> {
        if described.optional("add_offset")?.is_some_and(|offset| offset != 0.0) {
            return Err(
                described.refuse("its values have an offset, which sums of rain do not have")
            );
        }
        // A missing value may be several.
        let mut missing = described.optional_all("_FillValue")?;
        missing.extend(described.optional_all("missing_value")?);
        Ok(Self {
            factor: described.number("scale_factor")?,
            missing,
            valid: described.valid()?,
            is_south_first: false,
        })
    }
}

impl Series {
    /// # Errors
    /// For an array that is no series of frames, or whose factor makes no table.
    pub fn new(
        (file, product): (&str, &'static str),
        dataset: Dataset,
        coding: Coding,
    ) -> Result<Self, ImportError> {
        let refuse = |what: String| ImportError::layout(file, product, what);
        let name = dataset.name().to_owned();
        let &[n_frames, height, width] = dataset.shape() else {
            let what = format!("{name} has the shape {:?}, not [time, y, x]", dataset.shape());
            return Err(refuse(what));
        };
        let is_large = height.saturating_mul(width) > MAX_PIXELS as u64 || n_frames > MAX_FRAMES;
        if is_large || n_frames == 0 || height == 0 || width == 0 {
            let what = format!(
                "{name} has {n_frames} frames of {height} × {width}: at least one and at most {MAX_FRAMES} of \
                 {MAX_PIXELS} pixels are read"
            );
            return Err(refuse(what));
        }
        if !matches!(dataset.dtype(), Datatype::FixedPoint { .. }) {
            return Err(refuse(format!("{name} does not hold whole numbers")));
        }
        let table = scale(coding.factor).map_err(refuse)?;
        let size = [height as usize, width as usize];
        Ok(Self { product, dataset, size, coding, table })
    }

    pub fn n_frames(&self) -> usize {
        self.dataset.shape().first().map_or(0, |&n| n as usize)
    }

    pub fn size(&self) -> [usize; 2] {
        self.size
    }

    /// Decodes one frame.
    pub fn read(&self, file: &str, place: usize) -> Result<Frame, ImportError> {
        let mut codes = self
            .stored(place)
            .map_err(|cause| ImportError::hdf5(file, cause))?
            .into_iter()
            .map(|stored| self.code(file, stored))
            .collect::<Result<Vec<u16>, _>>()?;
        if self.coding.is_south_first {
            codes = codes.chunks_exact(self.size[1]).rev().flatten().copied().collect();
        }
        Ok(Frame::new(self.size, Pixels::U16(codes), self.table.clone()))
    }

    fn code(&self, file: &str, stored: i64) -> Result<u16, ImportError> {
        let ([least, most], value) = (self.coding.valid, stored as f64);
        if self.coding.missing.contains(&value) || value < least || value > most {
            return Ok(NO_DATA);
        }
        let code = u16::try_from(stored).ok().filter(|&code| usize::from(code) < self.table.len());
        code.ok_or_else(|| {
            let mm = stored as f64 * self.coding.factor;
            let what = format!(
                "a pixel has {mm} mm in 5 minutes, which cannot be; if {stored} stands for no data, the file \
                 has to say so (_FillValue, missing_value)"
            );
            ImportError::layout(file, self.product, what)
        })
    }

    fn stored(&self, place: usize) -> Result<Vec<i64>, Error> {
        let whole = SliceInfoElem::Slice { start: 0, end: u64::MAX, step: 1 };
        let first = SliceInfoElem::Index(place as u64);
        let part = SliceInfo { selections: vec![first, whole.clone(), whole] };
        macro_rules! read {
            ($($size:literal $signed:literal $kind:ty),*) => {
                match self.dataset.dtype() {
                    $(Datatype::FixedPoint { size: $size, signed: $signed, .. } => {
                        let values = self.dataset.read_slice::<$kind>(&part)?;
                        Ok(values.iter().map(|&value| i64::from(value)).collect())
                    })*
                    other => Err(Error::TypeMismatch {
                        expected: "whole numbers of up to 4 bytes".to_owned(),
                        actual: format!("{other:?}"),
                    }),
                }
            };
        }
        read!(1 false u8, 1 true i8, 2 false u16, 2 true i16, 4 false u32, 4 true i32)
    }
}

/// What codes stand for; hundredths of a millimetre have one table.
fn scale(factor: f64) -> Result<Arc<[f64]>, String> {
    if (factor - 0.01).abs() < 1e-9 {
        return Ok(hundredths());
    }
    // The code for no data is not to be in the table.
    let n_codes = MAX_MM_5MIN / factor;
    match factor.is_finite() && factor > 0.0 && n_codes < f64::from(NO_DATA) {
        true => Ok(table((0..=n_codes as u16).map(|code| f64::from(code) * factor))),
        false => Err(format!("its scale_factor is {factor}, which makes no amounts of rain")),
    }
}

/// Times of frames, as many as there are.
///
/// # Errors
/// In words that follow the name of the file: for times that are no whole minutes, do not ascend, or are another number.
pub(in crate::import) fn ends(
    found: Option<Vec<Timestamp>>,
    n_frames: usize,
) -> Result<Vec<Timestamp>, String> {
    let ends = found.ok_or("a time of a frame lies beyond the calendar")?;
    if ends.len() != n_frames {
        return Err(format!("it has {} times for {n_frames} frames", ends.len()));
    }
    if ends.iter().any(|time| time.as_second() % 60 != 0 || time.subsec_nanosecond() != 0) {
        return Err("a time of a frame is no whole minute".to_owned());
    }
    match ends.windows(2).all(|pair| pair[0] < pair[1]) {
        true => Ok(ends),
        false => Err("the times of its frames do not ascend".to_owned()),
    }
}

/// Minutes between the frames that follow each other most closely.
///
/// # Errors
/// In words, where they are closer than the five minutes of which sums are, or no multiple of them.
pub(in crate::import) fn step_min(ends: &[Timestamp]) -> Result<u32, String> {
    let gaps = ends.windows(2).map(|pair| (pair[1].as_second() - pair[0].as_second()) / 60);
    let Some(least) = gaps.clone().min() else { return Ok(FRAME_STEP_MIN) };
    let step = u32::try_from(least).ok().filter(|step| step.is_multiple_of(FRAME_STEP_MIN));
    let is_regular = gaps.clone().all(|gap| gap % least.max(1) == 0);
    match step.filter(|_| is_regular) {
        Some(step) => Ok(step),
        None => Err(format!(
            "its frames are {least} minutes apart where multiples of {FRAME_STEP_MIN} are needed"
        )),
    }
}
