//! Which quantity a field of a file is, and at which level: by the names that CF, ECMWF, NCEP and CMIP give.

use super::FieldQuantity::{
    self, EastwardWind, GeopotentialHeight, NorthwardWind, Precipitation, RelativeHumidity,
    SeaLevelPressure, SpecificHumidity, Temperature,
};
use crate::field::rain_name::says_rain;
use crate::field::{Content, Level, RainKind};

/// What a field of a file is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Recognised {
    pub quantity: FieldQuantity,
    /// `None` where neither file nor name says it.
    pub level: Option<Level>,
}

/// What a field is; `None` for whatever no network here is told of.
///
/// The standard name decides where the file has one; else the short name, which may end with a pressure (`t850`).
///
/// Neither a part of the rain nor another quantity made of rain is precipitation.
pub fn recognise(content: &Content) -> Option<Recognised> {
    let found = by_names(content)?;
    let is_rain = || RainKind::of(content) == RainKind::Whole;
    (found.quantity != Precipitation || is_rain()).then_some(found)
}

/// Why a field that bears a name of rain is not taken for it; `None` for rain, and for what bears no such name.
pub fn why_no_rain(content: &Content) -> Option<String> {
    let is_named = by_names(content).is_some_and(|found| found.quantity == Precipitation);
    let variable = &content.variable;
    match RainKind::of(content) {
        _ if !is_named && !says_rain(content) => None,
        RainKind::Whole => None,
        RainKind::Part(part) => Some(format!("{variable} is {}", part.in_words())),
        RainKind::Other(why) => Some(format!("{variable} is not rain: {why}")),
    }
}

fn by_names(content: &Content) -> Option<Recognised> {
    let stated = Level::parse(&content.level);
    let short = of_short_name(&content.variable);
    let implied = short.and_then(|(_, level)| level);
    // `t850` at 700 hPa: one of both is wrong, and nothing tells which.
    let contradicts = matches!(
        (implied, stated),
        (Some(a @ Level::Pressure(_)), Some(b @ Level::Pressure(_))) if a != b
    );
    if contradicts {
        return None;
    }
    if let Some(quantity) = of_standard_name(&content.standard_name) {
        // A name such as `2t` says more than the level “surface” that its messages have.
        let own = implied.filter(|_| short.is_some_and(|(of_name, _)| of_name == quantity));
        return Some(Recognised { quantity, level: own.or(stated).or(level_of(quantity)) });
    }
    // A standard name that is another quantity's is not overruled by a short one.
    if !matches!(content.standard_name.as_str(), "" | "unknown") {
        return None;
    }
    let (quantity, level) = short?;
    Some(Recognised { quantity, level: level.or(stated).or(level_of(quantity)) })
}

/// The level of a quantity that has only one.
fn level_of(quantity: FieldQuantity) -> Option<Level> {
    match quantity {
        FieldQuantity::SeaLevelPressure => Some(Level::MeanSea),
        FieldQuantity::Precipitation => Some(Level::Surface),
        _ => None,
    }
}

/// CF standard name table, version 90.
fn of_standard_name(name: &str) -> Option<FieldQuantity> {
    Some(match name {
        "air_temperature" => Temperature,
        "geopotential_height" | "geopotential" => GeopotentialHeight,
        "relative_humidity" => RelativeHumidity,
        "specific_humidity" => SpecificHumidity,
        "eastward_wind" => EastwardWind,
        "northward_wind" => NorthwardWind,
        "air_pressure_at_mean_sea_level" | "air_pressure_at_sea_level" => SeaLevelPressure,
        "precipitation_amount" | "lwe_thickness_of_precipitation_amount" => Precipitation,
        "precipitation_flux" | "lwe_precipitation_rate" => Precipitation,
        _ => return None,
    })
}

