//! Variables of a result as variables of the file.

use jiff::Timestamp;

use super::super::long_name::long_name;
use super::FilesError;
use super::axes::Axes;
use super::builder::{self, Builder, Dimension};
use super::entries::Entry;
use super::flags;
use super::levels::Levels;
use super::planes::{Plane, Planes};
use crate::outcome::{Axis, Colours, Coordinates, Domain, Outcome, Over, Role, Values, Variable};

/// All coordinates that are in the file.
#[derive(Default)]
pub struct Places {
    axes: Axes,
    planes: Planes,
    levels: Levels,
}

/// Writes one variable of the file, and the coordinates that are not there yet.
pub fn write(
    file: &mut Builder,
    Places { axes, planes, levels }: &mut Places,
    entry: &Entry,
    outcome: &Outcome,
) -> Result<(), FilesError> {
    for member in &entry.members {
        member.check().map_err(|error| FilesError::Netcdf { what: error.to_string() })?;
    }
    let variable = entry.members[0];
    let along = match entry.layers.as_slice() {
        [] => None,
        layers => Some(Axis::names("layer", layers.iter().copied())),
    };
    let over = variable.quantity.over;
    let (mut dimensions, mut coordinates) = (Vec::new(), Vec::new());
    let (mut methods, mut comment) = (String::new(), "");
    for axis in along.iter().chain(&variable.axes) {
        let written = axes.of(file, axis)?;
        if is_over(axis, over) {
            (methods, comment) = (over.cell_methods(&written.name), over.comment());
        }
        dimensions.push(written.dimension);
        coordinates.extend(written.coordinates);
    }
    match undated(variable, outcome) {
        Some(Dated::From(time)) => coordinates.push(axes.reference_time(file, time)?),
        Some(Dated::At(axis)) => coordinates.push(axes.valid_time(file, axis)?),
        None => {}
    }
    if let Some(level) = variable.quantity.level {
        coordinates.extend(levels.of(file, level)?);
    }
    let plane = planes.of(file, variable)?;
    if let Some(plane) = &plane {
        dimensions.extend(plane.dimensions);
        coordinates.extend(plane.coordinates.iter().cloned());
    }
    match is_place(variable) {
        // A coordinate has none itself.
        true => coordinates.clear(),
        false => coordinates.extend(places_along(variable, outcome)),
    }
    let name = file.free_name(&builder::name(&entry.name), 1);
    let written = write_values(file, (&name, entry), &dimensions)?;
    let result_name = if entry.name == name { "" } else { &entry.name };
    let texts =
        [("cell_methods", methods.as_str()), ("comment", comment), ("result_name", result_name)];
    file.texts(written, &texts)?;
    describe(file, written, entry, (&coordinates, plane.as_ref(), outcome))
}

/// Whether values are of the intervals of an axis, or said to be of its moments.
fn is_over(axis: &Axis, over: Over) -> bool {
    let is_of_times = matches!(axis.coordinates, Coordinates::Times { .. });
    if over == Over::Moment { is_of_times && !axis.has_intervals() } else { axis.has_intervals() }
}

/// Whether it says where the entries of its axis lie on the Earth, as of gauges.
fn is_place(variable: &Variable) -> bool {
    let name = variable.quantity.standard_name.as_deref();
    let is_of_entries = variable.plane.is_none() && variable.axes.len() == 1;
    is_of_entries && matches!(name, Some("latitude" | "longitude"))
}

/// Names of the variables that say where the entries of its axes lie.
fn places_along<'a>(
    variable: &'a Variable,
    outcome: &'a Outcome,
) -> impl Iterator<Item = String> + 'a {
    let places = outcome.variables.iter().filter(|other| is_place(other));
    let along = places.filter(move |place| variable.axes.contains(&place.axes[0]));
    along.map(|place| builder::name(&place.name))
}

/// What dates a map on the Earth that lies along no time.
enum Dated<'a> {
    /// The moment that the forecast counts from.
    From(Timestamp),
    /// The one moment or interval that the result is of.
    At(&'a Axis),
}

