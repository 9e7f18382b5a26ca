//! Which picture of a TIFF is meant, and what its directory says of it.

use tiff_reader::ifd::RasterLayout;
use tiff_reader::{ExtraSample, Ifd, TiffFile};

use super::PictureError;
use super::metadata::{self, Band};
use crate::scene::place::{Place, Tags};

/// NewSubfileType: bits of a copy in fewer pixels and of a mask (TIFF 6.0, tag 254).
const SUBFILE_TYPE: u16 = 254;
const IS_REDUCED: u32 = 1;
const IS_MASK: u32 = 4;
/// PhotometricInterpretation.
pub const WHITE_IS_ZERO: u16 = 0;
const BLACK_IS_ZERO: u16 = 1;
const RGB: u16 = 2;
pub const PALETTE: u16 = 3;
const MASK: u16 = 4;
const CMYK: u16 = 5;

/// The picture of a file.
pub struct Page {
    /// Its place among the directories, and that of its mask.
    pub index: usize,
    pub mask: Option<usize>,
    /// How many pictures there are; the others are smaller copies.
    pub n_pictures: usize,
    pub layout: RasterLayout,
    pub photometric: u16,
    /// Whether the last of its bands is alpha.
    pub has_alpha: bool,
    pub bands: Vec<Band>,
    pub missing: Option<f64>,
    pub place: Option<Place>,
    /// Orientation (tag 274); 1: rows from the top, pixels from the left.
    pub orientation: u16,
}

/// Chooses the picture of a file and reads its directory.
///
/// # Errors
/// For a file of several pictures, and for what is not read.
pub fn choose(file: &TiffFile) -> Result<Page, PictureError> {
    let (index, n_pictures) = largest(file.ifds())?;
    let ifd = &file.ifds()[index];
    check_kind(ifd)?;
    let layout = ifd.raster_layout().map_err(super::refuse)?;
    let n_bands = layout.samples_per_pixel;
    let text = |tag| ifd.tag(tag).and_then(|tag| tag.value.as_str()).unwrap_or_default();
    let extra = ifd.extra_samples().map_err(super::refuse)?;
    let is_alpha = |extra: &ExtraSample| {
        matches!(extra, ExtraSample::AssociatedAlpha | ExtraSample::UnassociatedAlpha)
    };
    Ok(Page {
        index,
        mask: mask(file.ifds(), ifd),
        n_pictures,
        layout,
        photometric: photometric(ifd),
        has_alpha: n_bands > 1 && extra.last().is_some_and(is_alpha),
        bands: metadata::read(text(42112), n_bands)?,
        missing: metadata::missing_value(text(42113))?,
        place: place(ifd),
        orientation: ifd.tag(274).and_then(|tag| tag.value.as_u16()).unwrap_or(1),
    })
}

impl Page {
    /// Bands without alpha.
    pub fn n_bands(&self) -> usize {
        self.layout.samples_per_pixel - usize::from(self.has_alpha)
    }

    /// Whether three bands are red, green and blue. GDAL calls 16-bit RGB black-is-zero.
    pub fn is_rgb(&self) -> bool {
        self.photometric == RGB || (self.photometric == BLACK_IS_ZERO && self.n_bands() == 3)
    }
}

fn photometric(ifd: &Ifd) -> u16 {
    ifd.photometric_interpretation().unwrap_or(BLACK_IS_ZERO)
}

fn subfile_type(ifd: &Ifd) -> u32 {
    ifd.tag(SUBFILE_TYPE).and_then(|tag| tag.value.as_u32()).unwrap_or(0)
}

fn is_mask(ifd: &Ifd) -> bool {
    subfile_type(ifd) & IS_MASK != 0 || photometric(ifd) == MASK
}

