//! TIFF, BigTIFF and GeoTIFF: pictures, and measurements as analysts of radar have them.

use tiff_reader::error::Error;
use tiff_reader::{OpenOptions, ParseBudgets, TiffFile};

use self::page::Page;
use self::raster::{Kind, Raster};
use super::coding::{Coding, Values};
use super::{Decoded, Limits, Picture, PictureError};

mod backscatter;
mod colours;
mod metadata;
mod page;
mod raster;

/// Directories of one file: a picture, its smaller copies and their masks.
const MAX_DIRECTORIES: usize = 64;
const MAX_ENTRIES: usize = 1024;
/// Of one entry, and of all together. Some programs keep a description of megabytes in one.
const MAX_ENTRY_BYTES: usize = 16 << 20;
const MAX_METADATA_BYTES: usize = 32 << 20;
/// So many times the bytes of its picture may the pieces of a file have: the last ones reach beyond the edges.
const MAX_PADDING: u64 = 4;
const MIN_PADDING_BYTES: u64 = 16 << 20;

/// Decodes a TIFF.
///
/// # Errors
/// See [`PictureError`].
pub fn decode(bytes: &[u8], limits: &Limits, coding: Coding) -> Result<Decoded, PictureError> {
    let file = open(bytes, limits)?;
    let page = page::choose(&file)?;
    let [width, height] = [page.layout.width, page.layout.height];
    let kind = Kind::of(&page).ok_or_else(|| unknown_kind(&page))?;
    let meaning = meaning(&page, kind, coding)?;
    check_size(&file, &page, kind, meaning, limits)?;
    let place = page.place.clone();
    let also = said(&page);
    let (rgb, how) = match meaning {
        Meaning::Colours => {
            colours::decode(Raster::read(&file, &page, kind)?, &page, &file, coding)?
        }
        Meaning::Backscatter(values) => {
            let assigned = backscatter::assign(&page, coding.bands)?;
            check_blocks(&file, &page, values)?;
            let raster = Raster::read(&file, &page, kind)?;
            backscatter::decode(&raster, &page, values, &assigned)?
        }
    };
    let picture = Picture { width, height, rgb };
    Ok(Decoded { picture, coding: [how, also].concat().join("; "), place })
}

/// Size of the picture of a file.
///
/// # Errors
/// Those of [`decode`] about the file's header.
pub fn size(bytes: &[u8], limits: &Limits) -> Result<[usize; 2], PictureError> {
    let page = page::choose(&open(bytes, limits)?)?;
    Ok([page.layout.width, page.layout.height])
}

fn open(bytes: &[u8], limits: &Limits) -> Result<TiffFile, PictureError> {
    let options = OpenOptions {
        // Every piece is read once.
        block_cache_bytes: 0,
        block_cache_slots: 0,
        parse_budgets: ParseBudgets {
            max_ifds: MAX_DIRECTORIES,
            max_ifd_entries: MAX_ENTRIES,
            max_tag_value_bytes: MAX_ENTRY_BYTES,
            max_metadata_value_bytes: MAX_METADATA_BYTES,
        },
        decode_output_bytes: usize::try_from(limits.max_decoded_bytes).unwrap_or(usize::MAX),
    };
    TiffFile::from_bytes_with_options(bytes.to_vec(), options).map_err(refuse)
}

/// What the numbers of a file are taken for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Meaning {
    Colours,
    /// Never [`Values::Stated`] or [`Values::Picture`].
    Backscatter(Values),
}

fn meaning(page: &Page, kind: Kind, coding: Coding) -> Result<Meaning, PictureError> {
    let is_colour = matches!(kind, Kind::Unsigned(_));
    let in_words = || {
        let n = page.n_bands();
        let bands = if n == 1 { "one band".to_owned() } else { format!("{n} bands") };
        format!("{bands} of {} numbers", kind.label())
    };
    match coding.values {
        Values::Stated if page.bands.iter().all(metadata::Band::is_in_decibels) => {
            Ok(Meaning::Backscatter(Values::Decibels))
        }
        Values::Stated if !is_colour => Err(PictureError::undecided(format!(
            "the file holds {}, which are no colours, and does not say what they mean",
            in_words()
        ))),
        Values::Stated if page.bands.iter().any(metadata::Band::is_scaled) => {
            Err(PictureError::undecided(format!(
                "the file holds {} with a scale and an offset, so they are measurements, and does not say of what",
                in_words()
            )))
        }
        Values::Stated if page.n_bands() == 2 => Err(PictureError::undecided(format!(
            "the file holds {} and does not say what they mean, nor which is which",
            in_words()
        ))),
        Values::Stated if !page.is_rgb() && page.n_bands() > 1 => {
            Err(PictureError::undecided(format!(
                "the file holds {}, which are neither grey nor RGB, and does not say what they mean",
                in_words()
            )))
        }
        Values::Stated | Values::Picture if is_colour => Ok(Meaning::Colours),
        Values::Stated | Values::Picture => Err(PictureError::undecided(format!(
            "the file holds {}, and colours are whole numbers of at most 16 bits",
            in_words()
        ))),
        values => Ok(Meaning::Backscatter(values)),
    }
}

