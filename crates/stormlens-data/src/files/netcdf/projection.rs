//! A PROJ.4 definition as the attributes of a CF grid mapping.

use std::collections::BTreeMap;

use netcdf_writer::NcAttrValue;

use super::FilesError;

/// Attributes of the grid mapping *polar stereographic*, from a definition in kilometres.
///
/// # Errors
/// For another projection, and for a definition that lacks a number.
pub fn attributes(proj4: &str) -> Result<Vec<(String, NcAttrValue)>, FilesError> {
    let parameters: BTreeMap<&str, &str> = proj4
        .split_whitespace()
        .filter_map(|word| word.strip_prefix('+')?.split_once('='))
        .collect();
    let refuse = |what: &str| FilesError::Netcdf { what: format!("the grid {proj4:?} {what}") };
    if parameters.get("proj") != Some(&"stere") {
        return Err(refuse("is not polar stereographic"));
    }
    let number = |name: &str| -> Result<f64, FilesError> {
        let parsed = parameters.get(name).and_then(|text| text.parse().ok());
        parsed.ok_or_else(|| refuse(&format!("has no number {name}")))
    };
    let pole = number("lat_0")?;
    if pole.abs() != 90.0 {
        return Err(refuse("is not polar"));
    }
    let km_in_m = 1000.0;
    let numbers = [
        ("straight_vertical_longitude_from_pole", number("lon_0")?),
        ("latitude_of_projection_origin", pole),
        ("standard_parallel", number("lat_ts")?),
        ("false_easting", number("x_0")? * km_in_m),
        ("false_northing", number("y_0")? * km_in_m),
        ("semi_major_axis", number("a")? * km_in_m),
        ("semi_minor_axis", number("b")? * km_in_m),
    ];
    let text = |text: &str| NcAttrValue::Chars(text.to_owned());
    let named = [("grid_mapping_name", text("polar_stereographic")), ("proj4_in_km", text(proj4))];
    let numbers = numbers.map(|(name, value)| (name, NcAttrValue::Doubles(vec![value])));
    Ok(named.into_iter().chain(numbers).map(|(name, value)| (name.to_owned(), value)).collect())
}
