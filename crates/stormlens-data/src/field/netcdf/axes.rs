//! Axes of a variable: latitudes, longitudes, and what comes before them.

use jiff::Timestamp;
use netcdf_reader::{NcDimension, NcFile, NcVariable};

use super::super::{Interval, Statistic};
use super::times::TimeUnit;

/// No axis is longer.
const MAX_LENGTH: u64 = 200_000;

/// A text attribute, trimmed.
pub(super) fn text(variable: &NcVariable, name: &str) -> Option<String> {
    let text = variable.attribute(name)?.value.as_string()?;
    Some(text.trim_matches(['\0', ' ']).to_owned())
}

pub(super) fn latitudes(file: &NcFile, dimension: &NcDimension) -> Result<Vec<f64>, String> {
    let names = ["lat", "latitude", "nav_lat"];
    let units = ["degrees_north", "degree_north", "degree_n", "degrees_n"];
    coordinate(file, dimension, ("latitude", &names, &units))
}

pub(super) fn longitudes(file: &NcFile, dimension: &NcDimension) -> Result<Vec<f64>, String> {
    let names = ["lon", "longitude", "nav_lon"];
    let units = ["degrees_east", "degree_east", "degree_e", "degrees_e"];
    coordinate(file, dimension, ("longitude", &names, &units))
}

/// Values of the coordinate of a dimension, told by its standard name, its unit or its own name.
fn coordinate(
    file: &NcFile,
    dimension: &NcDimension,
    (what, names, units): (&str, &[&str], &[&str]),
) -> Result<Vec<f64>, String> {
    let name = &dimension.name;
    let none = |_| format!("its dimension {name} has no coordinate");
    let variable = file.coordinate_variable(name).map_err(none)?;
    let is = |attribute: &str, known: &[&str]| {
        text(variable, attribute).is_some_and(|t| known.contains(&t.to_lowercase().as_str()))
    };
    let is_named = names.contains(&name.to_lowercase().as_str());
    if !is("standard_name", &[what]) && !is("units", units) && !is_named {
        return Err(format!("its dimension {name} is no {what}"));
    }
    values(file, variable)
}

/// All values of a one-dimensional variable.
fn values(file: &NcFile, variable: &NcVariable) -> Result<Vec<f64>, String> {
    let name = variable.name();
    if variable.num_elements().map_err(|e| e.to_string())? > MAX_LENGTH {
        return Err(format!("the coordinate {name} is too long"));
    }
    let read = file.read_variable_unpacked_masked(name);
    let array = read.map_err(|e| format!("the coordinate {name} cannot be read ({e})"))?;
    Ok(array.iter().copied().collect())
}

/// What the dimensions before rows and columns say.
pub(super) struct Outer {
    times: Option<(usize, Vec<Interval>)>,
    /// Place of the dimension, its values, and whether it counts members.
    others: Vec<(usize, String, Vec<f64>, bool)>,
    reference_time: Option<Timestamp>,
}

/// What one place in those dimensions is.
pub(super) struct Place {
    pub interval: Option<Interval>,
    pub reference_time: Option<Timestamp>,
    pub member: Option<u32>,
    pub level: String,
}

impl Outer {
    pub fn read(
        file: &NcFile,
        variable: &NcVariable,
        before: &[NcDimension],
    ) -> Result<Self, String> {
        let mut outer = Self { times: None, others: Vec::new(), reference_time: None };
        for (place, dimension) in before.iter().enumerate() {
            let Ok(coordinate) = file.coordinate_variable(&dimension.name) else {
                let numbers = (0..dimension.size).map(|i| i as f64).collect();
                outer.others.push((place, dimension.name.clone(), numbers, false));
                continue;
            };
            let values = values(file, coordinate)?;
            match text(coordinate, "units").as_deref().map(TimeUnit::parse) {
                Some(Some(unit)) if outer.times.is_none() => {
                    check_calendar(coordinate)?;
                    let intervals = intervals(file, variable, coordinate, &values, &unit)?;
                    outer.times = Some((place, intervals));
                }
                _ => {
                    let name = dimension.name.to_lowercase();
                    let is_member = ["number", "member", "realization", "ensemble"]
                        .contains(&name.as_str())
                        || text(coordinate, "standard_name").as_deref() == Some("realization");
                    outer.others.push((place, dimension.name.clone(), values, is_member));
                }
            }
        }
        outer.reference_time = reference_time(file);
        Ok(outer)
    }

