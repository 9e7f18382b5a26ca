//! A task whose subjects name the passes that it asks for.

use std::sync::Mutex;

use stormlens_data::card::ModelCard;
use stormlens_data::network::{self, Answer, Input, Pass, ShownLayer};
use stormlens_data::outcome::Outcome;
use stormlens_data::request::{Cancelled, Request, Subject};

use super::MEMBERS;
use crate::jobs::WorkerError;
use crate::question::Cards;
use crate::results::Unfit;
use crate::task::{Answered, Prepared, Task, asked_by_hand};

pub const PHASE: &str = "tile";
const SIDE: usize = 64;

/// Keeps what it was answered.
#[derive(Default)]
pub struct Tiles(Mutex<Vec<(Vec<Answer>, Vec<ShownLayer>)>>);

impl Tiles {
    pub fn answered(&self) -> Vec<(Vec<Answer>, Vec<ShownLayer>)> {
        self.0.lock().expect("one thread").clone()
    }
}

/// The passes of a subject.
pub fn passes(rain: &str) -> Vec<Pass> {
    let plain = |number: usize| {
        let values = (0..2 * SIDE * SIDE).map(|i| ((i + number) % 97) as f32 / 97.0).collect();
        Pass::new(Input { values, shape: [2, SIDE, SIDE] }, Vec::new())
    };
    let by = |weights: &str| Pass { weights: Some(weights.to_owned()), ..plain(0) };
    let draws = Pass { sampled: Some((7, 2)), ..plain(3) };
    match rain {
        "plain" => vec![plain(0)],
        "draws" => vec![draws],
        "several" => {
            let show = vec!["bridge".to_owned()];
            vec![plain(0), by(MEMBERS[1]), plain(5), Pass { show, ..draws }]
        }
        "unknown" => vec![plain(0), by("narrow/members/epoch-99")],
        "broken" => vec![by("narrow/members/broken")],
        _ => panic!("there are no passes of {rain}"),
    }
}

impl Task for Tiles {
    fn runs(&self, model: &ModelCard) -> bool {
        model.id == super::MODEL
    }

    fn prepare(&self, request: &Request, _: &Cards) -> Result<Prepared, WorkerError> {
        let Subject::Downscaling { rain, .. } = &request.subject else { panic!("no tiles") };
        Ok(Prepared { passes: passes(rain), phase: PHASE, rest: Box::new(()) })
    }

    fn answer(&self, answered: Answered<'_>) -> Result<Outcome, Cancelled> {
        let Answered { request, answers, placed, provenance, duration_ms, .. } = answered;
        self.0.lock().expect("one thread").push((answers, placed));
        Ok(Outcome {
            request: request.clone(),
            variables: Vec::new(),
            numbers: Vec::new(),
            notes: Vec::new(),
            provenance,
            duration_ms,
        })
    }

    asked_by_hand!();

    fn zeros(&self, _: &Cards) -> (Input, network::Target) {
        unreachable!("nothing is warmed up")
    }

    fn check(&self, _: &Outcome, _: &Request, _: &Cards) -> Result<(), Unfit> {
        Ok(())
    }
}
