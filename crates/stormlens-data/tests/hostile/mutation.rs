//! Files damaged by chance, the same ones on every run, and how much memory their readers take.
//!
//! A module of several test programs, here and in `stormlens-checkpoint`, and of the fuzz targets. Whoever
//! measures memory makes [`Counting`] the allocator and runs one test, since all threads count.

#![allow(dead_code, reason = "no program uses all of it")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// The system's allocator, which counts.
pub struct Counting;

static HELD: AtomicUsize = AtomicUsize::new(0);
static PEAK: AtomicUsize = AtomicUsize::new(0);

// SAFETY: every call goes to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let held = HELD.fetch_add(layout.size(), Relaxed) + layout.size();
        PEAK.fetch_max(held, Relaxed);
        // SAFETY: the caller keeps what `alloc` asks for.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        let held = HELD.fetch_add(layout.size(), Relaxed) + layout.size();
        PEAK.fetch_max(held, Relaxed);
        // SAFETY: the caller keeps what `alloc_zeroed` asks for.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        HELD.fetch_sub(layout.size(), Relaxed);
        // SAFETY: the pointer is one that `alloc` above had from the same allocator.
        unsafe { System.dealloc(pointer, layout) }
    }
}

/// What a function returns, and the most bytes that it held on top of what there was before.
pub fn peak<T>(run: impl FnOnce() -> T) -> (T, usize) {
    let before = HELD.load(Relaxed);
    PEAK.store(before, Relaxed);
    let result = run();
    (result, PEAK.load(Relaxed).saturating_sub(before))
}

/// Names and bytes of the files of a corpus for fuzzing, in the order of their names.
pub fn corpus(targets: &[&str]) -> Vec<(PathBuf, Vec<u8>)> {
    let above = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors();
    let corpus = above.map(|folder| folder.join("fuzz/corpus")).find(|folder| folder.is_dir());
    let corpus = corpus.expect("the repository has corpora");
    let folders = targets.iter().map(|target| corpus.join(target));
    let entries = folders.flat_map(|folder| std::fs::read_dir(folder).expect("the corpus"));
    let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    assert!(!paths.is_empty());
    paths.into_iter().map(|path| (path.clone(), std::fs::read(path).unwrap())).collect()
}

/// The `i`-th damaged file: one in four with bytes that move, every second ZIP with right checksums, every second
/// message of GRIB with its right length.
pub fn damaged(i: usize, seeds: &[Vec<u8>], random: &mut Random) -> Vec<u8> {
    let seed = &seeds[i % seeds.len()];
    let mut bytes = match i % 4 {
        0 => mutate(seed, seeds, random),
        _ => mutate_in_place(seed, random),
    };
    if i.is_multiple_of(2) {
        reseal_zip(&mut bytes);
        reseal_grib(&mut bytes);
    }
    bytes
}

/// One to four changes: a bit, a byte, a run of equal bytes, an end cut off, a piece of another
/// file.
pub fn mutate(seed: &[u8], others: &[Vec<u8>], random: &mut Random) -> Vec<u8> {
    let mut bytes = seed.to_vec();
    for _ in 0..1 + random.below(4) {
        let at = random.below(bytes.len());
        match random.below(6) {
            0 => bytes[at] ^= 1 << random.below(8),
            1 => bytes[at] = random.below(256) as u8,
            2 => {
                let end = (at + 1 + random.below(8)).min(bytes.len());
                bytes[at..end].fill([0, 0xFF, 0x7F, 0x80][random.below(4)]);
            }
            3 => bytes.truncate(at.max(1)),
            4 => {
                let other = &others[random.below(others.len())];
                let from = random.below(other.len());
                let piece = &other[from..(from + 1 + random.below(64)).min(other.len())];
                bytes.splice(at..at, piece.iter().copied());
            }
            _ => {
                let end = (at + 1 + random.below(16)).min(bytes.len());
                bytes.drain(at..end);
                if bytes.is_empty() {
                    bytes.push(0);
                }
            }
        }
    }
    bytes
}

/// The same, but no byte moves: formats full of addresses are lost as soon as one does.
pub fn mutate_in_place(seed: &[u8], random: &mut Random) -> Vec<u8> {
    let mut bytes = seed.to_vec();
    for _ in 0..1 + random.below(4) {
        let at = random.below(bytes.len());
        let end = (at + [1, 2, 4, 8][random.below(4)]).min(bytes.len());
        match random.below(4) {
            0 => bytes[at] ^= 1 << random.below(8),
            1 => bytes[at] = random.below(256) as u8,
            2 => bytes[at..end].fill([0, 0xFF, 0x7F, 0x80][random.below(4)]),
            // Addresses and lengths come in words, of which another one may be a valid one elsewhere.
            _ => {
                let from = random.below(bytes.len());
                let n = (end - at).min(bytes.len() - from);
                bytes.copy_within(from..from + n, at);
            }
        }
    }
    bytes
}

/// Corrects the checksums of the entries of a ZIP that are stored as they are, so that damage gets past
/// them.
pub fn reseal_zip(bytes: &mut [u8]) {
    const DIRECTORY: &[u8] = b"PK\x01\x02";
    let mut at = 0;
    while let Some(found) = bytes[at..].windows(4).position(|part| part == DIRECTORY) {
        at += found;
        reseal_entry(bytes, at);
        at += DIRECTORY.len();
    }
}

/// An entry by its place in the directory; nothing where the directory says nonsense.
fn reseal_entry(bytes: &mut [u8], directory: usize) -> Option<()> {
    let word = |bytes: &[u8], at: usize| {
        Some(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?) as usize)
    };
    let half = |bytes: &[u8], at: usize| {
        Some(usize::from(u16::from_le_bytes(bytes.get(at..at + 2)?.try_into().ok()?)))
    };
    let (n_bytes, local) = (word(bytes, directory + 20)?, word(bytes, directory + 42)?);
    if half(bytes, directory + 10)? != 0 || !bytes.get(local..)?.starts_with(b"PK\x03\x04") {
        return None;
    }
    let start = local + 30 + half(bytes, local + 26)? + half(bytes, local + 28)?;
    let sum = crc32(bytes.get(start..start.checked_add(n_bytes)?)?).to_le_bytes();
    for place in [directory + 16, local + 14] {
        bytes.get_mut(place..place + 4)?.copy_from_slice(&sum);
    }
    Some(())
}

/// Lets the only message of a GRIB file end where the file does, so that bytes may have moved in it.
pub fn reseal_grib(bytes: &mut [u8]) {
    let n = bytes.len();
    let n_messages = bytes.windows(4).filter(|part| part == b"GRIB").count();
    if !bytes.starts_with(b"GRIB") || n_messages > 1 || n < 24 {
        return;
    }
    bytes[n - 4..].copy_from_slice(b"7777");
    match bytes[7] {
        // Three bytes in edition 1, eight in edition 2.
        1 => bytes[4..7].copy_from_slice(&(n as u32).to_be_bytes()[1..]),
        2 => bytes[8..16].copy_from_slice(&(n as u64).to_be_bytes()),
        _ => {}
    }
}

/// The checksum of ZIP and PNG (ISO 3309), bit by bit.
pub fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0, |crc: u32, &byte| {
        (0..8).fold(crc ^ u32::from(byte), |crc, _| {
            (crc >> 1) ^ (0xedb8_8320 & (crc & 1).wrapping_neg())
        })
    })
}

/// SplitMix64 (Steele, Lea and Flood 2014).
pub struct Random(pub u64);

impl Random {
    /// Uniform in `0..n`, nearly.
    pub fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) % n as u64) as usize
    }
}
