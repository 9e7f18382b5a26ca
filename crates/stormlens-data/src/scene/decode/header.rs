//! A look at the header before a decoder sees it: pictures without pixels, and kinds that a decoder
//! would convert without saying so, or could be made to spend unbounded memory on.

use super::super::PictureError;

/// Values that one entry of a TIFF's directory may have. Places of strips and tiles are the longest
/// lists, and the largest picture has some 140 000 tiles. Without a bound the decoder sets aside up
/// to 256 MiB for a list that a file only claims to have.
const MAX_VALUES: u64 = 1 << 18;
/// Entries below this one describe the pixels, and the decoder reads them.
const FIRST_METADATA_TAG: u64 = 700;

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

/// Looks at the first directory.
pub(super) fn check_tiff(bytes: &[u8]) -> Checked {
    let directory = Directory::first(bytes)
        .ok_or_else(|| PictureError::damaged("it ends within its directory"))?;
    if let (Some(width), Some(height)) = (directory.largest(256), directory.largest(257)) {
        check_size(width, height)?;
    }
    if directory.has_endless_entry() {
        return Err(PictureError::damaged("an entry of its directory is out of proportion"));
    }
    match directory.unsupported() {
        Some(what) => Err(PictureError::unsupported(format!("a TIFF {what}"))),
        None => Ok(()),
    }
}

/// The entries of the first directory of a TIFF, 12 bytes each.
struct Directory<'a> {
    bytes: &'a [u8],
    entries: &'a [[u8; 12]],
    is_little_endian: bool,
}

impl<'a> Directory<'a> {
    fn first(bytes: &'a [u8]) -> Option<Self> {
        let is_little_endian = bytes.starts_with(b"II");
        let mut directory = Self { bytes, entries: &[], is_little_endian };
        let at = directory.unsigned(bytes.get(4..8)?) as usize;
        let n_entries = directory.unsigned(bytes.get(at..)?.get(..2)?) as usize;
        directory.entries = bytes[at..].get(2..2 + 12 * n_entries)?.as_chunks().0;
        Some(directory)
    }

    fn unsigned(&self, bytes: &[u8]) -> u64 {
        let push = |value, &byte: &u8| (value << 8) | u64::from(byte);
        match self.is_little_endian {
            true => bytes.iter().rev().fold(0, push),
            false => bytes.iter().fold(0, push),
        }
    }

    /// First values of the entries with a tag; there should be one entry, but a file can hold more.
    fn values(&self, tag: u64) -> impl Iterator<Item = u64> {
        let has_tag = move |entry: &&[u8; 12]| self.unsigned(&entry[..2]) == tag;
        self.entries.iter().filter(has_tag).filter_map(|entry| self.value(entry))
    }

    fn value(&self, entry: &[u8; 12]) -> Option<u64> {
        let n_bytes = match self.unsigned(&entry[2..4]) {
            1 => 1,
            3 => 2,
            4 => 4,
            _ => return None,
        };
        let count = self.unsigned(&entry[4..8]);
        let at = self.unsigned(&entry[8..]) as usize;
        let is_inline = count * n_bytes <= 4;
        let place = if is_inline { &entry[8..] } else { self.bytes.get(at..)? };
        Some(self.unsigned(place.get(..n_bytes as usize)?))
    }

    fn largest(&self, tag: u64) -> Option<u64> {
        self.values(tag).max()
    }

    fn has_endless_entry(&self) -> bool {
        let is_endless = |entry: &[u8; 12]| {
            self.unsigned(&entry[..2]) < FIRST_METADATA_TAG
                && self.unsigned(&entry[4..8]) > MAX_VALUES
        };
        self.entries.iter().any(is_endless)
    }

    /// In words, what this program does not read; the numbers are those of TIFF 6.0.
    fn unsupported(&self) -> Option<&'static str> {
        let has = |tag, wanted: &[u64]| self.values(tag).any(|value| wanted.contains(&value));
        // The decoder allocates what a JPEG within a TIFF asks for, whatever the TIFF's own size.
        let kinds: [(u64, &[u64], &str); 7] = [
            (259, &[6, 7], "with JPEG compression inside"),
            (339, &[3, 5, 6], "of floating-point values"),
            (339, &[2], "of signed values"),
            (258, &[32, 64], "with more than 16 bits a channel"),
            (262, &[3], "with a colour palette"),
            (262, &[5], "in printing colours (CMYK)"),
            (262, &[6, 8, 9, 10], "in colours other than RGB"),
        ];
        kinds.into_iter().find(|&(tag, wanted, _)| has(tag, wanted)).map(|(_, _, what)| what)
    }
}
