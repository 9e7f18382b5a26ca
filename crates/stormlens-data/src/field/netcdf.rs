//! NetCDF, classic (1, 2, 5) and 4, with axes as the CF conventions have them.

mod axes;
mod bounds;
pub(crate) mod numbers;
pub(crate) mod packing;
#[cfg(test)]
mod tests;
pub(crate) mod times;

use std::ops::RangeInclusive;
use std::sync::Arc;

use hdf5_reader::{Hdf5File, OpenOptions};
use jiff::Timestamp;
use netcdf_reader::{NcFile, NcOpenOptions, NcSliceInfo, NcSliceInfoElem, NcVariable};

use super::contents::{Content, GridSummary};
use super::file::MAX_POINTS;
use super::left_out::{LeftOut, reasons};
use super::missing::default_fill;
use super::words::{few, short};
use super::{FieldError, GriddedField, Interval, LatLonGrid};

/// So many maps of a file are listed.
const MAX_FIELDS: u64 = 20_000;
/// One map as float64, or a chunk of several maps.
const MAX_READ_BYTES: usize = MAX_POINTS * 8;

/// An open file.
pub(super) struct NetcdfFile {
    name: String,
    file: NcFile,
    maps: Vec<Map>,
    /// Variables that are no maps.
    left_out: Vec<LeftOut>,
}

/// One map of a variable: all but its last two dimensions are at one place.
struct Map {
    plane: Arc<Plane>,
    indices: Vec<u64>,
    interval: Option<Interval>,
    reference_time: Option<Timestamp>,
    member: Option<u32>,
    level: String,
}

/// What the maps of a variable share.
struct Plane {
    variable: NcVariable,
    latitudes: Vec<f64>,
    longitudes: Vec<f64>,
    bounds: [f64; 4],
}

impl NetcdfFile {
    /// # Errors
    /// For what is no NetCDF, is cut off, or has no map on latitudes and longitudes.
    pub fn open(name: &str, bytes: Vec<u8>) -> Result<Self, FieldError> {
        check_length(name, &bytes)?;
        let damaged = |cause: netcdf_reader::Error| FieldError::Damaged {
            file: name.to_owned(),
            what: short(&cause.to_string()),
        };
        let options = NcOpenOptions {
            max_read_bytes: MAX_READ_BYTES,
            max_chunk_bytes: MAX_READ_BYTES,
            ..NcOpenOptions::default()
        };
        let file = NcFile::from_owner(bytes, options).map_err(damaged)?;
        let mut opened =
            Self { name: name.to_owned(), file, maps: Vec::new(), left_out: Vec::new() };
        let variables: Vec<NcVariable> = opened.file.variables().map_err(damaged)?.to_vec();
        for variable in &variables {
            if let Err(why) = opened.add(variable) {
                let (content, n_dimensions) = (opened.head(variable), variable.dimensions().len());
                opened.left_out.push(LeftOut { content, n_dimensions, message: None, why });
            }
        }
        match opened.maps.is_empty() {
            true => Err(opened.no_map(&variables)),
            false => Ok(opened),
        }
    }

    /// Of a file without a map: first what is wrong with variables that lie on latitudes and longitudes, last with axes, which
    /// are no maps by right.
    fn no_map(&self, variables: &[NcVariable]) -> FieldError {
        let is_on_axes = |variable: &NcVariable| match variable.dimensions() {
            [.., rows, columns] => {
                axes::latitudes(&self.file, rows).is_ok()
                    && axes::longitudes(&self.file, columns).is_ok()
            }
            _ => false,
        };
        let is_placed = |left: &LeftOut| {
            let own = variables.iter().find(|one| one.name() == left.content.variable);
            own.is_some_and(is_on_axes)
        };
        let mut left_out: Vec<&LeftOut> = self.left_out.iter().collect();
        left_out.sort_by_key(|left| (!is_placed(left), left.n_dimensions < 2));
        let reasons = reasons(left_out.into_iter());
        let what = format!(
            "it has no variable on latitudes and longitudes that is read ({})",
            few(reasons.iter().map(|(names, why)| format!("{names}: {why}")))
        );
        FieldError::Unsupported { file: self.name.clone(), what }
    }