fn unknown_kind(page: &Page) -> PictureError {
    let bits = page.layout.bits_per_sample;
    PictureError::unsupported(format!("a TIFF of numbers of {bits} bits in this form"))
}

fn check_size(
    file: &TiffFile,
    page: &Page,
    kind: Kind,
    meaning: Meaning,
    limits: &Limits,
) -> Result<(), PictureError> {
    let layout = &page.layout;
    let [width, height] = [layout.width, layout.height].map(|n| n as u64);
    let n_pixels = width.saturating_mul(height);
    let in_file = (layout.samples_per_pixel as u64).saturating_mul(layout.bytes_per_sample as u64);
    let own = match (meaning, kind) {
        (Meaning::Colours, Kind::Unsigned(..=8)) => 3,
        (Meaning::Colours, _) => 12,
        (Meaning::Backscatter(_), _) => 3,
    };
    // Of a mask its bytes, and what they say.
    let mask = if page.mask.is_some() || page.has_alpha { 2 } else { 0 };
    let decoded_bytes = n_pixels.saturating_mul(in_file.saturating_add(own + mask));
    limits.check(width, height, decoded_bytes)?;
    check_padding(file, page, n_pixels.saturating_mul(in_file))
}

/// Pieces that are far larger than what they hold would take minutes to decode.
fn check_padding(file: &TiffFile, page: &Page, n_bytes: u64) -> Result<(), PictureError> {
    let ifd = &file.ifds()[page.index];
    let (Some(width), Some(height)) = (ifd.tile_width(), ifd.tile_height()) else { return Ok(()) };
    let padded = |length: usize, tile: u32| {
        (length as u64).div_ceil(u64::from(tile).max(1)).saturating_mul(u64::from(tile))
    };
    let layout = &page.layout;
    let per_pixel =
        (layout.samples_per_pixel as u64).saturating_mul(layout.bytes_per_sample as u64);
    let padded_bytes = padded(layout.width, width)
        .saturating_mul(padded(layout.height, height))
        .saturating_mul(per_pixel);
    match padded_bytes <= n_bytes.saturating_mul(MAX_PADDING).max(MIN_PADDING_BYTES) {
        true => Ok(()),
        false => Err(PictureError::damaged("its tiles are out of proportion")),
    }
}

/// Pieces that a file leaves out are zeros, and zero decibels are no zero.
fn check_blocks(file: &TiffFile, page: &Page, values: Values) -> Result<(), PictureError> {
    let ifd = &file.ifds()[page.index];
    let counts = if ifd.is_tiled() { ifd.tile_byte_counts() } else { ifd.strip_byte_counts() };
    let is_absent = counts.unwrap_or_default().contains(&0);
    let is_level = matches!(values, Values::Decibels | Values::Hundredths);
    match is_absent && is_level && page.missing != Some(0.0) {
        true => Err(PictureError::Unsupported {
            what: "a TIFF that leaves out pieces (SPARSE_OK) of numbers whose zero means something"
                .to_owned(),
            remedy: "save it without SPARSE_OK".to_owned(),
        }),
        false => Ok(()),
    }
}

/// What has to be said of a file beside its coding.
fn said(page: &Page) -> Vec<String> {
    let copies = (page.n_pictures > 1).then(|| {
        let (place, n) = (page.index + 1, page.n_pictures);
        format!("picture {place} of the file, the largest of {n}; the others are smaller copies")
    });
    let turned = (page.orientation > 1).then(|| {
        format!(
            "the file says that it has to be turned (orientation {}), which is not done",
            page.orientation
        )
    });
    copies.into_iter().chain(turned).collect()
}

fn refuse(error: Error) -> PictureError {
    match error {
        Error::UnsupportedCompression(_) => PictureError::Unsupported {
            what: format!("a TIFF of this kind ({error})"),
            remedy: "save it with COMPRESS=DEFLATE".to_owned(),
        },
        Error::UnsupportedPredictor(_)
        | Error::UnsupportedPlanarConfiguration(_)
        | Error::UnsupportedBitsPerSample(_)
        | Error::UnsupportedSampleFormat(_)
        | Error::UnsupportedVersion(_) => {
            PictureError::unsupported(format!("a TIFF of this kind ({error})"))
        }
        other => PictureError::damaged(other),
    }
}

#[cfg(test)]
mod tests;
