//! Any bytes are read as an HDF5 file of Keras, or refused.

#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../src/checkpoint.rs"]
mod checkpoint;

fuzz_target!(|bytes: &[u8]| checkpoint::check(bytes));
