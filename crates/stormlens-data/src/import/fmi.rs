//! The Finnish composite of FMI: reflectivity as a PGM picture with what it is in comments.
//!
//! A value v stands for (v − 64) / 2 dBZ, 255 for no data. Reflectivity becomes rain by the relation that FMI uses,
//! Z = 223 R^1.53 (Leinonen et al. 2012), and the rate is taken to last for five minutes; below 7 dBZ there is no rain.
//! A reflectivity of more rain than ever fell comes from something else (ships, birds, hail), and its rain is not known.
//! The plane is polar stereographic on a sphere of 6371.288 km: with it the corners and the spacings that a file states
//! agree to a centimetre a pixel, and a file where they do not is refused.

mod header;

use header::Header;

use jiff::Timestamp;

use super::ImportError;
use super::knmi::{FRAME_STEP_MIN, MAX_MM_5MIN};
use super::radar::{Frame, Frames, Measured, Pixels, Provider, RadarFile, table};
use crate::time;

pub(super) const PRODUCT: &str = "a composite of FMI (PGM)";
/// Leinonen, Moisseev, Leskinen and Petersen (2012), *J. Appl. Meteor. Climatol.* 51.
const MEASURED: Measured = Measured::Reflectivity { a: 223.0, b: 1.53 };
const NO_DATA: u8 = 255;
/// No rain below, dBZ.
const DRY_BELOW_DBZ: f64 = 7.0;

/// Whose data they are, and what has to be said of them.
pub fn provider() -> Provider {
    let name = "Finnish Meteorological Institute";
    Provider::new(name, "Source: Finnish Meteorological Institute", "CC BY 4.0")
}

/// The time in a name such as `201705091045_fmi.radar.composite.lowest_FIN_SUOMI1.pgm.gz`.
pub(super) fn time_in_name(name: &str) -> Option<Timestamp> {
    let (digits, _) = name.split_once("_fmi.radar.composite.")?;
    time::parse_digits(digits)
}

/// Reads one frame from the bytes of an unpacked file; `file` names it in messages.
///
/// # Errors
/// For a head that does not say what is needed, for another quantity, projection or spacing, and for a file that is longer
/// or shorter than its head says.
pub fn decode(file: &str, bytes: &[u8]) -> Result<RadarFile, ImportError> {
    let refuse = |what: String| ImportError::layout(file, PRODUCT, what);
    let (header, pixels) = Header::split(bytes).map_err(refuse)?;
    let expected = header.height * header.width;
    if pixels.len() < expected {
        let n_bytes = bytes.len() as u64;
        let expected = n_bytes + (expected - pixels.len()) as u64;
        return Err(ImportError::Truncated { file: file.to_owned(), n_bytes, expected });
    }
    if pixels.len() > expected {
        let what = format!("{} bytes follow its last pixel", pixels.len() - expected);
        return Err(refuse(what));
    }
    let grid = header.grid().map_err(refuse)?;
    let size = [header.height, header.width];
    let frame = Frame::new(size, Pixels::U8(pixels.to_vec()), table((0..=u8::MAX).map(amount)));
    Ok(RadarFile {
        file: file.to_owned(),
        provider: provider(),
        product: header.product,
        measured: MEASURED,
        grid,
        ends: vec![header.time],
        step_min: FRAME_STEP_MIN,
        sha256: String::new(),
        frames: Frames::one(file, PRODUCT, frame)?,
    })
}

/// Millimetres in five minutes of a value.
fn amount(value: u8) -> f64 {
    let dbz = (f64::from(value) - 64.0) / 2.0;
    match MEASURED.mm_5min(dbz) {
        _ if value == NO_DATA => f64::NAN,
        _ if dbz < DRY_BELOW_DBZ => 0.0,
        mm if mm > MAX_MM_5MIN => f64::NAN,
        mm => mm,
    }
}

#[cfg(test)]
mod tests;
