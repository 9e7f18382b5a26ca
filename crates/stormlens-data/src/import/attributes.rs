//! The attributes of a group or an array in an HDF5 file, with messages that name the file.

use hdf5_reader::error::{Error, Result};
use hdf5_reader::group::Group;
use hdf5_reader::{Attribute, Dataset, Datatype, Hdf5File};
use jiff::Timestamp;

use super::ImportError;
use crate::field::netcdf::numbers::in_text;
use crate::field::netcdf::packing::{Limit, Packing};
use crate::time;

/// The attributes of one group or array.
pub(super) struct Attributes<'a> {
    file: &'a str,
    product: &'static str,
    path: String,
    holder: Holder,
}

enum Holder {
    Group(Group),
    Dataset(Box<Dataset>),
}

impl<'a> Attributes<'a> {
    /// Those of a group, which has to be there; `product` says what the file should be.
    pub fn open(
        source: &Hdf5File,
        (file, product): (&'a str, &'static str),
        path: &str,
    ) -> std::result::Result<Self, ImportError> {
        match source.group(path) {
            Ok(group) => {
                Ok(Self { file, product, path: path.to_owned(), holder: Holder::Group(group) })
            }
            Err(e) if is_absent(&e) => {
                Err(ImportError::layout(file, product, format!("it has no group {path:?}")))
            }
            Err(e) => {
                let what = format!("its group {path:?} cannot be read ({e})");
                Err(ImportError::layout(file, product, what))
            }
        }
    }

    /// Those of an array.
    pub fn of(dataset: &Dataset, (file, product): (&'a str, &'static str)) -> Self {
        let path = dataset.name().to_owned();
        Self { file, product, path, holder: Holder::Dataset(Box::new(dataset.clone())) }
    }

    fn find(&self, name: &str) -> Result<Attribute> {
        match &self.holder {
            Holder::Group(group) => group.attribute(name),
            Holder::Dataset(dataset) => dataset.attribute(name),
        }
    }

    /// Whether there is one of that name.
    pub fn has(&self, name: &str) -> bool {
        !matches!(self.find(name), Err(error) if is_absent(&error))
    }

    /// Why the file is not taken, in words that follow its name.
    pub fn refuse(&self, what: &str) -> ImportError {
        ImportError::layout(self.file, self.product, what)
    }

    fn read<T>(
        &self,
        name: &str,
        convert: impl Fn(Attribute) -> Result<T>,
    ) -> std::result::Result<T, ImportError> {
        self.find(name).and_then(convert).map_err(|e| {
            let what = match is_absent(&e) {
                true => format!("it has no attribute {}@{name}", self.path),
                false => format!("its attribute {}@{name} cannot be used ({e})", self.path),
            };
            ImportError::layout(self.file, self.product, what)
        })
    }

    /// A scalar string or an array of one.
    pub fn text(&self, name: &str) -> std::result::Result<String, ImportError> {
        let strings =
            self.read(name, |a| a.read_strings().or_else(|_| Ok(vec![a.read_string()?])))?;
        let first = strings.into_iter().next().unwrap_or_default();
        Ok(first.trim_matches(['\0', ' ']).to_owned())
    }

    /// The same; `None` where it is not there.
    pub fn optional_text(&self, name: &str) -> std::result::Result<Option<String>, ImportError> {
        self.has(name).then(|| self.text(name)).transpose()
    }

    /// The only number of an attribute, which some files write as a text.
    pub fn number(&self, name: &str) -> std::result::Result<f64, ImportError> {
        match self.all(name)?[..] {
            [only] => Ok(only),
            ref several => {
                let what = format!("{}@{name} has {} numbers, not one", self.path, several.len());
                Err(ImportError::layout(self.file, self.product, what))
            }
        }
    }

    /// All numbers of an attribute; none where it is not there.
    pub fn optional_all(&self, name: &str) -> std::result::Result<Vec<f64>, ImportError> {
        if self.has(name) { self.all(name) } else { Ok(Vec::new()) }
    }

    fn all(&self, name: &str) -> std::result::Result<Vec<f64>, ImportError> {
        self.read(name, numbers_or_text)
    }

