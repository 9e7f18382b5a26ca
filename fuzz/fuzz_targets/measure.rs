//! Whatever is said of the numbers of a file, they become colours, or a refusal.
//!
//! The last two bytes choose what is said. They are part of the file all the same, so that the corpora of pictures serve
//! here too.

#![no_main]

use std::sync::Once;

use libfuzzer_sys::fuzz_target;
use stormlens_data::scene::{
    Bands, Coding, Limits, PictureError, Samples, Values, decode_as, size,
};

const LIMITS: Limits = Limits { max_side_px: 512, max_pixels: 65_536, max_decoded_bytes: 2 << 20 };

static CAUGHT_PANICS_ARE_FINE: Once = Once::new();

fuzz_target!(|bytes: &[u8]| {
    CAUGHT_PANICS_ARE_FINE.call_once(|| std::panic::set_hook(Box::new(|_| {})));
    let Some(&[values, bands]) = bytes.last_chunk() else { return };
    let coding = Coding {
        values: Values::ALL[usize::from(values) % Values::ALL.len()],
        bands: Bands::ALL[usize::from(bands) % Bands::ALL.len()],
    };
    let decoded = match decode_as(bytes, &LIMITS, coding) {
        Err(PictureError::Fault { format: "TIFF" }) => panic!("the decoder of TIFF panicked"),
        Err(_) => return,
        Ok(decoded) => decoded,
    };
    let picture = decoded.picture;
    assert_eq!(picture.rgb.len(), picture.width * picture.height * 3);
    assert_eq!(size(bytes, &LIMITS), Ok([picture.width, picture.height]));
    if let Samples::F32(values) = &picture.rgb {
        assert!(values.iter().all(|value| (0.0..=255.0).contains(value)));
    }
    if let Some(place) = decoded.place {
        place.in_words([picture.width, picture.height]);
    }
});