    /// Takes up the maps of a variable.
    fn add(&mut self, variable: &NcVariable) -> Result<(), String> {
        let dimensions = variable.dimensions();
        let [before @ .., rows, columns] = dimensions else {
            return Err("it has fewer than two dimensions".to_owned());
        };
        if !variable.dtype().is_primitive() {
            return Err("its values are no numbers".to_owned());
        }
        let n_maps = before.iter().try_fold(1_u64, |n, d| n.checked_mul(d.size));
        let n_maps = n_maps.filter(|n| self.maps.len() as u64 + n <= MAX_FIELDS);
        let n_maps = n_maps.ok_or_else(|| format!("more than {MAX_FIELDS} maps"))?;
        if rows.size.saturating_mul(columns.size) > MAX_POINTS as u64 {
            return Err(format!("its maps have more than {MAX_POINTS} points"));
        }
        let latitudes = axes::latitudes(&self.file, rows)?;
        let longitudes = axes::longitudes(&self.file, columns)?;
        let bounds = LatLonGrid::new(&latitudes, &longitudes)?.bounds();
        let outer = axes::Outer::read(&self.file, variable, before)?;
        let plane = Arc::new(Plane { variable: variable.clone(), latitudes, longitudes, bounds });
        for number in 0..n_maps {
            let indices = unravel(number, before.iter().map(|d| d.size));
            let place = outer.at(&indices)?;
            self.maps.push(Map {
                plane: plane.clone(),
                indices,
                interval: place.interval,
                reference_time: place.reference_time,
                member: place.member,
                level: place.level,
            });
        }
        Ok(())
    }

    pub fn left_out(&self) -> &[LeftOut] {
        &self.left_out
    }

    pub fn contents(&self) -> Vec<Content> {
        self.maps.iter().map(|map| self.content(map)).collect()
    }

    fn content(&self, map: &Map) -> Content {
        let Plane { variable, latitudes, longitudes, bounds } = &*map.plane;
        Content {
            level: map.level.clone(),
            reference_time: map.reference_time,
            interval: map.interval,
            member: map.member,
            grid: GridSummary {
                kind: "latitudes and longitudes".to_owned(),
                height: latitudes.len(),
                width: longitudes.len(),
                bounds: Some(*bounds),
            },
            ..self.head(variable)
        }
    }

    /// What a variable says of itself, without its place and its time.
    fn head(&self, variable: &NcVariable) -> Content {
        let text = |name: &str| axes::text(variable, name).unwrap_or_default();
        let title = [text("long_name"), text("standard_name"), variable.name().to_owned()];
        Content {
            variable: variable.name().to_owned(),
            title: title.into_iter().find(|title| !title.is_empty()).unwrap_or_default(),
            standard_name: text("standard_name"),
            said: said(variable),
            unit: text("units"),
            level: String::new(),
            reference_time: None,
            interval: None,
            member: None,
            grid: GridSummary { kind: String::new(), height: 0, width: 0, bounds: None },
            packing: format!("{:?}", variable.dtype()).to_lowercase(),
            missing_values: Vec::new(),
            unread: None,
            producer: self.producer(),
        }
    }

    fn producer(&self) -> String {
        let of = |name: &str| self.file.global_attribute(name).ok()?.value.as_string();
        ["source", "institution", "title"].into_iter().find_map(of).unwrap_or_default()
    }

