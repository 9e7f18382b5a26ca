//! A decoded picture, how large one may be, and why one is refused.

use super::coding::{Bands, Values};
use super::place::Place;

/// What a file became.
#[derive(Clone, Debug, PartialEq)]
pub struct Decoded {
    pub picture: Picture,
    /// How its numbers became colours, in words; empty where they are those of a picture of 8 bits.
    pub coding: String,
    /// Where it lies on the Earth, if the file says so.
    pub place: Option<Place>,
}

/// A picture of three channels.
#[derive(Clone, Debug, PartialEq)]
pub struct Picture {
    pub width: usize,
    pub height: usize,
    /// `height × width × 3` values: rows from the top, pixels from the left, red, green, blue.
    pub rgb: Samples,
}

/// The values of a picture, 0 to 255.
#[derive(Clone, Debug, PartialEq)]
pub enum Samples {
    /// From files with 8 bits a channel or fewer.
    U8(Vec<u8>),
    /// From files with 16 bits a channel: the value divided by 257, so that 65535 is 255 and
    /// nothing is rounded away.
    F32(Vec<f32>),
}

impl Samples {
    /// How many values there are, three a pixel.
    pub fn len(&self) -> usize {
        match self {
            Self::U8(values) => values.len(),
            Self::F32(values) => values.len(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The value at an index, 0 to 255.
    ///
    /// # Panics
    /// For an index beyond the last value.
    pub fn at(&self, index: usize) -> f32 {
        match self {
            Self::U8(values) => f32::from(values[index]),
            Self::F32(values) => values[index],
        }
    }
}

impl Picture {
    /// The value of a channel (0 red, 1 green, 2 blue) of a pixel, 0 to 255.
    ///
    /// # Panics
    /// For a place outside the picture.
    pub fn value(&self, x: usize, y: usize, channel: usize) -> f32 {
        assert!(x < self.width && channel < 3, "({x}, {y}, {channel}) is outside the picture");
        self.rgb.at((y * self.width + x) * 3 + channel)
    }

    /// Red, green and blue of every pixel, 0 to 255, row by row.
    pub fn pixels(&self) -> impl Iterator<Item = [f32; 3]> + '_ {
        let at = |i| self.rgb.at(i);
        (0..self.width * self.height).map(move |i| [at(3 * i), at(3 * i + 1), at(3 * i + 2)])
    }
}

/// How large a picture may be. The header alone decides, before a pixel is decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Longest side.
    pub max_side_px: u32,
    pub max_pixels: u64,
    /// Most bytes of the decoded pixels, in the form that the file has them plus, where that is
    /// another one, in the form of [`Samples`]. A decoder may hold as much again while it works.
    pub max_decoded_bytes: u64,
}

impl Default for Limits {
    /// The whole quicklook of any Sentinel-1 product, and not much more.
    fn default() -> Self {
        Self { max_side_px: 16_384, max_pixels: 36_000_000, max_decoded_bytes: 300 << 20 }
    }
}

/// Why bytes are no picture that a scene can be made of.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PictureError {
    #[error("the file is empty: choose a PNG, JPEG or TIFF picture")]
    Empty,
    #[error("the file holds {found}: choose a PNG, JPEG or TIFF picture")]
    NotAPicture { found: String },
    #[error(
        "the picture has {width} × {height} pixels and would take {decoded_bytes} bytes, but at \
         most {max_side_px} pixels a side, {max_pixels} pixels in all and {max_decoded_bytes} bytes \
         are read: cut it or make it smaller"
    )]
    TooLarge {
        width: u64,
        height: u64,
        decoded_bytes: u64,
        max_side_px: u32,
        max_pixels: u64,
        max_decoded_bytes: u64,
    },
    #[error("the picture has {width} × {height} pixels, which is none at all: choose another")]
    ZeroSize { width: u64, height: u64 },
    #[error("the PNG is an animation: save the one picture that is meant by itself")]
    Animated,
    #[error("the TIFF holds {n} pictures: save the one that is meant by itself")]
    SeveralPictures { n: usize },
    #[error("{what} cannot be read: {remedy}")]
    Unsupported { what: String, remedy: String },
    /// What the numbers of a file mean has to be chosen.
    #[error("{reason}: choose {choices}")]
    Undecided { reason: String, choices: String },
    /// The numbers of a file are not what they are said to be.
    #[error("{reason}")]
    Implausible { reason: String },
    #[error(
        "the program failed at this {format}, which is a fault of the program and not of the file: save the \
         picture in another format, and report it with the file"
    )]
    Fault { format: &'static str },
    #[error("the picture is damaged, so save or fetch it again: {reason}")]
    Damaged { reason: String },
}

