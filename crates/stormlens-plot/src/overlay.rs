//! The additive overlay of the SAR-UNet authors' program, for comparison with published figures.

use stormlens_data::field::Field;
use stormlens_data::import::knmi::NORMALISATION_MM_5MIN;

use super::palette::jet;

const STEPS_PER_HOUR: f64 = 12.0;

/// Red, green, blue triplets of a Grad-CAM map over the **oldest** input frame, as the authors'
/// version of pytorch-grad-cam draws them.
///
/// The heat of a pixel is jet at `255 · cam`, truncated; the frame is added in the network's
/// normalised units, grey and very dark; the sum is divided by its largest value and truncated to
/// bytes. Missing rain counts as none.
pub fn reference_overlay(cam: &Field, oldest_mm_h: &Field) -> Vec<u8> {
    overlay_on(cam, oldest_mm_h, mm_h_normalised)
}

/// Rain in the networks' own unit.
pub fn mm_h_normalised(rain_mm_h: f32) -> f64 {
    f64::from(rain_mm_h) / STEPS_PER_HOUR / NORMALISATION_MM_5MIN
}

/// The same on a frame of any quantity, which `normalised` brings to the networks' own unit.
pub fn overlay_on(cam: &Field, oldest: &Field, normalised: impl Fn(f32) -> f64) -> Vec<u8> {
    let sum = |(&cam, &value): (&f32, &f32)| {
        let frame = if value.is_finite() { normalised(value) as f32 } else { 0.0 };
        jet((255.0 * cam) as u8).map(|c| f32::from(c) / 255.0 + frame)
    };
    let sums: Vec<f32> = cam.values.iter().zip(&oldest.values).flat_map(sum).collect();
    let largest = sums.iter().copied().fold(f32::MIN_POSITIVE, f32::max);
    sums.into_iter().map(|v| (255.0 * (v / largest)) as u8).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    /// A window of a golden overlay that holds its brightest pixel.
    #[derive(Deserialize)]
    struct Golden {
        height: usize,
        width: usize,
        cam: Vec<f32>,
        oldest_normalised: Vec<f64>,
        overlay: Vec<u8>,
    }

    #[test]
    fn the_overlay_is_that_of_the_authors_program() {
        let text = include_str!("../tests/fixtures/overlay.json");
        let golden: Vec<Golden> = serde_json::from_str(text).expect("the fixture is JSON");
        for Golden { height, width, cam, oldest_normalised, overlay } in golden {
            let rain = oldest_normalised
                .iter()
                .map(|v| (v * NORMALISATION_MM_5MIN * STEPS_PER_HOUR) as f32)
                .collect();
            let drawn = reference_overlay(
                &Field::new(height, width, cam),
                &Field::new(height, width, rain),
            );
            // A step of jet is 4, and which step a pixel has may hang on the last bit of its value.
            let close = drawn.iter().zip(&overlay).filter(|(a, b)| a.abs_diff(**b) <= 4).count();
            assert_eq!(drawn.len(), overlay.len());
            assert!(close * 100 >= overlay.len() * 99, "{close} of {}", overlay.len());
        }
    }

    #[test]
    fn nothing_is_dark_blue() {
        let zero = Field::new(2, 2, vec![0.0; 4]);
        let drawn = reference_overlay(&zero, &zero);
        assert_eq!(drawn[..3], [0, 0, 255], "the brightest value becomes white of its channel");
    }
}
