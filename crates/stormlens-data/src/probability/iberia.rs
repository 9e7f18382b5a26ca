//! Thirty-two years of days: twelve fields of the NCEP/NCAR reanalysis over Iberia, and the rain of four gauges.
//!
//! `data/iberia/README.md` says what they are, where they come from, and what may be said of them.

mod blocks;
mod fields;
mod gauges;
mod rivals;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};

use jiff::civil::Date;

pub use blocks::{LAST_DAY, part};
use fields::Packed;
pub use gauges::{GAUGES, Gauge};
pub use rivals::{Climatology, Regressions};

use super::network_input;
use crate::card::{FieldStatement, FieldVariable, Part};
use crate::field::{FieldError, Level};
use crate::probability::FieldQuantity::{
    self, GeopotentialHeight, Precipitation, SeaLevelPressure, SpecificHumidity, Temperature,
};

/// The two files of the folder.
const FIELDS: &str = "ncep_iberia_daily_1979_2010.h5";
const RAIN: &str = "gsn_iberia_daily_rain_mm_1979_2010.csv";

/// What has to be said wherever the data are shown.
pub const NOTICE: &str = "NCEP/NCAR Reanalysis 1 and GHCN-Daily data provided by NOAA, after the example data of \
                          downscaleR (Santander Meteorology Group)";

/// Rows and columns that the small network sees, every 5/6 of a degree: 47.5 to 35° N, 15° W to 4.2° E.
pub const SIZE: [usize; 2] = [16, 24];
/// Step of the small network's grid, degrees.
const STEP_DEG: f64 = 12.5 / 15.0;
/// Where rain and heavy rain begin, mm in a day.
pub const THRESHOLDS_MM: [f64; 2] = [1.0, 10.0];

/// A field of the file: its name there, what it is, and its name and unit here.
type Entry = (&'static str, FieldQuantity, Level, &'static str, &'static str);

const ENTRIES: [Entry; 12] = [
    ("Z1000", GeopotentialHeight, Level::hpa(1000), "GPH1000", "m"),
    ("Z850", GeopotentialHeight, Level::hpa(850), "GPH850", "m"),
    ("Z500", GeopotentialHeight, Level::hpa(500), "GPH500", "m"),
    ("SLP", SeaLevelPressure, Level::MeanSea, "SLP", "hPa"),
    ("Q1000", SpecificHumidity, Level::hpa(1000), "Q1000", "g kg-1"),
    ("Q850", SpecificHumidity, Level::hpa(850), "Q850", "g kg-1"),
    ("Q500", SpecificHumidity, Level::hpa(500), "Q500", "g kg-1"),
    ("2T", Temperature, Level::AboveGround(2), "T2", "K"),
    ("T1000", Temperature, Level::hpa(1000), "T1000", "K"),
    ("T850", Temperature, Level::hpa(850), "T850", "K"),
    ("T500", Temperature, Level::hpa(500), "T500", "K"),
    ("TP", Precipitation, Level::Surface, "RAIN", "mm"),
];
/// The unit of the file for each quantity.
const fn file_unit(quantity: FieldQuantity) -> &'static str {
    match quantity {
        GeopotentialHeight => "m2 s-2",
        SeaLevelPressure => "Pa",
        SpecificHumidity => "kg kg-1",
        Precipitation => "m",
        _ => "K",
    }
}

/// All days, in memory: 15 MB.
pub struct Iberia {
    days: Vec<Date>,
    /// In the order of the statement's variables.
    fields: Vec<Packed>,
    /// Of each day, mm; `NaN` where nothing was measured.
    rain: Vec<[f32; GAUGES.len()]>,
}

impl Iberia {
    /// Reads both files of the folder.
    ///
    /// # Errors
    /// For files that are missing, damaged, cut off, of other days or of another layout.
    pub fn open(folder: &Path) -> Result<Self, FieldError> {
        let file = fields::Fields::open(&folder.join(FIELDS))?;
        let days = file.days()?;
        let fields = ENTRIES.iter().map(|&(name, quantity, ..)| {
            // Both units are of the quantity.
            let conversion =
                quantity.conversion(file_unit(quantity)).unwrap_or_else(|| unreachable!());
            file.packed(name, days.len(), conversion)
        });
        let fields = fields.collect::<Result<_, _>>()?;
        let rain = gauges::read(&folder.join(RAIN), &days)?;
        Ok(Self { days, fields, rain })
    }

    /// The files of the folder.
    pub fn files(folder: &Path) -> [PathBuf; 2] {
        [FIELDS, RAIN].map(|name| folder.join(name))
    }

    /// Names of the variables, in their order.
    pub fn names() -> [&'static str; ENTRIES.len()] {
        ENTRIES.map(|(.., name, _)| name)
    }

    pub fn days(&self) -> &[Date] {
        &self.days
    }

