//! TIFFs whose numbers are colours.

use tiff_reader::{ColorMap, TiffFile};

use super::PictureError;
use super::page::{PALETTE, Page, WHITE_IS_ZERO};
use super::raster::{Kind, Raster};
use crate::scene::Samples;
use crate::scene::coding::{Bands, Coding, Polarisation, Values};
use crate::scene::picture::check_brightness;

/// The colours of a raster, and what has to be said of them.
pub fn decode(
    raster: Raster,
    page: &Page,
    file: &TiffFile,
    coding: Coding,
) -> Result<(Samples, Vec<String>), PictureError> {
    let Kind::Unsigned(bits) = raster.kind else {
        return Err(PictureError::unsupported("a picture of such numbers"));
    };
    let bands = channels(page, coding)?;
    let map = (page.photometric == PALETTE).then(|| palette(page, file)).transpose()?;
    let mut said: Vec<String> = Vec::new();
    said.extend(page.missing.map(|value| format!("pixels of {value} (GDAL_NODATA) have no data")));
    if page.mask.is_some() || page.has_alpha {
        said.push("pixels that the file masks have no data".to_owned());
    }
    if page.n_bands() == 2 && bands[0] != bands[2] {
        said.push(format!(
            "cross-polarised is band {}, co-polarised band {}",
            bands[0] + 1,
            bands[2] + 1
        ));
    }
    let is_inverted = page.photometric == WHITE_IS_ZERO;
    let white = f64::from((1_u32 << bits) - 1);
    // So that 65535 is 255 and nothing is rounded away.
    let step = white / 255.0;
    let is_plain = bands == [0, 1, 2] && map.is_none() && !is_inverted && bits == 8;
    let raster = if is_plain { raster.into_rgb8() } else { Err(raster) };
    let raster = match raster {
        Ok(bytes) => return Ok((Samples::U8(bytes), said)),
        Err(raster) => raster,
    };
    let colour = |pixel: usize| {
        if bands.iter().all(|&band| raster.is_missing(pixel, band)) {
            return [0.0; 3];
        }
        if let Some(map) = &map {
            return map[raster.number(pixel, 0) as usize];
        }
        bands.map(|band| {
            let value = raster.number(pixel, band);
            let value = if is_inverted { white - value } else { value };
            value / step
        })
    };
    let colours = || (0..raster.n_pixels()).flat_map(colour);
    if bits <= 8 {
        return Ok((Samples::U8(collected(colours().map(|v| v.round() as u8), &raster)), said));
    }
    let samples = Samples::F32(collected(colours().map(|value| value as f32), &raster));
    if coding.values == Values::Stated {
        check_brightness(&samples)?;
    }
    said.push(format!("colours of {bits} bits: {white} is white"));
    Ok((samples, said))
}

/// Three values a pixel, in memory that never grows.
pub fn collected<T>(values: impl Iterator<Item = T>, raster: &Raster) -> Vec<T> {
    let mut all = Vec::with_capacity(3 * raster.n_pixels());
    all.extend(values);
    all
}

/// The bands that are red, green and blue.
fn channels(page: &Page, coding: Coding) -> Result<[usize; 3], PictureError> {
    if page.photometric == PALETTE || page.n_bands() == 1 {
        return Ok([0; 3]);
    }
    if page.n_bands() != 2 {
        return Ok([0, 1, 2]);
    }
    let named = || page.bands.iter().map(|band| Polarisation::of_name(&band.name));
    let place = |wanted| named().position(|found| found == Some(wanted));
    let (co, cross) = match coding.bands {
        Bands::CoCross => (0, 1),
        Bands::CrossCo => (1, 0),
        Bands::Co | Bands::Cross => return Ok([0; 3]),
        Bands::Named => match (place(Polarisation::Co), place(Polarisation::Cross)) {
            (Some(co), Some(cross)) => (co, cross),
            _ => {
                return Err(PictureError::undecided_bands(
                    "the file does not say which of its two bands is co-polarised".to_owned(),
                ));
            }
        },
    };
    Ok([cross, cross, co])
}

/// The colours of a palette, 0 to 255.
fn palette(page: &Page, file: &TiffFile) -> Result<Vec<[f64; 3]>, PictureError> {
    let map = file.ifds()[page.index].color_map().map_err(super::refuse)?;
    let map: ColorMap = map.ok_or_else(|| PictureError::damaged("its palette is missing"))?;
    let colours = map.red().iter().zip(map.green()).zip(map.blue());
    Ok(colours.map(|((r, g), b)| [*r, *g, *b].map(|v| f64::from(v) / 257.0)).collect())
}
