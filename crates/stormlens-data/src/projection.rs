//! From the plane of a map to latitude and longitude.

use std::collections::BTreeMap;

use proj4rs::Proj;
use proj4rs::adaptors::transform_xy;

use crate::field::Grid;

const M_IN_KM: f64 = 1000.0;
/// What semi-major axes of the Earth lie between, metres.
const EARTH_M: std::ops::Range<f64> = 6.3e6..6.4e6;
/// Parameters that say what the Earth's shape is.
const SHAPE: [&str; 9] = ["a", "b", "R", "rf", "f", "es", "e", "ellps", "datum"];
/// Parameters that are lengths in the unit of the axes, unless `+units` is there.
const LENGTHS: [&str; 6] = ["a", "b", "R", "x_0", "y_0", "h"];

/// A definition of a plane that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the plane {proj4:?} cannot be used: {what}")]
pub struct ProjectionError {
    pub proj4: String,
    pub what: String,
}

/// The plane of a [`Grid`], read from its PROJ.4 definition.
///
/// Lengths of the definition are kilometres, as [`Grid`] has them; with `+units=km` they are metres and
/// only the axes kilometres, as PROJ has it. In a definition of longitude and latitude (`+proj=longlat`)
/// the axes are degrees.
pub struct Projection {
    plane: Proj,
    degrees: Proj,
    parameters: BTreeMap<String, String>,
}

impl Projection {
    /// # Errors
    /// For a definition that PROJ does not know, and for one whose ellipsoid is not the Earth in
    /// kilometres.
    pub fn of(grid: &Grid) -> Result<Self, ProjectionError> {
        Self::parse(&grid.proj4)
    }

    /// The plane of a definition, as [`Projection::of`] has it.
    ///
    /// # Errors
    /// Those of [`Projection::of`].
    pub fn parse(proj4: &str) -> Result<Self, ProjectionError> {
        let refuse = |what: String| ProjectionError { proj4: proj4.to_owned(), what };
        let parse = |text: &str| Proj::from_proj_string(text).map_err(|e| refuse(e.to_string()));
        let parameters = parameters(proj4);
        let shape =
            SHAPE.iter().filter_map(|name| Some(format!(" +{name}={}", parameters.get(*name)?)));
        let degrees = parse(&format!("+proj=longlat{}", shape.collect::<String>()))?;
        let projection = Self { plane: parse(proj4)?, degrees, parameters };
        let (semi_major_m, _) = projection.axes_m();
        match EARTH_M.contains(&semi_major_m) {
            true => Ok(projection),
            false => Err(refuse(
                "give the Earth's axes in kilometres, e.g. +a=6378.137, or say +units=km"
                    .to_owned(),
            )),
        }
    }

    /// Name of the projection in PROJ.4, e.g. `stere`.
    pub fn name(&self) -> &str {
        self.parameters.get("proj").map_or("", String::as_str)
    }

    /// Whether the plane's axes are longitude and latitude in degrees.
    pub fn is_geographic(&self) -> bool {
        self.plane.is_latlong()
    }

    /// A parameter of the definition as a number, e.g. `lat_ts`.
    pub fn number(&self, name: &str) -> Option<f64> {
        self.parameters.get(name)?.parse().ok()
    }

    /// The same for a length, in metres; 0 where it is not given.
    pub fn length_m(&self, name: &str) -> f64 {
        self.number(name).unwrap_or(0.0) * self.unit_m()
    }

    /// The Earth's semi-major and semi-minor axes in metres.
    pub fn axes_m(&self) -> (f64, f64) {
        let (major, minor) = self.plane.ellipse_parameters();
        (major * self.unit_m(), minor * self.unit_m())
    }

    /// The same plane with axes in metres.
    pub fn proj4_in_metres(&self) -> String {
        let written = self.parameters.iter().filter(|(name, _)| *name != "units");
        let words = written.map(|(name, value)| match LENGTHS.contains(&name.as_str()) {
            true => format!("+{name}={}", self.length_m(name)),
            false if value.is_empty() => format!("+{name}"),
            false => format!("+{name}={value}"),
        });
        let unit = (!self.is_geographic()).then(|| "+units=m".to_owned());
        words.chain(unit).collect::<Vec<_>>().join(" ")
    }

