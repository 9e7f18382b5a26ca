//! Any bytes are read as a NetCDF file, classic or 4, or refused.

#![no_main]

use std::sync::Once;

use libfuzzer_sys::fuzz_target;

#[path = "../src/field.rs"]
mod field;

/// A panic that the reader catches becomes an error, which the check looks for.
static CAUGHT_PANICS_ARE_SEEN: Once = Once::new();

fuzz_target!(|bytes: &[u8]| {
    CAUGHT_PANICS_ARE_SEEN.call_once(|| std::panic::set_hook(Box::new(|_| {})));
    if !bytes.starts_with(b"GRIB") {
        field::check(bytes);
    }
});
