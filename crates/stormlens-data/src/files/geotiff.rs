//! A map as GeoTIFF, which programs for maps open at its place.
//!
//! One band of float32, north up; missing values are NaN. Where the map lies is said as OGC GeoTIFF 1.1
//! has it (OGC 19-008r4), with a projection of its own parameters, since national grids have no codes. What it is, its unit
//! and its time stand in the tags that GDAL reads.

use std::io::Cursor;

use tiff::TiffResult;
use tiff::encoder::colortype::Gray32Float;
use tiff::encoder::{DirectoryEncoder, TiffEncoder, TiffKindStandard};
use tiff::tags::Tag;

use self::metadata::Metadata;
use super::FilesError;
use crate::field::Grid;
use crate::outcome::{Domain, Outcome, Variable};
use crate::projection::Projection;
use crate::scene;
use crate::scene::place::Position;

mod letters;
mod metadata;

const M_IN_KM: f64 = 1000.0;
/// `GDAL_METADATA`, items as XML.
const GDAL_METADATA: Tag = Tag::Unknown(42112);
/// In place of a code, where one is defined by its parameters.
const USER_DEFINED: u16 = 32767;

/// One map of a variable, by its place among the variable's maps. A map of a scene lies where the scene's own file
/// says, in its words. The band has description, unit (as UDUNITS reads it) and, as items, `time` (the end of an interval),
/// `time_start`, `lead_time_minutes`, the entries of all other axes, level and classes; the file says where it came from.
///
/// # Errors
/// For a variable that lies nowhere on the Earth, and for a projection that GeoTIFF has no name for.
///
/// # Panics
/// If the variable has no such map.
pub fn to_bytes(
    outcome: &Outcome,
    variable: &Variable,
    index: usize,
) -> Result<Vec<u8>, FilesError> {
    let refuse = |what: String| FilesError::GeoTiff { name: variable.name.clone(), what };
    let nowhere = || refuse("it does not lie on the Earth".to_owned());
    let [height, width] = variable.plane.ok_or_else(nowhere)?;
    let (map, metadata) = (variable.map(index), Metadata::new(outcome, variable, index));
    let Domain::Earth(grid) = &variable.domain else {
        let place = variable.domain.place([height, width]).ok_or_else(nowhere)?;
        let tags = |tags: &mut Tags<'_, '_>| write_place(tags, &place);
        return write(&map.values, [height, width], &metadata, tags)
            .map_err(|error| refuse(error.to_string()));
    };
    if !grid.is_somewhere() {
        return Err(nowhere());
    }
    let projection = Projection::of(grid)?;
    let keys = Keys::of(&projection).ok_or_else(|| {
        refuse(format!("GeoTIFF has no name for the projection {}: take NetCDF", projection.name()))
    })?;
    let place = place(grid, &projection, [height, width]);
    write(&map.values, [height, width], &metadata, |tags| write_grid(tags, &place, &keys))
        .map_err(|error| refuse(error.to_string()))
}

/// The directory of a file in the making.
type Tags<'a, 'b> = DirectoryEncoder<'a, Cursor<&'b mut Vec<u8>>, TiffKindStandard>;

fn write(
    values: &[f32],
    [height, width]: [usize; 2],
    metadata: &Metadata,
    position: impl FnOnce(&mut Tags<'_, '_>) -> TiffResult<()>,
) -> TiffResult<Vec<u8>> {
    let side = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    let mut bytes = Vec::new();
    {
        let mut file = TiffEncoder::new(Cursor::new(&mut bytes))?;
        let mut image = file.new_image::<Gray32Float>(side(width), side(height))?;
        position(image.encoder())?;
        write_metadata(image.encoder(), metadata)?;
        image.encoder().write_tag(Tag::GdalNodata, "nan")?;
        image.write_data(values)?;
    }
    Ok(bytes)
}

fn write_metadata(tags: &mut Tags<'_, '_>, metadata: &Metadata) -> TiffResult<()> {
    tags.write_tag(Tag::ImageDescription, metadata.description().as_str())?;
    if let Some(time) = metadata.date_time() {
        tags.write_tag(Tag::DateTime, time.as_str())?;
    }
    tags.write_tag(GDAL_METADATA, metadata.xml().as_str())
}

fn write_grid(
    tags: &mut Tags<'_, '_>,
    Place { scale, corner }: &Place,
    keys: &Keys,
) -> TiffResult<()> {
    tags.write_tag(Tag::ModelPixelScaleTag, &scale[..])?;
    tags.write_tag(Tag::ModelTiepointTag, &[0.0, 0.0, 0.0, corner[0], corner[1], 0.0][..])?;
    tags.write_tag(Tag::GeoKeyDirectoryTag, &keys.directory()[..])?;
    tags.write_tag(Tag::GeoDoubleParamsTag, &keys.numbers()[..])
}