/// The place of the largest picture, and how many there are. Smaller copies may come first, and need not say that
/// they are copies.
fn largest(ifds: &[Ifd]) -> Result<(usize, usize), PictureError> {
    let pictures: Vec<_> = ifds.iter().enumerate().filter(|(_, ifd)| !is_mask(ifd)).collect();
    let n_pixels = |ifd: &Ifd| u64::from(ifd.width()) * u64::from(ifd.height());
    // Of equal ones the first.
    let found = pictures
        .iter()
        .rev()
        .max_by_key(|(_, ifd)| (subfile_type(ifd) & IS_REDUCED == 0, n_pixels(ifd)));
    let Some(&(index, largest)) = found else {
        return Err(PictureError::damaged("it has no picture in it"));
    };
    let others = pictures.iter().filter(|(other, _)| *other != index);
    let is_copy = |ifd: &Ifd| {
        subfile_type(ifd) & IS_REDUCED != 0
            || n_pixels(ifd) < n_pixels(largest) && has_shape_of(ifd, largest)
    };
    let n_others = others.filter(|(_, ifd)| !is_copy(ifd)).count();
    match n_others {
        0 => Ok((index, pictures.len())),
        n => Err(PictureError::SeveralPictures { n: n + 1 }),
    }
}

/// Whether a smaller picture has the shape of another one, to a pixel.
fn has_shape_of(small: &Ifd, large: &Ifd) -> bool {
    let [w, h, width, height] =
        [small.width(), small.height(), large.width(), large.height()].map(f64::from);
    (w - width * h / height).abs() <= 1.0 || (h - height * w / width).abs() <= 1.0
}

fn mask(ifds: &[Ifd], picture: &Ifd) -> Option<usize> {
    let is_its_own = |ifd: &Ifd| {
        is_mask(ifd)
            && subfile_type(ifd) & IS_REDUCED == 0
            && (ifd.width(), ifd.height()) == (picture.width(), picture.height())
    };
    ifds.iter().position(is_its_own)
}

/// Kinds that are not read, in words; the numbers are those of TIFF 6.0 and of libtiff.
fn check_kind(ifd: &Ifd) -> Result<(), PictureError> {
    let size = [ifd.width(), ifd.height()].map(u64::from);
    if size.contains(&0) {
        return Err(PictureError::ZeroSize { width: size[0], height: size[1] });
    }
    let formats = ifd.sample_format().map_err(super::refuse)?;
    let bits = ifd.bits_per_sample().map_err(super::refuse)?;
    let differ = |values: &[u16]| values.iter().any(|value| *value != values[0]);
    let what = match (photometric(ifd), ifd.compression()) {
        _ if formats.iter().any(|format| matches!(format, 5 | 6)) => {
            "of complex numbers, as single-look complex products are: save the amplitude"
        }
        _ if differ(&formats) || differ(&bits) => {
            "whose bands hold different kinds of numbers: save them alike"
        }
        (CMYK, _) => "in printing colours (CMYK): save it as RGB",
        (6.., _) => "in colours other than RGB: save it as RGB",
        (_, 6 | 7 | 34712 | 50001) => {
            "with JPEG or another lossy compression inside: save it with COMPRESS=DEFLATE"
        }
        _ => return Ok(()),
    };
    let (what, remedy) = what.split_once(": ").unwrap_or((what, ""));
    Err(PictureError::Unsupported { what: format!("a TIFF {what}"), remedy: remedy.to_owned() })
}

fn place(ifd: &Ifd) -> Option<Place> {
    let value = |tag| ifd.tag(tag).map(|tag| &tag.value);
    let numbers = |tag| value(tag).and_then(|value| value.as_f64_vec()).unwrap_or_default();
    Place::of(Tags {
        scale: numbers(33550),
        tie_points: numbers(33922),
        transformation: numbers(34264),
        directory: value(34735).and_then(|value| value.as_u16_slice()).unwrap_or_default().to_vec(),
        numbers: numbers(34736),
        text: value(34737).and_then(|value| value.as_str()).unwrap_or_default().to_owned(),
    })
}