    /// Latitude and longitude in degrees of a place in the plane, given in its own unit (kilometres or
    /// degrees); `NaN` where the plane does not reach the Earth.
    pub fn latitude_longitude(&self, x: f64, y: f64) -> [f64; 2] {
        if self.is_geographic() {
            return [y, x];
        }
        match transform_xy(&self.plane, &self.degrees, x, y) {
            Ok((longitude, latitude)) => [latitude.to_degrees(), longitude.to_degrees()],
            Err(_) => [f64::NAN; 2],
        }
    }

    /// Where a latitude and a longitude in degrees lie in the plane, in its own unit; `None` where it does not reach.
    pub fn place(&self, latitude: f64, longitude: f64) -> Option<[f64; 2]> {
        if self.is_geographic() {
            return Some([longitude, latitude]);
        }
        let (x, y) = (longitude.to_radians(), latitude.to_radians());
        let (x, y) = transform_xy(&self.degrees, &self.plane, x, y).ok()?;
        (x.is_finite() && y.is_finite()).then_some([x, y])
    }

    /// Metres in the unit of the definition's lengths.
    fn unit_m(&self) -> f64 {
        if self.parameters.contains_key("units") { 1.0 } else { M_IN_KM }
    }
}

fn parameters(proj4: &str) -> BTreeMap<String, String> {
    let words = proj4.split_whitespace().filter_map(|word| word.strip_prefix('+'));
    let pairs = words.map(|word| word.split_once('=').unwrap_or((word, "")));
    pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::import::knmi::crop_grid;

    fn projection(proj4: &str) -> Result<Projection, ProjectionError> {
        Projection::of(&Grid { proj4: proj4.to_owned(), ..crop_grid() })
    }

    /// Expected are the places of PROJ 9.5.1, by the same definitions in metres.
    #[test]
    fn a_place_is_found_on_the_earth() {
        let plane = projection(&crop_grid().proj4).unwrap();
        let [latitude, longitude] = plane.latitude_longitude(225.5, -3934.5);
        let distance = (latitude - 53.429_670_527).hypot(longitude - 3.280_233_620);
        assert!(distance < 1e-8, "{latitude} {longitude}");
        assert_eq!(plane.axes_m(), (6_378_137.0, 6_356_752.0));
        let beyond = projection("+proj=laea +lat_0=52 +lon_0=5 +ellps=WGS84 +units=km").unwrap();
        assert!(beyond.latitude_longitude(20_000.0, 0.0)[0].is_nan());
    }

    #[test]
    fn equal_planes_are_written_in_two_ways() {
        let in_km = projection("+proj=laea +lat_0=52 +lon_0=5 +x_0=100 +R=6371").unwrap();
        let by_unit = "+proj=laea +lat_0=52 +lon_0=5 +x_0=100000 +R=6371000 +units=km";
        let by_unit = projection(by_unit).unwrap();
        let [a, b] = [&in_km, &by_unit].map(|plane| plane.latitude_longitude(321.0, -45.0));
        for [latitude, longitude] in [a, b] {
            let distance = (latitude - 51.551_658_272).hypot(longitude - 8.197_480_167);
            assert!(distance < 1e-8, "{latitude} {longitude}");
        }
        let in_m = "+R=6371000 +lat_0=52 +lon_0=5 +proj=laea +x_0=100000 +units=m";
        assert_eq!(in_km.proj4_in_metres(), in_m);
        assert_eq!(by_unit.proj4_in_metres(), in_m);
    }

    #[test]
    fn degrees_stay_degrees() {
        let plane = projection("+proj=longlat +ellps=WGS84 +units=km +no_defs").unwrap();
        assert!(plane.is_geographic());
        assert_eq!(plane.latitude_longitude(5.2, 52.1), [52.1, 5.2]);
        assert_eq!(plane.proj4_in_metres(), "+ellps=WGS84 +no_defs +proj=longlat");
    }

    #[test]
    fn what_is_no_plane_in_kilometres_is_refused() {
        let check = |proj4: &str, what: &str| {
            let error = projection(proj4).err().expect("refused").to_string();
            assert!(error.contains(what), "{error}");
        };
        check("", "cannot be used");
        check("+proj=nonsense +a=6378.137 +b=6356.752", "cannot be used");
        check("+proj=stere +lat_0=90 +lat_ts=60 +ellps=WGS84", "say +units=km");
        check("+proj=stere +lat_0=90 +lat_ts=60 +a=6378137 +b=6356752", "say +units=km");
    }
}
