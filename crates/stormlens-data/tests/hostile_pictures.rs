//! Thousands of damaged pictures: each is decoded or refused, in bounded memory, without a panic.
//!
//! The seeds are the corpus for fuzzing. An allocator that counts watches the one thread of this
//! program's one test.

#[path = "hostile/mutation.rs"]
mod mutation;

use mutation::{Counting, Random, corpus, mutate, peak};
use stormlens_data::scene::{Bands, Coding, Limits, Picture, PictureError, Values, decode_as};

const LIMITS: Limits =
    Limits { max_side_px: 512, max_pixels: 65_536, max_decoded_bytes: 1_000_000 };

/// What decoding may take at its worst: the pixels in the file's form, in the decoder's and in
/// ours, 16 MiB that a PNG may spend on other things, and what decoders set aside whatever the
/// size.
const MAX_BYTES: usize = 3 * LIMITS.max_decoded_bytes as usize + (18 << 20);

const N_MUTATIONS: usize = 30_000;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

#[test]
fn damaged_pictures_are_decoded_or_refused() {
    let seeds = corpus(&["decode", "measure"]);
    let seeds: Vec<_> = seeds.into_iter().map(|(_, bytes)| bytes).collect();
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

fn holds(picture: &Picture) -> bool {
    let n = picture.rgb.len();
    let is_value = |i| (0.0..=255.0).contains(&picture.rgb.at(i));
    n == picture.width * picture.height * 3 && (0..n).all(is_value)
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
