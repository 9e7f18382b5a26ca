//! Any bytes are read as safetensors, ours or not, or refused.

#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../src/checkpoint.rs"]
mod checkpoint;

fuzz_target!(|bytes: &[u8]| checkpoint::check(bytes));
