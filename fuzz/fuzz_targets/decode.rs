//! Any bytes become a picture or an error, within the limits.

#![no_main]

use std::sync::Once;

use libfuzzer_sys::fuzz_target;
use stormlens_data::scene::{Limits, PictureError, Samples, decode};

const LIMITS: Limits =
    Limits { max_side_px: 1024, max_pixels: 262_144, max_decoded_bytes: 4 << 20 };

/// The fuzzer ends the process at every panic. `decode` catches those of its decoders, which is
/// part of what is tested here, so only panics that come out of it may count.
static CAUGHT_PANICS_ARE_FINE: Once = Once::new();

fuzz_target!(|bytes: &[u8]| {
    CAUGHT_PANICS_ARE_FINE.call_once(|| std::panic::set_hook(Box::new(|_| {})));
    let picture = match decode(bytes, &LIMITS) {
        // Decoders of PNG and JPEG are others' to mend; of TIFF none is known to panic.
        Err(PictureError::Fault { format: "TIFF" }) => panic!("the decoder of TIFF panicked"),
        Err(_) => return,
        Ok(picture) => picture,
    };
    let (width, height) = (picture.width, picture.height);
    assert!(width.max(height) <= 1024 && width.min(height) >= 1 && width * height <= 262_144);
    assert_eq!(picture.rgb.len(), width * height * 3);
    if let Samples::F32(values) = &picture.rgb {
        assert!(values.iter().all(|value| (0.0..=255.0).contains(value)));
    }
});
