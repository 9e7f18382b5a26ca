//! The array of a composite, and what its values mean.

use hdf5_reader::error::Error;
use hdf5_reader::{Dataset, Datatype, H5Type, Hdf5File};

use super::{PRODUCT, measured};
use crate::import::ImportError;
use crate::import::attributes::Attributes;
use crate::import::knmi::MAX_MM_5MIN;
use crate::import::radar::{Frame, MAX_PIXELS, Measured, Pixels, table};

/// So many datasets of a file, and arrays of a dataset, are looked at.
const MAX_PARTS: usize = 32;
/// Which is read where a file has several, best first.
const QUANTITIES: [&str; 4] = ["ACRR", "RATE", "DBZH", "TH"];
/// Marshall and Palmer (1948).
const ZR: (f64, f64) = (200.0, 1.6);

/// An array that is to be read.
pub(super) struct Array {
    pub quantity: String,
    pub measured: Measured,
    pub size: [usize; 2],
    /// The dataset that it belongs to, e.g. `dataset1`.
    pub dataset: String,
    values: Dataset,
    coding: Coding,
}

/// gain, offset, nodata and undetect.
#[derive(Clone, Copy)]
struct Coding {
    gain: f64,
    offset: f64,
    nodata: f64,
    undetect: f64,
}

impl Array {
    /// The best quantity that the file has.
    pub fn find(file: &str, source: &Hdf5File) -> Result<Self, ImportError> {
        let mut found = Vec::new();
        for i in 1..=MAX_PARTS {
            for j in 1..=MAX_PARTS {
                let paths = [format!("dataset{i}"), format!("dataset{i}/data{j}")];
                if source.dataset(&format!("{}/data", paths[1])).is_err() {
                    break;
                }
                let what = Inherited::open((file, source), "what", &paths)?;
                found.push((what.text("quantity")?, paths));
            }
        }
        let rank = |name: &str| QUANTITIES.iter().position(|known| *known == name);
        let best = found.iter().filter_map(|(name, paths)| Some((rank(name)?, name, paths)));
        let Some((_, quantity, paths)) = best.min_by_key(|(rank, ..)| *rank) else {
            let names: Vec<&str> = found.iter().map(|(name, _)| name.as_str()).collect();
            let what = format!(
                "it holds {}, where one of {} is read",
                if names.is_empty() { "no data".to_owned() } else { names.join(", ") },
                QUANTITIES.join(", ")
            );
            return Err(ImportError::layout(file, PRODUCT, what));
        };
        Self::open((file, source), quantity, paths)
    }

    fn open(
        (file, source): (&str, &Hdf5File),
        quantity: &str,
        paths: &[String; 2],
    ) -> Result<Self, ImportError> {
        let refuse = |what: String| ImportError::layout(file, PRODUCT, what);
        let what = Inherited::open((file, source), "what", paths)?;
        let coding = Coding {
            gain: what.number("gain")?,
            offset: what.number("offset")?,
            nodata: what.number("nodata")?,
            undetect: what.number("undetect")?,
        };
        if !(coding.gain.is_finite() && coding.gain != 0.0 && coding.offset.is_finite()) {
            let (gain, offset) = (coding.gain, coding.offset);
            return Err(refuse(format!("its gain {gain} and offset {offset} make no amounts")));
        }
        let how = Inherited::open((file, source), "how", paths)?;
        let zr = (how.optional("zr_a")?.unwrap_or(ZR.0), how.optional("zr_b")?.unwrap_or(ZR.1));
        if !(zr.0 > 0.0 && zr.1 > 0.0 && zr.0.is_finite() && zr.1.is_finite()) {
            return Err(refuse(format!("its zr_a and zr_b are {zr:?}, which make no rain")));
        }
        let measured = measured(quantity, zr)
            .ok_or_else(|| refuse(format!("its quantity is {quantity:?}, which is not read")))?;
        let values = source.dataset(&format!("{}/data", paths[1]));
        let values = values.map_err(|cause| ImportError::hdf5(file, cause))?;
        let &[height, width] = values.shape() else {
            return Err(refuse(format!("its array has the shape {:?}", values.shape())));
        };
        if height == 0 || width == 0 || height.saturating_mul(width) > MAX_PIXELS as u64 {
            return Err(refuse(format!(
                "it has {height} × {width} pixels, at most {MAX_PIXELS} are read"
            )));
        }
        let (size, quantity) = ([height as usize, width as usize], quantity.to_owned());
        Ok(Self { quantity, measured, size, dataset: paths[0].clone(), values, coding })
    }

