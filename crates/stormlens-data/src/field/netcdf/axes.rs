//! Axes of a variable: latitudes, longitudes, and what comes before them.

use jiff::Timestamp;
use netcdf_reader::{NcDimension, NcFile, NcVariable};

use super::super::missing::default_fill;
use super::super::words::short;
use super::super::{Interval, Level, Statistic};
use super::times::{self, TimeUnit};
use super::{bounds, packing};

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
pub(super) fn values(file: &NcFile, variable: &NcVariable) -> Result<Vec<f64>, String> {
    let name = variable.name();
    if variable.num_elements().map_err(|e| e.to_string())? > MAX_LENGTH {
        return Err(format!("the coordinate {name} is too long"));
    }
    let read = file.read_variable_as_f64(name);
    let mut array = read.map_err(|e| format!("the coordinate {name} cannot be read ({e})"))?;
    packing::unpack(variable, &mut array)?;
    Ok(array.iter().copied().collect())
}

/// What the dimensions before rows and columns say.
pub(super) struct Outer {
    times: Option<(usize, Vec<Interval>)>,
    others: Vec<Other>,
    /// Of the coordinates without a dimension, such as `height = 2 m`.
    scalar_level: Option<Level>,
    reference_time: Option<Timestamp>,
    /// Of each time, where a file holds several runs.
    reference_times: Option<Vec<Timestamp>>,
}

/// A dimension that is neither time nor place on the map.
struct Other {
    place: usize,
    name: String,
    values: Vec<f64>,
    kind: Kind,
}

/// What such a dimension counts.
#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Members,
    /// Surfaces of constant pressure: so many pascals in its unit.
    Pressure(f64),
    /// Metres above the ground.
    Height,
    /// Something else, which is said with its name.
    Numbers,
}

impl Kind {
    /// Told by unit and standard name (CF 4.3: a coordinate in a unit of pressure is vertical).
    fn of(coordinate: &NcVariable) -> Self {
        let name = coordinate.name().to_lowercase();
        let standard_name = text(coordinate, "standard_name").unwrap_or_default();
        let is_member = ["number", "member", "realization", "ensemble"].contains(&name.as_str());
        let unit = text(coordinate, "units").unwrap_or_default().to_lowercase();
        let is_metres = ["m", "metre", "metres", "meter", "meters"].contains(&unit.as_str());
        match unit.as_str() {
            _ if is_member || standard_name == "realization" => Self::Members,
            "pa" | "pascal" | "pascals" => Self::Pressure(1.0),
            "hpa" | "hectopascal" | "hectopascals" | "mb" | "mbar" | "millibar" | "millibars" => {
                Self::Pressure(100.0)
            }
            _ if is_metres && standard_name == "height" => Self::Height,
            _ => Self::Numbers,
        }
    }

    /// The level of a value; `None` for what is no level that [`Level`] knows.
    fn level(self, value: f64) -> Option<Level> {
        match self {
            Self::Pressure(pascals) => Level::parse(&format!("{} hPa", value * pascals / 100.0)),
            Self::Height => Level::parse(&format!("{value} m above ground")),
            Self::Members | Self::Numbers => None,
        }
    }
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
        let (mut times, mut others, mut reference_times) = (None, Vec::new(), None);
        for (place, dimension) in before.iter().enumerate() {
            let own = file.coordinate_variable(&dimension.name).ok();
            let valid = own.filter(|one| !is_reference(one)).filter(|one| is_time(one));
            let other = || auxiliary(file, &dimension.name, "time");
            // Of two coordinates the one that is read. A single time may be left out: heights have one that says nothing.
            let valid = match valid {
                Some(own) if parsed(own).is_none() => {
                    other().or_else(|| valid.filter(|_| dimension.size > 1))
                }
                None => other(),
                _ => valid,
            };
            if let (Some(coordinate), None) = (valid, &times) {
                let unit = time_unit(coordinate)?;
                let values = values(file, coordinate)?;
                let intervals = intervals(file, variable, coordinate, &values, &unit)?;
                times = Some((place, intervals));
                let runs = own.filter(|one| is_reference(one));
                let runs = runs.or_else(|| auxiliary(file, &dimension.name, RUNS));
                reference_times = runs.map(|runs| moments(file, runs)).transpose()?;
                continue;
            }
            if let Some(runs) = own.filter(|one| is_reference(one)) {
                return Err(format!(
                    "{} says when its runs began, and nothing says the time of its fields (standard name time)",
                    runs.name()
                ));
            }
            let Some(coordinate) = own else {
                let numbers = (0..dimension.size).map(|i| i as f64).collect();
                let name = dimension.name.clone();
                others.push(Other { place, name, values: numbers, kind: Kind::Numbers });
                continue;
            };
            let values = values(file, coordinate)?;
            let (name, kind) = (dimension.name.clone(), Kind::of(coordinate));
            others.push(Other { place, name, values, kind });
        }
        let (scalar_level, reference_time) = (scalar_level(file, variable)?, reference_time(file)?);
        Ok(Self { times, others, scalar_level, reference_time, reference_times })
    }

    pub fn at(&self, indices: &[u64]) -> Result<Place, String> {
        let at = |place: usize| usize::try_from(indices[place]).unwrap_or(usize::MAX);
        let (mut interval, mut reference_time) = (None, self.reference_time);
        if let Some((place, intervals)) = &self.times {
            interval = intervals.get(at(*place)).copied();
            if let Some(runs) = &self.reference_times {
                reference_time = runs.get(at(*place)).copied();
            }
        }
        // An instant says nothing of a variable that is a sum: only bounds do.
        let (mut member, mut level) = (None, Vec::new());
        for Other { place, name, values, kind } in &self.others {
            let value =
                values.get(at(*place)).copied().ok_or("an axis is shorter than its dimension")?;
            match (kind, kind.level(value)) {
                (Kind::Members, _) => member = Some(value as u32),
                (_, Some(known)) => level.push(known.to_string()),
                (_, None) if values.len() > 1 => level.push(format!("{name} {value}")),
                (_, None) => {}
            }
        }
        if let (true, Some(scalar)) = (level.is_empty(), self.scalar_level) {
            level.push(scalar.to_string());
        }
        let level = level.join(", ");
        Ok(Place { interval, reference_time, member, level })
    }
}

