//! From the fields of files to what a network is given.

mod choose;
mod codes;
mod moments;
mod rain;
#[cfg(test)]
mod tests;

use jiff::{SignedDuration, Timestamp};

use self::choose::{Choice, choose, with_reasons};
pub(super) use self::choose::{Place, fits, is_moment, is_of_time};
pub use self::moments::{LONGEST_STEP_S, end_of};
pub(super) use self::moments::{are_even, start_of};
use self::rain::{Rain, rain_of};
pub(super) use self::rain::{RainFields, rain_by_kind, rain_near};
use super::FieldQuantity;
use super::left_out::no_fields_of;
use crate::card::{FieldStatement, FieldVariable};
use crate::field::accumulation::{accumulate_decoded, check_read};
use crate::field::{Content, FieldError, FieldFile, GriddedField, decimals};
use crate::time::format_utc;

/// Fields of one time, brought onto a network's grid.
#[derive(Clone, Debug, PartialEq)]
pub struct GatheredFields {
    /// Where each variable came from, or why it is hidden; in the order of the statement.
    pub found: Vec<Found>,
    /// In the units of the statement, `[variables, rows, columns]`, row 0 in the north; `NaN` where nothing is known.
    pub values: Vec<f32>,
    pub time: Timestamp,
}

/// What became of a variable.
#[derive(Clone, Debug, PartialEq)]
pub enum Found {
    Present {
        /// Who made it, in which file, and what was converted.
        source: String,
        /// In which unit it was there.
        unit: String,
        /// How many nodes it had there, and where, in words.
        grid: String,
        /// The larger distance of its rows and of its columns there, degrees.
        spacing_deg: f64,
        /// Nodes of the network without a value: tokens that hold one are hidden.
        n_missing: usize,
    },
    /// The network is told that it is not there.
    Hidden { why: String },
}

impl GatheredFields {
    /// Variables that are hidden, with the reason: `RH850: …`.
    pub fn hidden(&self, statement: &FieldStatement) -> Vec<String> {
        let both = statement.variables.iter().zip(&self.found);
        let hidden = both.filter_map(|(variable, found)| match found {
            Found::Hidden { why } => Some(format!("{}: {why}", variable.name)),
            Found::Present { .. } => None,
        });
        hidden.collect()
    }

    /// The network's input, `[channels, rows, columns]`: normalised, `NaN` where something is hidden, zeros in channels that
    /// only fill the last group up.
    pub fn input(&self, statement: &FieldStatement) -> Vec<f32> {
        network_input(statement, &self.values)
    }
}

/// Values in the units of the statement, `[variables, rows, columns]`, as the network's input.
///
/// # Panics
/// If there are more or fewer values.
pub fn network_input(statement: &FieldStatement, values: &[f32]) -> Vec<f32> {
    let n_nodes = statement.size[0] * statement.size[1];
    assert_eq!(values.len(), statement.variables.len() * n_nodes, "a map a variable");
    let maps = statement.variables.iter().zip(values.chunks_exact(n_nodes));
    let mut input: Vec<f32> = maps
        .flat_map(|(variable, map)| map.iter().map(|&value| variable.standardise(value)))
        .collect();
    input.resize(statement.n_channels() * n_nodes, 0.0);
    input
}

/// Looks in files for the variables of a statement at a time and brings them onto its grid.
///
/// A variable that no file has at its level and time, or of which all values are missing, is hidden and says why. What is
/// there and cannot be right is an error: another unit, values that are of another unit or level, a grid that does not cover
/// the network's, two fields that fit.
///
/// # Errors
/// As said, and for files that cannot be decoded.
pub fn gather(
    files: &[FieldFile],
    statement: &FieldStatement,
    time: Timestamp,
) -> Result<GatheredFields, FieldError> {
    let refuse = |what: &str| Err(FieldError::Domains { what: what.to_owned() });
    if !statement.has_grid() {
        return refuse(
            "these weights do not say where their grid lies, so fields of files cannot be interpolated to it: use data in \
             the layout of the authors, or state the grid with `stormlens import`",
        );
    }
    if !statement.has_statistics() {
        return refuse(
            "these weights do not say with which means and standard deviations fields were normalised: use data that are \
             normalised already, or state them with `stormlens import`",
        );
    }
    let n_nodes = statement.size[0] * statement.size[1];
    let (mut found, mut values) = (Vec::new(), Vec::new());
    for variable in &statement.variables {
        let (one, map) = match gather_one(files, statement, variable, time)? {
            Ok((source, field, map)) => {
                let n_missing = map.iter().filter(|value| value.is_nan()).count();
                let [rows, columns] = field.grid.spacing_deg();
                let (grid, spacing_deg) = (field.grid.in_words(), rows.max(columns));
                (Found::Present { source, unit: field.unit, grid, spacing_deg, n_missing }, map)
            }
            Err(why) => (Found::Hidden { why }, vec![f32::NAN; n_nodes]),
        };
        found.push(one);
        values.extend(map);
    }
    if found.iter().all(|one| matches!(one, Found::Hidden { .. })) {
        let none = GatheredFields { found, values, time };
        let all = in_a_row(&none.hidden(statement));
        return Err(FieldError::Domains {
            what: format!("none of the network's variables is there: {all}"),
        });
    }
    Ok(GatheredFields { found, values, time })
}

