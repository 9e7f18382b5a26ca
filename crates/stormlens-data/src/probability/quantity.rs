//! What a variable measures, in which units, and between which bounds the atmosphere keeps it.

use crate::choice::choice;
use crate::field::record::{LEAST_MM, most_mm};
use crate::field::{Level, RainUnit};

/// Standard gravity, m s⁻² (CGPM 1901): a geopotential divided by it is a geopotential height.
pub const STANDARD_GRAVITY: f64 = 9.806_65;

choice! {
    /// What a variable measures.
    FieldQuantity("quantity") {
        #[default]
        Temperature = "temperature": "temperature",
        GeopotentialHeight = "geopotential-height": "geopotential height",
        RelativeHumidity = "relative-humidity": "relative humidity",
        SpecificHumidity = "specific-humidity": "specific humidity",
        EastwardWind = "eastward-wind": "eastward wind",
        NorthwardWind = "northward-wind": "northward wind",
        SeaLevelPressure = "sea-level-pressure": "pressure at mean sea level",
        /// Rain and melted snow of the model itself, over an interval.
        Precipitation = "precipitation": "precipitation",
    }
}

/// From a unit to the unit of the quantity: value · scale + offset.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Conversion {
    pub scale: f64,
    pub offset: f64,
}

impl Conversion {
    const fn by(scale: f64) -> Self {
        Self { scale, offset: 0.0 }
    }

    pub fn apply(self, value: f64) -> f64 {
        value * self.scale + self.offset
    }

    /// From the unit of the quantity back to this one.
    pub fn undo(self, value: f64) -> f64 {
        (value - self.offset) / self.scale
    }
}

impl FieldQuantity {
    /// The unit that all others are converted to.
    pub fn unit(self) -> &'static str {
        match self {
            Self::Temperature => "K",
            Self::GeopotentialHeight => "m",
            Self::RelativeHumidity => "%",
            Self::SpecificHumidity => "kg kg-1",
            Self::EastwardWind | Self::NorthwardWind => "m s-1",
            Self::SeaLevelPressure => "Pa",
            Self::Precipitation => "mm",
        }
    }

    /// Its name in the table of the CF conventions.
    pub fn standard_name(self) -> &'static str {
        match self {
            Self::Temperature => "air_temperature",
            Self::GeopotentialHeight => "geopotential_height",
            Self::RelativeHumidity => "relative_humidity",
            Self::SpecificHumidity => "specific_humidity",
            Self::EastwardWind => "eastward_wind",
            Self::NorthwardWind => "northward_wind",
            Self::SeaLevelPressure => "air_pressure_at_mean_sea_level",
            Self::Precipitation => "lwe_thickness_of_precipitation_amount",
        }
    }

    /// How a unit, as files write it, becomes [`Self::unit`]; `None` for a unit that is none of this quantity.
    ///
    /// A geopotential (m² s⁻²) counts as a height: it is the height times [`STANDARD_GRAVITY`].
    pub fn conversion(self, unit: &str) -> Option<Conversion> {
        let compact: String =
            unit.to_lowercase().chars().filter(|c| !" *^_".contains(*c)).collect();
        let of = |known: &[&str]| known.contains(&compact.as_str());
        let by = |scale| Some(Conversion::by(scale));
        match self {
            Self::Temperature if of(&["k", "kelvin", "degk"]) => by(1.0),
            Self::Temperature
                if of(&["°c", "c", "degc", "celsius", "degreecelsius", "degreescelsius"]) =>
            {
                Some(Conversion { scale: 1.0, offset: 273.15 })
            }
            Self::GeopotentialHeight if of(&["m", "gpm", "metre", "metres", "meter", "meters"]) => {
                by(1.0)
            }
            Self::GeopotentialHeight if of(&["dam", "gpdm", "dagpm", "gpdam"]) => by(10.0),
            Self::GeopotentialHeight if of(&["m2s-2", "m2/s2", "jkg-1", "j/kg"]) => {
                by(1.0 / STANDARD_GRAVITY)
            }
            Self::RelativeHumidity if of(&["%", "percent"]) => by(1.0),
            Self::RelativeHumidity if of(&["1", "fraction", "(0-1)"]) => by(100.0),
            Self::SpecificHumidity if of(&["kgkg-1", "kg/kg", "1"]) => by(1.0),
            Self::SpecificHumidity if of(&["gkg-1", "g/kg"]) => by(1e-3),
            Self::EastwardWind | Self::NorthwardWind if of(&["ms-1", "m/s"]) => by(1.0),
            Self::EastwardWind | Self::NorthwardWind if of(&["kt", "kts", "knot", "knots"]) => {
                by(1852.0 / 3600.0)
            }
            Self::EastwardWind | Self::NorthwardWind if of(&["kmh-1", "km/h"]) => by(1.0 / 3.6),
            Self::SeaLevelPressure if of(&["pa", "pascal", "pascals"]) => by(1.0),
            Self::SeaLevelPressure if of(&["hpa", "mb", "mbar", "millibar", "millibars"]) => {
                by(100.0)
            }
            Self::SeaLevelPressure if of(&["kpa"]) => by(1000.0),
            Self::Precipitation => match RainUnit::parse(unit)? {
                RainUnit::Amount(mm) => by(mm),
                // They need a time, which a factor cannot have.
                RainUnit::Sum { .. } | RainUnit::Rate(_) => None,
            },
            _ => None,
        }
    }

    /// Units that are read, for messages.
    pub fn units_in_words(self) -> &'static str {
        match self {
            Self::Temperature => "K or °C",
            Self::GeopotentialHeight => "m, gpm, dam, or m2 s-2 of a geopotential",
            Self::RelativeHumidity => "% or 1",
            Self::SpecificHumidity => "kg kg-1 or g kg-1",
            Self::EastwardWind | Self::NorthwardWind => "m s-1, km/h or kt",
            Self::SeaLevelPressure => "Pa or hPa",
            Self::Precipitation => "mm, cm, in, kg m-2 or m",
        }
    }

    /// Everywhere on the Earth the largest value of a region is above this, in [`Self::unit`]: a map that stays below is in
    /// another unit than it says. Up to 700 hPa air at −50 °C holds 3e-5 kg/kg of vapour (ice is in balance with 4 Pa).
    pub fn least_maximum(self, level: Level) -> Option<f64> {
        match (self, level) {
            (Self::RelativeHumidity, _) => Some(1.0),
            (Self::SpecificHumidity, Level::Pressure(pa)) if pa >= 70_000 => Some(2e-5),
            _ => None,
        }
    }

    /// Least and largest value that the atmosphere of the Earth has at a level, in [`Self::unit`], with room for models:
    /// a field beyond them is in another unit or of another level than it says.
    ///
    /// Heights of pressure surfaces lie within a sixth of those of the standard atmosphere (ICAO Doc 7488), and 700 m; records
    /// of pressure are 870 and 1085 hPa, of temperature −89 and 57 °C at the ground.
    pub fn bounds(self, level: Level) -> [f64; 2] {
        match self {
            Self::Temperature => [150.0, 345.0],
            Self::GeopotentialHeight => {
                let Level::Pressure(pa) = level else { return [-1_000.0, 60_000.0] };
                let height = standard_height_m(f64::from(pa));
                let room = 700.0 + height.abs() / 6.0;
                [height - room, height + room]
            }
            // Over ice and in models, air is supersaturated; interpolation makes it a little drier than dry.
            Self::RelativeHumidity => [-10.0, 180.0],
            Self::SpecificHumidity => [-1e-3, 0.06],
            Self::EastwardWind | Self::NorthwardWind => [-150.0, 150.0],
            Self::SeaLevelPressure => [85_000.0, 110_000.0],
            // What one interval can have is checked where the amount is made; here is that of the longest.
            Self::Precipitation => [LEAST_MM, most_mm(31 * 24 * 3600)],
        }
    }
}