impl Limits {
    /// Whether a picture of that size, which takes so many bytes, is within the limits.
    pub(super) fn check(
        &self,
        width: u64,
        height: u64,
        decoded_bytes: u64,
    ) -> Result<(), PictureError> {
        let is_too_large = width.max(height) > self.max_side_px.into()
            || width.saturating_mul(height) > self.max_pixels
            || decoded_bytes > self.max_decoded_bytes;
        match is_too_large {
            true => Err(PictureError::too_large(width, height, decoded_bytes, self)),
            false => Ok(()),
        }
    }
}

/// Share of white that some of a picture of 16 bits reaches at least; counts of a radar do not.
const MIN_BRIGHTNESS: f32 = 255.0 / 16.0;
/// So many in a thousand pixels have to reach it.
const MIN_BRIGHT_PIXELS: usize = 10;

/// Whether values of 16 bits are the colours of a picture. Digital numbers of a radar come in the same form, but
/// hardly one of them reaches a sixteenth of white; 8 bits that were widened are multiples of 257.
///
/// # Errors
/// For a picture that is black to the eye.
pub(super) fn check_brightness(samples: &Samples) -> Result<(), PictureError> {
    let Samples::F32(values) = samples else { return Ok(()) };
    let with_data = || values.iter().filter(|value| **value > 0.0);
    let n_bright = with_data().filter(|value| **value > MIN_BRIGHTNESS).count();
    let is_bright = n_bright * 1000 >= with_data().count() * MIN_BRIGHT_PIXELS;
    match is_bright || values.iter().all(|value| value.fract() == 0.0) {
        true => Ok(()),
        false => Err(PictureError::undecided(
            "the file holds numbers of 16 bits, and hardly one of them reaches a sixteenth of white, as with digital \
             numbers (counts) of a radar; it does not say what they mean"
                .to_owned(),
        )),
    }
}

impl PictureError {
    pub(super) fn too_large(width: u64, height: u64, decoded_bytes: u64, limits: &Limits) -> Self {
        let Limits { max_side_px, max_pixels, max_decoded_bytes } = *limits;
        Self::TooLarge { width, height, decoded_bytes, max_side_px, max_pixels, max_decoded_bytes }
    }

    pub(super) fn damaged(reason: impl ToString) -> Self {
        Self::Damaged { reason: reason.to_string() }
    }

    pub(super) fn undecided(reason: String) -> Self {
        // What a file has to say itself is no choice.
        Self::Undecided { reason, choices: choices("values", &Values::ALL[1..]) }
    }

    pub(super) fn undecided_bands(reason: String) -> Self {
        Self::Undecided { reason, choices: choices("bands", &Bands::ALL[1..]) }
    }

    pub(super) fn unsupported(what: impl Into<String>) -> Self {
        let remedy = "save the picture as RGB or grey with 8 or 16 bits a channel".to_owned();
        Self::Unsupported { what: what.into(), remedy }
    }
}

/// `values, as one of values=picture, values=decibels`
fn choices(name: &str, choices: &[impl ToString]) -> String {
    let pairs: Vec<String> = choices.iter().map(|c| format!("{name}={}", c.to_string())).collect();
    format!("{name}, as one of {}", pairs.join(", "))
}
