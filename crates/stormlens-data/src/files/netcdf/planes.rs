//! Rows and columns as dimensions, and where on the Earth or in a picture they lie.

use super::FilesError;
use super::builder::{Builder, Dimension};
use super::grid_mapping::grid_mapping;
use crate::field::Grid;
use crate::outcome::{Domain, Variable};
use crate::projection::Projection;
use crate::scene::place::{self, Place};

const M_IN_KM: f64 = 1000.0;

/// Rows and columns in the file.
#[derive(Clone)]
pub struct Plane {
    pub dimensions: [Dimension; 2],
    /// Names of auxiliary coordinate variables.
    pub coordinates: Vec<String>,
    /// Name of the variable that tells the projection; empty where there is none.
    pub grid_mapping: String,
}

/// The planes that are in the file: equal ones are one pair of dimensions.
#[derive(Default)]
pub struct Planes {
    known: Vec<((Domain, [usize; 2]), Plane)>,
    grid_mappings: Vec<(String, String)>,
}

impl Planes {
    /// The plane of a variable, which is written the first time; `None` for what is no map.
    pub fn of(
        &mut self,
        file: &mut Builder,
        variable: &Variable,
    ) -> Result<Option<Plane>, FilesError> {
        let Some(size) = variable.plane else { return Ok(None) };
        let key = (variable.domain.clone(), size);
        if let Some((_, plane)) = self.known.iter().find(|(known, _)| *known == key) {
            return Ok(Some(plane.clone()));
        }
        let is_whole = variable.domain.size() == Some(size);
        let plane = match (&variable.domain, variable.domain.middles(size)) {
            (_, None) => nowhere(file, size)?,
            (Domain::Earth(grid), _) if !grid.is_somewhere() => nowhere(file, size)?,
            (Domain::Earth(grid), Some(middles)) => self.earth(file, grid, &middles, is_whole)?,
            (domain, Some(middles)) => {
                // Of one side as the square's, the centre is still no more than a part of it.
                let is_whole = is_whole && matches!(domain, Domain::Scene(_));
                let mut plane = scene_plane(file, &middles, is_whole)?;
                if let Some(found) = domain.place(size).and_then(|place| Places::of(&place, size)) {
                    plane.coordinates = found.write(file, plane.dimensions)?;
                }
                plane
            }
        };
        self.known.push((key, plane.clone()));
        Ok(Some(plane))
    }

    fn earth(
        &mut self,
        file: &mut Builder,
        grid: &Grid,
        [rows, columns]: &[Vec<f64>; 2],
        is_whole: bool,
    ) -> Result<Plane, FilesError> {
        let projection = Projection::of(grid)?;
        let grid_mapping = self.grid_mapping(file, grid, &projection)?;
        let described = |name, standard_name, units| Described { name, standard_name, units };
        if projection.is_geographic() {
            let y = described("latitude", "latitude", "degrees_north");
            let x = described("longitude", "longitude", "degrees_east");
            let dimensions =
                [coordinate(file, &y, rows, is_whole)?, coordinate(file, &x, columns, is_whole)?];
            return Ok(Plane { dimensions, coordinates: Vec::new(), grid_mapping });
        }
        let y = described("y", "projection_y_coordinate", "m");
        let x = described("x", "projection_x_coordinate", "m");
        let metres = |km: &[f64]| km.iter().map(|km| km * M_IN_KM).collect::<Vec<_>>();
        let dimensions = [
            coordinate(file, &y, &metres(rows), is_whole)?,
            coordinate(file, &x, &metres(columns), is_whole)?,
        ];
        let coordinates =
            Places::projected(&projection, [rows, columns]).write(file, dimensions)?;
        Ok(Plane { dimensions, coordinates, grid_mapping })
    }

    fn grid_mapping(
        &mut self,
        file: &mut Builder,
        grid: &Grid,
        projection: &Projection,
    ) -> Result<String, FilesError> {
        if let Some((_, name)) = self.grid_mappings.iter().find(|(known, _)| *known == grid.proj4) {
            return Ok(name.clone());
        }
        let (name, attributes) = grid_mapping(projection);
        let name = file.free_name(name, 1);
        let variable = file.scalar::<i32>(&name, 0)?;
        for (attribute, value) in attributes {
            file.variable_attribute(variable, attribute, value)?;
        }
        self.grid_mappings.push((grid.proj4.clone(), name.clone()));
        Ok(name)
    }
}

/// Latitude and longitude of every place of a plane, row by row.
struct Places {
    n_rows: usize,
    latitudes: Vec<f64>,
    longitudes: Vec<f64>,
}

