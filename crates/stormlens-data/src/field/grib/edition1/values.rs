//! Values of edition 1 in simple packing.

use super::super::super::FieldError;
use super::super::super::file::MAX_POINTS;
use super::super::bytes::{Bits, Section};
use super::super::values::check_scales;
use super::Packed;

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
        if n_points > MAX_POINTS {
            let what = format!("a field of {n_points} points, where {MAX_POINTS} are read at most");
            return Err(FieldError::TooLarge { file: file.to_owned(), what });
        }
        self.check(bytes)
            .map_err(|what| FieldError::Unsupported { file: file.to_owned(), what })?;
        let data = Section(&bytes[self.data.clone()]);
        let present = match &self.bitmap {
            None => vec![true; n_points],
            Some(range) => {
                let section = Section(&bytes[range.clone()]);
                let mut bits = Bits { bytes: &section.0[6..], at: 0 };
                let bits: Option<Vec<bool>> =
                    (0..n_points).map(|_| Some(bits.take(1)? == 1)).collect();
                bits.ok_or_else(|| damaged("its bitmap is too short".to_owned()))?
            }
        };
        let unpacked = self.unpack(data, &present).map_err(damaged)?;
        Ok(unpacked)
    }

    /// Checks that values are packed in a way that is read, told before they are unpacked.
    ///
    /// # Errors
    /// In words that follow the name of the field.
    pub fn check(&self, bytes: &[u8]) -> Result<(), String> {
        let data = Section(&bytes[self.data.clone()]);
        if data.u8(4)? & 0xF0 != 0 {
            return Err("its packing is not simple, which is all that is read of edition 1".into());
        }
        if let Some(range) = &self.bitmap
            && Section(&bytes[range.clone()]).u16(5)? != 0
        {
            return Err("it names its bitmap by a number and does not hold it".to_owned());
        }
        let n_bits = data.u8(11)?;
        if n_bits > 32 {
            return Err(format!("its values of {n_bits} bits are too wide"));
        }
        check_scales([data.signed_u16(5)?, self.decimal_scale], n_bits)
    }

    fn unpack(&self, data: Section, present: &[bool]) -> Result<Vec<f32>, String> {
        let scale = 2_f64.powi(data.signed_u16(5)?);
        let reference = ibm_float(data.u32(7)?);
        let n_bits = data.u8(11)?;
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

/// A number of the IBM 360: sign, exponent of 16, and 24 bits behind the point.
pub(super) fn ibm_float(bits: u32) -> f64 {
    let sign = if bits >> 31 == 1 { -1.0 } else { 1.0 };
    let exponent = i32::try_from((bits >> 24) & 0x7F).unwrap_or(0) - 64;
    sign * f64::from(bits & 0xFF_FFFF) / f64::from(1 << 24) * 16_f64.powi(exponent)
}
