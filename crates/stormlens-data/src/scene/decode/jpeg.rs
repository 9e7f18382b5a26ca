//! Whether all pixels of a JPEG are there.
//!
//! Decoders fill what is missing with grey, which would pass for sea, also where an end marker closes the file. So the
//! compressed pixels are walked through once before they are decoded, as ITU-T T.81 has them: sequential (annex F)
//! and progressive (annex G) Huffman coding. Nothing but their number is looked at.

use self::entropy::{Bits, Stop, Table};
use self::frame::{Component, Frame};
use self::scan::Scan;
use super::super::PictureError;

mod entropy;
mod frame;
mod scan;

const RESTART: std::ops::RangeInclusive<u8> = 0xD0..=0xD7;

/// Checks the compressed pixels. The size was looked at before.
///
/// # Errors
/// For a JPEG of which something is missing, and for one that contradicts itself. Kinds that no decoder here reads
/// are left to the decoder's own words.
pub fn check(bytes: &[u8]) -> Result<(), PictureError> {
    let mut walk = Walk { frame: None, tables: Default::default(), restart_interval: 0 };
    let mut rest = bytes.get(2..).unwrap_or_default();
    loop {
        let [0xFF, marker, behind @ ..] = rest else { return Err(cut()) };
        rest = match (*marker, behind) {
            (0xFF, _) => &rest[1..],
            (0xD9, _) => return walk.finish(),
            // What stands for itself.
            (0x01 | 0xD8, _) => behind,
            (marker, _) if RESTART.contains(&marker) => behind,
            (marker, [high, low, ..]) => {
                let length = usize::from(u16::from_be_bytes([*high, *low]));
                let segment = behind.get(2..length).ok_or_else(cut)?;
                let behind = &behind[length..];
                match walk.segment(marker, segment, behind)? {
                    Next::Segment => behind,
                    Next::Behind(n_bytes) => &behind[n_bytes..],
                    Next::LeftToTheDecoder => return Ok(()),
                }
            }
            _ => return Err(cut()),
        };
    }
}

fn cut() -> PictureError {
    PictureError::damaged("it is cut off before its end")
}

fn contradiction() -> PictureError {
    PictureError::damaged("its compressed pixels contradict its header")
}

/// Where the walk goes on.
enum Next {
    Segment,
    /// So many bytes of compressed pixels further.
    Behind(usize),
    LeftToTheDecoder,
}

/// What the segments so far have said.
struct Walk {
    frame: Option<Frame>,
    /// Of DC and AC coefficients, four each.
    tables: [[Option<Table>; 4]; 2],
    /// Blocks of pixels between restart markers; 0: there are none.
    restart_interval: usize,
}

impl Walk {
    fn segment(&mut self, marker: u8, segment: &[u8], behind: &[u8]) -> Result<Next, PictureError> {
        match marker {
            0xC4 => self.read_tables(segment)?,
            0xDD => {
                let &[high, low, ..] = segment else { return Err(contradiction()) };
                self.restart_interval = u16::from_be_bytes([high, low]).into();
            }
            // Baseline, extended and progressive, with Huffman codes.
            0xC0..=0xC2 => {
                let is_progressive = marker == 0xC2;
                let frame = Frame::read(segment, is_progressive).ok_or_else(contradiction)?;
                if self.frame.replace(frame).is_some() {
                    return Err(contradiction());
                }
            }
            // Lossless, hierarchical, or with arithmetic codes.
            0xC3 | 0xC5..=0xCF => return Ok(Next::LeftToTheDecoder),
            0xDA => return self.scan(segment, behind).map(Next::Behind),
            _ => {}
        }
        Ok(Next::Segment)
    }

    /// Tables of Huffman codes: class and place, how many codes there are of each length, their values.
    fn read_tables(&mut self, mut segment: &[u8]) -> Result<(), PictureError> {
        while let [head, rest @ ..] = segment {
            let (class, place) = (usize::from(head >> 4), usize::from(head & 15));
            let (counts, rest) = rest.split_first_chunk::<16>().ok_or_else(contradiction)?;
            let n_values = counts.iter().map(|n| usize::from(*n)).sum();
            let values = rest.get(..n_values).ok_or_else(contradiction)?;
            let slot = self.tables.get_mut(class).and_then(|tables| tables.get_mut(place));
            let table = Table::new(counts, values).ok_or_else(contradiction)?;
            *slot.ok_or_else(contradiction)? = Some(table);
            segment = &rest[n_values..];
        }
        Ok(())
    }

    /// Walks through the pixels behind a scan header; how many bytes they take.
    fn scan(&mut self, header: &[u8], pixels: &[u8]) -> Result<usize, PictureError> {
        let frame = self.frame.as_mut().ok_or_else(contradiction)?;
        let scan = Scan::read(header, frame).ok_or_else(contradiction)?;
        let mut bits = Bits::new(pixels);
        match scan.walk(frame, &self.tables, self.restart_interval, &mut bits) {
            Ok(()) => Ok(bits.end()),
            Err((Stop::Ended, share)) => Err(PictureError::damaged(format!(
                "it is cut off: it claims {} × {} pixels, and {:.0} % of them are there",
                frame.width,
                frame.height,
                (share * 100.0).floor()
            ))),
            Err((Stop::Contradiction, _)) => Err(contradiction()),
        }
    }

    /// At the end: every coefficient of every component was there.
    fn finish(self) -> Result<(), PictureError> {
        let frame = self.frame.ok_or_else(|| {
            PictureError::damaged("it has no header, or ends before its first pixel")
        })?;
        match frame.components.iter().all(Component::is_complete) {
            true => Ok(()),
            false => Err(PictureError::damaged(
                "it is cut off: some of the passes that make its pixels sharp are missing",
            )),
        }
    }
}
