//! Thousands of damaged pictures: each is decoded or refused, in bounded memory, without a panic.
//!
//! The seeds are the corpus for fuzzing. An allocator that counts watches the one thread of this
//! program's one test.

use std::alloc::{GlobalAlloc, Layout, System};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use stormlens_data::scene::{Bands, Coding, Limits, Picture, PictureError, Values, decode_as};

const LIMITS: Limits =
    Limits { max_side_px: 512, max_pixels: 65_536, max_decoded_bytes: 1_000_000 };

/// What decoding may take at its worst: the pixels in the file's form, in the decoder's and in
/// ours, 16 MiB that a PNG may spend on other things, and what decoders set aside whatever the
/// size.
const MAX_BYTES: usize = 3 * LIMITS.max_decoded_bytes as usize + (18 << 20);

const N_MUTATIONS: usize = 30_000;

struct Counting;

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

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        HELD.fetch_sub(layout.size(), Relaxed);
        // SAFETY: the pointer is one that `alloc` above had from the same allocator.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

#[test]
fn damaged_pictures_are_decoded_or_refused() {
    let seeds = seeds();
    let mut random = Random(20_191_012);
    let (mut n_decoded, mut largest) = (0, (0, Vec::new()));
    // A panic within a decoder is caught and would only fill the log.
    let usual = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    let (mut all_hold, mut n_faults) = (true, [0; 2]);
    for i in 0..N_MUTATIONS {
        let mut bytes = mutate(&seeds[i % seeds.len()], &seeds, &mut random);
        if i % 2 == 0 {
            reseal(&mut bytes);
        }
        // Of half of the files something is said.
        let any = |n: usize, random: &mut Random| if i % 4 < 2 { 0 } else { random.below(n) };
        let coding = Coding {
            values: Values::ALL[any(Values::ALL.len(), &mut random)],
            bands: Bands::ALL[any(Bands::ALL.len(), &mut random)],
        };
        let (result, n_bytes) = peak(|| decode_as(&bytes, &LIMITS, coding));
        match result {
            Ok(decoded) => {
                n_decoded += 1;
                all_hold &= holds(&decoded.picture);
            }
            Err(PictureError::Fault { format }) => n_faults[usize::from(format == "TIFF")] += 1,
            Err(_) => {}
        }
        if n_bytes > largest.0 {
            largest = (n_bytes, bytes);
        }
    }
    std::panic::set_hook(usual);
    let (n_bytes, bytes) = largest;
    println!("{n_decoded} of {N_MUTATIONS} were decoded; at most {n_bytes} bytes were held");
    assert!(n_bytes <= MAX_BYTES, "{n_bytes} bytes for {bytes:02x?}");
    assert!(n_decoded > N_MUTATIONS / 20 && n_decoded < N_MUTATIONS, "{n_decoded} were decoded");
    assert!(all_hold, "a picture is not what it says");
    println!("decoders panicked at {n_faults:?} of them, PNG and JPEG, and TIFF");
    assert_eq!(n_faults[1], 0, "the decoder of TIFF panicked");
}

/// What a function returns, and the most bytes that it held on top of what there was before.
fn peak<T>(run: impl FnOnce() -> T) -> (T, usize) {
    let before = HELD.load(Relaxed);
    PEAK.store(before, Relaxed);
    let result = run();
    (result, PEAK.load(Relaxed) - before)
}

fn holds(picture: &Picture) -> bool {
    let n = picture.rgb.len();
    let is_value = |i| (0.0..=255.0).contains(&picture.rgb.at(i));
    n == picture.width * picture.height * 3 && (0..n).all(is_value)
}

fn seeds() -> Vec<Vec<u8>> {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus");
    let folders = ["decode", "measure"].map(|name| corpus.join(name));
    let entries = folders.iter().flat_map(|folder| std::fs::read_dir(folder).expect("the corpus"));
    let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    assert!(!paths.is_empty());
    paths.iter().map(|path| std::fs::read(path).unwrap()).collect()
}

/// One to four changes: a bit, a byte, a run of equal bytes, an end cut off, a piece of another
/// file.
fn mutate(seed: &[u8], others: &[Vec<u8>], random: &mut Random) -> Vec<u8> {
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

/// Corrects the checksums of a PNG's chunks, so that the damage gets past them.
fn reseal(bytes: &mut [u8]) {
    let mut at = 8;
    while bytes.starts_with(b"\x89PNG")
        && let Some(length) = bytes.get(at..at + 4)
    {
        let end = at + 8 + u32::from_be_bytes(length.try_into().unwrap()) as usize;
        let Some(chunk) = bytes.get(at + 4..end) else { return };
        let mut sum = flate2::Crc::new();
        sum.update(chunk);
        let Some(place) = bytes.get_mut(end..end + 4) else { return };
        place.copy_from_slice(&sum.sum().to_be_bytes());
        at = end + 4;
    }
}

/// SplitMix64 (Steele, Lea and Flood 2014).
struct Random(u64);

impl Random {
    /// Uniform in `0..n`, nearly.
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) % n as u64) as usize
    }
}
