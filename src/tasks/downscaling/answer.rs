//! From the answers about tiles to a map of fine rain, beside its rivals and what was observed.

mod beside;
mod joined;
mod rain;
mod said;

use stormlens_data::downscale::{ELEVATION_SCALE_M, tile_elevation};
use stormlens_data::field::{FieldError, Interval};
use stormlens_data::network::Answer;
use stormlens_data::outcome::{
    Axis, Colours, Domain, Note, Number, Outcome, Provenance, Quantity, Role, Values, Variable,
};

use self::said::{notes, provenance};
use super::explained;
use super::map::{Ground, Refined, refined};
use super::prepare::{Bare, Rest, Work};
use super::scores::{Ensemble, Scored, Scores};
use crate::task::Answered;

/// The result of an answer.
///
/// # Panics
/// If the answer is of another task's question.
pub fn outcome(mut answered: Answered<'_>) -> Outcome {
    let rest = std::mem::replace(&mut answered.rest, Box::new(()));
    match *rest.downcast::<Rest>().expect("the tiles of this question") {
        Rest::Bare(bare) => of_numbers(answered, &bare),
        Rest::Map(work) => of_map(answered, &work),
    }
}

/// What the network says of numbers, in its own unit.
fn of_numbers(answered: Answered<'_>, bare: &Bare) -> Outcome {
    let answer = answered.answers.into_iter().next().unwrap_or_default();
    let side = bare.refining.tiles.output_px;
    let unit = if bare.refining.tiles.n_input_channels == 1 { "mm" } else { "1" };
    // The file keeps the axis of its tiles where there is one of them.
    let axes = bare.tiles.is_only_one.then(|| Axis::counted("tile", 1));
    let prediction = Variable {
        name: "prediction".to_owned(),
        role: Role::Prediction,
        quantity: Quantity::new("rain, as the network gives it", unit, Colours::Signed),
        axes: axes.into_iter().chain([Axis::names(Axis::CHANNEL, ["rain"])]).collect(),
        plane: Some([side; 2]),
        domain: Domain::None,
        values: Values::F32(answer.prediction),
    };
    let tiles = &bare.tiles;
    Outcome {
        request: answered.request.clone(),
        variables: vec![prediction],
        numbers: Vec::new(),
        notes: Vec::new(),
        provenance: Provenance {
            data_source: "a file of numbers".to_owned(),
            data_licence: "not stated".to_owned(),
            data_files: vec![tiles.file.clone()],
            data_sha256: tiles.sha256.clone(),
            ..answered.provenance
        },
        duration_ms: answered.duration_ms,
    }
}

fn of_map(answered: Answered<'_>, work: &Work) -> Outcome {
    let made = Made::new(work, &answered.answers);
    let Ok(mut made) = made else { return nothing(answered, work) };
    made.add_terrain();
    made.add_rivals();
    made.add_ensemble(&answered.answers);
    made.add_scores();
    made.add_seams();
    if let Some(focus) = &work.focus {
        let found = explained::of(&answered, work, focus, &made.ground);
        made.variables.extend(found.variables);
        made.numbers.extend(found.numbers);
        made.notes.extend(found.notes);
    }
    let Made { variables, numbers, notes: found, .. } = made;
    let mut said = notes(work, answered.cards);
    said.extend(found);
    Outcome {
        request: answered.request.clone(),
        variables,
        numbers,
        notes: said,
        provenance: provenance(work, answered.provenance),
        duration_ms: answered.duration_ms,
    }
}

/// Tiles that make no map were refused before anything was computed.
fn nothing(answered: Answered<'_>, work: &Work) -> Outcome {
    Outcome {
        request: answered.request.clone(),
        variables: Vec::new(),
        numbers: Vec::new(),
        notes: notes(work, answered.cards),
        provenance: provenance(work, answered.provenance),
        duration_ms: answered.duration_ms,
    }
}

