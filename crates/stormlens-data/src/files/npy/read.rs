//! Reading `.npy`, and the arrays of an `.npz`, which is a ZIP of them.

use std::borrow::Cow;
use std::fs::File;
use std::io::{Read, Seek as _};
use std::path::Path;

use ndarray::ArrayViewD;
use ndarray_npy::{ViewElement, ViewNpyError, ViewNpyExt};
use zip::result::ZipError;

use super::super::{file_bytes, open_zip};
use super::FilesError;
use super::head::{Head, MAX_HEAD_BYTES};

/// An array of more bytes is not read: one of 300 sequences of 12 radar frames has 1.2 GB.
const MAX_FILE_BYTES: u64 = 8 << 30;

/// A shape and its values in C order.
type Array = (Vec<usize>, Vec<f32>);

/// Reads an array of float32 or float64, little-endian, in C or Fortran order. Gives its shape and
/// its values in C order, float64 rounded to float32. Head and length are compared before anything else is
/// read.
///
/// # Errors
/// For a file that cannot be read, is no `.npy`, is truncated or holds something else.
pub fn read_npy_f32(path: &Path) -> Result<Array, FilesError> {
    let (file, n_bytes, _) = open(path)?;
    let shown = || path.display().to_string();
    let bytes =
        Aligned::read(file, n_bytes).map_err(|cause| FilesError::Io { file: shown(), cause })?;
    parse(bytes.get(), &FLOATS).map_err(|what| FilesError::Npy { file: shown(), what })
}

/// Reads an array of bytes or of true and false, such as a mask. Gives its shape and its values in C order.
///
/// # Errors
/// As [`read_npy_f32`].
pub fn read_npy_u8(path: &Path) -> Result<(Vec<usize>, Vec<u8>), FilesError> {
    let (file, n_bytes, _) = open(path)?;
    let shown = || path.display().to_string();
    let bytes =
        Aligned::read(file, n_bytes).map_err(|cause| FilesError::Io { file: shown(), cause })?;
    let refuse = |what: String| {
        let what = what.replace(".astype(\"<f4\")", ".astype(\"u1\")");
        FilesError::NpyBytes { file: shown(), what }
    };
    let (shape, values) = parse(bytes.get(), &BYTES).map_err(refuse)?;
    Ok((shape, values.into_iter().map(|value| value as u8).collect()))
}

/// The shape of an array, and nothing of its values; the file has the length that the shape needs.
///
/// # Errors
/// As [`read_npy_f32`].
pub fn npy_shape(path: &Path) -> Result<Vec<usize>, FilesError> {
    open(path).map(|(_, _, head)| head.shape)
}

/// A file at its begin, with its length and its head.
fn open(path: &Path) -> Result<(File, u64, Head), FilesError> {
    let n_bytes = file_bytes(path, MAX_FILE_BYTES)?;
    let io = |cause| FilesError::Io { file: path.display().to_string(), cause };
    let mut file = File::open(path).map_err(io)?;
    let mut first = Vec::new();
    let n_first = MAX_HEAD_BYTES as u64 + 12;
    file.by_ref().take(n_first).read_to_end(&mut first).map_err(io)?;
    file.rewind().map_err(io)?;
    let checked = Head::parse(&first).and_then(|head| {
        head.check_length(n_bytes)?;
        Ok(head)
    });
    match checked {
        Ok(head) => Ok((file, n_bytes, head)),
        Err(what) => Err(FilesError::Npy { file: path.display().to_string(), what }),
    }
}

/// The array of that name in the bytes of an `.npz`, stored or deflated, with numbers of any type
/// NumPy has but complex and half precision, little-endian; `file` names it in messages. Gives its
/// shape and its values in C order, as float32. An array of more than `max_bytes` is refused before
/// it is unpacked.
///
/// # Errors
/// For bytes that are no `.npz`, are cut off, lack the array or hold something else under its name.
pub fn npz_array(
    file: &str,
    bytes: &[u8],
    name: &str,
    max_bytes: u64,
) -> Result<Array, FilesError> {
    let refuse = |what: String| FilesError::Npz { file: file.to_owned(), what };
    let unpacked = member(bytes, name, max_bytes).map_err(refuse)?;
    parse(unpacked.get(), &NUMBERS).map_err(|what| refuse(format!("in array {name:?} {what}")))
}

