//! How whole numbers stand for values, and which of them count.

use ndarray::ArrayD;
use netcdf_reader::masked::MaskParams;
use netcdf_reader::unpack::{SignParams, UnpackParams};
use netcdf_reader::{NcAttrValue, NcType, NcVariable};

use super::super::words::short;

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

/// Attributes of one number, which the others are divided by or added to.
const FACTORS: [&str; 2] = ["scale_factor", "add_offset"];
/// Attributes of one number or several.
const CODES: [&str; 5] = ["missing_value", "_FillValue", "valid_min", "valid_max", "valid_range"];

/// Whether what says how numbers are stored is numbers itself: the reader passes over text without a word, and missing
/// values would become rain.
///
/// # Errors
/// In words that follow the name of the variable.
pub(super) fn check(variable: &NcVariable) -> Result<(), String> {
    for name in FACTORS.into_iter().chain(CODES) {
        let Some(attribute) = variable.attribute(name) else { continue };
        let numbers = attribute.value.as_f64_vec();
        let is_fine = match numbers.as_deref() {
            None => is_nan(&attribute.value) && CODES.contains(&name),
            Some(&[one]) if name == "scale_factor" => one.is_finite() && one != 0.0,
            Some(&[one]) if FACTORS.contains(&name) => one.is_finite(),
            Some(several) => CODES.contains(&name) && !several.is_empty(),
        };
        if !is_fine {
            let what = match (attribute.value.as_string(), numbers) {
                (Some(text), _) => format!("the text “{}”", short(&text)),
                (None, Some(numbers)) => short(&format!("{numbers:?}")),
                (None, None) => "no number".to_owned(),
            };
            return Err(format!("its {name} is {what}: write it as a number"));
        }
    }
    Ok(())
}

/// Text that says what is missing anyway.
fn is_nan(value: &NcAttrValue) -> bool {
    value.as_string().is_some_and(|text| text.trim().parse::<f64>().is_ok_and(f64::is_nan))
}

/// Unpacks the stored numbers of a variable; `NaN` stands for those that do not count.
pub(super) fn unpack(variable: &NcVariable, stored: &mut ArrayD<f64>) {
    if let Some(sign) = SignParams::from_variable(variable) {
        sign.apply(stored);
    }
    if let Some(mask) = mask(variable) {
        mask.apply(stored);
    }
    if let Some(factors) = UnpackParams::from_variable(variable) {
        factors.apply(stored);
    }
}

/// Which stored numbers do not count. The reader takes all limits for stored numbers.
fn mask(variable: &NcVariable) -> Option<MaskParams> {
    let mut mask = MaskParams::from_variable(variable)?;
    let number = |name: &str| variable.attribute(name)?.value.as_f64();
    let packing = Packing {
        is_whole: !matches!(variable.dtype(), NcType::Float | NcType::Double),
        scale: number("scale_factor"),
        offset: number("add_offset"),
    };
    let [least, most] = limits(variable);
    let of = |limit: Option<Limit>, stored: Option<f64>| match limit {
        Some(limit) if packing.is_unpacked(limit) => Some(limit),
        // Of the sign that `_Unsigned` says.
        _ => stored.map(|value| Limit { value, is_fraction: false }),
    };
    let [least, most] = packing.valid([of(least, mask.valid_min), of(most, mask.valid_max)]);
    (mask.valid_min, mask.valid_max) = (Some(least), Some(most));
    Some(mask)
}

/// The ends of the valid range as the attributes of a variable have them.
fn limits(variable: &NcVariable) -> [Option<Limit>; 2] {
    let all = |name: &str| {
        let value = &variable.attribute(name)?.value;
        let is_fraction = matches!(value, NcAttrValue::Floats(_) | NcAttrValue::Doubles(_));
        let limit = |value: f64| Limit { value, is_fraction };
        Some(value.as_f64_vec()?.into_iter().map(limit).collect::<Vec<Limit>>())
    };
    match all("valid_range").as_deref() {
        Some(&[least, most, ..]) => [Some(least), Some(most)],
        Some(_) => [None, None],
        None => ["valid_min", "valid_max"].map(|name| all(name)?.first().copied()),
    }
}
