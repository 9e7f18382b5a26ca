//! NumPy's `.npy` and `.npz`.

use std::fs::File;
use std::io::BufWriter;
use std::path::Path;

use ndarray::{ArrayViewD, IxDyn};
use ndarray_npy::{WritableElement, WriteNpyExt};

use super::FilesError;
use crate::outcome::{Values, Variable};

mod head;
mod read;
mod text;
mod texts;

pub use read::{npy_shape, npz_array, read_npy_f32, read_npy_u8};
use text::Text;
pub use texts::read_npy_texts;
#[cfg(test)]
pub(crate) use texts::tests as texts_testing;

/// Writes an array of float32 in C order.
///
/// # Errors
/// For a shape that does not fit the values, and for a file that cannot be written.
pub fn write_npy_f32(path: &Path, shape: &[usize], values: &[f32]) -> Result<(), FilesError> {
    let file = path.display().to_string();
    let bytes = match npy_bytes(shape, values) {
        Ok(bytes) => bytes,
        Err(what) => return Err(FilesError::Npy { file, what }),
    };
    std::fs::write(path, bytes).map_err(|cause| FilesError::Io { file, cause })
}

/// The bytes that [`write_npy_f32`] writes.
///
/// # Errors
/// For a shape that does not fit the values.
pub fn npy_f32(shape: &[usize], values: &[f32]) -> Result<Vec<u8>, FilesError> {
    let file = || "standard output".to_owned();
    npy_bytes(shape, values).map_err(|what| FilesError::Npy { file: file(), what })
}

/// A variable of a result as the bytes of an `.npy` file, with the shape of its axes, rows and columns.
///
/// # Errors
/// For a variable that does not hold together.
pub fn variable_to_npy(variable: &Variable) -> Result<Vec<u8>, FilesError> {
    let shape = variable.shape();
    let written = match &variable.values {
        Values::F32(values) => npy_bytes(&shape, values),
        Values::U8(values) => npy_bytes(&shape, values),
        Values::F64(values) => npy_bytes(&shape, values),
    };
    let file = || format!("{}.npy", variable.name);
    written.map_err(|what| FilesError::Npy { file: file(), what })
}

fn npy_bytes<T: WritableElement>(shape: &[usize], values: &[T]) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    array(shape, values)?.write_npy(&mut bytes).map_err(|error| error.to_string())?;
    Ok(bytes)
}

fn array<'a, T>(shape: &[usize], values: &'a [T]) -> Result<ArrayViewD<'a, T>, String> {
    ArrayViewD::from_shape(IxDyn(shape), values)
        .map_err(|_| format!("{} values do not make an array of {shape:?}", values.len()))
}

/// A compressed `.npz` file being written: named arrays, which `numpy.load` gives back by name.
pub struct NpzWriter {
    writer: ndarray_npy::NpzWriter<BufWriter<File>>,
    file: String,
}

impl NpzWriter {
    /// # Errors
    /// For a file that cannot be created.
    pub fn create(path: &Path) -> Result<Self, FilesError> {
        let file = path.display().to_string();
        match File::create(path) {
            Ok(created) => {
                let writer = ndarray_npy::NpzWriter::new_compressed(BufWriter::new(created));
                Ok(Self { writer, file })
            }
            Err(cause) => Err(FilesError::Io { file, cause }),
        }
    }

    /// Adds an array in C order; a name may hold slashes, e.g. `RRCNN1/raw`.
    ///
    /// # Errors
    /// For a shape that does not fit the values, and for a file that cannot be written.
    pub fn add_f32(
        &mut self,
        name: &str,
        shape: &[usize],
        values: &[f32],
    ) -> Result<(), FilesError> {
        self.add(name, shape, values)
    }

    /// The same for float64; a shape `[]` makes a scalar.
    ///
    /// # Errors
    /// As [`Self::add_f32`].
    pub fn add_f64(
        &mut self,
        name: &str,
        shape: &[usize],
        values: &[f64],
    ) -> Result<(), FilesError> {
        self.add(name, shape, values)
    }

    /// The same for bytes.
    ///
    /// # Errors
    /// As [`Self::add_f32`].
    pub fn add_u8(&mut self, name: &str, shape: &[usize], values: &[u8]) -> Result<(), FilesError> {
        self.add(name, shape, values)
    }

    /// Adds a variable of a result under its name, with the shape of its axes, rows and columns.
    ///
    /// # Errors
    /// As [`Self::add_f32`].
    pub fn add_variable(&mut self, variable: &Variable) -> Result<(), FilesError> {
        let (name, shape) = (&variable.name, variable.shape());
        match &variable.values {
            Values::F32(values) => self.add(name, &shape, values),
            Values::U8(values) => self.add(name, &shape, values),
            Values::F64(values) => self.add(name, &shape, values),
        }
    }

    /// Adds a text as an array of shape `[]`, which NumPy calls `<U` with its length.
    ///
    /// # Errors
    /// As [`Self::add_f32`].
    pub fn add_text(&mut self, name: &str, text: &str) -> Result<(), FilesError> {
        let added = self.writer.add_array(name, &Text(text));
        added.map_err(|error| FilesError::Array {
            file: self.file.clone(),
            name: name.to_owned(),
            what: error.to_string(),
        })
    }

    /// The same for any type that `.npy` has.
    ///
    /// # Errors
    /// As [`Self::add_f32`].
    pub(crate) fn add<T: WritableElement>(
        &mut self,
        name: &str,
        shape: &[usize],
        values: &[T],
    ) -> Result<(), FilesError> {
        let added = array(shape, values)
            .and_then(|a| self.writer.add_array(name, &a).map_err(|e| e.to_string()));
        added.map_err(|what| FilesError::Array {
            file: self.file.clone(),
            name: name.to_owned(),
            what,
        })
    }

    /// Writes the directory of names, without which the file cannot be read.
    ///
    /// # Errors
    /// For a file that cannot be written.
    pub fn finish(self) -> Result<(), FilesError> {
        let finished = self.writer.finish().map_err(std::io::Error::other);
        let flushed = finished.and_then(|file| file.into_inner().map_err(|e| e.into_error()));
        match flushed {
            Ok(_) => Ok(()),
            Err(cause) => Err(FilesError::Io { file: self.file, cause }),
        }
    }
}

#[cfg(test)]
mod tests;
