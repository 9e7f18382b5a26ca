//! Edition 1: heads, and values in simple packing.

mod values;

use std::ops::Range;
use std::sync::Arc;

use jiff::Timestamp;

use super::super::interval::{Interval, Statistic};
use super::super::parameters;
use super::axes::{Corners, GridHead};
use super::bytes::Section;
use super::message::{self, Message};
use super::product::{Named, ProductHead, add, civil_time};
use super::scan::END;

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

/// What the heads of a message say, and where the rest lies.
pub(super) struct Heads {
    product: ProductHead,
    /// Section 2 with its head.
    pub grid: Range<usize>,
    packed: Packed,
}

/// Where the message that begins at a place ends, by its own word and within the file.
///
/// # Errors
/// In words that follow the name of the file.
pub(super) fn end(bytes: &[u8], at: usize) -> Result<usize, String> {
    let length = Section(&bytes[at..]).u24(5)? as usize;
    let whole = bytes.get(at..at + length).filter(|whole| whole.ends_with(END) && length > 12);
    let whole = whole.ok_or_else(|| {
        format!("the message at byte {at} has {length} bytes and does not end with 7777 there")
    })?;
    Ok(at + whole.len())
}

/// The heads of a message.
///
/// # Errors
/// In words that follow the name of the message.
pub(super) fn heads(bytes: &[u8], message: Range<usize>) -> Result<Heads, String> {
    let body = message.start..message.end - END.len();
    let product = section(bytes, message.start + 8, &body)?;
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
    Ok(Heads { product: product_head(definition)?, grid, packed })
}

/// What a message is of whose heads are not understood otherwise; `None` where that is not said.
pub(super) fn named(bytes: &[u8], message: Range<usize>) -> Option<Named> {
    let body = message.start..message.end - END.len();
    let definition = Section(&bytes[section(bytes, message.start + 8, &body).ok()?]);
    let [table, centre, number] = [4, 5, 9].map(|octet| definition.u8(octet).ok());
    let (table, number) = (table?, number?);
    let parameter = parameters::find_edition1(u16::from(centre?), table, number);
    Some((parameter, [1, table, number]))
}

impl Heads {
    pub fn on(self, grid: Arc<GridHead>, bytes: &[u8]) -> Message {
        Message::new(self.product, grid, message::Packed::Edition1(self.packed), bytes)
    }
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
    let reference_time = reference_time(section)?;
    // What has no date, such as terrain, has no interval.
    let interval = reference_time.map(|time| interval(section, time, (centre, table, number)));
    let interval = interval.transpose()?.flatten();
    Ok(ProductHead {
        centre,
        reference_time,
        parameter: parameters::find_edition1(centre, table, number),
        numbers: [1, table, number],
        missing_values: &[],
        level: parameters::level_edition1(section.u8(10)?, section.u16(11)?),
        interval,
        member: None,
        derived: None,
        unread: None,
    })
}

/// When the forecast begins; `None` where every part of the date is missing, as in fields that do not change.
fn reference_time(section: Section) -> Result<Option<Timestamp>, String> {
    let of_century = section.u8(13)?;
    let parts = [section.u8(14)?, section.u8(15)?, section.u8(16)?, section.u8(17)?, 0];
    if [of_century, parts[0], parts[1]] == [u8::MAX; 3] {
        return Ok(None);
    }
    let year = (i16::from(section.u8(25)?) - 1) * 100 + i16::from(of_century);
    civil_time(year, parts).map(Some)
}

fn interval(
    section: Section,
    reference_time: Timestamp,
    (centre, table, number): (u16, u8, u8),
) -> Result<Option<Interval>, String> {
    let (unit, p1, p2) = (section.u8(18)?, i64::from(section.u8(19)?), i64::from(section.u8(20)?));
    // Units of edition 1 have the numbers of edition 2, but for the second.
    let after = |n: i64| add(reference_time, if unit == 254 { 13 } else { unit }, n);
    let over = |statistic| {
        Ok::<_, String>(Some(Interval { start: after(p1)?, end: after(p2)?, statistic }))
    };
    Ok(match section.u8(21)? {
        0 | 1 if parameters::is_ecmwf_total(centre, table, number) => {
            Some(Interval::accumulation(reference_time, after(p1)?))
        }
        0 | 1 => Some(Interval::at(after(p1)?)),
        3 => over(Statistic::Mean)?,
        4 => over(Statistic::Accumulation)?,
        2 | 5 => over(Statistic::Other)?,
        10 => Some(Interval::at(after(i64::from(section.u16(19)?))?)),
        _ => None,
    })
}

/// # Errors
/// For a grid that contradicts itself.
pub(super) fn grid_head(bytes: &[u8]) -> Result<GridHead, String> {
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

#[cfg(test)]
mod tests;
