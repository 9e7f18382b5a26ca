//! Planes by their EPSG codes, as far as latitude and longitude can be had from them without a data base.

use super::Place;

/// The definition of a picture's plane for PROJ.4, with lengths in metres and axes in kilometres (`+units=km`) or
/// degrees; `None` for planes that are not known here. Parameters are those of the EPSG registry.
pub fn proj4(place: &Place) -> Option<String> {
    const WGS84: &str = "+ellps=WGS84";
    let plane = match place.epsg()? {
        4326 => return Some("+proj=longlat +ellps=WGS84 +no_defs".to_owned()),
        4258 | 4269 => return Some("+proj=longlat +ellps=GRS80 +no_defs".to_owned()),
        code @ 32601..=32660 => utm(code - 32600, 0, WGS84),
        code @ 32701..=32760 => utm(code - 32700, 10_000_000, WGS84),
        code @ 25828..=25838 => utm(code - 25800, 0, "+ellps=GRS80"),
        3413 => format!("+proj=stere +lat_0=90 +lat_ts=70 +lon_0=-45 {WGS84}"),
        3995 => format!("+proj=stere +lat_0=90 +lat_ts=71 +lon_0=0 {WGS84}"),
        3996 => format!("+proj=stere +lat_0=90 +lat_ts=75 +lon_0=0 {WGS84}"),
        3031 => format!("+proj=stere +lat_0=-90 +lat_ts=-71 +lon_0=0 {WGS84}"),
        3976 => format!("+proj=stere +lat_0=-90 +lat_ts=-70 +lon_0=0 {WGS84}"),
        code @ 3571..=3576 => {
            let longitude = [180, -150, -100, -40, 10, 90][usize::from(code - 3571)];
            format!("+proj=laea +lat_0=90 +lon_0={longitude} {WGS84}")
        }
        3035 => "+proj=laea +lat_0=52 +lon_0=10 +x_0=4321000 +y_0=3210000 +ellps=GRS80".to_owned(),
        _ => return None,
    };
    Some(format!("{plane} +units=km +no_defs"))
}

/// Universal transverse Mercator: zones of six degrees from 180° W.
fn utm(zone: u16, north_m: u32, ellipsoid: &str) -> String {
    let meridian = i32::from(zone) * 6 - 183;
    format!(
        "+proj=tmerc +lat_0=0 +lon_0={meridian} +k=0.9996 +x_0=500000 +y_0={north_m} {ellipsoid}"
    )
}
