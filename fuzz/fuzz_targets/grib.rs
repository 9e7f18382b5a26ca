//! Any bytes are read as messages of GRIB, edition 1 or 2, or refused.

#![no_main]

use std::sync::Once;

use libfuzzer_sys::{fuzz_mutator, fuzz_target};

#[path = "../src/field.rs"]
mod field;
#[path = "../src/mutation.rs"]
mod mutation;

/// A panic that the reader catches becomes an error, which the check looks for.
static CAUGHT_PANICS_ARE_SEEN: Once = Once::new();

fuzz_target!(|bytes: &[u8]| {
    CAUGHT_PANICS_ARE_SEEN.call_once(|| std::panic::set_hook(Box::new(|_| {})));
    if bytes.starts_with(b"GRIB") {
        field::check(bytes);
    }
});

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    mutation::resealed(data, size, max_size, seed)
});
