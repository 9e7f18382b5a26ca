//! Names that services give to rain.

use super::{RainKind, says_rain};
use crate::field::Content;

/// In GRIB and NetCDF, in any case.
const RAIN: [&str; 14] = [
    "tp",
    "apcp",
    "tprate",
    "prate",
    "precip",
    "precipitation",
    "rain",
    "rainfall",
    "pr",
    "preciprate",
    "prec_acc_nc",
    "ncpcp",
    "multisensor_qpe_01h_pass2",
    "acpcp",
];

/// Whether a variable of that name is rain.
pub fn is_rain_name(name: &str) -> bool {
    let name = name.to_lowercase();
    RAIN.contains(&name.as_str()) || name.contains("qpe") || name.contains("precip")
}

/// By the name of the variable, by the standard name of CF, or by words for people: one of them is enough, for each may be
/// anything.
pub fn is_rain(content: &Content) -> bool {
    is_rain_name(&content.variable) || says_rain(content)
}

/// Whether nothing says of rain that it is a part of it or another quantity.
pub fn is_whole_rain(content: &Content) -> bool {
    is_rain(content) && RainKind::of(content) == RainKind::Whole
}