/// The level among the scalar coordinates that a variable names (CF 5.7).
fn scalar_level(file: &NcFile, variable: &NcVariable) -> Result<Option<Level>, String> {
    for name in text(variable, "coordinates").unwrap_or_default().split_whitespace() {
        let Ok(coordinate) = file.variable(name) else { continue };
        let is_scalar = coordinate.num_elements().is_ok_and(|n| n == 1);
        let kind = Kind::of(coordinate);
        if !is_scalar || matches!(kind, Kind::Members | Kind::Numbers) {
            continue;
        }
        let level = values(file, coordinate)?.first().and_then(|&value| kind.level(value));
        if level.is_some() {
            return Ok(level);
        }
    }
    Ok(None)
}

/// The standard name of the times at which runs began.
const RUNS: &str = "forecast_reference_time";

fn is_reference(coordinate: &NcVariable) -> bool {
    text(coordinate, "standard_name").as_deref() == Some(RUNS)
}

/// Whether its unit says a time, one that is read or another.
fn is_time(coordinate: &NcVariable) -> bool {
    text(coordinate, "units").is_some_and(|unit| times::counts_time(&unit))
}

fn parsed(coordinate: &NcVariable) -> Option<TimeUnit> {
    TimeUnit::parse(&text(coordinate, "units")?)
}

/// The unit and the origin of times, which count in the calendar of the Earth.
fn time_unit(coordinate: &NcVariable) -> Result<TimeUnit, String> {
    time_unit_in(coordinate, text(coordinate, "calendar"))
}

/// The same in a calendar that another variable may name.
pub(super) fn time_unit_in(
    coordinate: &NcVariable,
    calendar: Option<String>,
) -> Result<TimeUnit, String> {
    let name = coordinate.name();
    let unit = parsed(coordinate).ok_or_else(|| {
        let shown = short(&text(coordinate, "units").unwrap_or_default());
        format!(
            "the unit of {name} is “{shown}”: write seconds, minutes, hours or days since a date in UTC, or with a zone such as +02:00"
        )
    })?;
    times::check_calendar(calendar.as_deref()).map_err(|other| format!("{name}: {other}"))?;
    let is_even = calendar.is_some_and(|name| name.eq_ignore_ascii_case("proleptic_gregorian"));
    if unit.begins_before_the_gap() && !is_even {
        return Err(format!(
            "{name} counts from a date before 15 October 1582, when ten days were left out, and its calendar is not \
             proleptic_gregorian: count from a later date"
        ));
    }
    Ok(unit)
}

/// A coordinate along a dimension that has another name than it (CF 5), by its standard name.
fn auxiliary<'f>(file: &'f NcFile, along: &str, standard_name: &str) -> Option<&'f NcVariable> {
    let is_it = |variable: &&NcVariable| {
        text(variable, "standard_name").as_deref() == Some(standard_name)
            && matches!(variable.dimensions(), [only] if only.name == along)
            && is_time(variable)
    };
    file.variables().ok()?.iter().find(is_it)
}