    pub fn at(&self, indices: &[u64]) -> Result<Place, String> {
        let at = |place: usize| usize::try_from(indices[place]).unwrap_or(usize::MAX);
        let interval = match &self.times {
            None => None,
            Some((place, intervals)) => intervals.get(at(*place)).copied(),
        };
        // An instant says nothing of a variable that is a sum: only bounds do.
        let (mut member, mut level) = (None, Vec::new());
        for (place, name, values, is_member) in &self.others {
            let value =
                values.get(at(*place)).copied().ok_or("an axis is shorter than its dimension")?;
            match is_member {
                true => member = Some(value as u32),
                false if values.len() > 1 => level.push(format!("{name} {value}")),
                false => {}
            }
        }
        let level = level.join(", ");
        Ok(Place { interval, reference_time: self.reference_time, member, level })
    }
}

/// The scalar variable with the time of analysis that CF names so.
fn reference_time(file: &NcFile) -> Option<Timestamp> {
    let is_reference = |variable: &&NcVariable| {
        text(variable, "standard_name").as_deref() == Some("forecast_reference_time")
            && variable.num_elements().is_ok_and(|n| n == 1)
    };
    let variable = file.variables().ok()?.iter().find(is_reference)?;
    let unit = TimeUnit::parse(&text(variable, "units")?)?;
    let value = file.read_variable_as_f64(variable.name()).ok()?.first().copied()?;
    unit.moment(value)
}

fn check_calendar(coordinate: &NcVariable) -> Result<(), String> {
    match text(coordinate, "calendar").map(|calendar| calendar.to_lowercase()) {
        Some(other)
            if !["standard", "gregorian", "proleptic_gregorian"].contains(&other.as_str()) =>
        {
            Err(format!("its calendar is {other}, and only that of the Earth's weather is read"))
        }
        _ => Ok(()),
    }
}

/// From the bounds of times and the cell methods of the variable. Without bounds a time is only where an
/// interval ends or a moment is; such an interval has equal ends, and what makes amounts refuses it.
fn intervals(
    file: &NcFile,
    variable: &NcVariable,
    coordinate: &NcVariable,
    times: &[f64],
    unit: &TimeUnit,
) -> Result<Vec<Interval>, String> {
    let moment = |value: f64| {
        unit.moment(value).ok_or_else(|| format!("{value} is no time in {}", coordinate.name()))
    };
    let bounds = match text(coordinate, "bounds") {
        None => None,
        Some(name) => {
            let bounds = file.variable(&name).map_err(|e| format!("its bounds: {e}"))?;
            let bounds = values(file, bounds)?;
            Some(bounds).filter(|bounds| bounds.len() == 2 * times.len())
        }
    };
    let statistic = statistic(variable, coordinate.name());
    let interval = |(i, &time): (usize, &f64)| match &bounds {
        None => Ok(Interval::at(moment(time)?)),
        Some(bounds) => {
            let (start, end) = (moment(bounds[2 * i])?, moment(bounds[2 * i + 1])?);
            Ok(Interval { start, end, statistic })
        }
    };
    times.iter().enumerate().map(interval).collect()
}

fn statistic(variable: &NcVariable, time: &str) -> Statistic {
    let methods = text(variable, "cell_methods").unwrap_or_default();
    let words: Vec<&str> = methods.split_whitespace().collect();
    let of_time = words.iter().position(|word| word.strip_suffix(':') == Some(time));
    match of_time.and_then(|place| words[place + 1..].iter().find(|word| !word.ends_with(':'))) {
        Some(&"sum") => Statistic::Accumulation,
        Some(&"mean") => Statistic::Mean,
        Some(&"point") => Statistic::Instantaneous,
        _ => Statistic::Other,
    }
}
