//! Whatever was decoded can be brought to a network's size, judged and moved about.
//!
//! The last three bytes choose size, resampling and fit. They are part of the picture all the same,
//! so that the corpus of pictures serves here too.

#![no_main]

use std::sync::Once;

use libfuzzer_sys::fuzz_target;
use stormlens_data::scene::augment::Draw;
use stormlens_data::scene::{
    Fit, Limits, Reference, Resampling, Statistics, decode, outside_training_range, resize,
};

const LIMITS: Limits = Limits { max_side_px: 256, max_pixels: 16_384, max_decoded_bytes: 1 << 20 };

static CAUGHT_PANICS_ARE_FINE: Once = Once::new();

fuzz_target!(|bytes: &[u8]| {
    CAUGHT_PANICS_ARE_FINE.call_once(|| std::panic::set_hook(Box::new(|_| {})));
    let Some(&[size, resampling, fit]) = bytes.last_chunk() else { return };
    let Ok(picture) = decode(bytes, &LIMITS) else { return };
    let side_px = 1 + usize::from(size) % 96;
    let resampling = Resampling::ALL[usize::from(resampling) % Resampling::ALL.len()];
    let fit = Fit::ALL[usize::from(fit) % Fit::ALL.len()];

    let prepared = resize(&picture, side_px, resampling, fit);
    let is_value = |value: &f32| (0.0..=255.0).contains(value);
    assert!(prepared.rgb.iter().all(is_value));
    let content = prepared.content;
    assert!(content.width >= 1 && content.left + content.width <= side_px);
    assert!(content.height >= 1 && content.top + content.height <= side_px);
    assert!(prepared.crop(side_px / 2).iter().all(|value| (0.0..=1.0).contains(value)));

    let statistics = Statistics::of(&picture);
    assert!(statistics.mean.iter().chain(&statistics.std).all(|value| value.is_finite()));
    outside_training_range(&statistics, &Reference::published());

    let share = f32::from(size) / 256.0;
    let draw = Draw {
        shift_right: share - 0.5,
        shift_down: 0.5 - share,
        flip_left_right: size & 1 != 0,
        flip_up_down: size & 2 != 0,
        rotation_turns: share,
        zoom: 0.15 - 0.3 * share,
    };
    let moved = draw.apply(&prepared.rgb, side_px, side_px);
    // Weights of four pixels add up to one but for rounding.
    assert!(moved.iter().all(|value| (-1e-3..=255.01).contains(value)));
});