    /// The place of a day by its name, `2007-05-21`.
    pub fn find(&self, name: &str) -> Option<usize> {
        let day: Date = name.parse().ok()?;
        self.days.binary_search(&day).ok().filter(|_| day.to_string() == name)
    }

    /// The name of a day as a sample.
    pub fn name(&self, day: usize) -> String {
        self.days[day].to_string()
    }

    /// Days of a block of the shipped split, of which fields are there.
    pub fn days_of(&self, wanted: Part) -> Vec<usize> {
        (0..self.days.len()).filter(|&day| part(self.days[day]) == Some(wanted)).collect()
    }

    /// Rain of the gauges in the order of [`GAUGES`], mm in the day; `NaN` where nothing was measured.
    pub fn gauge_rain(&self, day: usize) -> [f32; GAUGES.len()] {
        self.rain[day]
    }

    /// The model's own rain at the nearest node of the fields, mm in the day: the raw forecast that a network has to beat.
    pub fn model_rain(&self, day: usize) -> [f32; GAUGES.len()] {
        let rain = &self.fields[ENTRIES.len() - 1];
        GAUGES.each_ref().map(|gauge| rain.nearest(day, gauge.latitude, gauge.longitude) as f32)
    }

    /// The fields of a day that a statement names, on its grid and in its units, `[variables, rows, columns]`, row 0 in the
    /// north; `NaN` where the file has none.
    ///
    /// # Panics
    /// For a statement with variables that the archive does not have.
    pub fn values(&self, day: usize, statement: &FieldStatement) -> Vec<f32> {
        let names = Self::names();
        let maps = statement.variables.iter().map(|variable| {
            let place = names.iter().position(|name| *name == variable.name);
            let place = place.unwrap_or_else(|| panic!("Iberia has no {}", variable.name));
            let field = &self.fields[place];
            let own = variable.quantity.conversion(&variable.unit);
            let own = own.unwrap_or_else(|| panic!("{} in {}", variable.name, variable.unit));
            let canonical = field.linear(day, &statement.latitudes, &statement.longitudes);
            canonical.into_iter().map(move |value| own.undo(value) as f32)
        });
        maps.flatten().collect()
    }

    /// The network's input of a day, normalised.
    ///
    /// # Panics
    /// As [`Self::values`].
    pub fn input(&self, day: usize, statement: &FieldStatement) -> Vec<f32> {
        network_input(statement, &self.values(day, statement))
    }

    /// What the small network is told: twelve fields on [`SIZE`] nodes, with means and standard deviations over all nodes of
    /// the training years.
    pub fn statement(&self) -> FieldStatement {
        let mut statement = bare_statement();
        let days = self.days_of(Part::Training);
        let n_nodes = SIZE[0] * SIZE[1];
        let mut sums = vec![[0.0_f64; 3]; ENTRIES.len()];
        // Sums are taken from the first day's value on, so that squares of large numbers do not cancel.
        let first = days.first().map(|&day| self.values(day, &statement)).unwrap_or_default();
        for &day in &days {
            let values = self.values(day, &statement);
            for ((sum, map), from) in
                sums.iter_mut().zip(values.chunks_exact(n_nodes)).zip(first.chunks_exact(n_nodes))
            {
                for &value in map.iter().filter(|value| !value.is_nan()) {
                    let x = f64::from(value) - f64::from(from[0]);
                    *sum = [sum[0] + 1.0, sum[1] + x, sum[2] + x * x];
                }
            }
        }
        for ((variable, [n, sum, squares]), from) in
            statement.variables.iter_mut().zip(sums).zip(first.chunks_exact(n_nodes))
        {
            let mean = sum / n;
            variable.mean = Some(mean + f64::from(from[0]));
            variable.standard_deviation = Some((squares / n - mean * mean).sqrt());
        }
        statement
    }
}

/// All but means and standard deviations.
fn bare_statement() -> FieldStatement {
    let along = |from: f64, to: f64, n: usize| -> Vec<f64> {
        (0..n).map(|i| from + (to - from) * i as f64 / (n - 1) as f64).collect()
    };
    let variable =
        |&(_, quantity, level, name, unit): &Entry| FieldVariable::new(name, quantity, level, unit);
    FieldStatement {
        variables: ENTRIES.iter().map(variable).collect(),
        size: SIZE,
        latitudes: along(47.5, 47.5 - STEP_DEG * (SIZE[0] - 1) as f64, SIZE[0]),
        // The same step as that of latitudes: cells of maps are squares in degrees.
        longitudes: along(-15.0, -15.0 + STEP_DEG * (SIZE[1] - 1) as f64, SIZE[1]),
        padded_channels: 0,
        hours: 24,
        mean_hours: Some(24),
        thresholds_mm: THRESHOLDS_MM.to_vec(),
        synthetic: false,
        calibration: Vec::new(),
        raw_rain: Vec::new(),
        statistics: "all nodes of the days of 1979–2002, NCEP/NCAR reanalysis over Iberia"
            .to_owned(),
    }
}
