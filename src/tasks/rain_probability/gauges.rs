//! What was measured, beside what is said there.

use stormlens_data::outcome::{Axis, Colours, Quantity, Role, Variable};
use stormlens_data::probability::LabelOptions;

use super::answer::{class_names, event_names, numbers_of};
use super::ground::Ground;
use super::prepare::Work;
use super::samples::Gauge;

pub const OBSERVATION: &str = "observation";
pub const TABLE: &str = "gauges";
pub const TRUTH: &str = "truth";
/// The column of what the gauge measured.
pub const OBSERVED_RAIN: &str = "observed (mm)";
/// The column of the class, counted from 0.
pub const OBSERVED_CLASS: &str = "observed class";
/// The column of what the model itself says.
pub const MODEL_RAIN: &str = "model’s own rain (mm)";
/// Labels as maps, where rain is known everywhere.
pub const HARD_LABEL: &str = "label/hard";
pub const DENSITY_LABEL: &str = "label/density";

/// All maps of a prediction.
pub struct Said<'a> {
    /// `[classes, rows, columns]`
    pub shares: &'a [f32],
    /// `[thresholds, rows, columns]`
    pub exceedances: &'a [f32],
    pub probabilities: Option<&'a [f32]>,
}

/// Rain of the gauges at their nodes; nothing elsewhere.
pub fn observed(work: &Work) -> Option<Variable> {
    let statement = &work.card.fields;
    let ground = Ground(statement);
    if let Some((rain, _)) = &work.loaded.world {
        let quantity = Quantity::rain_amount(statement.hours);
        let rain = (None, rain.clone());
        return Some(ground.variable(OBSERVATION, Role::Observation, quantity, rain));
    }
    let mut values = vec![f32::NAN; statement.size[0] * statement.size[1]];
    let mut n = 0;
    for gauge in &work.loaded.gauges {
        if let Some([row, column]) = node(&ground, gauge).filter(|_| !gauge.observed_mm.is_nan()) {
            values[row * statement.size[1] + column] = gauge.observed_mm;
            n += 1;
        }
    }
    let quantity = Quantity::rain_amount(statement.hours);
    (n > 0).then(|| ground.variable(OBSERVATION, Role::Observation, quantity, (None, values)))
}

/// The true probabilities of a synthetic world.
pub fn truth(work: &Work) -> Option<Variable> {
    let (_, truth) = work.loaded.world.as_ref()?;
    let axis = Axis::names("event", event_names(&work.card.fields));
    let quantity = Quantity::new("true probability", "1", Colours::Share);
    let maps = (Some(axis), truth.clone());
    Some(Ground(&work.card.fields).variable(TRUTH, Role::Context, quantity, maps))
}

/// What a network learns from where rain is known everywhere: the class, counted from 0, and the shares of all classes.
pub fn labels(work: &Work) -> Vec<Variable> {
    let statement = &work.card.fields;
    let thresholds = <[f64; 2]>::try_from(&statement.thresholds_mm[..]).ok();
    let Some(((rain, _), options)) =
        work.loaded.world.as_ref().zip(thresholds.map(LabelOptions::exact))
    else {
        return Vec::new();
    };
    let ground = Ground(statement);
    let map = |name: &str, quantity: Quantity, maps: (Option<Axis>, Vec<f32>)| {
        ground.variable(name, Role::Context, quantity, maps)
    };
    let hard = |mm: &f32| options.hard(*mm).map_or(f32::NAN, |class| class as f32);
    let density: Vec<_> = rain.iter().map(|mm| options.density(*mm)).collect();
    let names = class_names(statement);
    let of_class = |class: usize| {
        density.iter().map(move |label| label.map_or(f32::NAN, |label| label[class] as f32))
    };
    let soft: Vec<f32> = (0..names.len()).flat_map(of_class).collect();
    let axis = Some(Axis::names(Axis::CLASS, names));
    let class = Quantity::new("observed class", "1", Colours::Amount);
    let share = Quantity::new("density label", "1", Colours::Share);
    vec![
        map(HARD_LABEL, class, (None, rain.iter().map(hard).collect())),
        map(DENSITY_LABEL, share, (axis, soft)),
    ]
}

fn node(ground: &Ground<'_>, gauge: &Gauge) -> Option<[usize; 2]> {
    ground.node(gauge.latitude, gauge.longitude)
}

/// A row a gauge: measured rain, the model's own, its class, its density label, and what the network says at its node.
pub fn table(work: &Work, said: &Said<'_>) -> Option<Variable> {
    let statement = &work.card.fields;
    let ground = Ground(statement);
    let placed: Vec<(&Gauge, [usize; 2])> = work
        .loaded
        .gauges
        .iter()
        .filter_map(|gauge| Some((gauge, node(&ground, gauge)?)))
        .collect();
    if placed.is_empty() {
        return None;
    }
    let (classes, events) = (class_names(statement), event_names(statement));
    let names = [OBSERVED_RAIN, MODEL_RAIN, OBSERVED_CLASS].map(str::to_owned);
    let labels = classes.iter().map(|name| format!("density label, {name}"));
    let shares = classes.iter().map(|name| format!("membership, {name}"));
    let raw = events.iter().map(|name| format!("membership, {name}"));
    let recalibrated = events.iter().map(|name| format!("probability, {name}"));
    let columns: Vec<String> =
        names.into_iter().chain(labels).chain(shares).chain(raw).chain(recalibrated).collect();
    let values: Vec<f64> =
        placed.iter().flat_map(|(gauge, node)| row(work, said, gauge, *node)).collect();
    let gauges = Axis::names("gauge", placed.iter().map(|(gauge, _)| gauge.name));
    let axes = vec![gauges, Axis::names("what", columns)];
    Some(numbers_of(TABLE, Quantity::new("at the gauges", "1", Colours::None), axes, values))
}

fn row(work: &Work, said: &Said<'_>, gauge: &Gauge, [row, column]: [usize; 2]) -> Vec<f64> {
    let statement = &work.card.fields;
    let n = statement.size[0] * statement.size[1];
    let i = row * statement.size[1] + column;
    let n_classes = statement.thresholds_mm.len() + 1;
    let at =
        |maps: &[f32]| -> Vec<f64> { maps.chunks_exact(n).map(|map| f64::from(map[i])).collect() };
    let nothing = vec![f64::NAN; n_classes - 1];
    let mut values = vec![f64::from(gauge.observed_mm), f64::from(gauge.model_mm)];
    let labels = <[f64; 2]>::try_from(&statement.thresholds_mm[..]).ok().map(LabelOptions::exact);
    let hard = labels.and_then(|labels| labels.hard(gauge.observed_mm));
    values.push(hard.map_or(f64::NAN, |class| class as f64));
    let density = labels.and_then(|labels| labels.density(gauge.observed_mm));
    values.extend(density.map_or(vec![f64::NAN; n_classes], |label| label.to_vec()));
    values.extend(at(said.shares));
    values.extend(at(said.exceedances));
    values.extend(said.probabilities.map_or(nothing, at));
    values
}