/// The moments of a variable of times.
fn moments(file: &NcFile, variable: &NcVariable) -> Result<Vec<Timestamp>, String> {
    time_unit(variable)?.moments(&values(file, variable)?, variable.name())
}

/// The scalar variable with the time of analysis that CF names so.
///
/// # Errors
/// In words, for a unit or a calendar that is not read, as of the times of fields.
fn reference_time(file: &NcFile) -> Result<Option<Timestamp>, String> {
    let is_it = |variable: &&NcVariable| {
        is_reference(variable) && variable.num_elements().is_ok_and(|n| n == 1)
    };
    let variables = file.variables().map_err(|e| e.to_string())?;
    // What counts no time, such as a date in letters, says nothing that a number of another calendar could contradict.
    let Some(variable) = variables.iter().find(is_it).filter(|one| is_time(one)) else {
        return Ok(None);
    };
    let unit = time_unit(variable)?;
    // Of a run that nobody wrote down nothing is known.
    let unwritten = default_fill(variable.dtype());
    let is_unwritten = |value: f64| unwritten.as_ref().is_some_and(|fill| fill.contains(&value));
    let known = values(file, variable)?.into_iter();
    let known = known.filter(|&value| !value.is_nan() && !is_unwritten(value));
    let begins = unit.moments(&known.collect::<Vec<f64>>(), variable.name())?;
    Ok(begins.first().copied())
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
    let times = unit.moments(times, coordinate.name())?;
    let statistic = statistic(variable, coordinate);
    Ok(match bounds::of_times(file, coordinate, (&times, unit))? {
        Some(bounds) => {
            bounds.into_iter().map(|[start, end]| Interval { start, end, statistic }).collect()
        }
        None => {
            let statistic = without_bounds(statistic);
            times.into_iter().map(|time| Interval { statistic, ..Interval::at(time) }).collect()
        }
    })
}

/// Of a time without bounds: a sum is an amount of which somebody may state the hours; means, maxima and minima are no values
/// of the moment that the file names.
fn without_bounds(statistic: Statistic) -> Statistic {
    match statistic {
        Statistic::Mean | Statistic::Maximum | Statistic::Minimum | Statistic::Other => statistic,
        Statistic::Instantaneous | Statistic::Accumulation | Statistic::Unstated => {
            Statistic::Instantaneous
        }
    }
}

/// What was done over time, by the cell methods (CF 7.3): of the coordinate by its name, its standard name or its dimension.
fn statistic(variable: &NcVariable, coordinate: &NcVariable) -> Statistic {
    let methods = without_remarks(&text(variable, "cell_methods").unwrap_or_default());
    let words: Vec<&str> = methods.split_whitespace().collect();
    let standard_name = text(coordinate, "standard_name");
    let dimensions = coordinate.dimensions().iter().map(|dimension| dimension.name.as_str());
    let of_time: Vec<&str> =
        dimensions.chain([coordinate.name(), "time"]).chain(standard_name.as_deref()).collect();
    let is_of_time =
        |word: &&str| word.strip_suffix(':').is_some_and(|name| of_time.contains(&name));
    let Some(place) = words.iter().position(is_of_time) else {
        return without_time(variable, &words);
    };
    match words[place + 1..].iter().find(|word| !word.ends_with(':')) {
        Some(&"sum") => Statistic::Accumulation,
        Some(&"mean") => Statistic::Mean,
        Some(&"point") => Statistic::Instantaneous,
        Some(&"maximum") => Statistic::Maximum,
        Some(&"minimum") => Statistic::Minimum,
        _ => Statistic::Other,
    }
}

/// Without what stands in brackets: `(interval: 1 hour comment: sampled)`.
fn without_remarks(methods: &str) -> String {
    let parts = methods.split('(').enumerate();
    let outside = parts.map(|(i, part)| match (i, part.split_once(')')) {
        (0, _) => part,
        (_, after) => after.map_or("", |(_, after)| after),
    });
    outside.collect::<Vec<_>>().join(" ")
}

/// Nothing is said of time where all that is said is of space; what has an unknown name could be of time.
fn without_time(variable: &NcVariable, words: &[&str]) -> Statistic {
    const OF_SPACE: [&str; 5] = ["area", "latitude", "longitude", "lat", "lon"];
    let dimensions = variable.dimensions();
    let is_of_space = |name: &str| {
        OF_SPACE.contains(&name) || dimensions.iter().any(|dimension| dimension.name == name)
    };
    let mut names = words.iter().filter_map(|word| word.strip_suffix(':'));
    match names.all(is_of_space) {
        true => Statistic::Unstated,
        false => Statistic::Other,
    }
}
