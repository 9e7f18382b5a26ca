//! From the answers about tiles to a map of fine rain, beside its rivals and what was observed.

mod said;

use std::ops::RangeInclusive;

use stormlens_data::downscale::{
    Conservation, ELEVATION_SCALE_M, EnsembleKind, TileRain, seam_index, tile_elevation,
};
use stormlens_data::field::{FieldError, Interval};
use stormlens_data::network::Answer;
use stormlens_data::outcome::{
    Axis, Colours, Domain, Note, Number, Outcome, Over, Provenance, Quantity, Role, Values,
    Variable,
};

use self::said::{not_kept, notes, provenance};
use super::fields::Climatology;
use super::map::{Ground, Refined, from_north, refined};
use super::prepare::{Bare, Rest, Work};
use super::scores::{Ensemble, Scored, Scores};
use super::{explained, rivals};
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

    /// What the network says, what it was given, and what was observed.
    fn add_rain(&mut self) {
        let prediction = self.rain("prediction", Role::Prediction, &self.refined.mm);
        self.variables.push(prediction);
        if self.work.rain.is_fine {
            let field = &self.work.rain.field;
            let nodes = field.linear_nodes(&self.ground.latitudes, &self.ground.longitudes);
            let observed: Vec<f32> = nodes.into_iter().map(|mm| mm as f32).collect();
            let own =
                Quantity { name: own_name(self.work, &self.quantity), ..self.quantity.clone() };
            let own = self.rain_of(own, "observation", Role::Observation, &observed);
            self.variables.push(own);
            self.observed = Some(observed);
        }
        self.variables.push(coarse(self.work, &self.ground));
        let Self { work, refined, .. } = self;
        let (n_tiles, n_wet) = (work.tiles.len(), work.wet.len());
        let is_missing = |(_, rain): &&(_, TileRain)| matches!(rain, TileRain::Missing { .. });
        let n_missing = work.tiles.iter().filter(is_missing).count();
        let clipped = refined.clipped;
        let total: f64 = refined.mm.iter().filter(|mm| !mm.is_nan()).map(|&mm| f64::from(mm)).sum();
        self.count("tiles/all", n_tiles as f64, "1", "tiles of the domain");
        self.count(
            "tiles/wet",
            n_wet as f64,
            "1",
            "tiles with rain, which went through the network",
        );
        self.count(
            "tiles/missing",
            n_missing as f64,
            "1",
            "tiles with missing coarse rain, which have no data",
        );
        let share = if total > 0.0 { clipped.mm_nodes / total } else { 0.0 };
        let meaning = "negative rain of the network that is 0 now, as a share of all rain";
        self.count("clipped_share", share, "1", meaning);
        self.add_share_of_coarse();
    }

    /// How much of the coarse rain is left, and how it can be kept where that is much less or more.
    fn add_share_of_coarse(&mut self) {
        let Some(share) = self.refined.share_of_coarse else { return };
        let meaning =
            "mean of the refined rain divided by that of the coarse rain, over the same cells";
        self.count(SHARE_OF_COARSE, share, "1", meaning);
        let is_kept = self.work.refinement.conservation == Conservation::Coarse;
        if !is_kept && !self.work.wet.is_empty() && !KEPT.contains(&share) {
            self.notes.push(not_kept(share));
        }
    }

    fn add_terrain(&mut self) {
        let Some(terrain) = &self.work.terrain else { return };
        let heights = terrain.field.nearest_nodes(&self.ground.latitudes, &self.ground.longitudes);
        let heights: Vec<f32> =
            heights.into_iter().map(|m| if m.is_nan() { 0.0 } else { m }).collect();
        let quantity = Quantity {
            standard_name: Some("surface_altitude".to_owned()),
            ..Quantity::new("terrain", "m", Colours::Amount)
        };
        self.variables.push(self.map("elevation", Role::Context, quantity, &heights));
        self.elevation_m = Some(heights);
    }

    fn add_rivals(&mut self) {
        for which in rivals::FIELDS {
            if let Ok(mm) = rivals::field(self.work, which) {
                self.variables.push(self.rain(which.name(), Role::Reference, &mm));
                self.forecasts.push((which.name().to_owned(), mm));
            }
        }
        if let Some((_, bilinear)) = self.forecasts.get(1) {
            // Where hardly anything falls a ratio says nothing.
            let ratio = |(a, b): (&f32, &f32)| if *b >= LEAST_MM { a / b } else { f32::NAN };
            let ratio: Vec<f32> = self.refined.mm.iter().zip(bilinear).map(ratio).collect();
            let has_gaps = self.refined.mm.iter().chain(bilinear).any(|mm| mm.is_nan());
            let missing = if has_gaps { "no rain, or no data" } else { "no rain" };
            let quantity = Quantity::new("ratio to bilinear", "1", Colours::Factor)
                .missing_where(&format!("{missing}: undefined"))
                .over(Over::OfSum);
            self.variables.push(self.rain_of(quantity, "ratio", Role::Diagnostic, &ratio));
        }
        self.add_rainfarm("rainfarm", None);
        let work = self.work;
        match &work.climatology {
            Some(own) => self.add_rainfarm("rainfarm_orographic", Some(own)),
            None => {
                let text = "no RainFARM with weights for terrain: no archive that covers the domain says where it rains more";
                self.notes.push(Note::new("no-orographic", text, false));
            }
        }
    }

    /// One member as a map, the mean of all, and both as forecasts.
    fn add_rainfarm(&mut self, name: &'static str, climatology: Option<&Climatology>) {
        match rivals::rainfarm(self.work, &self.ground, climatology) {
            Ok((members, words)) => {
                let mean_of = format!("{name}_mean");
                let mean = rivals::mean(&members);
                let first = self.rain(name, Role::Reference, &members[0]);
                self.variables.push(first);
                self.variables.push(self.rain(&mean_of, Role::Reference, &mean));
                self.forecasts.push((name.to_owned(), members[0].clone()));
                self.forecasts.push((mean_of, mean));
                self.rainfarm.push((name, members));
                self.notes.push(Note::new(name, words, false));
            }
            Err(error) => {
                self.notes.push(Note::new(&format!("no-{name}"), error.to_string(), false));
            }
        }
    }

    /// Members, their mean and spread.
    fn add_ensemble(&mut self, answers: &[Answer]) {
        let work = self.work;
        let n_wet = work.wet.len();
        let (kind, tiles): (String, Vec<Vec<&[f32]>>) = match work.refinement.ensemble {
            EnsembleKind::None => return,
            EnsembleKind::Dropout => {
                let member = |m: usize| {
                    let own = answers.iter().take(n_wet);
                    own.filter_map(|answer| answer.sampled.get(m).map(Vec::as_slice)).collect()
                };
                ("dropout".to_owned(), (0..work.refinement.n_members).map(member).collect())
            }
            EnsembleKind::Epochs => {
                let member = |m: usize| {
                    let own = answers.iter().skip((m + 1) * n_wet).take(n_wet);
                    own.map(|answer| answer.prediction.as_slice()).collect()
                };
                ("epoch".to_owned(), (0..work.members.len()).map(member).collect())
            }
        };
        let maps: Result<Vec<Vec<f32>>, _> =
            tiles.iter().map(|tiles| refined(work, tiles).map(|refined| refined.mm)).collect();
        let Ok(members) = maps else { return };
        if members.len() < 2 {
            return;
        }
        let names = (0..members.len()).map(|m| match work.members.get(m) {
            Some(path) => format!("{kind} {}", path.rsplit('/').next().unwrap_or(path)),
            None => format!("{kind} {}", m + 1),
        });
        let axis = Axis::names(Axis::MEMBER, names);
        let stacked = members.iter().flat_map(|mm| from_north(mm, self.ground.width())).collect();
        let (mean, spread) = (rivals::mean(&members), rivals::spread(&members));
        self.variables.push(Variable {
            axes: [vec![axis], interval(work)].concat(),
            values: Values::F32(stacked),
            ..self.rain("members", Role::Diagnostic, &mean)
        });
        let of_members =
            Quantity { name: "mean of the members".to_owned(), ..self.quantity.clone() };
        self.variables.push(self.rain_of(of_members, "mean", Role::Diagnostic, &mean));
        let quantity =
            Quantity::new("spread of the members", "mm", Colours::Amount).over(Over::OfSum);
        self.variables.push(self.rain_of(quantity, "spread", Role::Diagnostic, &spread));
        self.forecasts.push(("mean".to_owned(), mean));
        self.members = members;
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

    /// How the tiles were joined, and whether one sees it; what each coarse cell was multiplied by.
    fn add_seams(&mut self) {
        let Self { work, refined, ground, .. } = &*self;
        let weights = Quantity::new("sum of the weights of tiles", "1", Colours::Amount);
        let weights = self.map("weight_sum", Role::Context, weights, &refined.mosaic.weight_sum);
        let conservation = self.conservation();
        let tiles: Vec<_> = work.tiles.iter().map(|(tile, _)| *tile).collect();
        let corner = [ground.latitudes[0], ground.longitudes[0]]
            .map(|first| first - work.geometry.first_fine_deg());
        let seams = seam_index(&refined.mm, ground.width(), corner, &tiles, &work.geometry);
        self.variables.extend([weights, conservation]);
        if let Some(ratio) = seams.ratio() {
            let meaning = "mean step across the edges of tiles, divided by that inside tiles; 1 if edges are like any other place";
            self.count("seam_index", ratio, "1", meaning);
            if ratio > VISIBLE_SEAMS {
                let text = format!(
                    "edges of tiles can be seen: steps across them are {} times those inside tiles",
                    stormlens_plot::words::number(ratio)
                );
                self.notes.push(Note::new("seams", text, false));
            }
        }
    }

    fn conservation(&self) -> Variable {
        let factor = self.work.geometry.factor();
        let every = |axis: &[f64]| {
            let shift = self.work.geometry.fine_deg * (factor - 1) as f64 / 2.0;
            axis.iter().step_by(factor).map(|degrees| degrees + shift).collect::<Vec<f64>>()
        };
        let blocks = Ground::new(
            every(&self.ground.latitudes),
            every(&self.ground.longitudes),
            self.work.geometry.coarse_deg,
        );
        let has_gaps = self.refined.mosaic.mm.iter().any(|mm| mm.is_nan());
        let missing = if has_gaps { "no refined rain, or no data" } else { "no refined rain" };
        let quantity = Quantity::new("coarse over refined rain of a cell", "1", Colours::Factor)
            .missing_where(&format!("{missing}: undefined"))
            .over(Over::OfSum);
        let ratio = &self.refined.ratio;
        let map = blocks.variable("conservation_ratio", Role::Diagnostic, quantity, ratio);
        Variable { axes: interval(self.work), ..map }
    }
}