/// Names of ECMWF, NCEP and CMIP, without regard to case.
fn of_short_name(name: &str) -> Option<(FieldQuantity, Option<Level>)> {
    let name = name.to_lowercase();
    let at = Level::AboveGround;
    let at_ground = match name.as_str() {
        "2t" | "t2m" | "t2" | "tas" => Some((Temperature, at(2))),
        "2r" | "r2m" | "hurs" => Some((RelativeHumidity, at(2))),
        "10u" | "u10" | "u10m" | "uas" => Some((EastwardWind, at(10))),
        "10v" | "v10" | "v10m" | "vas" => Some((NorthwardWind, at(10))),
        "msl" | "prmsl" | "mslet" | "mslp" | "psl" | "slp" => {
            Some((SeaLevelPressure, Level::MeanSea))
        }
        "tp" | "apcp" | "prate" | "tprate" => Some((Precipitation, Level::Surface)),
        _ => None,
    };
    if let Some((quantity, level)) = at_ground {
        return Some((quantity, Some(level)));
    }
    let letters = name.trim_end_matches(|c: char| c.is_ascii_digit());
    let digits = &name[letters.len()..];
    let quantity = match letters.trim_end_matches('_') {
        "t" | "ta" | "air" | "temp" => Temperature,
        "z" | "gh" | "zg" | "hgt" | "gph" => GeopotentialHeight,
        "r" | "rh" | "hur" | "rhum" => RelativeHumidity,
        "q" | "hus" | "shum" => SpecificHumidity,
        "u" | "ua" | "uwnd" | "ugrd" => EastwardWind,
        "v" | "va" | "vwnd" | "vgrd" => NorthwardWind,
        _ => return None,
    };
    match digits {
        "" => Some((quantity, None)),
        // Pressures in names are hectopascals; `t2`, `u10` are none.
        _ if matches!(digits.len(), 3 | 4) => {
            Some((quantity, Some(Level::hpa(digits.parse().ok()?))))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::field::testing;

    fn content(variable: &str, standard_name: &str, level: &str) -> Content {
        Content { level: level.to_owned(), ..testing::content(variable, standard_name) }
    }

    #[test]
    fn names_of_conventions_and_services_are_known() {
        let check = |(variable, standard, level): (&str, &str, &str),
                     expected: Option<(FieldQuantity, Option<Level>)>| {
            let found =
                recognise(&content(variable, standard, level)).map(|r| (r.quantity, r.level));
            assert_eq!(found, expected, "{variable} {standard} {level}");
        };
        let hpa = |n| Some(Level::hpa(n));
        check(("t", "air_temperature", "850 hPa"), Some((Temperature, hpa(850))));
        check(("air", "", "500 hPa"), Some((Temperature, hpa(500))));
        check(("ta500", "air_temperature", ""), Some((Temperature, hpa(500))));
        check(("Z500", "", ""), Some((GeopotentialHeight, hpa(500))));
        check(("q_850", "unknown", ""), Some((SpecificHumidity, hpa(850))));
        check(
            ("r", "relative_humidity", "2 m above ground"),
            Some((RelativeHumidity, Some(Level::AboveGround(2)))),
        );
        check(
            ("10u", "eastward_wind", "surface"),
            Some((EastwardWind, Some(Level::AboveGround(10)))),
        );
        check(("t2m", "", ""), Some((Temperature, Some(Level::AboveGround(2)))));
        check(
            ("msl", "air_pressure_at_mean_sea_level", ""),
            Some((SeaLevelPressure, Some(Level::MeanSea))),
        );
        check(("tp", "", ""), Some((Precipitation, Some(Level::Surface))));
        check(("pr", "precipitation_flux", ""), Some((Precipitation, Some(Level::Surface))));
        check(("t", "air_temperature", ""), Some((Temperature, None)));
        check(("ts", "surface_temperature", ""), None);
        // A name of two meanings: the standard name decides, and no quantity is taken for another.
        check(("r", "mass_mixing_ratio", "850 hPa"), None);
        check(("q", "relative_humidity", "850 hPa"), Some((RelativeHumidity, hpa(850))));
        check(("si10", "wind_speed", ""), None);
        // Name and coordinate contradict each other.
        check(("t850", "air_temperature", "700 hPa"), None);
        check(("t850", "", "850 hPa"), Some((Temperature, hpa(850))));
        check(("t12345", "", ""), None);
    }
    /// A part of the rain, and what is made of rain, is hidden, and the reason is said.
    #[test]
    fn only_all_of_the_rain_is_precipitation() {
        let said = |name: &str, text: &str| Content {
            said: vec![(name.to_owned(), text.to_owned())],
            ..content("tp", "precipitation_amount", "")
        };
        let whole = said("long_name", "Total precipitation");
        assert!(recognise(&whole).is_some() && why_no_rain(&whole).is_none());
        for (field, words) in [
            (said("long_name", "Convective precipitation"), "only the convective part"),
            (said("cell_methods", "realization: standard_deviation"), "its cell_methods are"),
            (content("lsp", "stratiform_precipitation_amount", ""), "only the large-scale part"),
        ] {
            assert_eq!(recognise(&field), None, "{words}");
            assert!(why_no_rain(&field).expect("a reason").contains(words), "{words}");
        }
        assert_eq!(why_no_rain(&content("t", "air_temperature", "")), None);
    }
}
