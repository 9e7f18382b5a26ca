//! Edition 1: heads, and values in simple packing.

use std::ops::Range;

use super::super::file::MAX_POINTS;
use super::super::interval::{Interval, Statistic};
use super::super::{FieldError, parameters};
use super::axes::{Corners, GridHead};
use super::bytes::Section;
use super::message::{self, Message};
use super::product::{ProductHead, add, civil_time};
use super::scan::{END, Grids};

const MILLIDEGREES: f64 = 1e3;
/// Corners and steps are rounded to a thousandth of a degree.
const ROUNDING_DEG: f64 = 2e-3;

/// Where the values are.
#[derive(Clone, Debug)]
pub(super) struct Packed {
    /// Section 3 with its head.
    bitmap: Option<Range<usize>>,
    /// Section 4 with its head.
    data: Range<usize>,
    decimal_scale: i32,
}

/// The message that begins at a place, and where it ends.
///
/// # Errors
/// In words that follow the name of the file.
pub(super) fn read<'a>(
    bytes: &'a [u8],
    at: usize,
    grids: &mut Grids<'a>,
) -> Result<(Message, usize), String> {
    let length = Section(&bytes[at..]).u24(5)? as usize;
    let end = at + length;
    let whole = bytes.get(at..end).filter(|whole| whole.ends_with(END) && length > 12);
    let whole = whole.ok_or_else(|| {
        format!("the message at byte {at} has {length} bytes and does not end with 7777 there")
    })?;
    let body = at..at + whole.len() - END.len();
    let product = section(bytes, at + 8, &body)?;
    let definition = Section(&bytes[product.clone()]);
    let flags = definition.u8(8)?;
    if flags & 0x80 == 0 {
        return Err("it names its grid by a number and does not describe it".to_owned());
    }
    let grid = section(bytes, product.end, &body)?;
    let bitmap = match flags & 0x40 {
        0 => None,
        _ => Some(section(bytes, grid.end, &body)?),
    };
    let data = section(bytes, bitmap.as_ref().map_or(grid.end, |bitmap| bitmap.end), &body)?;
    let packed = Packed { bitmap, data, decimal_scale: definition.signed_u16(27)? };
    let grid = grids.of_head(&bytes[grid], grid_head)?;
    let product = product_head(definition)?;
    Ok((Message { product, grid, packed: message::Packed::Edition1(packed) }, end))
}

/// The section that begins at a place, within the message.
fn section(bytes: &[u8], at: usize, body: &Range<usize>) -> Result<Range<usize>, String> {
    let length = match bytes.get(at..body.end) {
        Some(rest) => Section(rest).u24(1)? as usize,
        None => 0,
    };
    match length >= 4 && at + length <= body.end {
        true => Ok(at..at + length),
        false => Err(format!("the section at byte {at} cannot have {length} bytes")),
    }
}

fn product_head(section: Section) -> Result<ProductHead, String> {
    let (table, centre, number) = (section.u8(4)?, u16::from(section.u8(5)?), section.u8(9)?);
    let year = (i16::from(section.u8(25)?) - 1) * 100 + i16::from(section.u8(13)?);
    let parts = [section.u8(14)?, section.u8(15)?, section.u8(16)?, section.u8(17)?, 0];
    let reference_time = civil_time(year, parts)?;
    let (unit, p1, p2) = (section.u8(18)?, i64::from(section.u8(19)?), i64::from(section.u8(20)?));
    // Units of edition 1 have the numbers of edition 2, but for the second.
    let after = |n: i64| add(reference_time, if unit == 254 { 13 } else { unit }, n);
    let over = |statistic| {
        Ok::<_, String>(Some(Interval { start: after(p1)?, end: after(p2)?, statistic }))
    };
    let interval = match section.u8(21)? {
        0 | 1 if parameters::is_ecmwf_total(centre, table, number) => {
            Some(Interval::accumulation(reference_time, after(p1)?))
        }
        0 | 1 => Some(Interval::at(after(p1)?)),
        3 => over(Statistic::Mean)?,
        4 => over(Statistic::Accumulation)?,
        2 | 5 => over(Statistic::Other)?,
        10 => Some(Interval::at(after(i64::from(section.u16(19)?))?)),
        _ => None,
    };
    Ok(ProductHead {
        centre,
        reference_time,
        parameter: parameters::find_edition1(centre, table, number),
        numbers: [1, table, number],
        missing_values: &[],
        level: parameters::level(section.u8(10)?, f64::from(section.u16(11)?)),
        interval,
        member: None,
    })
}

