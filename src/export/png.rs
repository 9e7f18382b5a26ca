//! PNG files at a resolution.

use std::io::{self, Write};
use std::ops::{Range, RangeInclusive};

use ::png::{BitDepth, ColorType, Compression, Encoder, PixelDimensions, Unit};
use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::Tree;

use super::recipe::KEYWORD;
use super::{ExportError, Stamp, tree};

const MM_PER_INCH: f64 = 25.4;
/// Of CSS, in which figures are laid out.
const PX_PER_INCH: f64 = 96.0;
/// Dots to the inch that a picture can have.
pub const RESOLUTIONS_DPI: RangeInclusive<u32> = 36..=1200;
/// A page of 170 × 240 mm at 1000 dots per inch has less.
pub(super) const MAX_PIXELS: u64 = 40_000_000;
/// Pixels that are drawn at once, in four bytes each: a large picture takes no more memory than a small one,
/// however many are drawn at the same time.
const STRIP_PIXELS: u32 = 8 << 20;

/// A drawn figure as pixels, `dpi` to the inch, its resolution and recipe in the file.
///
/// # Errors
/// If the resolution is out of range, or the picture would be too large.
pub fn png(svg: &str, dpi: u32, recipe: &dyn Stamp) -> Result<Vec<u8>, ExportError> {
    if !RESOLUTIONS_DPI.contains(&dpi) {
        return Err(ExportError::Resolution { dpi });
    }
    let tree = tree(svg)?;
    check_size(&tree, dpi)?;
    let [width, height] = size_px(&tree, dpi);
    let strip_px = (STRIP_PIXELS / width).clamp(1, height);
    encode([width, height], dpi, recipe, |file| {
        for top in (0..height).step_by(strip_px as usize) {
            file.write_all(&rows(&tree, [width, height], top..height.min(top + strip_px)))?;
        }
        Ok(())
    })
    .map_err(|error| ExportError::Png(error.to_string()))
}

/// Width and height of a figure, rounded to whole pixels.
fn size_px(tree: &Tree, dpi: u32) -> [u32; 2] {
    let scale = dpi as f32 / PX_PER_INCH as f32;
    [tree.size().width(), tree.size().height()].map(|v| (v * scale).round().max(1.0) as u32)
}

fn check_size(tree: &Tree, dpi: u32) -> Result<(), ExportError> {
    let n_pixels = |dpi: u32| size_px(tree, dpi).into_iter().map(u64::from).product::<u64>();
    if n_pixels(dpi) <= MAX_PIXELS {
        return Ok(());
    }
    Err(ExportError::TooLarge {
        dpi,
        width_mm: f64::from(tree.size().width()) / PX_PER_INCH * MM_PER_INCH,
        n_megapixels: n_pixels(dpi).div_ceil(1_000_000),
        max_dpi: (1..dpi).rev().find(|dpi| n_pixels(*dpi) <= MAX_PIXELS).unwrap_or(1),
    })
}

/// Red, green and blue of some rows of the picture, one after the other.
fn rows(tree: &Tree, [width, height]: [u32; 2], rows: Range<u32>) -> Vec<u8> {
    // Sides are whole pixels; the drawing follows, so that it covers the last ones too.
    let (across, down) = (width as f32 / tree.size().width(), height as f32 / tree.size().height());
    let place = Transform::from_scale(across, down).post_translate(0.0, -(rows.start as f32));
    let mut strip = Pixmap::new(width, rows.end - rows.start).expect("neither side is zero");
    resvg::render(tree, place, &mut strip.as_mut());
    // The background is opaque, so that premultiplied colours are plain ones.
    strip.data().chunks_exact(4).flat_map(|p| [p[0], p[1], p[2]]).collect()
}

fn encode(
    [width, height]: [u32; 2],
    dpi: u32,
    recipe: &dyn Stamp,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
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
    encoder.add_text_chunk("Software".into(), recipe.program().to_owned())?;
    encoder.add_itxt_chunk("Description".into(), recipe.description().to_owned())?;
    encoder.add_itxt_chunk(KEYWORD.into(), recipe.to_json())?;
    let mut writer = encoder.write_header()?;
    let mut pixels = writer.stream_writer()?;
    write(&mut pixels)?;
    pixels.finish()?;
    writer.finish()?;
    Ok(file)
}
