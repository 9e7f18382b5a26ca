//! Any bytes become a radar file of possible amounts, or an error: RADOLAN, MeteoSwiss, FMI, ODIM_H5 and series of frames.

#![no_main]

use libfuzzer_sys::fuzz_target;
use stormlens_data::import::{knmi, radar};

fuzz_target!(|bytes: &[u8]| {
    let file = match radar::decode("frame", bytes.to_vec()) {
        Ok(file) => file,
        Err(error) => return assert!(error.to_string().len() < 4096),
    };
    assert!(!file.ends.is_empty() && file.step_min >= 5);
    for place in 0..file.n_frames().min(4) {
        let Ok(frame) = file.frame(place) else { continue };
        assert_eq!((frame.height, frame.width), (file.grid.height, file.grid.width));
        let is_possible = |mm: f64| mm.is_nan() || (0.0..=knmi::MAX_MM_5MIN).contains(&mm);
        assert!(frame.mm_5min().all(is_possible));
    }
});
