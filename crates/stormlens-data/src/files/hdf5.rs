//! HDF5 files from outside, looked at before their texts are read.
//!
//! A text of variable length lies in a heap of the file, and an attribute holds a reference of sixteen bytes to it
//! (*HDF5 File Format Specification*, version 3, III.E and IV.A.2.d). Nothing keeps thousands of references from one
//! long text, and the library that reads the files resolves those of all attributes of a group as soon as one of
//! them is asked for. So a file of a megabyte could take any amount of memory; what its texts take in all is counted
//! here first.

use std::collections::HashMap;

use hdf5_reader::Hdf5File;

/// The signature of a heap of texts, with its version.
const HEAP: &[u8] = b"GCOL\x01";
/// The signature of a heap of attributes, with its version.
const ATTRIBUTES: &[u8] = b"FRHP\x00";
/// Texts of a few names each, more often than the file holds them: each has an owner that copied its reference.
const MAX_SMALL_BYTES: u64 = 1 << 20;
/// Texts take at most so many times the bytes of the file.
const MAX_SHARE: u64 = 4;

/// Counts the bytes of all texts that are referred to, and compares them with those of the file.
///
/// # Errors
/// In words that follow the name of the file: where the texts are many times as long as the file, where heaps lie within
/// each other, and where references are compressed and cannot be counted.
pub fn check_texts(bytes: &[u8], file: &Hdf5File) -> Result<(), String> {
    let superblock = file.superblock();
    let widths =
        Widths { offset: superblock.offset_size.into(), length: superblock.length_size.into() };
    let texts = texts(bytes, widths, superblock.base_address)?;
    if starts(bytes, ATTRIBUTES).any(|at| bytes.get(at + 7..at + 9).is_some_and(|n| n != [0, 0])) {
        return Err("its attributes are compressed, which is not read".to_owned());
    }
    if texts.is_empty() {
        return Ok(());
    }
    let n_most = MAX_SHARE.saturating_mul(bytes.len() as u64).saturating_add(MAX_SMALL_BYTES);
    let mut n_bytes = 0_u64;
    for at in 0..bytes.len() {
        let Some(address) = number(bytes, at, widths.offset).filter(|a| *a < bytes.len() as u64)
        else {
            continue;
        };
        let Some(index) = number(bytes, at + widths.offset, 2) else { continue };
        n_bytes = n_bytes.saturating_add(texts.get(&(address, index)).copied().unwrap_or(0));
    }
    match n_bytes > n_most {
        true => Err(format!(
            "its attributes repeat long texts: {n_bytes} bytes in all, where the file has {}",
            bytes.len()
        )),
        false => Ok(()),
    }
}

/// Bytes of an address and of a length in this file.
#[derive(Clone, Copy)]
struct Widths {
    offset: usize,
    length: usize,
}

/// The length of each text by the address of its heap and its number there.
fn texts(bytes: &[u8], widths: Widths, base: u64) -> Result<HashMap<(u64, u64), u64>, String> {
    let mut found = HashMap::new();
    let mut n_in_heaps = 0_u64;
    for start in starts(bytes, HEAP) {
        let Some(n_bytes) = number(bytes, start + 8, widths.length) else { continue };
        let end = (start as u64).saturating_add(n_bytes);
        if end > bytes.len() as u64 {
            continue;
        }
        n_in_heaps = n_in_heaps.saturating_add(n_bytes);
        if n_in_heaps > bytes.len() as u64 {
            return Err("its heaps of texts lie within each other".to_owned());
        }
        let Some(address) = (start as u64).checked_sub(base) else { continue };
        let heap = &bytes[..end as usize];
        let mut at = start + 8 + widths.length;
        while let (Some(index), Some(n)) =
            (number(heap, at, 2), number(heap, at + 8, widths.length))
        {
            if index == 0 {
                break;
            }
            let longest: &mut u64 = found.entry((address, index)).or_default();
            *longest = n.max(*longest);
            let Some(next) = usize::try_from(n).ok().and_then(|n| n.checked_next_multiple_of(8))
            else {
                break;
            };
            at = (at + 8 + widths.length).saturating_add(next);
        }
    }
    Ok(found)
}

/// Where a signature stands.
fn starts(bytes: &[u8], signature: &'static [u8]) -> impl Iterator<Item = usize> {
    bytes
        .windows(signature.len())
        .enumerate()
        .filter(move |(_, part)| *part == signature)
        .map(|(at, _)| at)
}

/// The little-endian number of so many bytes, eight at most.
fn number(bytes: &[u8], at: usize, n_bytes: usize) -> Option<u64> {
    let part = bytes.get(at..at.checked_add(n_bytes)?)?;
    Some(part.iter().rev().fold(0, |number, &byte| (number << 8) | u64::from(byte)))
}
