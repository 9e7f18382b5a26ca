//! The German composite of DWD, RADOLAN RY and RADKLIM-YW: rain of five minutes in the services' own binary format.
//!
//! A header in ASCII ends with the byte 3 (ETX); then come two bytes a pixel, little-endian, the southernmost row
//! first: bits 0 to 11 are the amount, bit 13 says that there is no data, bit 14 that the amount is negative; bits 12
//! and 15 tell where an amount comes from (filled up, clutter), and it stands as in DWD's own NetCDF of the product.
//! (DWD: *RADOLAN/RADVOR composite format*, version 2.5.) The plane is polar stereographic on a sphere of
//! 6370.04 km, true at 60° N, along 10° E.

mod header;

use header::Header;

use jiff::Timestamp;

use super::ImportError;
use super::knmi::FRAME_STEP_MIN;
use super::radar::{Frame, Frames, Measured, Pixels, Provider, RadarFile, hundredths};
use crate::field::Grid;
use crate::time;

/// What a file should be, for messages.
pub(super) const PRODUCT: &str = "a RADOLAN RY or RADKLIM-YW composite";
const PROJ4: &str =
    "+proj=stere +lat_0=90 +lat_ts=60 +lon_0=10 +a=6370.04 +b=6370.04 +x_0=0 +y_0=0";
/// Rows, columns, and the outer lower left corner in kilometres.
const GRIDS: [(usize, usize, f64, f64); 2] =
    [(900, 900, -523.4622, -4658.645), (1100, 900, -443.462, -4758.645)];
const AMOUNT: u16 = 0x0FFF;
const NO_DATA_FLAG: u16 = 0x2000;
const NEGATIVE_FLAG: u16 = 0x4000;
/// No amount has this code.
const NO_DATA: u16 = u16::MAX;

/// Whether bytes begin like such a file: the product, and ten digits of a time and a place.
pub(super) fn is_radolan(bytes: &[u8]) -> bool {
    bytes.len() > 17
        && bytes[..2].iter().all(u8::is_ascii_uppercase)
        && bytes[2..17].iter().all(u8::is_ascii_digit)
}

/// The time in a name such as `raa01-ry_10000-2001011500-dwd---bin.gz`.
pub(super) fn time_in_name(name: &str) -> Option<Timestamp> {
    let (_, rest) = name.strip_prefix("raa01-")?.split_once("_10000-")?;
    let (digits, _) = rest.split_once("-dwd---bin")?;
    (digits.len() == 10).then(|| time::parse_digits(&format!("20{digits}")))?
}

/// Whose data they are, and what has to be said of them.
pub fn provider() -> Provider {
    let name = "Deutscher Wetterdienst";
    Provider::new(name, "Source: Deutscher Wetterdienst", "CC BY 4.0")
}

/// The same for the pieces of RADKLIM-YW that lie nowhere.
pub(super) fn displaced_provider() -> Provider {
    let notice = "Source: Deutscher Wetterdienst (RADKLIM-YW), cut out by pycomlink";
    Provider::new("Deutscher Wetterdienst", notice, "CC BY 4.0")
}

/// Reads one frame from the bytes of an unpacked file; `file` names it in messages.
///
/// # Errors
/// For a header that does not end or says something else than its bytes hold, for another product, interval or factor,
/// and for negative amounts.
pub fn decode(file: &str, bytes: &[u8]) -> Result<RadarFile, ImportError> {
    let refuse = |what: String| ImportError::layout(file, PRODUCT, what);
    let (header, pixels) = Header::split(bytes).map_err(refuse)?;
    let size = [header.n_rows, header.n_columns];
    let grid = GRIDS.iter().find(|(rows, columns, ..)| [*rows, *columns] == size);
    let grid = grid.map(grid_from).ok_or_else(|| {
        refuse(format!("its grid has {size:?} pixels, where [900, 900] or [1100, 900] are known"))
    })?;
    let expected = 2 * size[0] * size[1];
    if pixels.len() != expected {
        let (n_bytes, expected) =
            (bytes.len() as u64, (bytes.len() - pixels.len() + expected) as u64);
        return Err(match n_bytes < expected {
            true => ImportError::Truncated { file: file.to_owned(), n_bytes, expected },
            false => refuse(format!("it has {n_bytes} bytes where its header tells of {expected}")),
        });
    }
    let codes = codes(pixels, size[1]).map_err(refuse)?;
    let frame = Frame::new(size, Pixels::U16(codes), hundredths());
    Ok(RadarFile {
        file: file.to_owned(),
        provider: provider(),
        product: header.product,
        measured: Measured::Sum { minutes: FRAME_STEP_MIN },
        grid,
        ends: vec![header.end],
        step_min: FRAME_STEP_MIN,
        sha256: String::new(),
        frames: Frames::one(file, PRODUCT, frame)?,
    })
}

/// Hundredths of a millimetre, the northernmost row first.
fn codes(pixels: &[u8], n_columns: usize) -> Result<Vec<u16>, String> {
    let code = |pair: &[u8]| match u16::from_le_bytes([pair[0], pair[1]]) {
        value if value & NO_DATA_FLAG != 0 => Ok(NO_DATA),
        value if value & NEGATIVE_FLAG != 0 && value & AMOUNT != 0 => {
            Err("a pixel has a negative amount of rain".to_owned())
        }
        value => Ok(value & AMOUNT),
    };
    pixels.chunks_exact(2 * n_columns).rev().flat_map(|row| row.chunks_exact(2)).map(code).collect()
}

fn grid_from(&(height, width, west_km, south_km): &(usize, usize, f64, f64)) -> Grid {
    let north_km = south_km + height as f64;
    Grid { height, width, spacing_km: 1.0, west_km, north_km, proj4: PROJ4.to_owned() }
}

/// The grid of rows and columns with these coordinates, kilometres, which mark the middles of pixels or, as often, their
/// lower left corners.
///
/// # Errors
/// In words, where no known grid has them.
pub(super) fn grid_of(size: [usize; 2], y: &[f64], x: &[f64]) -> Result<Grid, String> {
    const TOLERANCE_KM: f64 = 0.01;
    let is_regular = |axis: &[f64]| {
        let step = |pair: &[f64]| ((pair[1] - pair[0]).abs() - 1.0).abs() < TOLERANCE_KM;
        axis.windows(2).all(step)
    };
    let [south, west] = [y, x].map(|axis| axis.iter().copied().fold(f64::INFINITY, f64::min));
    let is_it = |grid: &&(usize, usize, f64, f64)| {
        let of_corner = [west - grid.2, south - grid.3];
        let is_near = |offset: f64| of_corner.iter().all(|d| (d - offset).abs() < TOLERANCE_KM);
        [grid.0, grid.1] == size && (is_near(0.0) || is_near(0.5))
    };
    let has_size = [y.len(), x.len()] == size && x.first() < x.last();
    let found = GRIDS.iter().find(is_it).filter(|_| has_size && is_regular(y) && is_regular(x));
    found.map(grid_from).ok_or_else(|| {
        format!("its pixels {size:?} from x {west} km, y {south} km on are none of DWD's grids")
    })
}

#[cfg(test)]
mod tests;
