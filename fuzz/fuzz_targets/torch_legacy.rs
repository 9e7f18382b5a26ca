//! Any bytes are read as a stream of PyTorch before version 1.6: a pickle, and numbers without a checksum, or refused.

#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../src/checkpoint.rs"]
mod checkpoint;

fuzz_target!(|bytes: &[u8]| checkpoint::check(bytes));
