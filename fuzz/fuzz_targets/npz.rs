//! The array `arr_0` of any bytes is read, within the limit, or refused.

#![no_main]

use libfuzzer_sys::{fuzz_mutator, fuzz_target};
use stormlens_data::files::npy::npz_array;

#[path = "../src/mutation.rs"]
mod mutation;

const MAX_BYTES: u64 = 1 << 20;

fuzz_target!(|bytes: &[u8]| {
    let Ok((shape, values)) = npz_array("x.npz", bytes, "arr_0", MAX_BYTES) else { return };
    assert_eq!(shape.iter().product::<usize>(), values.len());
    assert!(values.len() as u64 <= MAX_BYTES);
});

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    mutation::resealed(data, size, max_size, seed)
});
