//! Pictures of pixels, as PNG files.

use std::borrow::Cow;

use png::{BitDepth, ColorType, Compression, Encoder};
use stormlens_data::field::Field;

use super::PlotError;
use super::overlay::reference_overlay;
use super::scale::{Rgba, Scale};

/// A picture over the whole domain, painted when it is drawn.
pub enum Picture<'a> {
    /// A field in the colours of a scale.
    Scaled(Cow<'a, Field>, Scale),
    /// The reference overlay of an attribution on the oldest input frame.
    Reference { cam: &'a Field, oldest_mm_h: &'a Field },
}

impl<'a> Picture<'a> {
    pub fn of(field: &'a Field, scale: &Scale) -> Self {
        Self::Scaled(Cow::Borrowed(field), scale.clone())
    }

    /// The picture as a PNG of its own size.
    pub fn paint(&self) -> Result<Vec<u8>, PlotError> {
        match self {
            Self::Scaled(field, scale) => scale.paint(field),
            Self::Reference { cam, oldest_mm_h } => {
                rgb(cam.height, cam.width, &reference_overlay(cam, oldest_mm_h))
            }
        }
    }
}

/// A PNG of palette indices, with an opacity for every colour.
pub fn indexed(
    height: usize,
    width: usize,
    indices: &[u8],
    table: &[Rgba],
) -> Result<Vec<u8>, PlotError> {
    let colours: Vec<u8> = table.iter().flat_map(|c| [c[0], c[1], c[2]]).collect();
    let opacities: Vec<u8> = table.iter().map(|c| c[3]).collect();
    write(height, width, indices, |encoder| {
        encoder.set_color(ColorType::Indexed);
        encoder.set_palette(colours);
        encoder.set_trns(opacities);
    })
}

/// A PNG of red, green, blue triplets.
pub fn rgb(height: usize, width: usize, bytes: &[u8]) -> Result<Vec<u8>, PlotError> {
    write(height, width, bytes, |encoder| encoder.set_color(ColorType::Rgb))
}

/// A PNG of one byte of grey a pixel.
pub fn grey(height: usize, width: usize, bytes: &[u8]) -> Result<Vec<u8>, PlotError> {
    write(height, width, bytes, |encoder| encoder.set_color(ColorType::Grayscale))
}

fn write(
    height: usize,
    width: usize,
    bytes: &[u8],
    set_up: impl FnOnce(&mut Encoder<&mut Vec<u8>>),
) -> Result<Vec<u8>, PlotError> {
    let error = |reason: String| PlotError::Picture { height, width, reason };
    let size = |n: usize| u32::try_from(n).map_err(|_| error("it is too large".into()));
    let mut file = Vec::new();
    let mut encoder = Encoder::new(&mut file, size(width)?, size(height)?);
    encoder.set_depth(BitDepth::Eight);
    encoder.set_compression(Compression::Balanced);
    set_up(&mut encoder);
    let mut writer = encoder.write_header().map_err(|e| error(e.to_string()))?;
    writer.write_image_data(bytes).map_err(|e| error(e.to_string()))?;
    writer.finish().map_err(|e| error(e.to_string()))?;
    Ok(file)
}
