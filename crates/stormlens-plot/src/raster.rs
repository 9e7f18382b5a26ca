//! Pictures of pixels, as PNG files.

use png::{BitDepth, ColorType, Compression, Encoder};

use super::PlotError;
use super::scale::Rgba;

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
