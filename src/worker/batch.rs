//! Requests of one kind that go through one network together; a single one is a batch of one.

use std::ops::ControlFlow;
use std::time::Instant;

use stormlens_data::request::{Cancelled, Progress};
use stormlens_nn::EngineError;

use super::{Place, worker_error};
use crate::jobs::WorkerError;

/// What is done for one kind of request before and after the network.
pub(super) trait Task {
    type Request;
    type Prepared;
    type Answer;
    type Outcome;

    /// What the network is given, read and checked.
    fn prepare(place: &Place, request: &Self::Request) -> Result<Self::Prepared, WorkerError>;

    /// Those of one size go together.
    fn size(prepared: &Self::Prepared) -> [usize; 3];

    /// One answer each, in their order.
    fn ask(
        place: &Place,
        batch: &[&Self::Prepared],
        progress: &dyn Progress,
    ) -> Result<Vec<Self::Answer>, EngineError>;

    /// The outcome of a request; the network took `duration_ms` for all that went with it.
    fn finish(
        place: &Place,
        request: &Self::Request,
        prepared: Self::Prepared,
        answer: Self::Answer,
        duration_ms: f64,
    ) -> Self::Outcome;
}

/// A request that is ready for the network, with its place in the batch.
struct Ready<'a, T: Task> {
    place_idx: usize,
    request: &'a T::Request,
    progress: &'a dyn Progress,
    prepared: T::Prepared,
}

type Outcomes<T> = Vec<Result<<T as Task>::Outcome, WorkerError>>;

/// Answers requests to one network: one result each, in their order.
pub(super) fn answer<T: Task>(
    place: &Place,
    batch: &[(&T::Request, &dyn Progress)],
) -> Outcomes<T> {
    let mut groups: Vec<Vec<Ready<T>>> = Vec::new();
    let mut outcomes: Vec<Option<_>> = Vec::new();
    for (place_idx, (request, progress)) in batch.iter().copied().enumerate() {
        let prepared = T::prepare(place, request);
        outcomes.push(prepared.as_ref().err().cloned().map(Err));
        let Ok(prepared) = prepared else { continue };
        let size = T::size(&prepared);
        let ready = Ready { place_idx, request, progress, prepared };
        match groups.iter_mut().find(|group| T::size(&group[0].prepared) == size) {
            Some(group) => group.push(ready),
            None => groups.push(vec![ready]),
        }
    }
    for (place_idx, outcome) in groups.into_iter().flat_map(|group| run(place, group)) {
        outcomes[place_idx] = Some(outcome);
    }
    let missing = || Err(WorkerError::Failed("the network gave no answer".to_owned()));
    outcomes.into_iter().map(|outcome| outcome.unwrap_or_else(missing)).collect()
}

/// Runs requests of one size together, and each alone where that went wrong.
fn run<T: Task>(
    place: &Place,
    group: Vec<Ready<T>>,
) -> Vec<(usize, Result<T::Outcome, WorkerError>)> {
    let started = Instant::now();
    let together = Together(group.iter().map(|ready| ready.progress).collect());
    let prepared: Vec<_> = group.iter().map(|ready| &ready.prepared).collect();
    let answers = T::ask(place, &prepared, &together);
    let duration_ms = started.elapsed().as_secs_f64() * 1e3;
    match answers {
        Ok(answers) if answers.len() == group.len() => {
            let finish = |(ready, answer): (Ready<T>, T::Answer)| {
                let Ready { place_idx, request, prepared, .. } = ready;
                (place_idx, Ok(T::finish(place, request, prepared, answer, duration_ms)))
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
            group.into_iter().flat_map(|ready| run(place, vec![ready])).collect()
        }
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
