//! The four gauges.

use std::path::Path;

use jiff::civil::Date;

use crate::card::FieldStatement;
use crate::field::FieldError;
use crate::field::record::most_mm;
use crate::files::read_file;

/// A place where rain is measured.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Gauge {
    /// In GHCN-Daily.
    pub id: &'static str,
    pub name: &'static str,
    /// Degrees north.
    pub latitude: f64,
    /// Degrees east.
    pub longitude: f64,
    pub height_m: u32,
}

pub const GAUGES: [Gauge; 4] = [
    Gauge {
        id: "SP000008181",
        name: "Barcelona",
        latitude: 41.2928,
        longitude: 2.0697,
        height_m: 4,
    },
    Gauge {
        id: "SP000008202",
        name: "Salamanca",
        latitude: 40.9592,
        longitude: -5.4981,
        height_m: 790,
    },
    Gauge {
        id: "SP000008280",
        name: "Albacete",
        latitude: 38.9519,
        longitude: -1.8631,
        height_m: 704,
    },
    Gauge {
        id: "SP000008410",
        name: "Córdoba",
        latitude: 37.8442,
        longitude: -4.8458,
        height_m: 90,
    },
];

impl Gauge {
    /// Row and column of the nearest node of a statement's grid; `None` where it has none.
    pub fn node(&self, statement: &FieldStatement) -> Option<[usize; 2]> {
        let nearest = |axis: &[f64], place: f64| {
            (0..axis.len())
                .min_by(|&a, &b| (axis[a] - place).abs().total_cmp(&(axis[b] - place).abs()))
        };
        Some([
            nearest(&statement.latitudes, self.latitude)?,
            nearest(&statement.longitudes, self.longitude)?,
        ])
    }
}

const MAX_FILE_BYTES: u64 = 16 << 20;
const DAY_S: i64 = 24 * 3600;

/// Rain of each day, mm; `NaN` where a cell is empty.
///
/// # Errors
/// For another head, other days than those of the fields, and cells that are no amount.
pub(super) fn read(path: &Path, days: &[Date]) -> Result<Vec<[f32; GAUGES.len()]>, FieldError> {
    let bytes = read_file(path, MAX_FILE_BYTES)?;
    let damaged = |what: String| FieldError::Damaged { file: path.display().to_string(), what };
    let text = String::from_utf8(bytes).map_err(|_| damaged("it is not a text".to_owned()))?;
    let mut lines = text.lines();
    let head: Vec<&str> = lines.next().unwrap_or_default().split(',').collect();
    let expected: Vec<&str> =
        std::iter::once("date").chain(GAUGES.iter().map(|gauge| gauge.id)).collect();
    if head != expected {
        return Err(damaged(format!("its first line is {head:?}, not {expected:?}")));
    }
    let rain: Vec<_> = lines
        .zip(days)
        .map(|(line, &day)| row(line, day))
        .collect::<Result<_, _>>()
        .map_err(damaged)?;
    match rain.len() == days.len() && text.lines().count() == days.len() + 1 {
        true => Ok(rain),
        false => Err(damaged(format!(
            "it has {} days, and the fields have {}",
            text.lines().count() - 1,
            days.len()
        ))),
    }
}

fn row(line: &str, day: Date) -> Result<[f32; GAUGES.len()], String> {
    let mut cells = line.split(',');
    let date = cells.next().unwrap_or_default();
    if date != day.strftime("%Y%m%d").to_string() {
        return Err(format!("a line is of {date:?} where the fields are of {day}"));
    }
    let mut rain = [f32::NAN; GAUGES.len()];
    for (mm, gauge) in rain.iter_mut().zip(&GAUGES) {
        let cell = cells.next().ok_or_else(|| format!("the line of {day} is cut off"))?;
        if !cell.is_empty() {
            let read = cell.parse().ok();
            let possible = read.filter(|&mm: &f32| (0.0..=most_mm(DAY_S)).contains(&mm.into()));
            *mm = possible.ok_or_else(|| {
                format!("{} has {cell:?} on {day}, which is no amount of rain", gauge.name)
            })?;
        }
    }
    match cells.next() {
        None => Ok(rain),
        Some(_) => Err(format!("the line of {day} has more than {} amounts", GAUGES.len())),
    }
}
