//! Sections 5 to 7: the values, unpacked by the crate `grib` after sizes have been compared.

use grib::Grib2SubmessageDecoder;

use super::super::FieldError;
use super::super::file::MAX_POINTS;
use super::bytes::{Bits, Section};

/// Templates of section 5 that are read. Run lengths (5.200) are not: the decoder takes memory for whatever length a
/// few bytes say, which ends the program.
const PACKINGS: [u16; 6] = [0, 2, 3, 40, 41, 42];

/// Values of a field in the order of the file, missing ones as `NaN`; sections 5, 6 and 7 with their heads.
///
/// # Errors
/// For more points than are read, for pictures of another size than the field, for what the decoder does not
/// know, and for data that end too early.
pub(super) fn decode(
    file: &str,
    n_points: usize,
    packing: u16,
    [representation, bitmap, data]: [&[u8]; 3],
) -> Result<Vec<f32>, FieldError> {
    let damaged = |what: String| FieldError::Damaged { file: file.to_owned(), what };
    if n_points > MAX_POINTS {
        let what = format!("a field of {n_points} points, where {MAX_POINTS} are read at most");
        return Err(FieldError::TooLarge { file: file.to_owned(), what });
    }
    check_packing(packing, representation)
        .map_err(|what| FieldError::Unsupported { file: file.to_owned(), what })?;
    check_sizes(n_points, packing, [representation, bitmap, data]).map_err(damaged)?;
    let refuse = |error: grib::GribError| match &error {
        grib::GribError::DecodeError(grib::DecodeError::NotSupported(what, number)) => {
            let what = format!("{what} {number} is not read");
            FieldError::Unsupported { file: file.to_owned(), what }
        }
        _ => damaged(format!("its values cannot be unpacked ({error})")),
    };
    let parts = [representation, bitmap, data].map(<[u8]>::to_vec);
    let [representation, bitmap, data] = parts;
    let decoder = Grib2SubmessageDecoder::new(n_points, representation, bitmap, data);
    let decoder = decoder.map_err(refuse)?;
    let values: Vec<f32> = decoder.dispatch().map_err(refuse)?.take(n_points).collect();
    if values.len() != n_points {
        return Err(damaged(format!("{} of {n_points} values are there", values.len())));
    }
    if values.iter().any(|value| value.is_infinite()) {
        return Err(damaged("it has infinite values".to_owned()));
    }
    Ok(values)
}

/// Checks that values are packed in a way that is read, and that their packing makes numbers; section 5 with its head.
///
/// # Errors
/// In words that follow the name of the field.
pub(super) fn check_packing(packing: u16, representation: &[u8]) -> Result<(), String> {
    if !PACKINGS.contains(&packing) {
        return Err(format!("its packing 5.{packing} is not read"));
    }
    let section = Section(representation);
    let reference = f32::from_bits(section.u32(12)?);
    if !reference.is_finite() {
        return Err(format!("its reference value is not a finite number ({reference})"));
    }
    check_scales([section.signed_u16(16)?, section.signed_u16(18)?], section.u8(20)?)
}

/// Checks that packed numbers times 2 to the first scale, divided by 10 to the second, neither overflow nor vanish, as `f32`
/// has them: both would be plausible values. Numbers without bits are not scaled.
pub(super) fn check_scales([binary, decimal]: [i32; 2], n_bits: u8) -> Result<(), String> {
    let is_held = binary < f32::MAX_EXP && decimal.abs() <= f32::MAX_10_EXP;
    match n_bits == 0 || is_held {
        true => Ok(()),
        false => Err(format!(
            "its scales 2^{binary} and 10^{decimal} are beyond the numbers of 32 bits that it holds"
        )),
    }
}

