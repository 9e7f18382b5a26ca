//! Requests that go through one network together; a single one is a batch of one.

use std::any::Any;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Instant;

use stormlens_data::network::{Answer, Input, Question};
use stormlens_data::outcome::Outcome;
use stormlens_data::request::{Cancelled, Progress, Request};
use stormlens_nn::engine::Resident;
use stormlens_nn::{Engine, EngineError};

use super::{no_answer, no_weights, origin, worker_error};
use crate::catalog::Catalog;
use crate::jobs::{Asked, WorkerError};
use crate::memory::MemoryLimit;
use crate::question::Cards;
use crate::task::{Answered, Prepared, Task};

/// What an answer is made with.
pub(super) struct Context<'a> {
    pub engine: &'a Engine,
    pub catalog: &'a Catalog,
    pub resident: &'a Resident,
    pub memory: MemoryLimit,
}

/// A request that is ready for the network, with its place in the batch.
struct Ready<'a> {
    place_idx: usize,
    request: &'a Request,
    progress: &'a dyn Progress,
    task: Arc<dyn Task>,
    cards: Cards,
    input: Input,
    question: Question,
    rest: Box<dyn Any + Send>,
}

type Outcomes = Vec<(usize, Result<Outcome, WorkerError>)>;

/// Answers requests to one network: one result each, in their order.
pub(super) fn answer(
    context: &Context<'_>,
    batch: &[Asked<'_>],
) -> Vec<Result<Outcome, WorkerError>> {
    let mut groups: Vec<Vec<Ready<'_>>> = Vec::new();
    let mut outcomes: Vec<Option<_>> = batch.iter().map(|_| None).collect();
    for (place_idx, asked) in batch.iter().enumerate() {
        let ready = match prepare(context, place_idx, *asked) {
            Ok(ready) => ready,
            Err(error) => {
                outcomes[place_idx] = Some(Err(error));
                continue;
            }
        };
        match groups.iter_mut().find(|group| group[0].input.shape == ready.input.shape) {
            Some(group) => group.push(ready),
            None => groups.push(vec![ready]),
        }
    }
    for (place_idx, outcome) in groups.into_iter().flat_map(|group| run(context, group)) {
        outcomes[place_idx] = Some(outcome);
    }
    outcomes.into_iter().map(|outcome| outcome.unwrap_or_else(|| Err(no_answer()))).collect()
}

fn prepare<'a>(
    context: &Context<'_>,
    place_idx: usize,
    (request, progress): Asked<'a>,
) -> Result<Ready<'a>, WorkerError> {
    let known = context.catalog.cards(request).zip(context.catalog.task(request));
    let (cards, task) = known.ok_or_else(|| no_weights(&request.model, &request.checkpoint))?;
    let Prepared { input, asked: question, rest } = task.prepare(request, &cards)?;
    // The memory of a GPU is another, and its driver refuses without ending the program.
    if context.engine.device().kind == "cpu" {
        let (what, needed_bytes) = task.memory(request, input.shape);
        let remedy = "ask about a smaller map or on a machine with more memory".to_owned();
        let refuse = |message| WorkerError::Invalid { message, remedy };
        context.memory.check(&what, needed_bytes).map_err(refuse)?;
    }
    Ok(Ready { place_idx, request, progress, task, cards, input, question, rest })
}

/// Runs requests of one size together, and each alone where that went wrong.
fn run(context: &Context<'_>, group: Vec<Ready<'_>>) -> Outcomes {
    let started = Instant::now();
    let together = Together(group.iter().map(|ready| ready.progress).collect());
    let asked: Vec<_> = group.iter().map(|ready| (&ready.input, &ready.question)).collect();
    let answers = context.engine.answer(context.resident, &asked, &together);
    let duration_ms = started.elapsed().as_secs_f64() * 1e3;
    match answers {
        Ok(answers) if answers.len() == group.len() => {
            let finish = |(ready, answer): (Ready<'_>, Answer)| {
                (ready.place_idx, Ok(ready.finish(context, answer, duration_ms)))
            };
            group.into_iter().zip(answers).map(finish).collect()
        }
        Ok(_) => Vec::new(),
        // Nobody wants any of them, or there is only one to blame.
        Err(error) if group.len() == 1 || matches!(error, EngineError::Cancelled(_)) => {
            let error = worker_error(error);
            group.iter().map(|ready| (ready.place_idx, Err(error.clone()))).collect()
        }
        Err(error) => {
            tracing::warn!(%error, "a batch failed; its requests run one by one");
            group.into_iter().flat_map(|ready| run(context, vec![ready])).collect()
        }
    }
}

impl Ready<'_> {
    /// The outcome; the network took `duration_ms` for all that went with it.
    fn finish(self, context: &Context<'_>, answer: Answer, duration_ms: f64) -> Outcome {
        let Self { request, task, cards, rest, .. } = self;
        task.answer(Answered {
            request,
            cards: &cards,
            rest,
            answer,
            provenance: origin(context.engine, context.resident, request),
            duration_ms,
            methods: context.catalog.methods(),
        })
    }
}

/// Progress of several: all are told, and the work stops when nobody of them wants it.
struct Together<'a>(Vec<&'a dyn Progress>);

impl Progress for Together<'_> {
    fn report(&self, phase: &str, done: usize, total: usize) -> ControlFlow<Cancelled> {
        let unwanted =
            self.0.iter().filter(|progress| progress.report(phase, done, total).is_break());
        match unwanted.count() == self.0.len() {
            true => ControlFlow::Break(Cancelled),
            false => ControlFlow::Continue(()),
        }
    }
}
