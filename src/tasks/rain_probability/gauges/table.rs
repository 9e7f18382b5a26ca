//! What was measured at each gauge, and what is said at its node: a variable a unit, and all of them as one table.

use stormlens_data::card::FieldStatement;
use stormlens_data::outcome::{Axis, Colours, Outcome, Over, Quantity, Role, Values, Variable};
use stormlens_data::probability::{FieldQuantity, LabelOptions};

use super::super::answer::{class_names, event_names, numbers_of};
use super::super::ground::Ground;
use super::super::prepare::Work;
use super::super::samples::Gauge;
use super::{GAUGE, Said, node};
use crate::web::format;

const OBSERVED: &str = "gauge/observation";
/// What the model itself says.
pub const MODEL_RAIN: &str = "gauge/model_rain";
const CLASS: &str = "gauge/class";
const LABEL: &str = "gauge/density_label";
const SHARES: &str = "gauge/prediction";
const MEMBERSHIP: &str = "gauge/membership";
const PROBABILITY: &str = "gauge/probability";

/// In the order in which pages show them.
const ALL: [&str; 7] = [OBSERVED, MODEL_RAIN, CLASS, LABEL, SHARES, MEMBERSHIP, PROBABILITY];

/// Numbers with names on both sides.
pub struct Table {
    pub columns: Vec<String>,
    pub rows: Vec<(String, Vec<String>)>,
}

/// Measured rain and the model's own (mm), the class, its density label, and what the network says at the node of each
/// gauge; each `[gauges]`, or `[gauges, classes]`, `[gauges, events]`. Empty where no gauge lies on the grid.
pub fn at_gauges(work: &Work, said: &Said<'_>) -> Vec<Variable> {
    let ground = Ground(&work.card.fields);
    let gauges = work.loaded.gauges.iter();
    let placed: Vec<(&Gauge, [usize; 2])> =
        gauges.filter_map(|gauge| Some((gauge, node(&ground, gauge)?))).collect();
    match placed.is_empty() {
        true => Vec::new(),
        false => {
            [measured(&work.card.fields, &placed), said_there(work, said, &placed), places(&placed)]
                .concat()
        }
    }
}

/// A variable with a gauge in front of whatever else there is.
fn variable(
    placed: &[(&Gauge, [usize; 2])],
    (name, quantity): (&str, Quantity),
    axis: Option<Axis>,
    row: impl Fn(&Gauge, [usize; 2]) -> Vec<f64>,
) -> Variable {
    let gauges = Axis::names(GAUGE, placed.iter().map(|(gauge, _)| gauge.name));
    let values = placed.iter().flat_map(|(gauge, node)| row(gauge, *node));
    let values = Values::F32(values.map(|value| value as f32).collect());
    let axes = std::iter::once(gauges).chain(axis).collect();
    // As precise as maps: all of it is read, or computed, in single precision.
    Variable { values, ..numbers_of(name, quantity, axes, Vec::new()) }
}

/// Where the gauges themselves lie, for files; a node may be half a step away.
fn places(placed: &[(&Gauge, [usize; 2])]) -> Vec<Variable> {
    let gauges = || Axis::names(GAUGE, placed.iter().map(|(gauge, _)| gauge.name));
    let of = |name: &str, unit: &str, values: Vec<f64>| {
        let quantity = Quantity {
            standard_name: Some(name.to_owned()),
            ..Quantity::new(&format!("{name} of the gauge"), unit, Colours::None)
        };
        let variable = numbers_of(&format!("gauge/{name}"), quantity, vec![gauges()], values);
        Variable { role: Role::Context, ..variable }
    };
    let latitudes = placed.iter().map(|(gauge, _)| gauge.latitude).collect();
    let longitudes = placed.iter().map(|(gauge, _)| gauge.longitude).collect();
    vec![of("latitude", "degrees_north", latitudes), of("longitude", "degrees_east", longitudes)]
}

