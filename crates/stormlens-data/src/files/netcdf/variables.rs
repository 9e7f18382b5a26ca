//! Variables of a result as variables of the file.

use jiff::Timestamp;
use netcdf_writer::NcAttrValue;

use super::FilesError;
use super::axes::Axes;
use super::builder::{self, Builder, Dimension};
use super::entries::Entry;
use super::planes::{Plane, Planes};
use crate::outcome::{Axis, Coordinates, Domain, Outcome, Role, Values, Variable};

/// Writes one variable of the file, and the coordinates that are not there yet.
pub fn write(
    file: &mut Builder,
    (axes, planes): (&mut Axes, &mut Planes),
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
    let (mut dimensions, mut coordinates, mut methods) = (Vec::new(), Vec::new(), String::new());
    for axis in along.iter().chain(&variable.axes) {
        let written = axes.of(file, axis)?;
        if axis.has_intervals() && variable.quantity.is_amount() {
            methods = format!("{}: sum", written.name);
        }
        dimensions.push(written.dimension);
        coordinates.extend(written.coordinates);
    }
    if let Some(time) = undated(variable, outcome) {
        coordinates.push(axes.reference_time(file, time)?);
    }
    let plane = planes.of(file, variable)?;
    if let Some(plane) = &plane {
        dimensions.extend(plane.dimensions);
        coordinates.extend(plane.coordinates.iter().cloned());
    }
    let written = write_values(file, entry, &dimensions)?;
    file.texts(written, &[("cell_methods", &methods)])?;
    describe(file, written, entry, (&coordinates, plane.as_ref(), outcome))
}

/// The moment that dates a map on the Earth which lies along no time: the one the forecast counts from.
fn undated(variable: &Variable, outcome: &Outcome) -> Option<Timestamp> {
    let is_dated = variable.axes.iter().any(|axis| axis.time(0).is_some());
    let is_map = matches!(variable.domain, Domain::Earth(_)) && variable.plane.is_some();
    let from = |axis: &Axis| match axis.coordinates {
        Coordinates::LeadTimes { from, .. } => Some(from),
        _ => None,
    };
    let mut axes = outcome.variables.iter().flat_map(|variable| &variable.axes);
    axes.find_map(from).filter(|_| is_map && !is_dated)
}

fn write_values(
    file: &mut Builder,
    entry: &Entry,
    dimensions: &[Dimension],
) -> Result<builder::Variable, FilesError> {
    let name = file.free_name(&builder::name(&entry.name), 1);
    let first = entry.members[0];
    match &first.values {
        _ if first.role == Role::Mask => {
            file.bytes(&name, dimensions, &joined(entry, |values, i| i8::from(values.at(i) > 0.0)))
        }
        Values::F32(_) => file.floats(&name, dimensions, &joined(entry, |v, i| v.at(i) as f32)),
        Values::U8(_) => file.bytes(&name, dimensions, &joined(entry, |v, i| v.at(i) as u8)),
        Values::F64(_) => file.doubles(&name, dimensions, &joined(entry, Values::at)),
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
    let result_name = if entry.name == builder::name(&entry.name) { "" } else { &entry.name };
    let (long_name, masks) = (long_name(variable, entry), masks(variable, outcome));
    let (coordinates, units) = (coordinates.join(" "), quantity.udunits());
    let texts = [
        ("standard_name", quantity.standard_name.as_deref().unwrap_or_default()),
        ("long_name", long_name.as_str()),
        ("result_name", result_name),
        ("grid_mapping", plane.map_or("", |plane| plane.grid_mapping.as_str())),
        ("coordinates", &coordinates),
        ("ancillary_variables", &masks),
    ];
    file.texts(written, &texts)?;
    match &variable.role {
        Role::Mask => {
            file.texts(written, &[("flag_meanings", "outside inside")])?;
            file.variable_attribute(written, "flag_values", NcAttrValue::Bytes(vec![0, 1]))
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

/// What it is, in words.
fn long_name(variable: &Variable, entry: &Entry) -> String {
    let quantity = &variable.quantity.name;
    match &variable.role {
        Role::Input => format!("{quantity} that the network was given"),
        Role::Prediction => format!("{quantity} that the network predicts"),
        Role::Observation => format!("{quantity} that was observed"),
        Role::Reference => format!("{quantity} of {}, to compare with", variable.name),
        Role::Attribution { layer: Some(layer), .. } if entry.layers.is_empty() => {
            format!("{quantity} of layer {layer}")
        }
        Role::Attribution { .. } | Role::Mask | Role::Diagnostic | Role::Context => {
            quantity.clone()
        }
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
