//! The worker thread: one job after the other, surviving whatever a job does.

use std::any::Any;
use std::io;
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Instant;

use stormlens_data::outcome::Outcome;
use stormlens_data::request::{Cancelled, Progress};

use super::board::{Shared, running};
use super::job::Job;
use super::{JobState, Readiness, Worker, WorkerError, WorkerFactory};

pub(super) fn spawn(shared: Arc<Shared>, factory: WorkerFactory) -> io::Result<()> {
    let mut bench = Bench { factory, worker: None, shared: shared.clone() };
    std::thread::Builder::new().name("worker".to_owned()).spawn(move || {
        if let Err(error) = bench.worker() {
            tracing::error!(%error, "the worker could not be started; the next run tries again");
        }
        while let Some(job) = shared.next() {
            let state = bench.run(&job);
            shared.end(&job, state);
        }
    })?;
    Ok(())
}

/// Where the worker sits, and how to get a new one.
struct Bench {
    factory: WorkerFactory,
    worker: Option<Box<dyn Worker>>,
    shared: Arc<Shared>,
}

impl Bench {
    fn worker(&mut self) -> Result<&mut dyn Worker, WorkerError> {
        if self.worker.is_none() {
            let built = catch_unwind(AssertUnwindSafe(|| (self.factory)()))
                .unwrap_or_else(|panic| Err(panic_message(panic)));
            self.shared.set_readiness(match &built {
                Ok(worker) => Readiness::Ready(worker.device()),
                Err(reason) => Readiness::Unavailable(reason.clone()),
            });
            self.worker = Some(built.map_err(WorkerError::Failed)?);
        }
        match &mut self.worker {
            Some(worker) => Ok(worker.as_mut()),
            None => Err(WorkerError::Failed("the worker is missing".to_owned())),
        }
    }

    fn run(&mut self, job: &Job) -> JobState {
        let started = Instant::now();
        let shared = self.shared.clone();
        let reporter = Reporter { job, shared: &shared, since: started };
        let result = self.worker().and_then(|worker| {
            catch_unwind(AssertUnwindSafe(|| worker.run(&job.request, &reporter)))
                .unwrap_or_else(|panic| Err(WorkerError::Failed(panic_message(panic))))
        });
        if matches!(result, Err(WorkerError::Failed(_))) {
            self.discard();
        }
        log(job, &result, started);
        match result {
            Ok(outcome) => JobState::Done(outcome),
            Err(WorkerError::Cancelled) => JobState::Cancelled,
            Err(error) => JobState::Failed(error),
        }
    }

    /// A worker that failed may be half changed, so the next job gets a new one.
    fn discard(&mut self) {
        let worker = self.worker.take();
        if catch_unwind(AssertUnwindSafe(|| drop(worker))).is_err() {
            tracing::error!("the failed worker could not be taken apart");
        }
    }
}

fn log(job: &Job, result: &Result<Outcome, WorkerError>, started: Instant) {
    let duration_ms = started.elapsed().as_millis() as u64;
    let (id, request) = (&job.id, &job.request);
    match result {
        Ok(_) => tracing::info!(job.id = %id, %request, duration_ms, "answered"),
        Err(WorkerError::Failed(error)) => {
            tracing::error!(job.id = %id, %request, duration_ms, error, "failed");
        }
        Err(error) => tracing::info!(job.id = %id, %request, duration_ms, %error, "not answered"),
    }
}

/// What a worker tells and learns while it works.
struct Reporter<'a> {
    job: &'a Job,
    shared: &'a Shared,
    since: Instant,
}

impl Progress for Reporter<'_> {
    fn report(&self, phase: &str, done: usize, total: usize) -> ControlFlow<Cancelled> {
        if self.job.is_cancelled() || self.job.is_abandoned(self.shared.options.patience) {
            return ControlFlow::Break(Cancelled);
        }
        self.job.advance(running(phase.to_owned(), done, total, self.since));
        ControlFlow::Continue(())
    }
}

fn panic_message(panic: Box<dyn Any + Send>) -> String {
    let text = panic
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| panic.downcast_ref::<String>().cloned());
    match text {
        Some(text) => format!("the computation stopped unexpectedly: {text}"),
        None => "the computation stopped unexpectedly".to_owned(),
    }
}
