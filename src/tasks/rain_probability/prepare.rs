//! From fields to what a network is given.

use std::ops::Range;
use std::sync::Arc;

use stormlens_data::card::FieldsCard;
use stormlens_data::network::{self, Asked, Input, Pass};
use stormlens_data::probability::{Tokens, network_input};
use stormlens_data::request::{ClassOutput, Explain, Request, Sight};

use super::ground::Ground;
use super::points;
use super::question::{fields, subject_of, target_of};
use super::samples::{Loaded, Samples};
use crate::jobs::WorkerError;
use crate::question::Cards;
use crate::task::{Prepared, Takes};
use crate::web::upload::parted;

/// Masks are drawn anew for each number of a pass, and are the same in every run.
const SEED: u64 = 2024;
/// The layer under which the network shows what it rebuilds.
pub const RECONSTRUCTION: &str = "reconstruction";

/// What is needed to make a result of the answers.
pub struct Work {
    pub loaded: Arc<Loaded>,
    pub card: FieldsCard,
    pub sight: Sight,
    /// What the network is given, normalised, `[channels, rows, columns]`; `NaN` where it sees nothing.
    pub input: Vec<f32>,
    /// The tokens that are hidden, whatever the reason.
    pub hidden: Vec<bool>,
    /// Those of each random mask.
    pub masks: Vec<Vec<bool>>,
    pub tokens: Tokens,
}

pub fn prepare(
    samples: &Samples,
    request: &Request,
    cards: &Cards,
) -> Result<Prepared, WorkerError> {
    let card = fields(cards).map_err(|error| invalid(&error))?;
    let work = work(samples, request, card).map_err(|message| invalid(&message))?;
    let asked = request.explain.iter().map(|explain| ask(explain, &work));
    let asked: Vec<Asked> = asked.collect::<Result<_, _>>().map_err(|message| invalid(&message))?;
    let passes = passes(&work, asked);
    Ok(Prepared { passes, phase: "masks", rest: Box::new(work) })
}

fn work(samples: &Samples, request: &Request, card: &FieldsCard) -> Result<Work, String> {
    let (id, sight) = subject_of(&request.subject);
    let loaded = samples.load(id, card).map_err(|error| error.to_string())?;
    let statement = &card.fields;
    let tokens = Tokens::new(statement.n_channels(), statement.size, card.patch)?;
    let mut input = match loaded.is_normalised {
        true => loaded.values.clone(),
        false => network_input(statement, &loaded.values),
    };
    let n_nodes = statement.size[0] * statement.size[1];
    for name in &sight.hidden {
        let channel =
            statement.channel(name).ok_or_else(|| format!("there is no variable {name}"))?;
        input[channel * n_nodes..(channel + 1) * n_nodes].fill(f32::NAN);
    }
    if let Some(mask) = loaded.masked.as_ref().filter(|mask| mask.len() == tokens.n()) {
        tokens.hide(&mut input, mask);
    }
    let hidden = tokens.hidden(&input);
    if hidden.iter().all(|&hidden| hidden) {
        return Err(
            "nothing is left to be seen: every part of the fields is missing or hidden".to_owned()
        );
    }
    let ratio = f64::from(sight.mask_percent) / 100.0;
    let masks: Vec<Vec<bool>> =
        (0..sight.n_masks).map(|n| tokens.random(SEED, n as u64, ratio)).collect();
    let is_blind =
        |mask: &&Vec<bool>| mask.iter().zip(&hidden).all(|(&masked, &gone)| masked || gone);
    if masks.iter().find(is_blind).is_some() {
        return Err(format!(
            "a random mask of {} % hides all that is left of the fields: hide fewer variables, or less by each mask",
            sight.mask_percent
        ));
    }
    Ok(Work { loaded, card: card.clone(), sight, input, hidden, masks, tokens })
}

/// The network with all that there is; then once behind each mask, of which the first shows what is rebuilt.
fn passes(work: &Work, asked: Vec<Asked>) -> Vec<Pass> {
    let variant = work.sight.blocks.variant();
    let masked = |(number, mask): (usize, &Vec<bool>)| {
        let mut values = work.input.clone();
        work.tokens.hide(&mut values, mask);
        let show = if number == 0 { vec![RECONSTRUCTION.to_owned()] } else { Vec::new() };
        Pass { show, variant, ..Pass::new(input(work, values), Vec::new()) }
    };
    let show = points::layers(work);
    let first = Pass { variant, show, ..Pass::new(input(work, work.input.clone()), asked) };
    std::iter::once(first).chain(work.masks.iter().enumerate().map(masked)).collect()
}

fn input(work: &Work, values: Vec<f32>) -> Input {
    let [height, width] = work.card.fields.size;
    Input { values, shape: [work.card.fields.n_channels(), height, width] }
}

fn ask(explain: &Explain, work: &Work) -> Result<Asked, String> {
    let Explain { method, options, target, layers } = explain.clone();
    let (event, place, output) = target_of(&target);
    let [rows, columns] = Ground(&work.card.fields).part(place)?;
    let target =
        network::Target::Probability { from_class: event.from_class(), rows, columns, output };
    // Normalised fields are zero at their mean.
    Ok(Asked { method, options, target, layers, nothing: Vec::new() })
}

/// Memory that a run takes for each value of the fields, and beside that, in bytes; the program with its weights is there by
/// then. Measured with the published network on a CPU, of 16 × 224 × 128 values: 113, 286, 519 and 1,041 MB for 1, 4, 8 and 16
/// predictions together, 420 MB for a prediction with Grad-CAM. A narrow network takes less.
const PREDICTING_BYTES: u64 = 145;
const EXPLAINING_BYTES: u64 = 850;
const BESIDE_BYTES: u64 = 50_000_000;

/// What a pass takes.
pub fn memory(cards: &Cards, [channels, rows, columns]: [usize; 3]) -> Takes {
    let n_nodes = (rows * columns) as u64;
    let n_values = channels as u64 * n_nodes;
    let card = cards.checkpoint.fields.as_ref();
    let n_classes = card.and_then(|card| card.n_classes).unwrap_or(1);
    Takes {
        what: "looking at fields of a weather model".to_owned(),
        beside_bytes: BESIDE_BYTES,
        predicting_bytes: PREDICTING_BYTES * n_values,
        explaining_bytes: EXPLAINING_BYTES * n_values,
        prediction_bytes: 4 * n_classes as u64 * n_nodes,
    }
}

/// Fields at their mean everywhere.
pub fn zeros(cards: &Cards) -> (Input, network::Target) {
    let (n, [height, width]) = match &cards.checkpoint.fields {
        Some(card) => (card.fields.n_channels(), card.fields.size),
        None => (16, [224, 128]),
    };
    let input = Input { values: vec![0.0; n * height * width], shape: [n, height, width] };
    let all = |n: usize| -> Range<usize> { 0..n };
    let target = network::Target::Probability {
        from_class: 1,
        rows: all(height),
        columns: all(width),
        output: ClassOutput::Logit,
    };
    (input, target)
}

pub fn invalid(error: &dyn std::fmt::Display) -> WorkerError {
    let usual = "choose other fields, another part of the map or other weights";
    let (message, remedy) = parted(&error.to_string(), usual);
    WorkerError::Invalid { message, remedy }
}
