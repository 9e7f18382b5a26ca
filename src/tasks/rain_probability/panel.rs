//! The decision in words: the raw forecast, the network, and which variables made the difference.

use stormlens_data::card::{FieldStatement, FieldVariable};
use stormlens_data::outcome::Outcome;
use stormlens_data::probability::FieldQuantity;
use stormlens_data::probability::iberia::{GAUGES, Gauge};
use stormlens_data::request::{ClassOutput, EventPlace};

use super::answer::{EXCEEDANCE, PROBABILITY, event_names};
use super::explained::EFFECT;
use super::gauges::{GAUGE, MODEL_RAIN};
use super::ground::{Ground, place_words};
use super::question::{fields, target_of};
use crate::question::Question;
use crate::web::format;

/// Contributions that are told.
const N_TOLD: usize = 3;

/// What a person reads first.
pub struct Panel {
    /// `Rain ≥ 1 mm in 24 h, at 41.3° N, 2.07° E`
    pub event: String,
    /// Who says it, and how probable it is: the model itself, the network as it is, recalibrated.
    pub said: Vec<(String, String)>,
    /// Variables with the membership minus the membership when each is hidden, the largest first.
    pub why: Vec<String>,
}

impl Panel {
    pub fn new(question: &Question, outcome: &Outcome) -> Option<Self> {
        let card = fields(&question.cards).ok()?;
        let (event, place, output) = target_of(&question.target);
        let place_idx = event.from_class() - 1;
        let name = event_names(&card.fields).get(place_idx)?.clone();
        let part = Ground(&card.fields).part(place).ok()?;
        let mean = |variable: &str| {
            let map = outcome.variable(variable)?.map(place_idx);
            let nodes = part[0].clone().flat_map(|row| part[1].clone().map(move |c| (row, c)));
            let values: Vec<f64> = nodes.map(|(row, c)| f64::from(map.at(row, c))).collect();
            Some(values.iter().sum::<f64>() / values.len().max(1) as f64)
        };
        let mut said = Vec::new();
        let mut add = |who: &str, share: Option<f64>| {
            said.extend(share.map(|share| (who.to_owned(), format::percent(share))));
        };
        add("Raw forecast, recalibrated", raw(question, outcome, place, place_idx));
        add("Network, membership", mean(EXCEEDANCE));
        add("Network, recalibrated", mean(PROBABILITY));
        let is_probability = output == ClassOutput::Probability;
        Some(Self {
            event: format!("Rain {name}, {}", words(place, &card.fields)),
            said,
            why: match is_probability {
                true => why(outcome, &card.fields, place_idx),
                false => Vec::new(),
            },
        })
    }
}

fn words(place: EventPlace, statement: &FieldStatement) -> String {
    match place {
        EventPlace::All => "mean of the whole map".to_owned(),
        EventPlace::Node(place) => {
            let node = Ground(statement).node(place[0], place[1]);
            let node = node.map(|[row, column]| {
                place_words([statement.latitudes[row], statement.longitudes[column]])
            });
            match node.filter(|node| *node != place_words(place)) {
                Some(node) => format!("at {} (node {node})", place_words(place)),
                None => format!("at {}", place_words(place)),
            }
        }
        EventPlace::Box([west, south, east, north]) => {
            let corner = |latitude, longitude| place_words([latitude, longitude]);
            format!("mean from {} to {}", corner(south, west), corner(north, east))
        }
    }
}

/// How often it rained so much when the model's own rain was as much as now, where the weights say that: at a gauge, whose
/// nearest node the model's rain was compared at, and in a synthetic world, whose nodes are the network's.
fn raw(question: &Question, outcome: &Outcome, place: EventPlace, event_idx: usize) -> Option<f64> {
    let statement = &fields(&question.cards).ok()?.fields;
    let map = statement.raw_rain.get(event_idx)?;
    if !statement.synthetic {
        return Some(map.apply(model_rain(outcome, place)?)).filter(|share| share.is_finite());
    }
    let is_rain = |variable: &&FieldVariable| variable.quantity == FieldQuantity::Precipitation;
    let rain = statement.variables.iter().find(is_rain)?;
    let field = outcome.variable(&format!("field/{}", rain.name))?.map(0);
    let [rows, columns] = Ground(statement).part(place).ok()?;
    let nodes = rows.flat_map(|row| columns.clone().map(move |column| (row, column)));
    let shares: Vec<f64> =
        nodes.map(|(row, column)| map.apply(f64::from(field.at(row, column)))).collect();
    let mean = shares.iter().sum::<f64>() / shares.len().max(1) as f64;
    mean.is_finite().then_some(mean)
}

/// The model's own rain at the gauge of a place, mm.
fn model_rain(outcome: &Outcome, place: EventPlace) -> Option<f64> {
    let EventPlace::Node([latitude, longitude]) = place else { return None };
    let is_there = |gauge: &&Gauge| {
        (gauge.latitude - latitude).abs() < 1e-3 && (gauge.longitude - longitude).abs() < 1e-3
    };
    let gauge = GAUGES.iter().find(is_there)?;
    let rain = outcome.variable(MODEL_RAIN)?;
    let gauges = rain.axes.iter().find(|axis| axis.name == GAUGE)?;
    let row = (0..gauges.len()).find(|&i| gauges.label(i) == gauge.name)?;
    Some(rain.values.at(row)).filter(|mm| mm.is_finite())
}

/// What a variable adds to the membership, in the sign of the bars below: `humidity at 850 hPa +9 percentage points`.
fn why(outcome: &Outcome, statement: &FieldStatement, event_idx: usize) -> Vec<String> {
    let name = ["rain", "heavy"].get(event_idx).map(|event| format!("{EFFECT}{event}"));
    let Some(variable) = name.and_then(|name| outcome.variable(&name)) else { return Vec::new() };
    let Some(axis) = variable.axis() else { return Vec::new() };
    let mut changes: Vec<(String, f64)> =
        (0..axis.len()).map(|i| (axis.label(i), variable.values.at(i))).collect();
    changes.retain(|(_, change)| change.is_finite() && change.abs() >= 0.005);
    changes.sort_by(|a, b| b.1.abs().total_cmp(&a.1.abs()));
    let told = changes.into_iter().take(N_TOLD);
    told.map(|(name, effect)| {
        let known = statement.variables.iter().find(|variable| variable.name == name);
        let name = known.map_or(name, FieldVariable::label);
        let sign = if effect < 0.0 { "−" } else { "+" };
        format!("{name} {sign}{} percentage points", (effect.abs() * 100.0).round())
    })
    .collect()
}
