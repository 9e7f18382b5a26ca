//! Requests that go through one network together; a single one is a batch of one.

use std::any::Any;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Instant;

use stormlens_data::network::{Answer, Input, Pass, Question};
use stormlens_data::outcome::Outcome;
use stormlens_data::request::{Cancelled, Progress, Request};
use stormlens_nn::engine::Resident;
use stormlens_nn::{Engine, EngineError};

use super::needed::{largest, needed_bytes};
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
    /// Other weights of the same network, by name.
    pub load: &'a dyn Fn(&str) -> Result<Arc<Resident>, WorkerError>,
}

/// A request that is ready for the network, with its place in the batch.
struct Ready<'a> {
    place_idx: usize,
    request: &'a Request,
    progress: &'a dyn Progress,
    task: Arc<dyn Task>,
    cards: Cards,
    passes: Vec<Pass>,
    phase: &'static str,
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
        let goes_with = |group: &&mut Vec<Ready<'_>>| group[0].goes_with(&ready);
        match groups.iter_mut().find(goes_with) {
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
    let Prepared { passes, phase, rest } = task.prepare(request, &cards)?;
    // The memory of a GPU is another, and its driver refuses without ending the program.
    let takes = largest(&passes).and_then(|shape| task.memory(request, &cards, shape));
    if let Some(takes) = takes.filter(|_| context.engine.device().kind == "cpu") {
        let n_own = context.catalog.own_passes(request).unwrap_or(1);
        let needed_bytes = needed_bytes(&takes, &passes, n_own);
        let remedy = "choose a smaller map, or a computer with more memory".to_owned();
        let refuse = |message| WorkerError::Invalid { message, remedy };
        context.memory.check(&takes.what, needed_bytes).map_err(refuse)?;
    }
    Ok(Ready { place_idx, request, progress, task, cards, passes, phase, rest })
}

/// Runs requests of one size together, and each alone where that went wrong.
fn run(context: &Context<'_>, mut group: Vec<Ready<'_>>) -> Outcomes {
    if let [alone] = &group[..]
        && alone.plain().is_none()
    {
        return group.pop().map(|ready| pass_by_pass(context, ready)).into_iter().collect();
    }
    let started = Instant::now();
    let together = Together(group.iter().map(|ready| ready.progress).collect());
    let asked: Vec<_> = group.iter().filter_map(Ready::plain).collect();
    let answers = context.engine.answer(context.resident, &asked, &together);
    let duration_ms = started.elapsed().as_secs_f64() * 1e3;
    match answers {
        Ok(answers) if answers.len() == group.len() => {
            let finish = |(ready, answer): (Ready<'_>, Answer)| {
                (ready.place_idx, ready.finish(context, vec![answer], duration_ms))
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

/// A request of several inputs, or of more than predictions and explanations: one pass after another, small ones together.
fn pass_by_pass(context: &Context<'_>, ready: Ready<'_>) -> (usize, Result<Outcome, WorkerError>) {
    let started = Instant::now();
    let place_idx = ready.place_idx;
    let answers = answers_to(context, &ready);
    let duration_ms = started.elapsed().as_secs_f64() * 1e3;
    (place_idx, answers.and_then(|answers| ready.finish(context, answers, duration_ms)))
}

fn answers_to(context: &Context<'_>, ready: &Ready<'_>) -> Result<Vec<Answer>, WorkerError> {
    let n = ready.passes.len();
    let mut answers = Vec::with_capacity(n);
    while answers.len() < n {
        if n > 1 && ready.progress.report(ready.phase, answers.len(), n).is_break() {
            return Err(WorkerError::Cancelled);
        }
        let rest = &ready.passes[answers.len()..];
        let steps = OfPasses { ready, n_done: answers.len() };
        match &rest[..Pass::n_together(rest)] {
            [pass] => {
                let other = pass.weights.as_deref().map(context.load).transpose()?;
                let resident = other.as_deref().unwrap_or(context.resident);
                answers.push(context.engine.pass(resident, pass, &steps).map_err(worker_error)?);
            }
            together => {
                let asked: Vec<_> = together.iter().map(|p| (&p.input, &p.asked)).collect();
                let found = context.engine.answer(context.resident, &asked, &steps);
                let found = found.map_err(worker_error)?;
                if found.len() != together.len() {
                    return Err(no_answer());
                }
                answers.extend(found);
            }
        }
    }
    Ok(answers)
}

/// Tells of long work within a pass. What is one of many steps stays unsaid, but it is stopped and lets others in all the
/// same.
struct OfPasses<'a> {
    ready: &'a Ready<'a>,
    n_done: usize,
}

impl Progress for OfPasses<'_> {
    fn report(&self, phase: &str, done: usize, total: usize) -> ControlFlow<Cancelled> {
        let Ready { passes, progress, phase: of_passes, .. } = self.ready;
        match passes.len() == 1 || total > 1 {
            true => progress.report(phase, done, total),
            false => progress.report(of_passes, self.n_done, passes.len()),
        }
    }
}

impl Ready<'_> {
    /// Its input and question, where it is a single pass that can go with others.
    fn plain(&self) -> Option<(&Input, &Question)> {
        match &self.passes[..] {
            [pass] if pass.is_plain() => Some((&pass.input, &pass.asked)),
            _ => None,
        }
    }

    fn goes_with(&self, other: &Self) -> bool {
        let plain = self.plain().zip(other.plain());
        plain.is_some_and(|((input, _), (other, _))| input.shape == other.shape)
    }

    /// The outcome; the network took `duration_ms` for all that went with it.
    ///
    /// # Errors
    /// When nobody waits for it any more.
    fn finish(
        self,
        context: &Context<'_>,
        answers: Vec<Answer>,
        duration_ms: f64,
    ) -> Result<Outcome, WorkerError> {
        let Self { request, progress, task, cards, rest, .. } = self;
        let answered = Answered {
            request,
            cards: &cards,
            rest,
            answers,
            placed: context.resident.placed(),
            provenance: origin(context.engine, context.resident, request),
            duration_ms,
            methods: context.catalog.methods(),
            progress,
        };
        task.answer(answered).map_err(|Cancelled| WorkerError::Cancelled)
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
