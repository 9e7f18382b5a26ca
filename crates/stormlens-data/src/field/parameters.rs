//! Names and units of parameters in GRIB: of precipitation, terrain, and the fields that weather is told from.
//!
//! WMO code table 4.2; local tables of NCEP (centre 7), ECMWF (centre 98) and MRMS (discipline 209).

/// A parameter: short name, title, unit.
#[derive(Clone, Copy, Debug)]
pub(super) struct Parameter {
    pub name: &'static str,
    pub title: &'static str,
    pub unit: &'static str,
}

const fn named(name: &'static str, title: &'static str, unit: &'static str) -> Parameter {
    Parameter { name, title, unit }
}

const ECMWF: u16 = 98;
const NCEP: u16 = 7;
/// Discipline of MRMS, in a table of its own.
pub(super) const MRMS: u8 = 209;

/// The parameter of these numbers (discipline, category, number) of a centre.
pub(super) fn find(centre: u16, numbers: [u8; 3]) -> Option<Parameter> {
    let known = match (centre, numbers) {
        (_, [0, 0, 0]) => named("t", "Temperature", "K"),
        (_, [0, 0, 4]) => named("tmax", "Maximum temperature", "K"),
        (_, [0, 0, 5]) => named("tmin", "Minimum temperature", "K"),
        (_, [0, 0, 6]) => named("dpt", "Dew point temperature", "K"),
        (_, [0, 1, 0]) => named("q", "Specific humidity", "kg kg-1"),
        (_, [0, 1, 1]) => named("r", "Relative humidity", "%"),
        (_, [0, 1, 7]) => named("prate", "Precipitation rate", "kg m-2 s-1"),
        (_, [0, 1, 8]) => named("apcp", "Total precipitation", "kg m-2"),
        (_, [0, 1, 9]) => named("ncpcp", "Large-scale precipitation", "kg m-2"),
        (_, [0, 1, 10]) => named("acpcp", "Convective precipitation", "kg m-2"),
        (_, [0, 1, 37]) => named("cprat", "Convective precipitation rate", "kg m-2 s-1"),
        (_, [0, 1, 49]) => named("twatp", "Total water precipitation", "kg m-2"),
        (_, [0, 1, 52]) => named("tprate", "Total precipitation rate", "kg m-2 s-1"),
        (ECMWF, [0, 1, 193]) => named("tp", "Total precipitation", "m"),
        (NCEP, [0, 1, 196]) => named("cprat", "Convective precipitation rate", "kg m-2 s-1"),
        (_, [0, 2, 0]) => named("wdir", "Wind direction", "degree"),
        (_, [0, 2, 1]) => named("wind", "Wind speed", "m s-1"),
        (_, [0, 2, 2]) => named("u", "Eastward wind", "m s-1"),
        (_, [0, 2, 3]) => named("v", "Northward wind", "m s-1"),
        (_, [0, 3, 0]) => named("pres", "Pressure", "Pa"),
        (_, [0, 3, 1]) => named("prmsl", "Pressure at mean sea level", "Pa"),
        (NCEP, [0, 3, 192]) => named("mslet", "Pressure at mean sea level (Eta reduction)", "Pa"),
        (_, [0, 3, 4]) => named("z", "Geopotential", "m2 s-2"),
        (_, [0, 3, 5]) => named("hgt", "Geopotential height", "gpm"),
        (_, [0, 3, 6]) => named("height", "Geometric height", "m"),
        (_, [2, 0, 7]) => named("orog", "Height of the model terrain", "m"),
        (_, [MRMS, 6, 1]) => named("precip_rate", "MRMS radar precipitation rate", "mm h-1"),
        (_, [MRMS, 6, number]) => named(mrms_sum(number)?.0, "MRMS precipitation sum", "mm"),
        _ => return None,
    };
    Some(known)
}

/// The parameter of a table of edition 1: the WMO's table 2, which NCEP uses, and ECMWF's table 128.
pub(super) fn find_edition1(centre: u16, table: u8, number: u8) -> Option<Parameter> {
    let known = match (centre, table, number) {
        (ECMWF, 128, 228) => named("tp", "Total precipitation", "m"),
        (ECMWF, 128, 142) => named("lsp", "Large-scale precipitation", "m"),
        (ECMWF, 128, 143) => named("cp", "Convective precipitation", "m"),
        (ECMWF, 128, 129) => named("z", "Geopotential", "m2 s-2"),
        (ECMWF, 128, 130) => named("t", "Temperature", "K"),
        (ECMWF, 128, 131) => named("u", "Eastward wind", "m s-1"),
        (ECMWF, 128, 132) => named("v", "Northward wind", "m s-1"),
        (ECMWF, 128, 133) => named("q", "Specific humidity", "kg kg-1"),
        (ECMWF, 128, 134) => named("sp", "Surface pressure", "Pa"),
        (ECMWF, 128, 151) => named("msl", "Pressure at mean sea level", "Pa"),
        (ECMWF, 128, 157) => named("r", "Relative humidity", "%"),
        (ECMWF, 128, 165) => named("10u", "Eastward wind at 10 m", "m s-1"),
        (ECMWF, 128, 166) => named("10v", "Northward wind at 10 m", "m s-1"),
        (ECMWF, 128, 167) => named("2t", "Temperature at 2 m", "K"),
        (ECMWF, 128, 168) => named("2d", "Dew point temperature at 2 m", "K"),
        (_, 1..=3, 1) => named("pres", "Pressure", "Pa"),
        (_, 1..=3, 2) => named("prmsl", "Pressure at mean sea level", "Pa"),
        (_, 1..=3, 6) => named("z", "Geopotential", "m2 s-2"),
        (_, 1..=3, 11) => named("t", "Temperature", "K"),
        (_, 1..=3, 17) => named("dpt", "Dew point temperature", "K"),
        (_, 1..=3, 31) => named("wdir", "Wind direction", "degree"),
        (_, 1..=3, 32) => named("wind", "Wind speed", "m s-1"),
        (_, 1..=3, 33) => named("u", "Eastward wind", "m s-1"),
        (_, 1..=3, 34) => named("v", "Northward wind", "m s-1"),
        (_, 1..=3, 51) => named("q", "Specific humidity", "kg kg-1"),
        (_, 1..=3, 52) => named("r", "Relative humidity", "%"),
        (_, 1..=3, 7) => named("hgt", "Geopotential height", "gpm"),
        (_, 1..=3, 8) => named("height", "Geometric height", "m"),
        (_, 1..=3, 59) => named("prate", "Precipitation rate", "kg m-2 s-1"),
        (_, 1..=3, 61) => named("apcp", "Total precipitation", "kg m-2"),
        (_, 1..=3, 62) => named("ncpcp", "Large-scale precipitation", "kg m-2"),
        (_, 1..=3, 63) => named("acpcp", "Convective precipitation", "kg m-2"),
        _ => return None,
    };
    Some(known)
}

