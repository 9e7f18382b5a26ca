//! The numbers of a TIFF, whatever their kind.

use tiff_reader::TiffFile;

use super::PictureError;
use super::page::Page;

/// Kinds of numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Unsigned, of 1 to 16 bits; those of fewer than 8 in a byte, those of fewer than 16 in two.
    Unsigned(u16),
    U32,
    U64,
    I8,
    I16,
    I32,
    I64,
    F32,
    F64,
}

impl Kind {
    pub fn of(page: &Page) -> Option<Self> {
        let layout = &page.layout;
        Some(match (layout.sample_format, layout.bits_per_sample) {
            (1, bits @ 1..=16) => Self::Unsigned(bits),
            (1, 32) => Self::U32,
            (1, 64) => Self::U64,
            (2, 8) => Self::I8,
            (2, 16) => Self::I16,
            (2, 32) => Self::I32,
            (2, 64) => Self::I64,
            (3, 32) => Self::F32,
            (3, 64) => Self::F64,
            _ => return None,
        })
    }

    pub fn label(self) -> String {
        match self {
            Self::Unsigned(bits) => format!("uint{bits}"),
            Self::U32 => "uint32".to_owned(),
            Self::U64 => "uint64".to_owned(),
            Self::I8 => "int8".to_owned(),
            Self::I16 => "int16".to_owned(),
            Self::I32 => "int32".to_owned(),
            Self::I64 => "int64".to_owned(),
            Self::F32 => "float32".to_owned(),
            Self::F64 => "float64".to_owned(),
        }
    }

    fn n_bytes(self) -> usize {
        match self {
            Self::Unsigned(..=8) | Self::I8 => 1,
            Self::Unsigned(_) | Self::I16 => 2,
            Self::U32 | Self::I32 | Self::F32 => 4,
            Self::U64 | Self::I64 | Self::F64 => 8,
        }
    }

    fn number(self, bytes: &[u8]) -> f64 {
        macro_rules! read {
            ($kind:ty) => {
                <$kind>::from_ne_bytes(bytes.try_into().expect("as many bytes as it has"))
            };
        }
        match self {
            Self::Unsigned(..=8) => f64::from(bytes[0]),
            Self::Unsigned(_) => f64::from(read!(u16)),
            Self::U32 => f64::from(read!(u32)),
            Self::U64 => read!(u64) as f64,
            Self::I8 => f64::from(read!(i8)),
            Self::I16 => f64::from(read!(i16)),
            Self::I32 => f64::from(read!(i32)),
            Self::I64 => read!(i64) as f64,
            Self::F32 => f64::from(read!(f32)),
            Self::F64 => read!(f64),
        }
    }
}

/// All numbers of a page: pixel by pixel, band by band.
pub struct Raster {
    pub kind: Kind,
    pub n_bands: usize,
    bytes: Vec<u8>,
    missing: Option<f64>,
    /// Whether a pixel has data, where the file has a mask or an alpha band.
    has_data: Option<Vec<bool>>,
}

impl Raster {
    /// Decodes a page, whose size was looked at before.
    ///
    /// # Errors
    /// For what is damaged, and where pieces are absent whose values nothing tells.
    pub fn read(file: &TiffFile, page: &Page, kind: Kind) -> Result<Self, PictureError> {
        let bytes = file.read_image_bytes(page.index).map_err(super::refuse)?;
        let n_bands = page.layout.samples_per_pixel;
        // In the file's own kind, as a value that was rounded to it is compared.
        let rounded = |value: f64| if kind == Kind::F32 { f64::from(value as f32) } else { value };
        let missing = page.missing.map(rounded);
        let mut raster = Self { kind, n_bands, bytes, missing, has_data: None };
        let mask = page.mask.map(|index| file.read_image_bytes(index).map_err(super::refuse));
        let masked = mask.transpose()?.map(|mask| mask.into_iter().map(|value| value != 0));
        let n_pixels = raster.n_pixels();
        let alpha = || page.has_alpha.then(|| raster.alpha());
        raster.has_data = match masked {
            Some(mask) => Some(mask.collect()),
            None => alpha(),
        };
        if raster.has_data.as_ref().is_some_and(|mask| mask.len() != n_pixels) {
            return Err(PictureError::damaged("its mask is no mask of its pixels"));
        }
        Ok(raster)
    }

    fn alpha(&self) -> Vec<bool> {
        (0..self.n_pixels()).map(|pixel| self.number(pixel, self.n_bands - 1) != 0.0).collect()
    }

    pub fn n_pixels(&self) -> usize {
        self.bytes.len() / (self.n_bands * self.kind.n_bytes())
    }

    /// The number as the file has it.
    pub fn number(&self, pixel: usize, band: usize) -> f64 {
        let n_bytes = self.kind.n_bytes();
        let start = (pixel * self.n_bands + band) * n_bytes;
        self.kind.number(&self.bytes[start..start + n_bytes])
    }

    /// Whether the file says that a number is none, by what it declares or by its mask.
    pub fn is_missing(&self, pixel: usize, band: usize) -> bool {
        let number = self.number(pixel, band);
        let is_declared = |missing: f64| number == missing || (missing.is_nan() && number.is_nan());
        number.is_nan() || self.missing.is_some_and(is_declared) || !self.has_data(pixel)
    }

    /// Whether the mask, where there is one, leaves a pixel.
    pub fn has_data(&self, pixel: usize) -> bool {
        self.has_data.as_ref().is_none_or(|mask| mask[pixel])
    }

    /// The bytes, where they are all that a picture of three channels needs.
    pub fn into_rgb8(self) -> Result<Vec<u8>, Self> {
        let is_plain = self.kind == Kind::Unsigned(8) && self.n_bands == 3;
        match is_plain && self.missing.is_none() && self.has_data.is_none() {
            true => Ok(self.bytes),
            false => Err(self),
        }
    }
}