fn grid_head(bytes: &[u8]) -> Result<GridHead, String> {
    let section = Section(bytes);
    let (width, height) = (usize::from(section.u16(7)?), usize::from(section.u16(9)?));
    let n_points = width * height;
    let (kind, is_gaussian) = match section.u8(6)? {
        0 => ("latitudes and longitudes", false),
        4 => ("Gaussian latitudes and longitudes", true),
        5 => ("polar stereographic", false),
        3 => ("Lambert conformal", false),
        _ => ("another grid", false),
    };
    if !matches!(section.u8(6)?, 0 | 4) {
        let why = format!("its grid is {kind}, and only latitudes and longitudes are read");
        return Ok(GridHead::unread(kind.to_owned(), n_points, why));
    }
    if width == usize::from(u16::MAX) || height == usize::from(u16::MAX) {
        let why = "its rows have different lengths (a reduced grid)".to_owned();
        return Ok(GridHead::unread(kind.to_owned(), 0, why));
    }
    let degrees = |octet| section.signed_u24(octet).map(|number| number as f64 / MILLIDEGREES);
    let steps_are_given = section.u8(17)? & 0x80 != 0;
    let step = |octet| match section.u16(octet)? {
        u16::MAX => Ok::<_, String>(None),
        step => Ok(steps_are_given.then_some(f64::from(step) / MILLIDEGREES)),
    };
    GridHead::between(&Corners {
        kind: kind.to_owned(),
        size: [height, width],
        first: [degrees(11)?, degrees(14)?],
        last: [degrees(18)?, degrees(21)?],
        steps: [if is_gaussian { None } else { step(26)? }, step(24)?],
        gaussian: if is_gaussian { Some(usize::from(section.u16(26)?)) } else { None },
        mode: section.u8(28)?,
        rounding_deg: ROUNDING_DEG,
    })
}

impl Packed {
    /// Values in the order of the file, missing ones as `NaN`: `(reference + packed · 2^E) / 10^D`.
    ///
    /// # Errors
    /// For other packings, predefined bitmaps, and data that end too early.
    pub fn values(
        &self,
        file: &str,
        n_points: usize,
        bytes: &[u8],
    ) -> Result<Vec<f32>, FieldError> {
        let damaged = |what: String| FieldError::Damaged { file: file.to_owned(), what };
        let unsupported = |what: &str| {
            Err(FieldError::Unsupported { file: file.to_owned(), what: what.to_owned() })
        };
        if n_points > MAX_POINTS {
            let what = format!("a field of {n_points} points, where {MAX_POINTS} are read at most");
            return Err(FieldError::TooLarge { file: file.to_owned(), what });
        }
        let data = Section(&bytes[self.data.clone()]);
        if data.u8(4).map_err(damaged)? & 0xF0 != 0 {
            return unsupported(
                "its packing is not simple, which is all that is read of edition 1",
            );
        }
        let present = match &self.bitmap {
            None => vec![true; n_points],
            Some(range) => {
                let section = Section(&bytes[range.clone()]);
                if section.u16(5).map_err(damaged)? != 0 {
                    return unsupported("it names its bitmap by a number and does not hold it");
                }
                let mut bits = Bits { bytes: &section.0[6..], at: 0 };
                let bits: Option<Vec<bool>> =
                    (0..n_points).map(|_| Some(bits.take(1)? == 1)).collect();
                bits.ok_or_else(|| damaged("its bitmap is too short".to_owned()))?
            }
        };
        let unpacked = self.unpack(data, &present).map_err(damaged)?;
        Ok(unpacked)
    }

    fn unpack(&self, data: Section, present: &[bool]) -> Result<Vec<f32>, String> {
        let scale = 2_f64.powi(data.signed_u16(5)?);
        let reference = ibm_float(data.u32(7)?);
        let n_bits = data.u8(11)?;
        if n_bits > 32 {
            return Err(format!("its values of {n_bits} bits are too wide"));
        }
        let decimal = 10_f64.powi(self.decimal_scale);
        let mut bits = Bits { bytes: &data.0[11..], at: 0 };
        let value = |&is_present: &bool| {
            if !is_present {
                return Ok(f32::NAN);
            }
            let packed = bits.take(n_bits).ok_or("its values end too early")?;
            let value = ((reference + f64::from(packed) * scale) / decimal) as f32;
            if value.is_finite() { Ok(value) } else { Err("it has infinite values") }
        };
        let values: Result<Vec<f32>, &str> = present.iter().map(value).collect();
        values.map_err(str::to_owned)
    }
}

/// Bits from the highest of each byte on.
struct Bits<'a> {
    bytes: &'a [u8],
    /// Bits taken so far.
    at: usize,
}

impl Bits<'_> {
    /// The next `n` bits, at most 32; `None` beyond the end.
    fn take(&mut self, n: u8) -> Option<u32> {
        let mut value = 0_u64;
        let (first, last) = (self.at / 8, (self.at + usize::from(n)).div_ceil(8));
        for &byte in self.bytes.get(first..last)? {
            value = value << 8 | u64::from(byte);
        }
        self.at += usize::from(n);
        let behind = last * 8 - self.at;
        let mask = (1_u64 << n) - 1;
        u32::try_from(value >> behind & mask).ok()
    }
}

/// A number of the IBM 360: sign, exponent of 16, and 24 bits behind the point.
fn ibm_float(bits: u32) -> f64 {
    let sign = if bits >> 31 == 1 { -1.0 } else { 1.0 };
    let exponent = i32::try_from(bits >> 24 & 0x7F).unwrap_or(0) - 64;
    sign * f64::from(bits & 0xFF_FFFF) / f64::from(1 << 24) * 16_f64.powi(exponent)
}

#[cfg(test)]
mod tests;