/// The name of the number that says how much of the coarse rain is left.
pub const SHARE_OF_COARSE: &str = "refined_share_of_coarse_mean";
/// Shares of the coarse rain that need no words.
const KEPT: RangeInclusive<f64> = 0.8..=1.25;
/// Above this ratio edges of tiles are steps of their own.
const VISIBLE_SEAMS: f64 = 2.0;
/// Below this a ratio of rain says nothing, mm.
const LEAST_MM: f32 = 0.1;

/// The coarse rain, each node in the middle of its cell.
fn coarse(work: &Work, ground: &Ground) -> Variable {
    let factor = work.geometry.factor();
    let first = work.geometry.first_fine_deg();
    let every = |axis: &[f64]| {
        let nodes = axis.iter().step_by(factor);
        nodes.map(|degrees| degrees - first).collect::<Vec<f64>>()
    };
    let nodes =
        Ground::new(every(&ground.latitudes), every(&ground.longitudes), work.geometry.coarse_deg);
    let values = work.rain.field.linear_nodes(&nodes.latitudes, &nodes.longitudes);
    let values: Vec<f32> = values.into_iter().map(|mm| mm as f32).collect();
    let quantity = Quantity::rain_amount(work.refining.rain.hours);
    let name = format!("coarse {}", quantity.name);
    let quantity = Quantity { name, ..quantity };
    Variable { axes: interval(work), ..nodes.variable("coarse", Role::Context, quantity, &values) }
}

/// What the fine field is called that the network is compared with.
fn own_name(work: &Work, quantity: &Quantity) -> String {
    match work.rain.is_observed {
        true => quantity.name.clone(),
        false => format!("{} of the file", quantity.name),
    }
}

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
