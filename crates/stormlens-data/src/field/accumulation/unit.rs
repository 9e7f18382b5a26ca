//! Units of rain.

/// What a unit measures, and how many millimetres (or millimetres per second) it is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Unit {
    Amount(f64),
    Rate(f64),
}

impl Unit {
    /// 1 kg of water on 1 m² is 1 mm.
    pub fn parse(unit: &str) -> Option<Self> {
        let compact: String = unit.to_lowercase().chars().filter(|c| !" *^".contains(*c)).collect();
        Some(match compact.as_str() {
            "kgm-2" | "kg/m2" | "mm" | "millimeter" | "millimetre" => Self::Amount(1.0),
            "m" | "mofwaterequivalent" | "metre" | "meter" => Self::Amount(1000.0),
            "cm" => Self::Amount(10.0),
            "kgm-2s-1" | "kg/m2/s" | "kg/(m2s)" | "mms-1" | "mm/s" => Self::Rate(1.0),
            "mmh-1" | "mm/h" | "mm/hr" | "mmhr-1" | "kgm-2h-1" => Self::Rate(1.0 / 3600.0),
            "ms-1" | "m/s" => Self::Rate(1000.0),
            _ => return None,
        })
    }
}
