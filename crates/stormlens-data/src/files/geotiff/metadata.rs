//! What a map is, in the tags that GDAL reads: its description, unit and time, and where it came from.

use std::fmt::Write as _;

use jiff::Timestamp;

use super::super::long_name::long_name;
use super::letters::{ascii, escaped};
use crate::outcome::{Axis, Colours, Coordinates, Outcome, Role, Variable};

/// Text and items of one map.
pub struct Metadata {
    /// Of the band: what it is, and which of the variable's maps.
    description: String,
    /// As UDUNITS reads it.
    unit: String,
    /// Names and values that are of the band.
    band: Vec<(String, String)>,
    /// Names and values that are of the whole file.
    file: Vec<(&'static str, String)>,
    /// Of a map that was measured: when.
    measured: Option<Timestamp>,
}

impl Metadata {
    pub fn new(outcome: &Outcome, variable: &Variable, index: usize) -> Self {
        let (quantity, places) = (&variable.quantity, variable.places(index));
        let name = long_name(variable, false, outcome);
        let entries = places.iter().filter(|(axis, _)| axis.len() > 1);
        let entries = entries.map(|(axis, place)| axis.label(*place));
        let description = std::iter::once(name).chain(entries).collect::<Vec<_>>().join(", ");
        let times = places.iter().filter(|(axis, place)| axis.time(*place).is_some());
        let time = times.map(|(axis, place)| (*axis, *place)).next();
        let is_measured = matches!(variable.role, Role::Input | Role::Observation);
        Self {
            description,
            unit: quantity.udunits(),
            band: band(outcome, variable, &places),
            file: file(outcome, variable),
            measured: time.filter(|_| is_measured).and_then(|(axis, place)| axis.time(place)),
        }
    }

    /// `TIFFTAG_IMAGEDESCRIPTION`: the description and the unit in the letters that TIFF has.
    pub fn description(&self) -> String {
        ascii(&match self.unit.as_str() {
            "1" => self.description.clone(),
            unit => format!("{} ({unit})", self.description),
        })
    }

    /// `TIFFTAG_DATETIME`, which is when a picture was made: of what was measured, the end of its interval, UTC.
    pub fn date_time(&self) -> Option<String> {
        self.measured.map(|time| time.strftime("%Y:%m:%d %H:%M:%S").to_string())
    }

    /// The items of the tag `GDAL_METADATA` (42112), XML in ASCII.
    pub fn xml(&self) -> String {
        let mut xml = String::from("<GDALMetadata>\n");
        let mut item = |name: &str, more: &str, value: &str| {
            let (name, value) = (escaped(name), escaped(value));
            // Writing into a string does not fail.
            let _ = writeln!(xml, "  <Item name=\"{name}\"{more}>{value}</Item>");
        };
        item("DESCRIPTION", " sample=\"0\" role=\"description\"", &self.description);
        item("UNITTYPE", " sample=\"0\" role=\"unittype\"", &self.unit);
        self.band.iter().for_each(|(name, value)| item(name, " sample=\"0\"", value));
        self.file.iter().for_each(|(name, value)| item(name, "", value));
        xml.push_str("</GDALMetadata>\n");
        xml
    }
}

/// Time, interval, level, classes, and the entries of all axes.
fn band(
    outcome: &Outcome,
    variable: &Variable,
    places: &[(&Axis, usize)],
) -> Vec<(String, String)> {
    let quantity = &variable.quantity;
    let mut items: Vec<(String, String)> = Vec::new();
    let mut add = |name: &str, value: String| items.push((name.to_owned(), value));
    for (axis, place) in places {
        match &axis.coordinates {
            Coordinates::Times { .. } => times(&mut add, (axis, *place), variable),
            Coordinates::LeadTimes { from, minutes, .. } => {
                times(&mut add, (axis, *place), variable);
                add("forecast_reference_time", from.to_string());
                add("lead_time_minutes", minutes[*place].to_string());
            }
            Coordinates::Numbers { .. } | Coordinates::Names { .. } => {
                add(&axis.name, axis.label(*place));
            }
        }
    }
    let is_found = matches!(variable.role, Role::Attribution { .. } | Role::Mask);
    let is_dated = places.iter().any(|(axis, place)| axis.time(*place).is_some());
    if let Some(axis) = outcome.time().filter(|_| is_found && !is_dated) {
        times(&mut add, (axis, 0), variable);
    }
    if let Some(level) = quantity.level {
        add("level", level.to_string());
    }
    if quantity.colours == Colours::Classes {
        let numbers = (0..quantity.classes.len()).map(|class| class.to_string());
        add("flag_values", numbers.collect::<Vec<_>>().join(", "));
        add("flag_meanings", quantity.classes.join(", "));
    }
    items
}

/// The moment of a map, and the begin of its interval.
fn times(add: &mut impl FnMut(&str, String), (axis, place): (&Axis, usize), variable: &Variable) {
    if let Some(time) = axis.time(place) {
        add("time", time.to_string());
    }
    if let Some(start) = axis.start(place) {
        add("time_start", start.to_string());
        let over = variable.quantity.over;
        let items =
            [("cell_methods", over.cell_methods("time")), ("comment", over.comment().into())];
        let said = items.into_iter().filter(|(_, value)| !value.is_empty());
        said.for_each(|(name, value)| add(name, value));
    }
}

/// What the variable is, and where it came from.
fn file(outcome: &Outcome, variable: &Variable) -> Vec<(&'static str, String)> {
    let p = &outcome.provenance;
    let standard_name = variable.quantity.standard_name.clone().unwrap_or_default();
    let items = [
        ("variable", variable.name.clone()),
        ("standard_name", standard_name),
        ("attribution_target", variable.target().to_owned()),
        ("missing", variable.quantity.missing.clone().unwrap_or_default()),
        ("comment", outcome.remark()),
        ("source", p.data_source.clone()),
        ("license", p.data_licence.clone()),
        ("provenance_program", p.program.clone()),
        ("provenance_model", p.model.clone()),
        ("provenance_checkpoint", p.checkpoint.clone()),
        ("provenance_weights_sha256", p.weights_sha256.clone()),
        ("provenance_data_sha256", p.data_sha256.clone()),
    ];
    items.into_iter().filter(|(_, value)| !value.is_empty()).collect()
}