fn member(bytes: &[u8], name: &str, max_bytes: u64) -> Result<Aligned, String> {
    let mut zip = open_zip(bytes).map_err(damaged)?;
    let with_ending = format!("{name}.npy");
    let names: Result<Vec<_>, _> = zip.file_names().map(|n| n.map(Cow::into_owned)).collect();
    let known: Vec<String> = names.map_err(damaged)?;
    let found = known.iter().find(|known| **known == with_ending || *known == name);
    let Some(found) = found else {
        let known: Vec<_> = known.iter().map(|k| k.strip_suffix(".npy").unwrap_or(k)).collect();
        return Err(format!("it has no array {name:?}, it has {known:?}"));
    };
    let entry = zip.by_name(found).map_err(damaged)?;
    let n_bytes = entry.size();
    if n_bytes > max_bytes {
        return Err(format!("array {name:?} has {n_bytes} bytes, more than {max_bytes}"));
    }
    // The size is the file's own word: what is packed may be more or less.
    Aligned::read(entry, n_bytes).map_err(|error| {
        format!("array {name:?} cannot be unpacked ({error}): make or fetch the file again")
    })
}

fn damaged(error: ZipError) -> String {
    format!("it is damaged or cut off ({error}): make or fetch it again")
}

/// Looks at bytes as an array of one type.
type View = fn(&[u8]) -> Result<Array, ViewNpyError>;

const FLOATS: [View; 2] = [|b| view(b, |v: f32| v), |b| view(b, |v: f64| v as f32)];

const BYTES: [View; 2] =
    [|b| view(b, |v: u8| f32::from(v)), |b| view(b, |v: bool| f32::from(u8::from(v)))];

const NUMBERS: [View; 11] = [
    |b| view(b, |v: u8| f32::from(v)),
    |b| view(b, |v: bool| f32::from(u8::from(v))),
    |b| view(b, |v: f32| v),
    |b| view(b, |v: f64| v as f32),
    |b| view(b, |v: i8| f32::from(v)),
    |b| view(b, |v: i16| f32::from(v)),
    |b| view(b, |v: u16| f32::from(v)),
    |b| view(b, |v: i32| v as f32),
    |b| view(b, |v: u32| v as f32),
    |b| view(b, |v: i64| v as f32),
    |b| view(b, |v: u64| v as f32),
];

/// The array in these bytes, by the first type that is its own.
fn parse(bytes: &[u8], views: &[View]) -> Result<Array, String> {
    Head::parse(bytes)?.check_length(bytes.len() as u64)?;
    let mut other_type = String::new();
    for view in views {
        match view(bytes) {
            Err(error @ ViewNpyError::WrongDescriptor(_)) => other_type = explain(error),
            other => return other.map_err(explain),
        }
    }
    Err(other_type)
}

fn view<T: ViewElement + Copy>(
    bytes: &[u8],
    convert: impl Fn(T) -> f32,
) -> Result<Array, ViewNpyError> {
    let array = ArrayViewD::<T>::view_npy(bytes)?;
    Ok((array.shape().to_vec(), array.iter().map(|&v| convert(v)).collect()))
}

fn explain(error: ViewNpyError) -> String {
    match error {
        ViewNpyError::WrongDescriptor(found) => {
            format!("its type is {found}; save it with .astype(\"<f4\")")
        }
        ViewNpyError::NonNativeEndian => {
            "its numbers are big-endian; save it with .astype(\"<f4\")".to_owned()
        }
        ViewNpyError::MissingBytes(n) => format!("it is cut off, {n} bytes are missing"),
        other => other.to_string(),
    }
}

/// Bytes that begin at a multiple of 8, where numbers may be looked at in place.
struct Aligned {
    buffer: Vec<u8>,
    start: usize,
}

impl Aligned {
    fn read(mut source: impl Read, n_bytes: u64) -> std::io::Result<Self> {
        let n_bytes = usize::try_from(n_bytes).map_err(std::io::Error::other)?;
        let mut buffer = vec![0; n_bytes + 8];
        let start = buffer.as_ptr().align_offset(8).min(8);
        buffer.truncate(start + n_bytes);
        source.read_exact(&mut buffer[start..])?;
        // Also the end is read, or what is packed would not be compared with its checksum.
        if source.read(&mut [0])? > 0 {
            return Err(std::io::Error::other("it is longer than it says"));
        }
        Ok(Self { buffer, start })
    }

    fn get(&self) -> &[u8] {
        &self.buffer[self.start..]
    }
}
