//! Names and units of parameters in GRIB, as far as downscaling of precipitation needs them.
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
        (_, [0, 1, 7]) => named("prate", "Precipitation rate", "kg m-2 s-1"),
        (_, [0, 1, 8]) => named("apcp", "Total precipitation", "kg m-2"),
        (_, [0, 1, 9]) => named("ncpcp", "Large-scale precipitation", "kg m-2"),
        (_, [0, 1, 10]) => named("acpcp", "Convective precipitation", "kg m-2"),
        (_, [0, 1, 37]) => named("cprat", "Convective precipitation rate", "kg m-2 s-1"),
        (_, [0, 1, 49]) => named("twatp", "Total water precipitation", "kg m-2"),
        (_, [0, 1, 52]) => named("tprate", "Total precipitation rate", "kg m-2 s-1"),
        (ECMWF, [0, 1, 193]) => named("tp", "Total precipitation", "m"),
        (NCEP, [0, 1, 196]) => named("cprat", "Convective precipitation rate", "kg m-2 s-1"),
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

/// A level in words (WMO code table 4.5).
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
