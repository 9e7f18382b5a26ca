//! Files of fields of a weather model, as somebody may bring them: days of the repository as NetCDF, whole and wrong.

use std::sync::LazyLock;

use netcdf_writer::{DimensionId, NcAttrValue, NcFileBuilder, NcWriteFormat, NcWriteOptions};
use stormlens_data::card::{FieldStatement, FieldVariable};
use stormlens_data::field::Level;
use stormlens_data::probability::iberia::Iberia;
use stormlens_data::probability::{FieldQuantity, STANDARD_GRAVITY};

use crate::support::data;

#[path = "../../crates/stormlens-data/src/field/grib/testing.rs"]
pub mod grib;

static IBERIA: LazyLock<(Iberia, FieldStatement)> = LazyLock::new(|| {
    let iberia = Iberia::open(&data().join("iberia")).expect("the repository has it");
    let statement = iberia.statement();
    (iberia, statement)
});

/// What weights of the days of the repository state.
pub fn statement() -> FieldStatement {
    IBERIA.1.clone()
}

/// A file before it is written.
#[derive(Clone)]
pub struct Draft {
    pub latitudes: Vec<f64>,
    pub longitudes: Vec<f64>,
    /// Days since 1970, each of a mean.
    pub days: Vec<i64>,
    pub fields: Vec<DraftField>,
}

/// A variable of a file.
#[derive(Clone)]
pub struct DraftField {
    pub name: String,
    pub unit: String,
    /// `mean`, `sum` or `point`.
    pub method: String,
    /// Of each day, row by row.
    pub values: Vec<f64>,
}

impl Draft {
    /// All fields of days, on the grid of the weights; geopotentials, as the archive has them, instead of heights.
    pub fn of_days(names: &[&str]) -> Self {
        let (iberia, statement) = &*IBERIA;
        let days = names.iter().map(|name| iberia.find(name).expect("it is there"));
        let all: Vec<Vec<f32>> = days.map(|day| iberia.values(day, statement)).collect();
        let n = statement.size[0] * statement.size[1];
        let field = |(i, variable): (usize, &FieldVariable)| {
            let (scale, unit) = match variable.name.starts_with("GPH") {
                true => (STANDARD_GRAVITY, "m2 s-2"),
                false => (1.0, variable.unit.as_str()),
            };
            let name = variable.name.to_lowercase();
            let is_rain = name == "rain";
            let of_day = |day: &Vec<f32>| day[i * n..(i + 1) * n].to_vec();
            DraftField {
                name: if is_rain { "tp".to_owned() } else { name },
                unit: unit.to_owned(),
                method: if is_rain { "sum" } else { "mean" }.to_owned(),
                values: all.iter().flat_map(of_day).map(|v| f64::from(v) * scale).collect(),
            }
        };
        let since = |name: &&str| {
            let day: jiff::Timestamp = format!("{name}T00:00:00Z").parse().expect("a day");
            day.as_second() / 86_400
        };
        Self {
            latitudes: statement.latitudes.clone(),
            longitudes: statement.longitudes.clone(),
            days: names.iter().map(since).collect(),
            fields: statement.variables.iter().enumerate().map(field).collect(),
        }
    }

    /// Without some variables, or with nothing but these.
    pub fn with(mut self, keep: impl Fn(&str) -> bool) -> Self {
        self.fields.retain(|field| keep(&field.name));
        self
    }

    /// With a variable changed.
    pub fn change(mut self, name: &str, change: impl FnOnce(&mut DraftField)) -> Self {
        change(self.fields.iter_mut().find(|field| field.name == name).expect("it is there"));
        self
    }

    /// NetCDF-4.
    pub fn bytes(&self) -> Vec<u8> {
        let mut file = NcFileBuilder::new();
        let lengths = [self.days.len(), 2, self.latitudes.len(), self.longitudes.len()];
        let names = ["time", "ends", "lat", "lon"];
        let dimensions: Vec<_> = names
            .iter()
            .zip(lengths)
            .map(|(name, n)| file.add_dimension(*name, n as u64).expect("a dimension"))
            .collect();
        let [time, ends, lat, lon] = dimensions[..] else { unreachable!("four") };
        let mut add = |name: &str, on: &[_], values: &[f64], said: &[(&str, &str)]| {
            add_variable(&mut file, name, (on, values), said);
        };
        let at = |days: i64| days as f64;
        let middle: Vec<f64> = self.days.iter().map(|&day| at(day) + 0.5).collect();
        let bounds: Vec<f64> = self.days.iter().flat_map(|&day| [at(day), at(day + 1)]).collect();
        let since = [("units", "days since 1970-01-01 00:00:00"), ("bounds", "time_ends")];
        add("time", &[time], &middle, &since);
        add("time_ends", &[time, ends], &bounds, &[]);
        add("lat", &[lat], &self.latitudes, &[("units", "degrees_north")]);
        add("lon", &[lon], &self.longitudes, &[("units", "degrees_east")]);
        for DraftField { name, unit, method, values } in &self.fields {
            let method = format!("time: {method}");
            let said = [("units", unit.as_str()), ("cell_methods", &method)];
            add(name, &[time, lat, lon], values, &said);
        }
        file.to_vec(NcWriteOptions { format: NcWriteFormat::Nc4 }).expect("a file").1
    }
}