fn measured(statement: &FieldStatement, placed: &[(&Gauge, [usize; 2])]) -> Vec<Variable> {
    let (classes, n_classes) = (class_names(statement), statement.thresholds_mm.len() + 1);
    let options = <[f64; 2]>::try_from(&statement.thresholds_mm[..]).ok().map(LabelOptions::exact);
    let observed = Quantity { colours: Colours::None, ..Quantity::rain_amount(statement.hours) };
    let observed = Quantity { name: format!("observed {}", observed.name), ..observed };
    let own = Quantity {
        standard_name: Some(FieldQuantity::Precipitation.standard_name().to_owned()),
        ..Quantity::new("model’s own rain", "mm", Colours::None).over(Over::Sum)
    };
    let class = Quantity::class("observed class", classes.clone());
    let label = Quantity::new("density label", "1", Colours::None);
    let hard = |gauge: &Gauge| {
        let class = options.and_then(|options| options.hard(gauge.observed_mm));
        vec![class.map_or(f64::NAN, |class| class as f64)]
    };
    let density = |gauge: &Gauge| {
        let label = options.and_then(|options| options.density(gauge.observed_mm));
        label.map_or(vec![f64::NAN; n_classes], |label| label.to_vec())
    };
    vec![
        variable(placed, (OBSERVED, observed), None, |gauge, _| vec![gauge.observed_mm.into()]),
        variable(placed, (MODEL_RAIN, own), None, |gauge, _| vec![gauge.model_mm.into()]),
        variable(placed, (CLASS, class), None, |gauge, _| hard(gauge)),
        variable(placed, (LABEL, label), Some(Axis::names(Axis::CLASS, classes)), |gauge, _| {
            density(gauge)
        }),
    ]
}

fn said_there(work: &Work, said: &Said<'_>, placed: &[(&Gauge, [usize; 2])]) -> Vec<Variable> {
    let statement = &work.card.fields;
    let [height, width] = statement.size;
    let of = |name: &str, what: &str, axis: Axis, maps: &[f32]| {
        let at = |[row, column]: [usize; 2]| {
            let maps = maps.chunks_exact(height * width);
            maps.map(|map| f64::from(map[row * width + column])).collect()
        };
        let quantity = Quantity::new(what, "1", Colours::None);
        variable(placed, (name, quantity), Some(axis), |_, node| at(node))
    };
    let classes = || Axis::names(Axis::CLASS, class_names(statement));
    let events = || Axis::names("event", event_names(statement));
    let mut variables = vec![
        of(SHARES, "membership", classes(), said.shares),
        of(MEMBERSHIP, "membership", events(), said.exceedances),
    ];
    variables.extend(said.probabilities.map(|maps| of(PROBABILITY, "probability", events(), maps)));
    variables
}

/// All of it, a column a gauge: there are more numbers than gauges.
pub fn table(outcome: &Outcome) -> Option<Table> {
    let first = outcome.variable(OBSERVED)?;
    let gauges = first.axes.iter().find(|axis| axis.name == GAUGE)?;
    let all = ALL.iter().filter_map(|name| outcome.variable(name));
    Some(Table {
        columns: (0..gauges.len()).map(|gauge| gauges.label(gauge)).collect(),
        rows: all.flat_map(|variable| rows(variable, gauges.len())).collect(),
    })
}

fn rows(variable: &Variable, n_gauges: usize) -> Vec<(String, Vec<String>)> {
    let quantity = &variable.quantity;
    let entries = variable.axes.last().filter(|axis| axis.name != GAUGE);
    let n = entries.map_or(1, Axis::len);
    let cell = |gauge: usize, entry: usize| {
        let value = variable.values.at(gauge * n + entry);
        match quantity.classes.get(value as usize) {
            Some(class) if !value.is_nan() => class.clone(),
            // Gauges are read to a tenth of a millimetre.
            _ if variable.name == OBSERVED && !value.is_nan() => format!("{value:.1}"),
            _ => format::number(value),
        }
    };
    let name = stormlens_plot::words::sentence(&quantity.label());
    let row = |entry: usize| {
        let name = entries.map_or(name.clone(), |axis| format!("{name}, {}", axis.label(entry)));
        (name, (0..n_gauges).map(|gauge| cell(gauge, entry)).collect())
    };
    (0..n).map(row).collect()
}
