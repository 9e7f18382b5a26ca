//! Any bytes are read as a ZIP of PyTorch, or refused.

#![no_main]

use libfuzzer_sys::{fuzz_mutator, fuzz_target};

#[path = "../src/checkpoint.rs"]
mod checkpoint;
#[path = "../src/mutation.rs"]
mod mutation;

fuzz_target!(|bytes: &[u8]| checkpoint::check(bytes));

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    mutation::resealed(data, size, max_size, seed)
});
