//! From the bytes of a file to a picture, whatever the bytes are.

use std::io::Cursor;
use std::panic::{AssertUnwindSafe, catch_unwind};

use image::codecs::jpeg::JpegDecoder;
use image::codecs::png::PngDecoder;
use image::codecs::tiff::TiffDecoder;
use image::{ColorType, ExtendedColorType, ImageDecoder, ImageError, ImageFormat};

use super::{Limits, Picture, PictureError, Samples};

mod header;
#[cfg(test)]
mod samples;
#[cfg(test)]
mod tests;

/// What a PNG may spend on anything but pixels: a line of them, colour profile, texts. Without it a
/// few hundred compressed bytes could unfold to a profile as large as the largest picture.
const PNG_OVERHEAD_BYTES: u64 = 16 << 20;

/// Decodes a PNG, JPEG or TIFF picture.
///
/// The leading bytes tell the format; no file name is looked at. Grey is repeated in all three
/// channels. Alpha is dropped and not multiplied in, since it holds no backscatter. Of a TIFF with
/// several pages the first is read. A turn noted in the metadata is not carried out, because the
/// networks were trained on pixels as they are stored. Bytes behind the picture are not looked at:
/// whatever else a file may pretend to be, only its decoded pixels are ever used.
///
/// # Errors
/// For everything else, see [`PictureError`]. No input makes this function panic.
pub fn decode(bytes: &[u8], limits: &Limits) -> Result<Picture, PictureError> {
    // Nothing of this call is used after a panic but the bytes, which it cannot change.
    let decoded = catch_unwind(AssertUnwindSafe(|| decode_unguarded(bytes, limits)));
    decoded
        .unwrap_or_else(|_| Err(PictureError::damaged("its decoder found a contradiction in it")))
}

fn decode_unguarded(bytes: &[u8], limits: &Limits) -> Result<Picture, PictureError> {
    if bytes.is_empty() {
        return Err(PictureError::Empty);
    }
    match image::guess_format(bytes).ok() {
        Some(ImageFormat::Png) => decode_png(bytes, limits),
        Some(ImageFormat::Jpeg) => decode_jpeg(bytes, limits),
        Some(ImageFormat::Tiff) => decode_tiff(bytes, limits),
        other => Err(PictureError::NotAPicture { found: name_other(bytes, other) }),
    }
}

/// What a file that is not read seems to be.
fn name_other(bytes: &[u8], format: Option<ImageFormat>) -> String {
    let starts_with = |prefix: &[u8]| bytes.trim_ascii_start().starts_with(prefix);
    match format {
        Some(format) => format!("a {format:?} picture"),
        None if starts_with(b"II+\0") || starts_with(b"MM\0+") => "a BigTIFF picture".to_owned(),
        None if starts_with(b"<") || starts_with(b"\xEF\xBB\xBF<") => {
            "text such as HTML or SVG".to_owned()
        }
        None => "nothing that looks like a picture".to_owned(),
    }
}

fn decode_png(bytes: &[u8], limits: &Limits) -> Result<Picture, PictureError> {
    header::check_png(bytes)?;
    let mut overhead = image::Limits::no_limits();
    overhead.max_alloc = Some(PNG_OVERHEAD_BYTES);
    let decoder = PngDecoder::with_limits(Cursor::new(bytes), overhead).map_err(refuse)?;
    if decoder.is_apng().map_err(refuse)? {
        return Err(PictureError::Animated);
    }
    finish(decoder, limits)
}

fn decode_jpeg(bytes: &[u8], limits: &Limits) -> Result<Picture, PictureError> {
    header::check_jpeg(bytes)?;
    finish(JpegDecoder::new(Cursor::new(bytes)).map_err(refuse)?, limits)
}

fn decode_tiff(bytes: &[u8], limits: &Limits) -> Result<Picture, PictureError> {
    header::check_tiff(bytes)?;
    finish(TiffDecoder::new(Cursor::new(bytes)).map_err(refuse)?, limits)
}