    /// The number of an attribute; `None` where it is not there.
    pub fn optional(&self, name: &str) -> std::result::Result<Option<f64>, ImportError> {
        self.has(name).then(|| self.number(name)).transpose()
    }

    /// The least and the largest stored value that counts (`valid_range`, or `valid_min` and `valid_max`, of stored or of
    /// unpacked values); anything else is no data.
    pub fn valid(&self) -> std::result::Result<[f64; 2], ImportError> {
        const RANGE: &str = "valid_range";
        let packing = Packing {
            is_whole: match &self.holder {
                Holder::Group(_) => false,
                Holder::Dataset(dataset) => matches!(dataset.dtype(), Datatype::FixedPoint { .. }),
            },
            scale: self.optional("scale_factor")?,
            offset: self.optional("add_offset")?,
        };
        if !self.has(RANGE) {
            return Ok(packing.valid([self.limit("valid_min")?, self.limit("valid_max")?]));
        }
        let ends = self.read(RANGE, limits)?;
        let [least, most] = <[Limit; 2]>::try_from(ends).map_err(|ends| {
            let what = format!("{}@{RANGE} has {} numbers, not two", self.path, ends.len());
            ImportError::layout(self.file, self.product, what)
        })?;
        Ok(packing.valid([Some(least), Some(most)]))
    }

    /// One end of the valid range; `None` where it is not there.
    fn limit(&self, name: &str) -> std::result::Result<Option<Limit>, ImportError> {
        if !self.has(name) {
            return Ok(None);
        }
        let limit = self.read(name, |attribute| {
            Ok(Limit { value: attribute.read_as_f64()?, is_fraction: is_fraction(&attribute) })
        })?;
        Ok(Some(limit))
    }

    pub fn time(&self, name: &str) -> std::result::Result<Timestamp, ImportError> {
        let text = self.text(name)?;
        time::parse_knmi(&text).ok_or_else(|| {
            let what = format!("{}@{name} is {text:?}, no time", self.path);
            ImportError::layout(self.file, self.product, what)
        })
    }
}

/// Whether the type of an attribute has fractions.
fn is_fraction(attribute: &Attribute) -> bool {
    matches!(attribute.datatype, Datatype::FloatingPoint { .. })
}

/// Both ends of the valid range.
fn limits(attribute: Attribute) -> Result<Vec<Limit>> {
    let is_fraction = is_fraction(&attribute);
    let limit = |value: f64| Limit { value, is_fraction };
    Ok(numbers(attribute)?.into_iter().map(limit).collect())
}

/// All numbers of an attribute, or of a text that is numbers.
fn numbers_or_text(attribute: Attribute) -> Result<Vec<f64>> {
    if matches!(attribute.datatype, Datatype::FixedPoint { .. } | Datatype::FloatingPoint { .. }) {
        return match attribute.shape.iter().product::<u64>() {
            1 => Ok(vec![attribute.read_as_f64()?]),
            _ => numbers(attribute),
        };
    }
    let no_number = |held: &str| Error::InvalidData(format!("{held}, and has to be a number"));
    let strings =
        attribute.read_strings().or_else(|_| Ok::<_, Error>(vec![attribute.read_string()?]));
    let text = strings.map_err(|_| no_number("it is of another type"))?.join(" ");
    let text = text.trim_matches(['\0', ' ']);
    in_text(text).ok_or_else(|| no_number(&format!("it is the text {text:?}")))
}

/// All numbers of an attribute, of whatever type.
fn numbers(attribute: Attribute) -> Result<Vec<f64>> {
    macro_rules! first_that_reads {
        ($($kind:ty),*) => {
            $(if let Ok(values) = attribute.read_1d::<$kind>() {
                return Ok(values.into_iter().map(f64::from).collect());
            })*
        };
    }
    first_that_reads!(i8, u8, i16, u16, i32, u32, f32, f64);
    Ok(attribute.read_1d::<i64>()?.into_iter().map(|value| value as f64).collect())
}

fn is_absent(error: &Error) -> bool {
    match error {
        Error::Context { source, .. } => is_absent(source),
        Error::AttributeNotFound(_) | Error::GroupNotFound(_) => true,
        _ => false,
    }
}
