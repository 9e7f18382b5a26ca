//! From the bytes of a file to a picture, whatever the bytes are.

use std::io::Cursor;
use std::panic::{AssertUnwindSafe, catch_unwind};

use image::codecs::jpeg::JpegDecoder;
use image::codecs::png::PngDecoder;
use image::metadata::Orientation;
use image::{ColorType, ExtendedColorType, ImageDecoder, ImageError, ImageFormat};

use super::coding::{Coding, Values};
use super::{Decoded, Limits, Picture, PictureError, Samples, picture, tiff};

mod header;
mod jpeg;
#[cfg(test)]
pub(super) mod samples;
#[cfg(test)]
mod tests;

/// What a PNG may spend on anything but pixels: a line of them, colour profile, texts. Without it a
/// few hundred compressed bytes could unfold to a profile as large as the largest picture.
const PNG_OVERHEAD_BYTES: u64 = 16 << 20;

/// Decodes a PNG, JPEG or TIFF picture, see [`decode_as`].
///
/// # Errors
/// For everything else, see [`PictureError`]. No input makes this function panic.
pub fn decode(bytes: &[u8], limits: &Limits) -> Result<Picture, PictureError> {
    decode_as(bytes, limits, Coding::default()).map(|decoded| decoded.picture)
}

/// Decodes a PNG, JPEG or TIFF picture, or the measurements in a TIFF as what somebody says that they are.
///
/// The leading bytes tell the format; no file name is looked at. Grey is repeated in all three
/// channels. Alpha of a PNG is dropped and not multiplied in, since it holds no backscatter; what a TIFF masks, by
/// alpha, a mask or a missing value, is black, and so is the colour that a PNG calls transparent. Of a TIFF with
/// smaller copies the largest picture is read. A turn noted in the metadata is not carried out, because the
/// networks were trained on pixels as they are stored. Bytes behind the picture are not looked at:
/// whatever else a file may pretend to be, only its decoded pixels are ever used.
///
/// # Errors
/// For everything else, see [`PictureError`]. No input makes this function panic.
pub fn decode_as(bytes: &[u8], limits: &Limits, coding: Coding) -> Result<Decoded, PictureError> {
    guarded(bytes, || match Format::of(bytes)? {
        Format::Tiff => tiff::decode(bytes, limits, coding),
        _ if !matches!(coding.values, Values::Stated | Values::Picture) => {
            Err(PictureError::unsupported("a PNG or JPEG of anything but colours"))
        }
        format => {
            let picture = match format {
                Format::Png => decode_png(bytes, limits),
                _ => decode_jpeg(bytes, limits),
            }?;
            if coding.values == Values::Stated {
                picture::check_brightness(&picture.rgb)?;
            }
            let coding = match (&picture.rgb, format) {
                (Samples::F32(_), _) => "colours of 16 bits: 65535 is white".to_owned(),
                (Samples::U8(_), Format::Jpeg) => turn(bytes)?,
                (Samples::U8(_), _) => String::new(),
            };
            Ok(Decoded { picture, coding, place: None })
        }
    })
}

/// Width and height of a picture as its header has them.
///
/// # Errors
/// For what is no picture, and for a header that cannot be read.
pub fn size(bytes: &[u8], limits: &Limits) -> Result<[usize; 2], PictureError> {
    let of = |decoder: &dyn ImageDecoder| {
        let (width, height) = decoder.dimensions();
        [width as usize, height as usize]
    };
    guarded(bytes, || match Format::of(bytes)? {
        Format::Tiff => tiff::size(bytes, limits),
        Format::Png => Ok(of(&open_png(bytes)?)),
        Format::Jpeg => Ok(of(&open_jpeg(bytes)?)),
    })
}

/// Runs a decoder. Nothing of the call is used after a panic but the bytes, which it cannot change.
fn guarded<T>(
    bytes: &[u8],
    decode: impl FnOnce() -> Result<T, PictureError>,
) -> Result<T, PictureError> {
    let fault = |_| {
        let format = Format::of(bytes).map_or("file", Format::name);
        Err(PictureError::Fault { format })
    };
    catch_unwind(AssertUnwindSafe(decode)).unwrap_or_else(fault)
}

/// What is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    Png,
    Jpeg,
    Tiff,
}