/// A result while it is made. All maps are from the south until they become variables.
struct Made<'a> {
    work: &'a Work,
    ground: Ground,
    quantity: Quantity,
    refined: Refined,
    observed: Option<Vec<f32>>,
    elevation_m: Option<Vec<f32>>,
    /// Names and maps in mm, the first one being that of the network.
    forecasts: Vec<(String, Vec<f32>)>,
    /// Names and members of RainFARM.
    rainfarm: Vec<(&'static str, Vec<Vec<f32>>)>,
    members: Vec<Vec<f32>>,
    variables: Vec<Variable>,
    numbers: Vec<Number>,
    notes: Vec<Note>,
}

impl<'a> Made<'a> {
    fn new(work: &'a Work, answers: &[Answer]) -> Result<Self, FieldError> {
        let own: Vec<&[f32]> = answers
            .iter()
            .take(work.wet.len())
            .map(|answer| answer.prediction.as_slice())
            .collect();
        let refined = refined(work, &own)?;
        let ground = Ground::of(&refined.mosaic, work.geometry.fine_deg);
        let quantity = Quantity::rain_amount(work.refining.rain.hours);
        let mut made = Self {
            work,
            quantity,
            observed: None,
            elevation_m: None,
            forecasts: vec![("prediction".to_owned(), refined.mm.clone())],
            rainfarm: Vec::new(),
            members: Vec::new(),
            variables: Vec::new(),
            numbers: Vec::new(),
            notes: Vec::new(),
            ground,
            refined,
        };
        made.add_rain();
        Ok(made)
    }

    fn map(&self, name: &str, role: Role, quantity: Quantity, values: &[f32]) -> Variable {
        self.ground.variable(name, role, quantity, values)
    }

    fn rain(&self, name: &str, role: Role, values: &[f32]) -> Variable {
        self.rain_of(self.quantity.clone(), name, role, values)
    }

    /// A map of an amount, with its interval.
    fn rain_of(&self, quantity: Quantity, name: &str, role: Role, values: &[f32]) -> Variable {
        Variable { axes: interval(self.work), ..self.map(name, role, quantity, values) }
    }

    fn count(&mut self, name: &str, value: f64, unit: &str, meaning: &str) {
        self.numbers.push(Number::new(name, value, unit, meaning));
    }

    fn add_scores(&mut self) {
        let Some(observed) = &self.observed else { return };
        let maps: Vec<Scored<'_>> =
            self.forecasts.iter().map(|(name, mm)| Scored { name, mm }).collect();
        let elevation = self.elevation_m.as_deref();
        let scores = Scores::new(self.work, &self.ground, &maps, observed, elevation);
        if let Some(scores) = scores {
            self.variables.extend(scores.variables(self.work, &self.ground));
            self.numbers.extend(scores.numbers());
        }
        let rainfarm = self.rainfarm.iter().map(|(name, members)| (*name, members));
        for (name, members) in std::iter::once(("ensemble", &self.members)).chain(rainfarm) {
            if members.len() > 1 {
                let ensemble = Ensemble::new(name, members, observed);
                self.numbers.extend(ensemble.numbers());
                self.variables.push(ensemble.ranks());
            }
        }
    }
}

/// The name of the number that says how much of the coarse rain is left.
pub const SHARE_OF_COARSE: &str = "refined_share_of_coarse_mean";

/// The interval.
pub fn interval(work: &Work) -> Vec<Axis> {
    let of = |interval: Interval| Axis::interval(interval.start, interval.end);
    work.rain.field.interval.map(of).into_iter().collect()
}

/// Heights of a tile's fine nodes, m.
pub fn heights(work: &Work, tile_idx: usize) -> Option<Vec<f32>> {
    let terrain = work.terrain.as_ref()?;
    let scaled = tile_elevation(&terrain.field, &work.tiles[tile_idx].0, &work.geometry);
    Some(scaled.into_iter().map(|share| (f64::from(share) * ELEVATION_SCALE_M) as f32).collect())
}
