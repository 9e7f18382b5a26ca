//! A look at the header before a decoder sees it: pictures without pixels, and kinds that a decoder
//! would convert without saying so, or could be made to spend unbounded memory on.

use super::super::PictureError;

type Checked = Result<(), PictureError>;

fn check_size(width: u64, height: u64) -> Checked {
    if width == 0 || height == 0 {
        return Err(PictureError::ZeroSize { width, height });
    }
    Ok(())
}

/// Looks at the IHDR chunk, which every PNG begins with.
pub(super) fn check_png(bytes: &[u8]) -> Checked {
    let side = |at: usize| {
        let value = bytes.get(at..at + 4)?.try_into().ok()?;
        Some(u64::from(u32::from_be_bytes(value)))
    };
    match (bytes.get(12..16), side(16), side(20)) {
        (Some(b"IHDR"), Some(width), Some(height)) => check_size(width, height),
        _ => Err(PictureError::damaged("it ends within its header, or has none")),
    }
}

/// Whether the colour type in the IHDR chunk has alpha.
pub(super) fn png_has_alpha(bytes: &[u8]) -> bool {
    bytes.get(25).is_some_and(|colour_type| colour_type & 4 != 0)
}

/// Looks at the frame header, and whether the picture has an end: decoders fill what is missing of
/// a JPEG with grey, which would pass for sea.
pub(super) fn check_jpeg(bytes: &[u8]) -> Checked {
    let mut at = 2;
    let mut n_frames = 0;
    while let Some(&[0xFF, marker, ref rest @ ..]) = bytes.get(at..) {
        match (marker, rest) {
            (0xFF, _) => at += 1,
            (0xD8 | 0x01 | 0xD0..=0xD7, _) => at += 2,
            (0xDA, _) => return check_end(rest, n_frames),
            (_, &[high, low, ref segment @ ..]) => {
                if is_frame(marker) {
                    check_frame(segment)?;
                    n_frames += 1;
                }
                at += 2 + usize::from(u16::from_be_bytes([high, low]));
            }
            _ => break,
        }
    }
    Err(PictureError::damaged("it ends before its first pixel"))
}

/// SOF0 to SOF15; the codes between them mean tables.
fn is_frame(marker: u8) -> bool {
    matches!(marker, 0xC0..=0xCF) && !matches!(marker, 0xC4 | 0xC8 | 0xCC)
}

/// Bits a sample, height, width, number of components.
fn check_frame(segment: &[u8]) -> Checked {
    let &[_, h1, h0, w1, w0, n_components, ..] = segment else {
        return Err(PictureError::damaged("it ends within its header"));
    };
    check_size(u16::from_be_bytes([w1, w0]).into(), u16::from_be_bytes([h1, h0]).into())?;
    if n_components == 4 {
        return Err(PictureError::unsupported("a JPEG in printing colours (CMYK)"));
    }
    Ok(())
}

/// Within compressed pixels the byte FF is always followed by 00 or a restart marker, so the first
/// end-of-image marker ends the picture.
fn check_end(scan: &[u8], n_frames: usize) -> Checked {
    if n_frames == 0 {
        return Err(PictureError::damaged("it has pixels before its header"));
    }
    if !scan.array_windows().any(|pair| pair == &[0xFF, 0xD9]) {
        return Err(PictureError::damaged("it is cut off before its end"));
    }
    Ok(())
}
