//! Names that files give to rain, to parts of it, and to what is none.

use super::*;
use crate::field::testing;

fn content(variable: &str, standard_name: &str, said: &[(&str, &str)]) -> Content {
    let said = said.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned()));
    let head = testing::content(variable, standard_name);
    Content { said: said.collect(), unit: "mm".to_owned(), ..head }
}

fn named(variable: &str) -> RainKind {
    RainKind::of(&content(variable, "", &[]))
}

fn of_standard_name(name: &str) -> RainKind {
    RainKind::of(&content("x", name, &[]))
}

fn of_long_name(text: &str) -> RainKind {
    RainKind::of(&content("x", "", &[("long_name", text)]))
}

#[test]
fn names_of_all_the_rain_are_whole() {
    for name in
        ["tp", "apcp", "APCP_surface", "pr", "rain", "multi_sensor_qpe_pass2", "precip_5min"]
    {
        assert_eq!(named(name), RainKind::Whole, "{name}");
    }
    for name in [
        "precipitation_amount",
        "precipitation_flux",
        "lwe_thickness_of_precipitation_amount",
        "lwe_precipitation_rate",
        "rainfall_rate",
    ] {
        assert_eq!(of_standard_name(name), RainKind::Whole, "{name}");
    }
    for text in [
        "Total precipitation",
        "Precipitation (rainfall and snowfall)",
        "total precipitation (convective + large-scale)",
        "Rain of a convection-permitting model",
        "bias-corrected precipitation",
        "Global Precipitation Climatology Centre: precipitation",
        "precipitation of 5 days",
        "rain of five days",
        "sum of all days of the month",
        "probability-matched mean precipitation",
        "Climatology-Calibrated Precipitation Analysis",
        "Precipitation (3-hourly frequency)",
        "Rain of a convective-permitting model",
        "grid scale and cumulus precipitation",
        "Precipitation (rain and snow)",
        "Precipitation incl. snow",
        "Precipitation corrected for undercatch of snow",
        "quantile-mapped precipitation",
        "precipitation, bias removed",
    ] {
        assert_eq!(of_long_name(text), RainKind::Whole, "{text}");
    }
}

#[test]
fn parts_are_known_by_every_name() {
    use RainPart::{Convective, LargeScale, Snow};
    for (part, names) in [
        (Convective, &["cp", "prc", "ACPCP", "acpcp_surface", "crr", "rainc", "rain_con"][..]),
        (LargeScale, &["lsp", "ncpcp", "lsrr", "prls", "rainnc", "rain_gsp", "prec_acc_nc"][..]),
        (Snow, &["sf", "prsn"][..]),
    ] {
        for name in names {
            assert_eq!(named(name), RainKind::Part(part), "{name}");
        }
    }
    for (part, names) in [
        (
            Convective,
            &[
                "convective_precipitation_amount",
                "lwe_thickness_of_convective_precipitation_amount",
                "lwe_convective_precipitation_rate",
                "convective_rainfall_flux",
                "convective_snowfall_amount",
            ][..],
        ),
        (
            LargeScale,
            &[
                "large_scale_precipitation_amount",
                "large_scale_rainfall_flux",
                "stratiform_precipitation_flux",
                "stratiform_rainfall_rate",
                "lwe_thickness_of_stratiform_precipitation_amount",
                "lwe_thickness_of_large_scale_precipitation_amount",
                "lwe_stratiform_precipitation_rate",
                "large_scale_snowfall_amount",
            ][..],
        ),
        (Snow, &["snowfall_amount", "lwe_snowfall_rate"][..]),
    ] {
        for name in names {
            assert_eq!(of_standard_name(name), RainKind::Part(part), "{name}");
        }
    }
    for (part, text) in [
        (Convective, "Convective rain accumulation"),
        (LargeScale, "Large-scale precipitation"),
        (LargeScale, "ACCUMULATED TOTAL GRID SCALE PRECIPITATION"),
        (LargeScale, "Non-convective precipitation"),
        (Convective, "ACCUMULATED SHALLOW CUMULUS PRECIPITATION"),
        (Snow, "Snowfall"),
        (Snow, "Snow precipitation rate"),
    ] {
        assert_eq!(of_long_name(text), RainKind::Part(part), "{text}");
    }
    // One name is enough, whatever the others say.
    let both = content("tp", "precipitation_amount", &[("GRIB_name", "Convective precipitation")]);
    assert_eq!(RainKind::of(&both), RainKind::Part(Convective));
    assert!(is_part_of_rain(&content("cp", "", &[])));
    assert!(!is_part_of_rain(&Content { unit: "J kg-1 K-1".to_owned(), ..content("cp", "", &[]) }));
}

