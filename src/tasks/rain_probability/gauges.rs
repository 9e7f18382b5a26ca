//! What was measured, beside what is said there.

use stormlens_data::outcome::{Axis, Colours, Quantity, Role, Variable};
use stormlens_data::probability::LabelOptions;

use super::answer::{class_names, event_names};
use super::ground::Ground;
use super::prepare::Work;
use super::samples::Gauge;

mod table;

pub use table::{MODEL_RAIN, Table, at_gauges, table};

pub const OBSERVATION: &str = "observation";
pub const TRUTH: &str = "truth";
/// The axis of the gauges.
pub const GAUGE: &str = "gauge";
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
    let class = Quantity::class("observed class", names.clone());
    let axis = Some(Axis::names(Axis::CLASS, names));
    let share = Quantity::new("density label", "1", Colours::Share);
    vec![
        map(HARD_LABEL, class, (None, rain.iter().map(hard).collect())),
        map(DENSITY_LABEL, share, (axis, soft)),
    ]
}

fn node(ground: &Ground<'_>, gauge: &Gauge) -> Option<[usize; 2]> {
    ground.node(gauge.latitude, gauge.longitude)
}
