//! Any file is read as an array, or refused.

#![no_main]

use libfuzzer_sys::fuzz_target;
use stormlens_data::files::npy::{npy_f32, npy_shape, read_npy_f32, read_npy_texts, read_npy_u8};

#[path = "../src/file.rs"]
mod file;

fuzz_target!(|bytes: &[u8]| {
    let path = file::write(bytes);
    if let Ok((shape, values)) = read_npy_u8(&path) {
        assert_eq!(shape.iter().product::<usize>(), values.len());
    }
    if let Ok(texts) = read_npy_texts(&path) {
        assert!(texts.len() <= bytes.len());
    }
    let Ok((shape, values)) = read_npy_f32(&path) else { return };
    assert_eq!(npy_shape(&path).expect("the array was read"), shape);
    assert_eq!(shape.iter().product::<usize>(), values.len());
    // What was read can be written, and is read the same.
    std::fs::write(&path, npy_f32(&shape, &values).expect("they fit")).expect("it can be written");
    let (shape_again, again) = read_npy_f32(&path).expect("we wrote it");
    let bits = |values: &[f32]| values.iter().map(|value| value.to_bits()).collect::<Vec<_>>();
    assert_eq!((shape_again, bits(&again)), (shape, bits(&values)));
});
