//! libFuzzer's own mutations, with the checksums of a ZIP and the length of a GRIB message set right after every
//! second one.

#[path = "../../crates/stormlens-data/tests/hostile/mutation.rs"]
mod hostile;

pub fn resealed(data: &mut [u8], size: usize, max_size: usize, seed: u32) -> usize {
    let n = libfuzzer_sys::fuzzer_mutate(data, size, max_size);
    if seed.is_multiple_of(2) {
        hostile::reseal_zip(&mut data[..n]);
        hostile::reseal_grib(&mut data[..n]);
    }
    n
}