/// Reasons one after the other; what all of them end with is said once.
fn in_a_row(reasons: &[String]) -> String {
    let end = reasons.first().and_then(|first| first.rfind("; ").map(|at| &first[at..]));
    let is_shared = |end: &&str| reasons.len() > 1 && reasons.iter().all(|one| one.ends_with(end));
    let end = end.filter(is_shared).unwrap_or_default();
    let own: Vec<&str> = reasons.iter().map(|one| &one[..one.len() - end.len()]).collect();
    own.join("; ") + end
}

/// One variable: where it came from, the field that it was, and its map; or why it is hidden.
type Gathered = Result<(String, GriddedField, Vec<f32>), String>;

fn gather_one(
    files: &[FieldFile],
    statement: &FieldStatement,
    variable: &FieldVariable,
    time: Timestamp,
) -> Result<Gathered, FieldError> {
    if variable.quantity == FieldQuantity::Precipitation {
        return rain(files, statement, variable, time);
    }
    let field = match one_field(files, statement, variable, time)? {
        Ok(field) => field,
        Err(why) => return Ok(Err(why)),
    };
    let conversion =
        variable.quantity.conversion(&field.unit).ok_or_else(|| wrong_unit(&field, variable))?;
    let source = match field.unit == variable.unit {
        true => field.source.clone(),
        false => format!("{}, converted from {} to {}", field.source, field.unit, variable.unit),
    };
    let map = on_grid(&field, conversion, statement, variable)?;
    Ok(map.map(|map| (source, field, map)))
}

/// The field of a variable at a time, or the mean of the moments that make it up; the reason, where there is neither.
fn one_field(
    files: &[FieldFile],
    statement: &FieldStatement,
    variable: &FieldVariable,
    time: Timestamp,
) -> Result<Result<GriddedField, String>, FieldError> {
    let why = match choose(files, variable, time, statement.mean_hours)? {
        Choice::Found(file, place) => return files[file].read(place).map(Ok),
        Choice::Nothing(why) => why,
    };
    let Some(hours) = statement.mean_hours else { return Ok(Err(why)) };
    let check = |field: &GriddedField| check_moment(field, statement, variable);
    Ok(match moments::mean_of_moments(files, variable, (time, hours), check)? {
        Ok(field) => Ok(field),
        Err(n_there) => Err(why + &moments::wanted(time, hours, n_there).unwrap_or_default()),
    })
}

/// What is checked of every field.
fn check_moment(
    field: &GriddedField,
    statement: &FieldStatement,
    variable: &FieldVariable,
) -> Result<(), FieldError> {
    let conversion =
        variable.quantity.conversion(&field.unit).ok_or_else(|| wrong_unit(field, variable))?;
    on_grid(field, conversion, statement, variable).map(|_| ())
}

/// Rain of the statement's hours until the time, from whatever sums the files have. What is left out of it is said.
fn rain(
    files: &[FieldFile],
    statement: &FieldStatement,
    variable: &FieldVariable,
    time: Timestamp,
) -> Result<Gathered, FieldError> {
    let length = SignedDuration::from_hours(i64::from(statement.hours));
    let start = time.checked_sub(length);
    let start = start.map_err(|e| FieldError::Interval { what: e.to_string() })?;
    let cannot = |why: String| {
        let (hours, until) = (statement.hours, format_utc(time));
        Ok(Err(format!("rain of {hours} h until {until} cannot be made: {why}")))
    };
    let others = || no_fields_of(files, FieldQuantity::Precipitation);
    let rain = match rain_of(files, start, time)? {
        Rain::Found(rain) => rain,
        Rain::Unusable(why) => return cannot(with_reasons(why, others())),
        Rain::Nothing(why) => return Ok(Err(why)),
    };
    match rain_sum(files, (statement, variable), &rain, [start, time]) {
        Err(
            error @ (FieldError::Interval { .. }
            | FieldError::NoInterval { .. }
            | FieldError::AllMissing { .. }),
        ) => cannot(with_reasons(rain.fields.explained(error).to_string(), others())),
        made => made,
    }
}

