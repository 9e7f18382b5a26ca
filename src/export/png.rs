//! PNG files at a resolution.

use ::png::{BitDepth, ColorType, Compression, Encoder, PixelDimensions, Unit};
use resvg::tiny_skia::{Pixmap, Transform};

use super::recipe::KEYWORD;
use super::{ExportError, Recipe, tree};

const MM_PER_INCH: f64 = 25.4;
/// What a page of 400 mm at 1200 dots per inch stays below.
const MAX_PIXELS: u64 = 400_000_000;

/// A drawn figure as pixels, `dpi` to the inch, its resolution and recipe in the file.
///
/// # Errors
/// If the resolution is out of range, or the picture would be too large.
pub fn png(svg: &str, dpi: u32, recipe: &Recipe) -> Result<Vec<u8>, ExportError> {
    if !(36..=1200).contains(&dpi) {
        return Err(ExportError::Resolution { dpi });
    }
    let tree = tree(svg)?;
    let scale = dpi as f32 / 96.0;
    let [width, height] =
        [tree.size().width(), tree.size().height()].map(|v| (v * scale).round().max(1.0) as u32);
    let too_large =
        ExportError::TooLarge { width_px: u64::from(width), height_px: u64::from(height) };
    if u64::from(width) * u64::from(height) > MAX_PIXELS {
        return Err(too_large);
    }
    let mut pixmap = Pixmap::new(width, height).ok_or(too_large)?;
    // Sides are rounded to whole pixels; the drawing follows, so that it covers the last ones too.
    let (across, down) = (width as f32 / tree.size().width(), height as f32 / tree.size().height());
    resvg::render(&tree, Transform::from_scale(across, down), &mut pixmap.as_mut());
    // The background is opaque, so that premultiplied colours are plain ones.
    let rgb: Vec<u8> = pixmap.data().chunks_exact(4).flat_map(|p| [p[0], p[1], p[2]]).collect();
    encode(width, height, &rgb, dpi, recipe).map_err(|e| ExportError::Png(e.to_string()))
}

fn encode(
    width: u32,
    height: u32,
    rgb: &[u8],
    dpi: u32,
    recipe: &Recipe,
) -> Result<Vec<u8>, ::png::EncodingError> {
    let mut file = Vec::new();
    let mut encoder = Encoder::new(&mut file, width, height);
    encoder.set_color(ColorType::Rgb);
    encoder.set_depth(BitDepth::Eight);
    encoder.set_compression(Compression::Balanced);
    let per_metre = (f64::from(dpi) / MM_PER_INCH * 1000.0).round() as u32;
    encoder.set_pixel_dims(Some(PixelDimensions {
        xppu: per_metre,
        yppu: per_metre,
        unit: Unit::Meter,
    }));
    encoder.add_text_chunk("Software".into(), recipe.provenance.program.clone())?;
    encoder.add_itxt_chunk("Description".into(), recipe.description.clone())?;
    encoder.add_itxt_chunk(KEYWORD.into(), recipe.to_json())?;
    let mut writer = encoder.write_header()?;
    writer.write_image_data(rgb)?;
    writer.finish()?;
    Ok(file)
}
