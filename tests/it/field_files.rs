//! Files of fields of a weather model, as somebody may bring them: days of the repository as NetCDF, whole and wrong.

use std::sync::LazyLock;

use netcdf_writer::{DimensionId, NcAttrValue, NcFileBuilder, NcWriteFormat, NcWriteOptions};
use stormlens_data::card::FieldStatement;
use stormlens_data::probability::STANDARD_GRAVITY;
use stormlens_data::probability::iberia::Iberia;

use crate::support::data;

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
        let field = |(i, variable): (usize, &stormlens_data::card::FieldVariable)| {
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