impl Format {
    fn of(bytes: &[u8]) -> Result<Self, PictureError> {
        if bytes.is_empty() {
            return Err(PictureError::Empty);
        }
        match image::guess_format(bytes).ok() {
            Some(ImageFormat::Png) => Ok(Self::Png),
            Some(ImageFormat::Jpeg) => Ok(Self::Jpeg),
            Some(ImageFormat::Tiff) => Ok(Self::Tiff),
            None if bytes.starts_with(b"II+\0") || bytes.starts_with(b"MM\0+") => Ok(Self::Tiff),
            other => Err(PictureError::NotAPicture { found: name_other(bytes, other) }),
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Png => "PNG",
            Self::Jpeg => "JPEG",
            Self::Tiff => "TIFF",
        }
    }
}

/// What a file that is not read seems to be.
fn name_other(bytes: &[u8], format: Option<ImageFormat>) -> String {
    let starts_with = |prefix: &[u8]| bytes.trim_ascii_start().starts_with(prefix);
    match format {
        Some(format) => format!("a {format:?} picture"),
        None if starts_with(b"<") || starts_with(b"\xEF\xBB\xBF<") => {
            "text such as HTML or SVG".to_owned()
        }
        None => "nothing that looks like a picture".to_owned(),
    }
}

fn open_png(bytes: &[u8]) -> Result<PngDecoder<Cursor<&[u8]>>, PictureError> {
    header::check_png(bytes)?;
    let mut overhead = image::Limits::no_limits();
    overhead.max_alloc = Some(PNG_OVERHEAD_BYTES);
    let decoder = PngDecoder::with_limits(Cursor::new(bytes), overhead).map_err(refuse)?;
    match decoder.is_apng().map_err(refuse)? {
        true => Err(PictureError::Animated),
        false => Ok(decoder),
    }
}

fn decode_png(bytes: &[u8], limits: &Limits) -> Result<Picture, PictureError> {
    // Alpha that the decoder makes of one transparent colour says where there is no data.
    let is_keyed = !header::png_has_alpha(bytes);
    finish(open_png(bytes)?, limits, is_keyed)
}

fn open_jpeg(bytes: &[u8]) -> Result<JpegDecoder<Cursor<&[u8]>>, PictureError> {
    header::check_jpeg(bytes)?;
    JpegDecoder::new(Cursor::new(bytes)).map_err(refuse)
}

/// What has to be said of a JPEG that asks for a turn, as cameras and viewers write it (Exif).
fn turn(bytes: &[u8]) -> Result<String, PictureError> {
    let asked = open_jpeg(bytes)?.orientation().unwrap_or(Orientation::NoTransforms);
    Ok(match asked {
        Orientation::NoTransforms => String::new(),
        other => {
            let number = other.to_exif();
            format!(
                "the file says that it has to be turned (orientation {number}), which is not done"
            )
        }
    })
}

fn decode_jpeg(bytes: &[u8], limits: &Limits) -> Result<Picture, PictureError> {
    let decoder = open_jpeg(bytes)?;
    check_size(&decoder, limits)?;
    jpeg::check(bytes)?;
    finish(decoder, limits, false)
}

/// Decodes the pixels once the header has passed. Metadata (XMP, EXIF, colour profiles) are never
/// asked for: compressed texts in them have no limit in the decoders.
fn finish(
    mut decoder: impl ImageDecoder,
    limits: &Limits,
    is_keyed: bool,
) -> Result<Picture, PictureError> {
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
    if is_keyed {
        blacken_transparent(&mut raw, color);
    }
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
    limits.check(width, height, decoded_bytes)
}

/// Sets pixels to zero whose alpha is.
fn blacken_transparent(raw: &mut [u8], color: ColorType) {
    let n_channels = usize::from(color.channel_count());
    let n_bytes = usize::from(color.bytes_per_pixel()) / n_channels;
    if !color.has_alpha() {
        return;
    }
    for pixel in raw.chunks_exact_mut(n_channels * n_bytes) {
        let (colour, alpha) = pixel.split_at_mut((n_channels - 1) * n_bytes);
        if alpha.iter().all(|byte| *byte == 0) {
            colour.fill(0);
        }
    }
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
        ImageError::Limits(_) => PictureError::damaged("it needs more memory than its pixels do"),
        other => PictureError::damaged(other),
    }
}