/// Height of a pressure surface in the standard atmosphere, m: troposphere with 6.5 K km⁻¹, from 226.32 hPa (11 km) on
/// isothermal at 216.65 K.
fn standard_height_m(pa: f64) -> f64 {
    const TROPOPAUSE_PA: f64 = 22_632.0;
    match pa >= TROPOPAUSE_PA {
        true => 44_330.8 * (1.0 - (pa / 101_325.0).powf(0.190_263)),
        false => 11_000.0 + 287.053 * 216.65 / STANDARD_GRAVITY * (TROPOPAUSE_PA / pa).ln(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_converted_where_they_are_clear() {
        let check = |quantity: FieldQuantity, unit: &str, value: f64, expected: f64| {
            let found = quantity.conversion(unit).expect(unit);
            assert!(
                (found.apply(value) - expected).abs() < 1e-9 * expected.abs(),
                "{quantity} {unit}"
            );
            assert!((found.undo(expected) - value).abs() < 1e-9 * value.abs(), "{quantity} {unit}");
        };
        use FieldQuantity::*;
        check(Temperature, "degC", 20.0, 293.15);
        check(Temperature, "°C", -10.0, 263.15);
        check(Temperature, "K", 250.0, 250.0);
        check(GeopotentialHeight, "m**2 s**-2", 5500.0 * 9.80665, 5500.0);
        check(GeopotentialHeight, "m2 s-2", 98.0665, 10.0);
        check(GeopotentialHeight, "dam", 550.0, 5500.0);
        check(RelativeHumidity, "1", 0.5, 50.0);
        check(SpecificHumidity, "g kg-1", 8.0, 0.008);
        check(EastwardWind, "kt", 10.0, 5.144_444_444_444_445);
        check(SeaLevelPressure, "millibars", 1013.25, 101_325.0);
        check(Precipitation, "m", 0.012, 12.0);
        check(Precipitation, "in", 0.5, 12.7);
        for (quantity, unit) in [
            (Temperature, "degF"),
            (Temperature, ""),
            (Temperature, "Pa"),
            (RelativeHumidity, "kg kg-1"),
            (SpecificHumidity, "%"),
            (SeaLevelPressure, "m"),
            (GeopotentialHeight, "Pa"),
            (EastwardWind, "degree"),
            (Precipitation, "mm/h"),
        ] {
            assert_eq!(quantity.conversion(unit), None, "{quantity} in {unit}");
        }
    }

    /// Against the tables of the standard atmosphere: 850 hPa lies at 1457 m, 500 hPa at 5574 m, 100 hPa at 16,180 m.
    #[test]
    fn heights_of_levels_do_not_pass_for_each_other() {
        for (hpa, height) in [(850.0, 1_457.0), (500.0, 5_574.0), (100.0, 16_180.0)] {
            assert!((standard_height_m(hpa * 100.0) - height).abs() < 5.0, "{hpa}");
        }
        let bounds = |hpa| FieldQuantity::GeopotentialHeight.bounds(Level::hpa(hpa));
        assert!(bounds(1000)[1] < 1_000.0 && bounds(850)[1] < bounds(500)[0]);
        assert!(bounds(500)[1] < bounds(100)[0]);
        // The lowest and highest that happen: polar lows and subtropical highs.
        assert!(bounds(500)[0] < 4_700.0 && bounds(500)[1] > 6_050.0);
    }
}
