//! Where a composite lies: its plane, its corners and its pixels.

use super::PRODUCT;
use crate::field::Grid;
use crate::import::ImportError;
use crate::import::attributes::Attributes;
use crate::import::radar::check_spacing;
use crate::projection::Projection;

/// The corners of the file and those of its pixels agree to so many kilometres.
const TOLERANCE_KM: f64 = 0.25;

/// Why a grid is refused.
pub(super) enum Refused {
    Import(ImportError),
    Words(String),
}

impl Refused {
    pub fn into_error(self, file: &str) -> ImportError {
        match self {
            Self::Import(error) => error,
            Self::Words(what) => ImportError::layout(file, PRODUCT, what),
        }
    }
}

impl From<ImportError> for Refused {
    fn from(error: ImportError) -> Self {
        Self::Import(error)
    }
}

impl From<String> for Refused {
    fn from(what: String) -> Self {
        Self::Words(what)
    }
}

/// The grid that `where` describes; its corners are the outer ones.
pub(super) fn grid(place: &Attributes<'_>, [height, width]: [usize; 2]) -> Result<Grid, Refused> {
    for (name, n) in [("xsize", width), ("ysize", height)] {
        let stated = place.number(name)?;
        if stated != n as f64 {
            return Err(format!("its {name} is {stated}, and its array has {n}").into());
        }
    }
    let (proj4, unit_km) = plane(&place.text("projdef")?)?;
    let plane = Projection::parse(&proj4).map_err(|error| error.to_string())?;
    let spacings = [place.number("xscale")? * unit_km, place.number("yscale")? * unit_km];
    let [spacing_km, y] = [check_spacing(spacings[0])?, check_spacing(spacings[1])?];
    if (spacing_km - y).abs() * height.max(width) as f64 > 0.5 {
        return Err(format!("its pixels are no squares ({spacing_km} × {y} km)").into());
    }
    let corner = |name: &str| -> Result<[f64; 2], Refused> {
        let (longitude, latitude) =
            (place.number(&format!("{name}_lon"))?, place.number(&format!("{name}_lat"))?);
        let found = plane.place(latitude, longitude);
        found.ok_or_else(|| format!("its corner {name} lies outside its plane").into())
    };
    let [west_km, south] = corner("LL")?;
    let [height_km, width_km] = [height, width].map(|n| n as f64 * spacing_km);
    for (name, x, y) in [("UL", 0.0, height_km), ("UR", width_km, height_km), ("LR", width_km, 0.0)]
    {
        let found = corner(name)?;
        let off_km = (found[0] - west_km - x).hypot(found[1] - south - y);
        if off_km.is_nan() || off_km > TOLERANCE_KM {
            return Err(format!(
                "its corner {name} lies {off_km:.2} km from where LL, xscale and yscale put it"
            )
            .into());
        }
    }
    let north_km = south + height_km;
    Ok(Grid { height, width, spacing_km, west_km, north_km, proj4 })
}

/// The plane with axes in kilometres, and what its own unit is in kilometres: metres unless the Earth of the definition is
/// measured in kilometres.
fn plane(projdef: &str) -> Result<(String, f64), String> {
    let words = || projdef.split_whitespace();
    let unit = words().find_map(|word| word.strip_prefix("+units="));
    if words().any(|word| word.starts_with("+to_meter"))
        || unit.is_some_and(|u| u != "m" && u != "km")
    {
        return Err(format!("its projdef {projdef:?} has another unit than metres or kilometres"));
    }
    let rest: Vec<&str> = words().filter(|word| !word.starts_with("+units=")).collect();
    let by_unit = format!("{} +units=km", rest.join(" "));
    let in_km = rest.join(" ");
    let (proj4, unit_km) = match (Projection::parse(&by_unit), Projection::parse(&in_km)) {
        (Ok(_), _) => (by_unit, if unit == Some("km") { 1.0 } else { 0.001 }),
        (_, Ok(_)) => (in_km, 1.0),
        (Err(error), _) => return Err(error.to_string()),
    };
    match Projection::parse(&proj4).is_ok_and(|plane| plane.is_geographic()) {
        true => Err(format!("its projdef {projdef:?} has no pixels of 1 km, but degrees")),
        false => Ok((proj4, unit_km)),
    }
}
