//! How whole numbers stand for values, and which of them count.

use ndarray::ArrayD;
use netcdf_reader::masked::MaskParams;
use netcdf_reader::unpack::{SignParams, UnpackParams};
use netcdf_reader::{NcAttrValue, NcType, NcVariable};

use super::super::words::{number, short};
use super::numbers;

/// Of an end of the valid range and the offset, what rounding to float32 may leave.
const ROUNDING: f64 = 1e-6;

/// How the values of an array are stored.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Packing {
    /// Whether as whole numbers.
    pub is_whole: bool,
    /// `scale_factor`
    pub scale: Option<f64>,
    /// `add_offset`
    pub offset: Option<f64>,
}

/// An end of the valid range, as its attribute has it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limit {
    pub value: f64,
    /// Whether the type of the attribute has fractions.
    pub is_fraction: bool,
}

impl Packing {
    /// Whether a limit is one of unpacked values. One of the stored type is of stored numbers, and one of the wider type of
    /// the factor is of unpacked values (NetCDF User Guide, appendix A, `valid_range`): fractions beside whole numbers.
    fn is_unpacked(&self, limit: Limit) -> bool {
        limit.is_fraction && self.is_whole && (self.scale.is_some() || self.offset.is_some())
    }

    /// The least and the largest stored number that counts, of the least and the largest limit.
    pub fn valid(&self, limits: [Option<Limit>; 2]) -> [f64; 2] {
        let [mut least, mut most] = [f64::NEG_INFINITY, f64::INFINITY];
        for (place, limit) in limits.into_iter().enumerate() {
            let Some(limit) = limit else { continue };
            let (is_least, end) = match self.is_unpacked(limit) {
                false => (place == 0, limit.value),
                true => {
                    let (scale, offset) = (self.scale.unwrap_or(1.0), self.offset.unwrap_or(0.0));
                    // Nothing can be divided by 0 or by what is no number.
                    if !scale.is_normal() {
                        continue;
                    }
                    // A negative factor turns the order round.
                    let is_least = (place == 0) == (scale > 0.0);
                    let end = (limit.value - offset) / scale;
                    let slack = (limit.value.abs() + offset.abs()) / scale.abs() * ROUNDING;
                    (is_least, if is_least { end - slack } else { end + slack })
                }
            };
            match is_least {
                true => least = least.max(end),
                false => most = most.min(end),
            }
        }
        [least, most]
    }
}

/// Unpacks the stored numbers of a variable; `NaN` stands for those that do not count.
///
/// # Errors
/// In words, for attributes that are no numbers, and for a factor that makes nothing of a number.
pub(super) fn unpack(variable: &NcVariable, stored: &mut ArrayD<f64>) -> Result<(), String> {
    let packing = packing_of(variable)?;
    let mask = mask(variable, packing)?;
    if let Some(sign) = SignParams::from_variable(variable) {
        sign.apply(stored);
    }
    mask.apply(stored);
    if packing.scale.is_some() || packing.offset.is_some() {
        let (scale_factor, add_offset) =
            (packing.scale.unwrap_or(1.0), packing.offset.unwrap_or(0.0));
        UnpackParams { scale_factor, add_offset }.apply(stored);
    }
    Ok(())
}

/// The largest number that an array of a packed variable holds, and of one without signs the one before it, unpacked. Radar
/// keeps the largest for what is not measured, and the next for what is beyond its range.
///
/// # Errors
/// As [`unpack`].
pub(super) fn storage_ends(variable: &NcVariable) -> Result<Vec<f32>, String> {
    let packing = packing_of(variable)?;
    if packing.scale.is_none() && packing.offset.is_none() {
        return Ok(Vec::new());
    }
    let is_unsigned = SignParams::from_variable(variable).map(|sign| sign.reinterpret(-1.0) > 0.0);
    let (bits, has_sign) = match variable.dtype() {
        NcType::Byte => (8, true),
        NcType::UByte => (8, false),
        NcType::Short => (16, true),
        NcType::UShort => (16, false),
        NcType::Int => (32, true),
        NcType::UInt => (32, false),
        _ => return Ok(Vec::new()),
    };
    let has_sign = is_unsigned.map_or(has_sign, |is_unsigned| !is_unsigned);
    let stored = match has_sign {
        true => vec![2_f64.powi(bits - 1) - 1.0],
        false => vec![2_f64.powi(bits) - 1.0, 2_f64.powi(bits) - 2.0],
    };
    let (scale, offset) = (packing.scale.unwrap_or(1.0), packing.offset.unwrap_or(0.0));
    Ok(stored.into_iter().map(|stored| (stored * scale + offset) as f32).collect())
}