    /// # Errors
    /// For values that cannot be decoded.
    pub fn read(&self, place: usize) -> Result<GriddedField, FieldError> {
        let map = &self.maps[place];
        let damaged = |what: String| FieldError::Damaged { file: self.name.clone(), what };
        let Plane { variable, latitudes, longitudes, .. } = &*map.plane;
        let ends = [latitudes.len(), longitudes.len()];
        let whole = ends.map(|n| NcSliceInfoElem::Slice { start: 0, end: n as u64, step: 1 });
        let outer = map.indices.iter().map(|&index| NcSliceInfoElem::Index(index));
        let selection = NcSliceInfo { selections: outer.chain(whole).collect() };
        let name = variable.name();
        let read = self.file.read_variable_slice_as_f64(name, &selection);
        let mut array =
            read.map_err(|error| damaged(short(&format!("{name} cannot be read ({error})"))))?;
        // Before the numbers are unpacked: a negative factor would turn the range round.
        if let Some(fill) = fill_unless_stated(variable) {
            array.mapv_inplace(|stored| if fill.contains(&stored) { f64::NAN } else { stored });
        }
        let unsupported = |what: String| FieldError::Unsupported { file: self.name.clone(), what };
        packing::unpack(variable, &mut array).map_err(unsupported)?;
        let storage_ends = packing::storage_ends(variable).map_err(unsupported)?;
        let values: Vec<f32> = array.iter().map(|&value| value as f32).collect();
        if let Some(i) = values.iter().position(|value| value.is_infinite()) {
            let (name, row, column) = (short(name), i / ends[1], i % ends[1]);
            // As the file has it: what is too large for a field is not infinite there.
            let own = array.iter().nth(i).copied().unwrap_or_default();
            let what = format!(
                "{name} holds {own:e} in row {row}, column {column}: write NaN, or state _FillValue or missing_value"
            );
            return Err(FieldError::Unsupported { file: self.name.clone(), what });
        }
        let of_axes = GriddedField::of_axes([latitudes, longitudes], &values);
        let (grid, values) = of_axes.map_err(damaged)?;
        let Content { variable, unit, interval, reference_time, producer, .. } = self.content(map);
        let source = match producer.is_empty() {
            true => format!("{variable}, {}", self.name),
            false => format!("{producer}: {variable}, {}", self.name),
        };
        Ok(GriddedField {
            variable,
            unit,
            interval,
            reference_time,
            grid,
            values,
            storage_ends,
            source,
        })
    }
}

/// What the attributes of a variable say that it is.
fn said(variable: &NcVariable) -> Vec<(String, String)> {
    const NAMES: [&str; 6] =
        ["long_name", "standard_name", "description", "cell_methods", "GRIB_name", "GRIB_cfName"];
    let said = NAMES.map(|name| (name.to_owned(), axes::text(variable, name).unwrap_or_default()));
    said.into_iter().filter(|(_, text)| !text.is_empty()).collect()
}

/// What stands for missing values in an array that states no `_FillValue`.
fn fill_unless_stated(variable: &NcVariable) -> Option<RangeInclusive<f64>> {
    match variable.attribute("_FillValue") {
        Some(_) => None,
        None => default_fill(variable.dtype()),
    }
}

/// The reader takes an HDF5 file whose end is missing as long as nothing it is asked for lies there.
fn check_length(name: &str, bytes: &[u8]) -> Result<(), FieldError> {
    if bytes.starts_with(b"CDF") {
        return Ok(());
    }
    let damaged = |what: String| FieldError::Damaged { file: name.to_owned(), what };
    let options = OpenOptions::default().with_max_read_bytes(MAX_READ_BYTES);
    let opened = Hdf5File::from_bytes_with_options(bytes, options);
    let expected = opened.map_err(|e| damaged(short(&e.to_string())))?.superblock().eof_address;
    match (bytes.len() as u64) < expected {
        true => Err(damaged(format!("{} of {expected} bytes are there", bytes.len()))),
        false => Ok(()),
    }
}

/// Indices of a place that is counted row by row.
fn unravel(number: u64, sizes: impl DoubleEndedIterator<Item = u64>) -> Vec<u64> {
    let mut rest = number;
    let mut indices: Vec<u64> = sizes
        .rev()
        .map(|size| {
            let index = rest % size.max(1);
            rest /= size.max(1);
            index
        })
        .collect();
    indices.reverse();
    indices
}