/// What the file of a scene says, for the pixels of a map of it.
fn write_place(tags: &mut Tags<'_, '_>, place: &scene::Place) -> TiffResult<()> {
    match &place.position {
        Position::Affine([x, width, 0.0, y, 0.0, height]) if *width > 0.0 && *height < 0.0 => {
            tags.write_tag(Tag::ModelPixelScaleTag, &[*width, -height, 0.0][..])?;
            tags.write_tag(Tag::ModelTiepointTag, &[0.0, 0.0, 0.0, *x, *y, 0.0][..])?;
        }
        Position::Affine([x, xc, xr, y, yc, yr]) => {
            let rows = [[*xc, *xr, 0.0, *x], [*yc, *yr, 0.0, *y], [0.0; 4], [0.0, 0.0, 0.0, 1.0]];
            tags.write_tag(Tag::ModelTransformationTag, rows.as_flattened())?;
        }
        Position::Points(points) => {
            let points: Vec<f64> =
                points.iter().flat_map(|&[i, j, x, y, z]| [i, j, 0.0, x, y, z]).collect();
            tags.write_tag(Tag::ModelTiepointTag, &points[..])?;
        }
    }
    if !place.directory.is_empty() {
        tags.write_tag(Tag::GeoKeyDirectoryTag, &place.directory[..])?;
    }
    if !place.numbers.is_empty() {
        tags.write_tag(Tag::GeoDoubleParamsTag, &place.numbers[..])?;
    }
    if !place.text.is_empty() {
        tags.write_tag(Tag::GeoAsciiParamsTag, place.text.as_str())?;
    }
    Ok(())
}

/// Size of a cell, and the upper left corner, in metres or degrees.
struct Place {
    scale: [f64; 3],
    corner: [f64; 2],
}

fn place(grid: &Grid, projection: &Projection, [height, width]: [usize; 2]) -> Place {
    let unit = if projection.is_geographic() { 1.0 } else { M_IN_KM };
    let side =
        |n_pixels: usize, n_cells: usize| n_pixels as f64 * grid.spacing_km * unit / n_cells as f64;
    Place {
        scale: [side(grid.width, width), side(grid.height, height), 0.0],
        corner: [grid.west_km * unit, grid.north_km * unit],
    }
}

enum Key {
    Code(u16),
    Number(f64),
}

/// What GeoTIFF says of a plane, by the numbers of its keys, ascending.
struct Keys(Vec<(u16, Key)>);

impl Keys {
    /// `None` for a projection without a name in GeoTIFF.
    fn of(plane: &Projection) -> Option<Self> {
        let (major, minor) = plane.axes_m();
        let mut keys = vec![
            (1024, Key::Code(if plane.is_geographic() { 2 } else { 1 })),
            // A value is that of an area, its cell.
            (1025, Key::Code(1)),
            (2048, Key::Code(USER_DEFINED)),
            (2050, Key::Code(USER_DEFINED)),
            // Greenwich, degrees.
            (2051, Key::Code(8901)),
            (2054, Key::Code(9102)),
            (2056, Key::Code(USER_DEFINED)),
            (2057, Key::Number(major)),
            (2058, Key::Number(minor)),
        ];
        if !plane.is_geographic() {
            let (transformation, parameters) = transformation(plane)?;
            keys.extend([3072, 3074].map(|key| (key, Key::Code(USER_DEFINED))));
            keys.push((3075, Key::Code(transformation)));
            // Metres.
            keys.push((3076, Key::Code(9001)));
            keys.extend(parameters.into_iter().map(|(key, value)| (key, Key::Number(value))));
            keys.sort_by_key(|(key, _)| *key);
        }
        Some(Self(keys))
    }

    fn numbers(&self) -> Vec<f64> {
        let number = |(_, key): &(u16, Key)| match key {
            Key::Number(value) => Some(*value),
            Key::Code(_) => None,
        };
        self.0.iter().filter_map(number).collect()
    }

    /// Four numbers a key: its own, where its value lies, how many there are, and the value or its place.
    fn directory(&self) -> Vec<u16> {
        let mut directory = vec![1, 1, 1, self.0.len() as u16];
        let mut n_numbers = 0;
        for (key, value) in &self.0 {
            match value {
                Key::Code(code) => directory.extend([*key, 0, 1, *code]),
                Key::Number(_) => {
                    directory.extend([*key, Tag::GeoDoubleParamsTag.to_u16(), 1, n_numbers]);
                    n_numbers += 1;
                }
            }
        }
        directory
    }
}

/// The code of a projection, and its parameters.
fn transformation(plane: &Projection) -> Option<(u16, Vec<(u16, f64)>)> {
    let angle = |name: &str| plane.number(name).unwrap_or(0.0);
    let scale = plane.number("k_0").or_else(|| plane.number("k")).unwrap_or(1.0);
    let (latitude, longitude) = (angle("lat_0"), angle("lon_0"));
    let [east, north] = ["x_0", "y_0"].map(|name| plane.length_m(name));
    let (first, second) = (angle("lat_1"), plane.number("lat_2").unwrap_or(angle("lat_1")));
    let origin = |more: &[(u16, f64)]| [&[(3082, east), (3083, north)], more].concat();
    Some(match plane.name() {
        "stere" if latitude.abs() == 90.0 => {
            let true_at = plane.number("lat_ts").unwrap_or(latitude);
            (15, origin(&[(3081, true_at), (3092, scale), (3095, longitude)]))
        }
        "stere" => (14, origin(&[(3088, longitude), (3089, latitude), (3092, scale)])),
        "laea" => (10, origin(&[(3088, longitude), (3089, latitude)])),
        "lcc" => {
            let origin = [(3084, longitude), (3085, latitude), (3086, east), (3087, north)];
            (8, [&[(3078, first), (3079, second)], &origin[..]].concat())
        }
        "aea" => {
            let parallels = [(3078, first), (3079, second)];
            (11, origin(&[parallels[0], parallels[1], (3080, longitude), (3081, latitude)]))
        }
        "tmerc" => (1, origin(&[(3080, longitude), (3081, latitude), (3092, scale)])),
        "merc" => match plane.number("lat_ts") {
            Some(parallel) => (7, origin(&[(3078, parallel), (3080, longitude)])),
            None => (7, origin(&[(3080, longitude), (3081, 0.0), (3092, scale)])),
        },
        _ => return None,
    })
}

#[cfg(test)]
mod tests;
