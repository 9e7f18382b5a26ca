//! Any bytes become a radar image of the product's size, or an error.

#![no_main]

use libfuzzer_sys::fuzz_target;
use stormlens_data::import::knmi;

fuzz_target!(|bytes: &[u8]| {
    let Ok(image) = knmi::decode("frame.h5", bytes.to_vec()) else { return };
    assert_eq!((image.height, image.width, image.pixel_values.len()), (765, 700, 765 * 700));
    let is_possible =
        |value: &u16| *value == u16::MAX || f64::from(*value) / 100.0 <= knmi::MAX_MM_5MIN;
    assert!(image.pixel_values.iter().all(is_possible));
    assert!(image.end > image.start);
    if let Ok(crop) = image.crop() {
        assert_eq!(crop.len(), knmi::CROP_SIZE * knmi::CROP_SIZE);
    }
});
