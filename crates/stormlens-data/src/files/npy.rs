//! NumPy's `.npy` and `.npz`.

use std::fs::File;
use std::io::{BufWriter, Read};
use std::path::Path;

use ndarray::{ArrayViewD, IxDyn};
use ndarray_npy::{ViewElement, ViewNpyError, ViewNpyExt, WritableElement, WriteNpyExt};

use super::FilesError;

/// What comes before the header's length.
const MAGIC_BYTES: usize = 8;

/// Reads an array of float32 or float64, little-endian, in C or Fortran order. Gives its shape and
/// its values in C order, float64 rounded to float32.
///
/// # Errors
/// For a file that cannot be read, is no `.npy`, is truncated or holds something else.
pub fn read_npy_f32(path: &Path) -> Result<(Vec<usize>, Vec<f32>), FilesError> {
    let file = path.display().to_string();
    let bytes =
        Aligned::read(path).map_err(|cause| FilesError::Io { file: file.clone(), cause })?;
    let refuse = |what: String| FilesError::Npy { file: file.clone(), what };
    check_header(bytes.get()).map_err(|what| refuse(what.to_owned()))?;
    match view(bytes.get(), |v: f32| v) {
        Err(ViewNpyError::WrongDescriptor(_)) => view(bytes.get(), |v: f64| v as f32),
        other => other,
    }
    .map_err(|error| refuse(explain(error)))
}

fn view<T: ViewElement + Copy>(
    bytes: &[u8],
    convert: impl Fn(T) -> f32,
) -> Result<(Vec<usize>, Vec<f32>), ViewNpyError> {
    let array = ArrayViewD::<T>::view_npy(bytes)?;
    Ok((array.shape().to_vec(), array.iter().map(|&v| convert(v)).collect()))
}

/// The library allocates what the header says it is long, so the header is looked at first.
fn check_header(bytes: &[u8]) -> Result<(), &'static str> {
    let (magic, rest) = bytes.split_at_checked(MAGIC_BYTES).ok_or("it is too short")?;
    if !magic.starts_with(b"\x93NUMPY") {
        return Err("it does not begin as one does; save it with numpy.save");
    }
    let n_header = match (magic[6], rest) {
        (1, [a, b, ..]) => usize::from(u16::from_le_bytes([*a, *b])),
        (2 | 3, [a, b, c, d, ..]) => u32::from_le_bytes([*a, *b, *c, *d]) as usize,
        _ => return Err("its version is unknown"),
    };
    if n_header > rest.len() { Err("it is cut off in its header") } else { Ok(()) }
}

fn explain(error: ViewNpyError) -> String {
    match error {
        ViewNpyError::WrongDescriptor(found) => {
            format!("its type is {found}; save it with .astype(\"<f4\")")
        }
        ViewNpyError::MissingBytes(n) => format!("it is cut off, {n} bytes are missing"),
        other => other.to_string(),
    }
}

/// A file in memory that begins at a multiple of 8, where floats may be looked at in place.
struct Aligned {
    buffer: Vec<u8>,
    start: usize,
}

impl Aligned {
    fn read(path: &Path) -> std::io::Result<Self> {
        let mut file = File::open(path)?;
        let n_bytes = usize::try_from(file.metadata()?.len()).map_err(std::io::Error::other)?;
        let mut buffer = vec![0; n_bytes + 8];
        let start = buffer.as_ptr().align_offset(8).min(8);
        buffer.truncate(start + n_bytes);
        file.read_exact(&mut buffer[start..])?;
        Ok(Self { buffer, start })
    }

    fn get(&self) -> &[u8] {
        &self.buffer[self.start..]
    }
}

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
