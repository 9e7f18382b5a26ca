//! NumPy's `.npy` and `.npz`.

use std::fs::File;
use std::io::BufWriter;
use std::path::Path;

use ndarray::{ArrayViewD, IxDyn};
use ndarray_npy::{WritableElement, WriteNpyExt};

use super::FilesError;

mod read;

pub(crate) use read::npz_array;
pub use read::read_npy_f32;

/// Writes an array of float32 in C order.
///
/// # Errors
/// For a shape that does not fit the values, and for a file that cannot be written.
pub fn write_npy_f32(path: &Path, shape: &[usize], values: &[f32]) -> Result<(), FilesError> {
    let file = path.display().to_string();
    let mut bytes = Vec::new();
    let written =
        array(shape, values).and_then(|a| a.write_npy(&mut bytes).map_err(|e| e.to_string()));
    if let Err(what) = written {
        return Err(FilesError::Npy { file, what });
    }
    std::fs::write(path, bytes).map_err(|cause| FilesError::Io { file, cause })
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

    /// The same for whole numbers.
    ///
    /// # Errors
    /// As [`Self::add_f32`].
    pub fn add_u32(
        &mut self,
        name: &str,
        shape: &[usize],
        values: &[u32],
    ) -> Result<(), FilesError> {
        self.add(name, shape, values)
    }

    fn add<T: WritableElement>(
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
