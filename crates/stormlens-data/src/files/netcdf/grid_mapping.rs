//! A plane as the attributes of a CF grid mapping (CF-1.11, appendix F).

use netcdf_writer::NcAttrValue;

use crate::projection::Projection;

/// Name of the mapping in CF, or `crs` where CF has none for it, and its attributes. Lengths are metres,
/// angles degrees. The attribute `proj4` is the whole definition in metres.
pub fn grid_mapping(plane: &Projection) -> (&'static str, Vec<(&'static str, NcAttrValue)>) {
    let angle = |name: &str| plane.number(name).unwrap_or(0.0);
    let scale = || plane.number("k_0").or_else(|| plane.number("k")).unwrap_or(1.0);
    let scale_at_origin = || ("scale_factor_at_projection_origin", vec![scale()]);
    let latitude = ("latitude_of_projection_origin", vec![angle("lat_0")]);
    let longitude = ("longitude_of_projection_origin", vec![angle("lon_0")]);
    let meridian = ("longitude_of_central_meridian", vec![angle("lon_0")]);
    let parallel = plane.number("lat_ts").map(|lat_ts| ("standard_parallel", vec![lat_ts]));
    let (name, numbers) = match plane.name() {
        _ if plane.is_geographic() => ("latitude_longitude", Vec::new()),
        "stere" if angle("lat_0").abs() == 90.0 => {
            let longitude = ("straight_vertical_longitude_from_pole", vec![angle("lon_0")]);
            (
                "polar_stereographic",
                vec![longitude, latitude, parallel.unwrap_or_else(scale_at_origin)],
            )
        }
        "stere" => ("stereographic", vec![longitude, latitude, scale_at_origin()]),
        "laea" => ("lambert_azimuthal_equal_area", vec![longitude, latitude]),
        "lcc" => ("lambert_conformal_conic", vec![meridian, latitude, parallels(plane)]),
        "aea" => ("albers_conical_equal_area", vec![meridian, latitude, parallels(plane)]),
        "merc" => ("mercator", vec![longitude, parallel.unwrap_or_else(scale_at_origin)]),
        "tmerc" => {
            let scale = ("scale_factor_at_central_meridian", vec![scale()]);
            ("transverse_mercator", vec![meridian, latitude, scale])
        }
        _ => ("crs", Vec::new()),
    };
    (name, attributes(plane, name, numbers))
}

type Numbers = Vec<(&'static str, Vec<f64>)>;

/// One standard parallel, or two that differ.
fn parallels(plane: &Projection) -> (&'static str, Vec<f64>) {
    let mut parallels: Vec<f64> =
        ["lat_1", "lat_2"].iter().filter_map(|name| plane.number(name)).collect();
    parallels.dedup();
    ("standard_parallel", parallels)
}

fn attributes(
    plane: &Projection,
    name: &'static str,
    mut numbers: Numbers,
) -> Vec<(&'static str, NcAttrValue)> {
    let (major, minor) = plane.axes_m();
    match plane.is_geographic() {
        true => {}
        false => numbers.extend([
            ("false_easting", vec![plane.length_m("x_0")]),
            ("false_northing", vec![plane.length_m("y_0")]),
        ]),
    }
    numbers.extend([("semi_major_axis", vec![major]), ("semi_minor_axis", vec![minor])]);
    let text = |text: String| NcAttrValue::Chars(text);
    let mut attributes = vec![("proj4", text(plane.proj4_in_metres()))];
    if name != "crs" {
        attributes.push(("grid_mapping_name", text(name.to_owned())));
    }
    attributes.extend(numbers.into_iter().map(|(name, v)| (name, NcAttrValue::Doubles(v))));
    attributes
}
