//! Which container a file is, from its first bytes.

use super::Container;
use super::error::{Fault, printable};
use super::{keras, pickle};

/// The number that opens a legacy stream, 0x1950a86a20f9469cfc6c, as `LONG1` pickles it.
pub(crate) const LEGACY_MAGIC: &[u8] =
    &[0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19];

/// The magic number comes within this many bytes, whatever the pickle protocol.
const MAGIC_WINDOW: usize = 32;

/// Files that people take for a checkpoint, by their first bytes.
const OTHERS: &[(&[u8], &str)] = &[
    (b"CDF", "a NetCDF file"),
    (b"\x93NUMPY", "a NumPy array (.npy)"),
    (b"GGUF", "a GGUF file"),
    (b"\x1f\x8b", "a gzip archive: unpack it first"),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive: unpack it first"),
    (b"\x89PNG", "a PNG image"),
    (
        b"version https://git-lfs",
        "a Git LFS pointer, not the file it stands for: run `git lfs pull`",
    ),
    (b"<!DOCTYPE", "a web page: the download did not give the file"),
    (b"<html", "a web page: the download did not give the file"),
];

/// The container, or what the file is instead.
pub(crate) fn recognise(bytes: &[u8]) -> Result<Container, Fault> {
    if bytes.is_empty() {
        return Err(Fault::NotACheckpoint("an empty file".into()));
    }
    if bytes.starts_with(b"PK\x03\x04") || bytes.starts_with(b"PK\x05\x06") {
        let is_keras = keras::is_archive(bytes);
        return Ok(if is_keras { Container::KerasArchive } else { Container::TorchZip });
    }
    if bytes[0] == 0x80 && holds_legacy_magic(bytes) {
        return Ok(Container::TorchLegacy);
    }
    if bytes.starts_with(keras::MAGIC) {
        return Ok(Container::Hdf5);
    }
    if let Some((_, what)) = OTHERS.iter().find(|(magic, _)| bytes.starts_with(magic)) {
        return Err(Fault::NotACheckpoint((*what).into()));
    }
    if bytes.get(257..262) == Some(b"ustar") {
        return Err(Fault::NotACheckpoint("a tar archive, perhaps of PyTorch 0.1".into()));
    }
    if bytes.get(8) == Some(&b'{') {
        return Ok(Container::Safetensors);
    }
    Err(unknown(bytes))
}

fn holds_legacy_magic(bytes: &[u8]) -> bool {
    let start = &bytes[..bytes.len().min(MAGIC_WINDOW)];
    start.windows(LEGACY_MAGIC.len()).any(|window| window == LEGACY_MAGIC)
}

/// A pickle is worth a look inside: the first name that it would call says what it is.
fn unknown(bytes: &[u8]) -> Fault {
    let is_binary_pickle = bytes[0] == 0x80 && bytes.get(1).is_some_and(|p| (2..=5).contains(p));
    if is_binary_pickle || bytes[0] == b'c' {
        match pickle::unpickle(bytes) {
            Err(Fault::Refused(name)) => return Fault::Refused(name),
            _ if is_binary_pickle => {
                return Fault::NotACheckpoint("a Python pickle, not a file of `torch.save`".into());
            }
            _ => {}
        }
    }
    let start = String::from_utf8_lossy(&bytes[..bytes.len().min(12)]).into_owned();
    Fault::NotACheckpoint(format!(
        "of no kind this program knows; it starts `{}`",
        printable(&start)
    ))
}