/// The standard name that the conventions CF (table 90) have for a parameter; empty where they have none, or where this
/// program asks for none.
pub(super) fn standard_name(parameter: Parameter) -> &'static str {
    match parameter.name {
        "t" | "2t" => "air_temperature",
        "dpt" | "2d" => "dew_point_temperature",
        "q" => "specific_humidity",
        "r" => "relative_humidity",
        "wdir" => "wind_from_direction",
        "wind" => "wind_speed",
        "u" | "10u" => "eastward_wind",
        "v" | "10v" => "northward_wind",
        "pres" => "air_pressure",
        "sp" => "surface_air_pressure",
        "prmsl" | "msl" | "mslet" => "air_pressure_at_mean_sea_level",
        "z" => "geopotential",
        "hgt" => "geopotential_height",
        "height" => "height",
        "apcp" => "precipitation_amount",
        "tp" => "lwe_thickness_of_precipitation_amount",
        _ => "",
    }
}

/// Whether ECMWF counts that parameter of its table 128 from the begin of the forecast on, although its messages of
/// edition 1 call it instantaneous.
pub(super) fn is_ecmwf_total(centre: u16, table: u8, number: u8) -> bool {
    (centre, table) == (ECMWF, 128) && [142, 143, 228].contains(&number)
}

/// Sums in the table of MRMS by number: short name and hours, which end at the time of the message. The
/// messages themselves call them instantaneous.
pub(super) fn mrms_sum(number: u8) -> Option<(&'static str, i64)> {
    const HOURS: [i64; 7] = [1, 3, 6, 12, 24, 48, 72];
    const FAMILIES: [(u8, &str); 5] = [
        (2, "radar_only_qpe"),
        (9, "gauge_corr_qpe"),
        (16, "mountain_mapper_qpe"),
        (30, "multi_sensor_qpe_pass1"),
        (37, "multi_sensor_qpe_pass2"),
    ];
    FAMILIES.into_iter().find_map(|(first, name)| {
        let place = usize::from(number.checked_sub(first)?);
        Some((name, *HOURS.get(place)?))
    })
}

/// What the table of MRMS declares for rain rates and sums: −1 missing, −3 no coverage.
pub(super) const MRMS_MISSING: [f32; 2] = [-1.0, -3.0];

/// A centre in words (WMO common code table C-1), of those that people have files of.
pub(super) fn centre(number: u16) -> String {
    match number {
        7 => "NCEP".to_owned(),
        8 => "US National Weather Service".to_owned(),
        54 => "Canadian Meteorological Centre".to_owned(),
        74 => "UK Met Office".to_owned(),
        78 => "DWD".to_owned(),
        85 => "Météo-France".to_owned(),
        ECMWF => "ECMWF".to_owned(),
        161 => "NOAA MRMS".to_owned(),
        other => format!("centre {other}"),
    }
}

/// A level in words (WMO code table 4.5). Pressure comes in pascals.
pub(super) fn level(kind: u8, value: f64) -> String {
    match kind {
        1 => "surface".to_owned(),
        100 => format!("{} hPa", value / 100.0),
        101 => "mean sea level".to_owned(),
        102 => format!("{value} m above mean sea level"),
        103 => format!("{value} m above ground"),
        other => format!("level type {other}, {value}"),
    }
}

/// A level of edition 1 in words (WMO code table 3). Its numbers are others than those of edition 2: pressure comes in
/// hectopascals, 101 is a layer, and heights above ground are 105.
pub(super) fn level_edition1(kind: u8, value: u16) -> String {
    match kind {
        1 => "surface".to_owned(),
        100 => format!("{value} hPa"),
        102 => "mean sea level".to_owned(),
        103 => format!("{value} m above mean sea level"),
        105 => format!("{value} m above ground"),
        other => format!("level type {other}, {value}"),
    }
}