/// Maps that are given, such as terrain, are of no time where nothing is forecast.
fn undated<'a>(variable: &Variable, outcome: &'a Outcome) -> Option<Dated<'a>> {
    let is_dated = variable.axes.iter().any(|axis| axis.time(0).is_some());
    let is_map = matches!(variable.domain, Domain::Earth(_)) && variable.plane.is_some();
    if is_dated || !is_map {
        return None;
    }
    let mut axes = outcome.variables.iter().flat_map(|variable| &variable.axes);
    let from = |axis: &Axis| match axis.coordinates {
        Coordinates::LeadTimes { from, .. } => Some(Dated::From(from)),
        _ => None,
    };
    let is_found = matches!(variable.role, Role::Attribution { .. } | Role::Mask);
    let at = || outcome.time().filter(|_| is_found).map(Dated::At);
    axes.find_map(from).or_else(at)
}

fn write_values(
    file: &mut Builder,
    (name, entry): (&str, &Entry),
    dimensions: &[Dimension],
) -> Result<builder::Variable, FilesError> {
    let first = entry.members[0];
    match &first.values {
        _ if first.role == Role::Mask => {
            file.bytes(name, dimensions, &joined(entry, |values, i| i8::from(values.at(i) > 0.0)))
        }
        _ if first.quantity.colours == Colours::Classes => {
            flags::write(file, name, dimensions, &joined(entry, |v, i| flags::stored(v.at(i))))
        }
        Values::F32(_) => file.floats(name, dimensions, &joined(entry, |v, i| v.at(i) as f32)),
        Values::U8(_) => file.bytes(name, dimensions, &joined(entry, |v, i| v.at(i) as u8)),
        Values::F64(_) => file.doubles(name, dimensions, &joined(entry, Values::at)),
    }
}

/// The values of one layer after the other.
fn joined<T>(entry: &Entry, value: impl Fn(&Values, usize) -> T) -> Vec<T> {
    let members = entry.members.iter().map(|member| &member.values);
    members
        .flat_map(|values| (0..values.len()).map(|i| value(values, i)).collect::<Vec<T>>())
        .collect()
}

fn describe(
    file: &mut Builder,
    written: builder::Variable,
    entry: &Entry,
    (coordinates, plane, outcome): (&[String], Option<&Plane>, &Outcome),
) -> Result<(), FilesError> {
    let variable = entry.members[0];
    let quantity = &variable.quantity;
    let layer_is_said = !entry.layers.is_empty();
    let (long_name, masks) =
        (long_name(variable, layer_is_said, outcome), masks(variable, outcome));
    let (coordinates, units) = (coordinates.join(" "), quantity.udunits());
    let texts = [
        ("standard_name", quantity.standard_name.as_deref().unwrap_or_default()),
        ("long_name", long_name.as_str()),
        ("grid_mapping", plane.map_or("", |plane| plane.grid_mapping.as_str())),
        ("coordinates", &coordinates),
        ("ancillary_variables", &masks),
    ];
    file.texts(written, &texts)?;
    match &variable.role {
        Role::Mask => flags::describe(file, written, &["outside", "inside"]),
        _ if quantity.colours == Colours::Classes => {
            flags::describe(file, written, &quantity.classes)
        }
        Role::Attribution { method, layer, target } => {
            let layer = layer.as_deref().filter(|_| entry.layers.is_empty()).unwrap_or_default();
            let texts = [
                ("units", units.as_str()),
                ("attribution_method", method),
                ("attribution_layer", layer),
                ("attribution_target", target),
                // Of units that are words, e.g. probability.
                ("unit_in_words", if units == quantity.unit { "" } else { &quantity.unit }),
            ];
            file.texts(written, &texts)
        }
        _ => file.texts(written, &[("units", &units)]),
    }
}

/// Names of the masks that say which places an attribution explains.
fn masks(variable: &Variable, outcome: &Outcome) -> String {
    if !matches!(variable.role, Role::Attribution { .. }) {
        return String::new();
    }
    let is_here = |mask: &&Variable| mask.role == Role::Mask && mask.domain == variable.domain;
    let names = outcome.variables.iter().filter(is_here).map(|mask| builder::name(&mask.name));
    names.collect::<Vec<_>>().join(" ")
}