/// Decodes the pixels once the header has passed. Metadata (XMP, EXIF, colour profiles) are never
/// asked for: compressed texts in them have no limit in the decoders.
fn finish(mut decoder: impl ImageDecoder, limits: &Limits) -> Result<Picture, PictureError> {
    let color = decoder.color_type();
    check_size(&decoder, limits)?;
    let (width, height) = decoder.dimensions();
    if matches!(decoder.original_color_type(), ExtendedColorType::Cmyk8 | ExtendedColorType::Cmyk16)
    {
        return Err(PictureError::unsupported("a picture in printing colours (CMYK)"));
    }
    decoder.set_limits(decoder_limits(limits)).map_err(refuse)?;
    let mut raw = vec![0; decoder.total_bytes() as usize];
    decoder.read_image(&mut raw).map_err(refuse)?;
    Ok(Picture { width: width as usize, height: height as usize, rgb: to_rgb(raw, color)? })
}

fn check_size(decoder: &impl ImageDecoder, limits: &Limits) -> Result<(), PictureError> {
    let (width, height) = decoder.dimensions();
    let (width, height) = (u64::from(width), u64::from(height));
    if width == 0 || height == 0 {
        return Err(PictureError::ZeroSize { width, height });
    }
    // Neither product nor sum overflows: sides have 32 bits, and total_bytes saturates.
    let n_pixels = width.saturating_mul(height);
    let own_bytes = n_pixels.saturating_mul(own_bytes_per_pixel(decoder.color_type()));
    let decoded_bytes = decoder.total_bytes().saturating_add(own_bytes);
    let is_too_large = width.max(height) > limits.max_side_px.into()
        || n_pixels > limits.max_pixels
        || decoded_bytes > limits.max_decoded_bytes;
    if is_too_large {
        return Err(PictureError::too_large(width, height, decoded_bytes, limits));
    }
    Ok(())
}

/// What [`to_rgb`] adds to the bytes of the file's own form.
fn own_bytes_per_pixel(color: ColorType) -> u64 {
    match color {
        ColorType::Rgb8 => 0,
        ColorType::L8 | ColorType::La8 | ColorType::Rgba8 => 3,
        _ => 12,
    }
}

fn decoder_limits(limits: &Limits) -> image::Limits {
    let mut decoder_limits = image::Limits::no_limits();
    decoder_limits.max_image_width = Some(limits.max_side_px);
    decoder_limits.max_image_height = Some(limits.max_side_px);
    decoder_limits.max_alloc = Some(limits.max_decoded_bytes);
    decoder_limits
}

fn to_rgb(raw: Vec<u8>, color: ColorType) -> Result<Samples, PictureError> {
    let n_channels = usize::from(color.channel_count());
    match color {
        ColorType::Rgb8 => Ok(Samples::U8(raw)),
        ColorType::L8 | ColorType::La8 | ColorType::Rgba8 => {
            Ok(Samples::U8(raw.chunks_exact(n_channels).flat_map(rgb_of).collect()))
        }
        ColorType::L16 | ColorType::La16 | ColorType::Rgb16 | ColorType::Rgba16 => {
            let values = |pixel: &[u8]| rgb_of(pixel.as_chunks::<2>().0).map(from_16_bit);
            Ok(Samples::F32(raw.chunks_exact(2 * n_channels).flat_map(values).collect()))
        }
        _ => Err(PictureError::unsupported("a picture of floating-point values")),
    }
}

/// The first three channels, or the first one three times where there is only grey (and alpha).
fn rgb_of<T: Copy>(pixel: &[T]) -> [T; 3] {
    match pixel {
        [red, green, blue, ..] => [*red, *green, *blue],
        _ => [pixel[0]; 3],
    }
}

fn from_16_bit(value: [u8; 2]) -> f32 {
    f32::from(u16::from_ne_bytes(value)) / 257.0
}

fn refuse(error: ImageError) -> PictureError {
    match error {
        ImageError::Unsupported(cause) => {
            PictureError::unsupported(format!("a picture of this kind ({cause})"))
        }
        // The pixels were counted before, so something else in the file is out of proportion.
        ImageError::Limits(_) => {
            PictureError::damaged("it asks for more memory than its pixels need")
        }
        other => PictureError::damaged(other),
    }
}