/// GRIB2 of a day of the repository, as a reanalysis gives it: fields of four moments that have the day's mean, and its rain.
pub fn grib_of_day(name: &str, has_rain: bool) -> Vec<u8> {
    let (iberia, statement) = &*IBERIA;
    let values = iberia.values(iberia.find(name).expect("it is there"), statement);
    let n = statement.size[0] * statement.size[1];
    let of_variable = |(variable, values): (&FieldVariable, &[f32])| {
        let is_rain = variable.quantity == FieldQuantity::Precipitation;
        let (hours, around): (&[[u32; 2]], &[f64]) = match is_rain {
            true => (&[[0, 24]], &[1.0]),
            false => (&[[0, 0], [6, 6], [12, 12], [18, 18]], &[0.999, 1.001, 1.0005, 0.9995]),
        };
        let message = |(&hours, &factor): (&[u32; 2], &f64)| {
            let values = values.iter().map(|&value| f64::from(value) * factor).collect();
            message(statement, variable, (name, hours), values)
        };
        hours.iter().zip(around).flat_map(message).collect::<Vec<u8>>()
    };
    let all = statement.variables.iter().zip(values.chunks_exact(n));
    let is_there =
        |variable: &FieldVariable| has_rain || variable.quantity != FieldQuantity::Precipitation;
    all.filter(|(variable, _)| is_there(variable)).flat_map(of_variable).collect()
}

/// One field as a message, in the units of GRIB: heights as geopotentials, g/kg and hPa as kg/kg and Pa.
fn message(
    statement: &FieldStatement,
    variable: &FieldVariable,
    (day, hours): (&str, [u32; 2]),
    values: Vec<f64>,
) -> Vec<u8> {
    // Parameters of WMO GRIB2 code table 4.2; as many decimals as sixteen bits hold.
    let (category, number, decimals, scale) = match variable.quantity {
        FieldQuantity::Temperature => (0, 0, 2, 1.0),
        FieldQuantity::SpecificHumidity => (1, 0, 6, 1e-3),
        FieldQuantity::Precipitation => (1, 8, 2, 1.0),
        FieldQuantity::SeaLevelPressure => (3, 1, 0, 100.0),
        FieldQuantity::GeopotentialHeight => (3, 4, 0, STANDARD_GRAVITY),
        _ => unreachable!("the days of the repository have no others"),
    };
    let level = match variable.level {
        Level::Pressure(pa) => (100, pa),
        Level::AboveGround(m) => (103, m),
        Level::MeanSea => (101, 0),
        Level::Surface => (1, 0),
    };
    let tens = scale * 10_f64.powi(i32::from(decimals));
    let least = values.iter().copied().fold(f64::INFINITY, f64::min) * tens;
    let packed = values.iter().map(|value| (value * tens - least).round() as u16).collect();
    let (latitudes, longitudes) = (&statement.latitudes, &statement.longitudes);
    let draft = grib::Draft {
        category,
        number,
        level,
        decimals,
        reference_time: format!("{day}T00:00:00Z").parse().expect("a day"),
        height: statement.size[0] as u32,
        width: statement.size[1] as u32,
        north_west: [latitudes[0], longitudes[0]],
        step_degrees: latitudes[0] - latitudes[1],
        packed,
        reference: least as f32,
        ..grib::Draft::rain(hours, &[])
    };
    draft.bytes()
}

/// Adds a variable with its dimensions, values and attributes.
pub fn add_variable(
    file: &mut NcFileBuilder,
    name: &str,
    (on, values): (&[DimensionId], &[f64]),
    said: &[(&str, &str)],
) {
    let variable = file.add_variable::<f64>(name, on).expect("a variable");
    file.write_variable(variable, values).expect("as many values");
    for (key, text) in said {
        let text = NcAttrValue::Chars((*text).to_owned());
        file.add_variable_attribute(variable, *key, text).expect("an attribute");
    }
}