    /// Decodes the array.
    pub fn frame(&self, file: &str) -> Result<Frame, ImportError> {
        let damaged = |cause| ImportError::hdf5(file, cause);
        let amount = |stored: f64| self.amount(stored);
        let coded = match self.values.dtype() {
            Datatype::FixedPoint { size: 1, signed: false, .. } => {
                let codes = array::<u8>(&self.values).map_err(damaged)?;
                let amounts = table((0..=u8::MAX).map(|code| amount(code.into())));
                Frame::new(self.size, Pixels::U8(codes), amounts)
            }
            Datatype::FixedPoint { size: 2, signed: false, .. } => {
                let codes = array::<u16>(&self.values).map_err(damaged)?;
                let amounts = table((0..=u16::MAX).map(|code| amount(code.into())));
                Frame::new(self.size, Pixels::U16(codes), amounts)
            }
            _ => {
                let stored = floats(&self.values).map_err(damaged)?;
                self.check_finite(file, &stored)?;
                let values = stored.into_iter().map(|stored| amount(stored) as f32).collect();
                Frame::new(self.size, Pixels::F32(values), table(std::iter::empty()))
            }
        };
        Ok(coded)
    }

    /// Refuses an infinite value that the array does not declare: an infinite echo would be taken for a missing one.
    fn check_finite(&self, file: &str, stored: &[f64]) -> Result<(), ImportError> {
        let Coding { nodata, undetect, .. } = self.coding;
        let is_wrong = |&value: &f64| value.is_infinite() && value != nodata && value != undetect;
        let Some(i) = stored.iter().position(is_wrong) else { return Ok(()) };
        let (row, column) = (i / self.size[1], i % self.size[1]);
        let what = format!(
            "{} holds {} in row {row}, column {column}; what is missing is nodata or NaN",
            self.dataset, stored[i]
        );
        Err(ImportError::layout(file, PRODUCT, what))
    }

    /// Millimetres in five minutes of a stored value.
    fn amount(&self, stored: f64) -> f64 {
        let Coding { gain, offset, nodata, undetect } = self.coding;
        if stored.is_nan() || stored == nodata {
            return f64::NAN;
        }
        if stored == undetect {
            return 0.0;
        }
        let mm = self.measured.mm_5min(gain * stored + offset);
        let is_echo = matches!(self.measured, Measured::Reflectivity { .. });
        if is_echo && mm > MAX_MM_5MIN { f64::NAN } else { mm }
    }
}

/// Attributes of a group that an array has itself, or its dataset, or the file.
struct Inherited<'a>(Vec<Attributes<'a>>, &'a str);

impl<'a> Inherited<'a> {
    fn open(
        (file, source): (&'a str, &Hdf5File),
        group: &str,
        [dataset, data]: &[String; 2],
    ) -> Result<Self, ImportError> {
        let paths = [format!("{data}/{group}"), format!("{dataset}/{group}"), group.to_owned()];
        let there = paths.iter().filter(|path| source.group(path).is_ok());
        let opened = there.map(|path| Attributes::open(source, (file, PRODUCT), path));
        Ok(Self(opened.collect::<Result<_, _>>()?, file))
    }

    fn holder(&self, name: &str) -> Result<&Attributes<'a>, ImportError> {
        let found = self.0.iter().find(|attributes| attributes.has(name));
        found.ok_or_else(|| {
            ImportError::layout(self.1, PRODUCT, format!("it does not say what/{name}"))
        })
    }

    fn text(&self, name: &str) -> Result<String, ImportError> {
        self.holder(name)?.text(name)
    }

    fn number(&self, name: &str) -> Result<f64, ImportError> {
        self.holder(name)?.number(name)
    }

    fn optional(&self, name: &str) -> Result<Option<f64>, ImportError> {
        let found = self.0.iter().find(|attributes| attributes.has(name));
        found.map(|attributes| attributes.number(name)).transpose()
    }
}

fn array<T: H5Type + Copy>(dataset: &Dataset) -> Result<Vec<T>, Error> {
    Ok(dataset.read_array::<T>()?.iter().copied().collect())
}

/// In the type that loses nothing.
fn floats(dataset: &Dataset) -> Result<Vec<f64>, Error> {
    fn of<T: H5Type + Copy + Into<f64>>(dataset: &Dataset) -> Result<Vec<f64>, Error> {
        Ok(array::<T>(dataset)?.into_iter().map(Into::into).collect())
    }
    let of_types = [of::<i8>, of::<i16>, of::<i32>, of::<u32>, of::<f32>];
    of_types.iter().find_map(|read| read(dataset).ok()).map_or_else(|| of::<f64>(dataset), Ok)
}