fn packing_of(variable: &NcVariable) -> Result<Packing, String> {
    let refuse = |name: &str, value: f64| {
        let of = short(variable.name());
        let value = number(value);
        Err(format!("the attribute {name} of {of} is {value}, which makes no values: correct it"))
    };
    let scale = numbers::one(variable, "scale_factor")?;
    if let Some(scale) = scale.filter(|scale| !scale.is_finite() || *scale == 0.0) {
        return refuse("scale_factor", scale);
    }
    let offset = numbers::one(variable, "add_offset")?;
    if let Some(offset) = offset.filter(|offset| !offset.is_finite()) {
        return refuse("add_offset", offset);
    }
    let is_whole = !matches!(variable.dtype(), NcType::Float | NcType::Double);
    Ok(Packing { is_whole, scale, offset })
}

/// Which stored numbers do not count.
fn mask(variable: &NcVariable, packing: Packing) -> Result<MaskParams, String> {
    let sign = SignParams::from_variable(variable);
    // As the array holds it: rounded to float32, or of the sign that `_Unsigned` says.
    let as_stored = |value: f64| {
        let is_float = matches!(variable.dtype(), NcType::Float);
        let value = if is_float { f64::from(value as f32) } else { value };
        sign.map_or(value, |sign| sign.reinterpret(value))
    };
    let of = |limit: Option<Limit>| match limit {
        Some(limit) if packing.is_unpacked(limit) => Some(limit),
        _ => limit.map(|limit| Limit { value: as_stored(limit.value), is_fraction: false }),
    };
    let [least, most] = limits(variable, packing)?;
    let [least, most] = packing.valid([of(least), of(most)]);
    let missing = numbers::all(variable, "missing_value")?.unwrap_or_default();
    Ok(MaskParams {
        fill_value: numbers::one(variable, "_FillValue")?.map(as_stored),
        missing_values: missing.into_iter().map(as_stored).collect(),
        valid_min: Some(least),
        valid_max: Some(most),
    })
}

/// The ends of the valid range as the attributes of a variable have them.
fn limits(variable: &NcVariable, packing: Packing) -> Result<[Option<Limit>; 2], String> {
    if let Some([least, most]) = numbers::pair(variable, "valid_range")? {
        let limit = |value: f64| limit(variable, "valid_range", (value, packing)).map(Some);
        return Ok([limit(least)?, limit(most)?]);
    }
    let end = |name: &str| {
        let value = numbers::one(variable, name)?;
        value.map(|value| limit(variable, name, (value, packing))).transpose()
    };
    Ok([end("valid_min")?, end("valid_max")?])
}

/// The type of the attribute says whether it is of stored or of unpacked values; a text has no such type.
fn limit(
    variable: &NcVariable,
    name: &str,
    (value, packing): (f64, Packing),
) -> Result<Limit, String> {
    let written = variable.attribute(name).map(|attribute| &attribute.value);
    let is_fraction = matches!(written, Some(NcAttrValue::Floats(_) | NcAttrValue::Doubles(_)));
    let could_be_unpacked = packing.is_unpacked(Limit { value, is_fraction: true });
    if could_be_unpacked && written.is_some_and(numbers::is_text) {
        return Err(format!(
            "the attribute {name} of {} is a text, which does not say whether it is of stored or of unpacked values: \
             write it as a number",
            short(variable.name())
        ));
    }
    Ok(Limit { value, is_fraction })
}