impl Places {
    /// Of a projected plane, kilometres.
    fn projected(projection: &Projection, [rows, columns]: [&[f64]; 2]) -> Self {
        let places = rows.iter().flat_map(|&y| columns.iter().map(move |&x| (x, y)));
        let places = places.map(|(x, y)| projection.latitude_longitude(x, y));
        let (latitudes, longitudes) = places.map(|[lat, lon]| (lat, lon)).unzip();
        Self { n_rows: rows.len(), latitudes, longitudes }
    }

    /// Of the cells of a scene; `None` where its file tells it in a way that is not known here.
    fn of(place: &Place, [n_rows, n_columns]: [usize; 2]) -> Option<Self> {
        let proj4 = place::proj4(place)?;
        let projection = Projection::parse(&proj4).ok()?;
        let unit = if projection.is_geographic() { 1.0 } else { M_IN_KM };
        let cells = (0..n_rows).flat_map(|row| (0..n_columns).map(move |column| (row, column)));
        let place = |(row, column): (usize, usize)| {
            let [x, y] = place.at(column as f64 + 0.5, row as f64 + 0.5)?;
            let [latitude, longitude] = projection.latitude_longitude(x / unit, y / unit);
            Some((latitude, longitude))
        };
        let places: Vec<(f64, f64)> = cells.map(place).collect::<Option<_>>()?;
        let (latitudes, longitudes) = places.into_iter().unzip();
        Some(Self { n_rows, latitudes, longitudes })
    }

    fn write(
        &self,
        file: &mut Builder,
        dimensions: [Dimension; 2],
    ) -> Result<Vec<String>, FilesError> {
        let mut names = Vec::new();
        for (name, units, values) in [
            ("latitude", "degrees_north", &self.latitudes),
            ("longitude", "degrees_east", &self.longitudes),
        ] {
            let written = file.free_name(name, self.n_rows);
            let variable = file.doubles(&written, &dimensions, values)?;
            let long_name = format!("{name} of the middle of the cell");
            let texts = [("standard_name", name), ("long_name", &long_name), ("units", units)];
            file.texts(variable, &texts)?;
            names.push(written);
        }
        Ok(names)
    }
}

/// Rows and columns of an array that does not say where it lies: they have no coordinates.
fn nowhere(file: &mut Builder, size: [usize; 2]) -> Result<Plane, FilesError> {
    let mut dimension = |name: &str, length: usize| {
        let written = file.free_name(&format!("{name}_{length}"), length);
        file.dimension(&written, length)
    };
    let dimensions = [dimension("row", size[0])?, dimension("column", size[1])?];
    Ok(Plane { dimensions, coordinates: Vec::new(), grid_mapping: String::new() })
}

/// Rows and columns of a map of a scene, in pixels from the upper left corner of its square.
fn scene_plane(
    file: &mut Builder,
    [rows, columns]: &[Vec<f64>; 2],
    is_whole: bool,
) -> Result<Plane, FilesError> {
    let pixels = |name| Described { name, standard_name: "", units: "1" };
    let dimensions = [
        coordinate(file, &pixels("row"), rows, is_whole)?,
        coordinate(file, &pixels("column"), columns, is_whole)?,
    ];
    Ok(Plane { dimensions, coordinates: Vec::new(), grid_mapping: String::new() })
}

struct Described<'a> {
    name: &'a str,
    standard_name: &'a str,
    units: &'a str,
}

/// A dimension with its coordinates; that of a plane which does not cover all pixels of its domain one
/// by one has its length behind its name.
fn coordinate(
    file: &mut Builder,
    described: &Described,
    values: &[f64],
    is_whole: bool,
) -> Result<Dimension, FilesError> {
    let Described { name, standard_name, units } = *described;
    let base = if is_whole { name.to_owned() } else { format!("{name}_{}", values.len()) };
    let written = file.free_name(&base, values.len());
    let dimension = file.dimension(&written, values.len())?;
    let variable = file.numbers(&written, &[dimension], values)?;
    let (long_name, axis) = match name {
        "y" => ("y of the middle of the cell in the projected plane", "Y"),
        "x" => ("x of the middle of the cell in the projected plane", "X"),
        "latitude" => ("latitude of the middle of the cell", "Y"),
        "longitude" => ("longitude of the middle of the cell", "X"),
        "row" => ("pixels from the upper edge of the square to the middle of the cell", ""),
        _ => ("pixels from the left edge of the square to the middle of the cell", ""),
    };
    let texts = [
        ("standard_name", standard_name),
        ("long_name", long_name),
        ("units", units),
        ("axis", axis),
    ];
    file.texts(variable, &texts)?;
    Ok(dimension)
}