/// CHIRPS 2.0, as its header has it.
#[test]
fn a_standard_name_that_is_none_does_not_count_beside_a_long_name() {
    let chirps = [
        ("standard_name", "convective precipitation rate"),
        ("long_name", "Climate Hazards group InfraRed Precipitation with Stations"),
    ];
    let of = |said: &[(&str, &str)]| {
        RainKind::of(&content("precip", "convective precipitation rate", said))
    };
    assert_eq!(of(&chirps), RainKind::Whole);
    assert_eq!(of(&chirps[..1]), RainKind::Part(RainPart::Convective));
    // Of what is no rain every name counts.
    let anomaly = content("x", "precipitation anomaly", &[("long_name", "Precipitation")]);
    assert!(matches!(RainKind::of(&anomaly), RainKind::Other(_)));
}

#[test]
fn what_only_sounds_like_a_part_is_none() {
    let height = content("hcct", "", &[("long_name", "Height of convective cloud top")]);
    assert!(!is_part_of_rain(&Content { unit: "m".to_owned(), ..height }));
    let total = "Total precipitation. Convective precipitation is in cp.";
    let total = content("tp", "", &[("description", total)]);
    assert_eq!(RainKind::of(&total), RainKind::Whole);
    for name in ["rain_mm_min", "rain_per_min"] {
        assert_eq!(named(name), RainKind::Whole, "{name}");
    }
}

#[test]
fn what_is_made_of_rain_is_no_rain() {
    let is_other = |kind: RainKind| matches!(kind, RainKind::Other(_));
    for name in
        ["precip_spread", "precipitation_error", "precip_minus_evap", "tp_std", "precip_min"]
    {
        assert!(is_other(named(name)), "{name}");
    }
    for name in [
        "precipitation_amount_anomaly",
        "precipitation_amount standard_error",
        "precipitation_amount detection_minimum",
        "precipitation_amount number_of_observations",
        "precipitation_amount status_flag",
    ] {
        assert!(is_other(of_standard_name(name)), "{name}");
    }
    for text in [
        "precipitation minus evaporation",
        "precipitation standard deviation",
        "Probability of precipitation",
        "95th percentile of rainfall",
        "Standardized Precipitation Index",
        "number of days with precipitation",
        "ratio of convective to total precipitation",
        "precipitation climatology",
        "precipitation bias",
        "Precipitable water of the entire atmosphere",
        "number of wet days",
        "consecutive dry days without rain",
        "frequency of precipitation",
        "monthly frequency of precipitation",
        "precipitation, climatology removed",
        "uncertainty of precipitation",
    ] {
        assert!(is_other(of_long_name(text)), "{text}");
    }
    let derived = content("apcp", "", &[("derived forecast", "spread of all members")]);
    assert!(is_other(RainKind::of(&derived)));
}

#[test]
fn methods_of_cells_are_read_over_every_dimension() {
    let of = |methods: &str| {
        RainKind::of(&content("tp", "precipitation_amount", &[("cell_methods", methods)]))
    };
    for methods in [
        "time: sum",
        "area: mean time: sum",
        "time: mean",
        "realization: mean",
        "time: sum (comment: no maximum)",
    ] {
        assert_eq!(of(methods), RainKind::Whole, "{methods}");
    }
    for method in
        ["standard_deviation", "variance", "maximum", "minimum", "median", "range", "mode"]
    {
        for of_what in ["realization", "area", "time"] {
            let methods = format!("time: sum {of_what}: {method}");
            let why = format!("its cell_methods are “{methods}”");
            assert_eq!(of(&methods), RainKind::Other(why));
        }
    }
}

#[test]
fn what_is_refused_is_said() {
    let spread = content("tp", "", &[("long_name", "spread of precipitation")]);
    let error = check_is_rain("F.nc", &spread).unwrap_err().to_string();
    let words = "F.nc: tp (mm) is not rain: its long_name is “spread of precipitation”";
    assert!(error.contains(words), "{error}");
    assert!(check_is_rain("F.nc", &content("cp", "", &[])).is_ok(), "a part is rain");
    assert!(
        only_parts("F.nc", &spread).to_string().contains("has only parts of the rain, such as tp")
    );
}
