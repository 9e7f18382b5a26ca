//! From a picture of any size to the square of numbers that the network takes.

use super::resample::resample;
use super::{Fit, Picture, Resampling};

#[cfg(test)]
mod tests;

/// 1/255 as the reference multiplies by it: rounded once to single precision.
const RESCALE: f32 = (1.0_f64 / 255.0) as f32;

/// A part of a picture in pixels, from its upper left corner.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Rectangle {
    pub left: usize,
    pub top: usize,
    pub width: usize,
    pub height: usize,
}

impl Rectangle {
    /// The centre crop of a square: offset (side − crop) / 2, rounded down.
    ///
    /// # Panics
    /// For a crop larger than the square.
    pub fn centre(side_px: usize, crop_px: usize) -> Self {
        assert!(crop_px <= side_px, "a crop of {crop_px} px in a square of {side_px} px");
        let offset = (side_px - crop_px) / 2;
        Self { left: offset, top: offset, width: crop_px, height: crop_px }
    }
}

/// A scene at the size of a network's input.
#[derive(Clone, Debug, PartialEq)]
pub struct Prepared {
    pub side_px: usize,
    /// `[side, side, 3]`, 0 to 255.
    pub rgb: Vec<f32>,
    /// What of the square the picture covers, in pixels of the square.
    pub content: Rectangle,
}

/// Brings a picture to `side_px × side_px` pixels.
///
/// # Panics
/// For a picture without pixels, which [`decode`](super::decode()) never makes.
pub fn resize(picture: &Picture, side_px: usize, resampling: Resampling, fit: Fit) -> Prepared {
    let content = content(picture, side_px, fit);
    let mut rgb = vec![0.0; side_px * side_px * 3];
    let first = content.top * side_px + content.left;
    resample(picture, resampling, [content.width, content.height], &mut rgb, [first, side_px]);
    Prepared { side_px, rgb, content }
}

fn content(picture: &Picture, side_px: usize, fit: Fit) -> Rectangle {
    let longer = picture.width.max(picture.height);
    let scaled = |length: usize| match fit {
        Fit::Stretch => side_px,
        // Rounded to the nearest pixel, and never to none.
        Fit::Letterbox => ((2 * length * side_px + longer) / (2 * longer)).clamp(1, side_px.max(1)),
    };
    let (width, height) = (scaled(picture.width), scaled(picture.height));
    let margin = |length| (side_px - length) / 2;
    Rectangle { left: margin(width), top: margin(height), width, height }
}

impl Prepared {
    /// The centre crop as the network takes it: `[3, crop, crop]`, 0 to 1.
    ///
    /// # Panics
    /// For a crop larger than the square.
    pub fn crop(&self, crop_px: usize) -> Vec<f32> {
        let Rectangle { left, top, .. } = Rectangle::centre(self.side_px, crop_px);
        let row = |row: usize, channel: usize| {
            let start = 3 * ((top + row) * self.side_px + left);
            let pixels = self.rgb[start..start + 3 * crop_px].as_chunks::<3>().0;
            pixels.iter().map(move |pixel| pixel[channel] * RESCALE)
        };
        let plane = |channel| (0..crop_px).flat_map(move |y| row(y, channel));
        (0..3).flat_map(plane).collect()
    }

    /// `[side, side, 3]` bytes for display, rounded.
    pub fn to_rgb8(&self) -> Vec<u8> {
        self.rgb.iter().map(|value| value.round() as u8).collect()
    }
}