/// Compares what heads promise, before memory is taken for it.
fn check_sizes(n_points: usize, packing: u16, parts: [&[u8]; 3]) -> Result<(), String> {
    let [representation, bitmap, data] = parts.map(Section);
    let n_encoded = representation.u32(6)? as usize;
    if n_encoded > n_points {
        return Err(format!("{n_encoded} values are packed for {n_points} points"));
    }
    let indicator = bitmap.u8(6)?;
    let n_bitmap = bitmap.len() - 6;
    if indicator == 0 && n_bitmap < n_points.div_ceil(8) {
        return Err(format!("its bitmap of {n_bitmap} bytes is too short for {n_points} points"));
    }
    if indicator == 255 && n_encoded != n_points {
        return Err(format!(
            "{n_encoded} of {n_points} values are packed, and no bitmap says which"
        ));
    }
    if matches!(packing, 2 | 3) {
        check_groups(representation, data, packing == 3, n_encoded)?;
    }
    // With 0 bits a picture is not there: all values are the reference.
    let has_picture = representation.u8(20)? != 0;
    let pixels = match packing {
        41 if has_picture => Some(png_pixels(data)?),
        40 if has_picture => Some(jpeg2000_pixels(data)?),
        _ => None,
    };
    match pixels {
        Some(n) if n != n_encoded as u64 => {
            Err(format!("its picture has {n} pixels where {n_encoded} values are packed"))
        }
        _ => Ok(()),
    }
}

/// Groups of complex packing (templates 5.2 and 5.3, then 7.2 and 7.3) hold as many values as are packed: a group whose
/// values have no bits may say any length, and the decoder would take memory for it.
fn check_groups(
    representation: Section,
    data: Section,
    has_differences: bool,
    n_encoded: usize,
) -> Result<(), String> {
    let n_groups = representation.u32(32)? as usize;
    if n_groups > n_encoded {
        return Err("it has more groups than points".to_owned());
    }
    let n_before = match has_differences {
        true => (usize::from(representation.u8(48)?) + 1) * usize::from(representation.u8(49)?),
        false => 0,
    };
    // References and widths come first, each list up to a whole byte.
    let bytes = |n_bits: u8| (n_groups * usize::from(n_bits)).div_ceil(8);
    let start = 5 + n_before + bytes(representation.u8(20)?) + bytes(representation.u8(37)?);
    let n_bits = representation.u8(47)?;
    let lengths = data.0.get(start..).filter(|_| n_bits <= 32).ok_or("it has no group lengths")?;
    let (shortest, step) = (u64::from(representation.u32(38)?), u64::from(representation.u8(42)?));
    let mut bits = Bits { bytes: lengths, at: 0 };
    let mut sum = u64::from(representation.u32(43)?);
    for _ in 1..n_groups {
        let scaled = bits.take(n_bits).ok_or("its group lengths end too early")?;
        sum += shortest + step * u64::from(scaled);
    }
    match n_groups == 0 || sum == n_encoded as u64 {
        true => Ok(()),
        false => Err(format!("its groups hold {sum} values where {n_encoded} are packed")),
    }
}

/// Width times height in the head of a PNG.
fn png_pixels(data: Section) -> Result<u64, String> {
    match data.0.get(5..13) == Some(b"\x89PNG\r\n\x1a\n") && data.0.get(17..21) == Some(b"IHDR") {
        true => Ok(u64::from(data.u32(22)?) * u64::from(data.u32(26)?)),
        false => Err("its data are no PNG picture".to_owned()),
    }
}

/// Width times height in the head of a JPEG 2000 code stream: SOC (FF4F), then SIZ (FF51). Its components and tiles
/// are as many as a field needs and as the standard allows, or memory would be taken for them.
fn jpeg2000_pixels(data: Section) -> Result<u64, String> {
    if data.0.get(5..9) != Some(&[0xFF, 0x4F, 0xFF, 0x51]) {
        return Err("its data are no JPEG 2000 code stream".to_owned());
    }
    let side =
        |end, begin| Ok::<_, String>(u64::from(data.u32(end)?.saturating_sub(data.u32(begin)?)));
    let n_components = data.u16(46)?;
    if n_components != 1 {
        return Err(format!("its picture has {n_components} components, where one is needed"));
    }
    let tiles = |end, origin, size| {
        Ok::<_, String>(side(end, origin)?.div_ceil(u64::from(data.u32(size)?.max(1))))
    };
    if tiles(14, 38, 30)? * tiles(18, 42, 34)? > u64::from(u16::MAX) {
        return Err("its picture has more tiles than JPEG 2000 allows".to_owned());
    }
    Ok(side(14, 22)? * side(18, 26)?)
}