fn rain_sum(
    files: &[FieldFile],
    (statement, variable): (&FieldStatement, &FieldVariable),
    RainFields { file, fields }: &RainFields,
    [start, end]: [Timestamp; 2],
) -> Result<Gathered, FieldError> {
    let file = &files[*file];
    let contents: Vec<&Content> =
        fields.places.iter().map(|&place| &file.contents()[place]).collect();
    file.check_no_gap(&fields.places)?;
    check_read(contents.iter().copied())?;
    let read = fields.places.iter().map(|&place| file.read(place));
    let read = read.map(|field| field.map(|field| codes::without_codes_outside(field, statement)));
    let sum = accumulate_decoded(read, start, end)?;
    let mut source = format!("{}: {}", sum.field.source, sum.rule);
    let unit = contents.first().map(|first| first.unit.clone()).unwrap_or_default();
    if unit != sum.field.unit {
        source += &format!(", converted from {unit} to {}", sum.field.unit);
    }
    source += &fields.why().map(|why| format!("; left out: {why}")).unwrap_or_default();
    let conversion = super::Conversion { scale: 1.0, offset: 0.0 };
    let map = on_grid(&sum.field, conversion, statement, variable)?;
    Ok(map.map(|map| (source, GriddedField { unit, ..sum.field }, map)))
}

fn wrong_unit(field: &GriddedField, variable: &FieldVariable) -> FieldError {
    FieldError::Quantity {
        name: field.source.clone(),
        what: format!(
            "it is in {:?}, which is no unit of {} that is read ({})",
            field.unit,
            variable.quantity.label(),
            variable.quantity.units_in_words()
        ),
    }
}

/// A field on the network's grid in the variable's unit; the reason, where it has no value there.
fn on_grid(
    field: &GriddedField,
    conversion: super::Conversion,
    statement: &FieldStatement,
    variable: &FieldVariable,
) -> Result<Result<Vec<f32>, String>, FieldError> {
    let (latitudes, longitudes) = (&statement.latitudes, &statement.longitudes);
    let ends = |axis: &[f64]| [axis[0], axis[axis.len() - 1]];
    let ([north, south], [west, east]) = (ends(latitudes), ends(longitudes));
    field.grid.check_covers(&field.source, [south, north, west, east])?;
    let places = field.nodes_taken(latitudes, longitudes);
    codes::check(field, &places, (variable, conversion))?;
    let canonical: Vec<f64> = field
        .linear_nodes(latitudes, longitudes)
        .into_iter()
        .map(|value| conversion.apply(value))
        .collect();
    if canonical.iter().all(|value| value.is_nan()) {
        return Ok(Err(format!("{} holds no data there: all values are missing", field.source)));
    }
    check_values(&canonical, (field, &places), (variable, conversion))?;
    // The unit was checked with the statement.
    let own = variable.quantity.conversion(&variable.unit);
    let own = own.ok_or_else(|| wrong_unit(field, variable))?;
    Ok(Ok(canonical.into_iter().map(|value| own.undo(value) as f32).collect()))
}

/// Without digits that say nothing: four are shown.
fn rounded(bound: f64) -> f64 {
    let digits = 3 - bound.abs().max(1e-9).log10().floor() as i32;
    let scale = 10.0_f64.powi(digits.clamp(0, 9));
    (bound * scale).round() / scale
}

/// A unit that does not fit the values, or a level that does not fit the height, would be a plausible input.
fn check_values(
    canonical: &[f64],
    (field, places): (&GriddedField, &[usize]),
    (variable, conversion): (&FieldVariable, super::Conversion),
) -> Result<(), FieldError> {
    let present = || canonical.iter().copied().filter(|value| !value.is_nan());
    let refuse = |what: String| Err(FieldError::Quantity { name: field.source.clone(), what });
    let [least, most] = variable.quantity.bounds(variable.level);
    let (label, unit) = (variable.label(), variable.quantity.unit());
    let is_out = |value: &f64| !value.is_nan() && !(least..=most).contains(value);
    if let Some(interpolated) = present().find(is_out) {
        // The value that somebody finds in the file, where the network takes it.
        let taken = places.iter().map(|&place| field.values[place]);
        let mut own = taken.map(|value| conversion.apply(f64::from(value)));
        let value = own.find(is_out).unwrap_or(interpolated);
        let own = conversion.undo(value);
        let held = match own == value {
            true => format!("{} {unit}", decimals(value, 4)),
            false => {
                format!("{} {} ({} {unit})", decimals(own, 4), field.unit, decimals(value, 4))
            }
        };
        return refuse(format!(
            "it says {:?}, and holds {held} of {label}, where {} to {} {unit} are possible: its unit \
             or its level is another one",
            field.unit,
            rounded(least),
            rounded(most)
        ));
    }
    let largest = present().fold(f64::NEG_INFINITY, f64::max);
    if let Some(above) = variable.quantity.least_maximum(variable.level)
        && largest <= above
    {
        return refuse(format!(
            "it says {:?}, and nothing of {label} is above {above} {unit}, which is too dry for a whole map: its values look \
             like {}, so its unit has to say that",
            field.unit,
            match variable.quantity {
                FieldQuantity::RelativeHumidity => "a share of 1",
                _ => "kg kg-1",
            }
        ));
    }
    Ok(())
}
