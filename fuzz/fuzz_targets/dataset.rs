//! Any file becomes a data set of windows of frames, or an error.

#![no_main]

use libfuzzer_sys::fuzz_target;
use stormlens_data::dataset::{Frames, Windows};

#[path = "../src/file.rs"]
mod file;

fuzz_target!(|bytes: &[u8]| {
    let path = file::write(bytes);
    if let Ok(windows) = Windows::open_with_input_length(&path, 2) {
        for group in windows.groups() {
            // The first and the last one, for there may be billions.
            let last = windows.len(group).saturating_sub(1);
            for index in [0, last] {
                let _ = windows.read(group, index, &[5]);
            }
        }
    }
    if let Ok(frames) = Frames::open(&path) {
        for group in frames.groups() {
            let _ = (frames.times(group), frames.size(group), frames.read(group, 0));
        }
    }
});
