//! The worker thread: one batch of jobs after the other, surviving whatever a job does.

use std::any::Any;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};

use stormlens_data::outcome::Outcome;
use stormlens_data::request::Progress;

use super::job::Job;
use super::queue::{Next, Queue, Rules};
use super::reporter::Reporter;
use super::{Asked, JobState, Readiness, Worker, WorkerError, WorkerFactory};
use crate::{allocator, threads};

type Answer = Result<Outcome, WorkerError>;

/// Share of the time until the deadline after which a run has had its chance.
const NEARLY_ALL: f64 = 0.9;

/// How a job was run.
struct Run {
    started: Instant,
    /// Whether by itself, and not with others in a batch.
    is_alone: bool,
}

pub(super) fn spawn(queue: Arc<Queue>, factory: WorkerFactory) -> io::Result<()> {
    let mut thread =
        WorkerThread { factory, worker: None, queue, batching: (1, Duration::ZERO), is_cold: true };
    std::thread::Builder::new().name("worker".to_owned()).spawn(move || {
        threads::stand_behind();
        threads::on_each_of_the_network(threads::stand_behind);
        if let Err(error) = thread.worker() {
            tracing::error!(%error, "the worker could not be started; the next run tries again");
        }
        thread.work();
    })?;
    Ok(())
}

/// What the thread has: the worker, and how to get a new one.
struct WorkerThread {
    factory: WorkerFactory,
    worker: Option<Box<dyn Worker>>,
    queue: Arc<Queue>,
    /// Jobs that go together at most, and how long a batch waits for more.
    batching: (usize, Duration),
    /// Whether networks are left to be prepared.
    is_cold: bool,
}

impl WorkerThread {
    fn work(&mut self) {
        loop {
            match self.next() {
                Next::Batch(batch) => self.answer(&batch),
                Next::WarmUp => self.warm_up(),
                Next::Rest => self.rest(),
                Next::ShutDown => return,
            }
        }
    }

    fn next(&self) -> Next {
        let (max_batch, max_wait) = self.batching;
        let worker = self.worker.as_ref();
        self.queue.next(&Rules {
            max_batch,
            max_wait,
            key: &|request| worker?.batch_key(request),
            is_cold: self.is_cold && worker.is_some(),
        })
    }

    fn worker(&mut self) -> Result<&mut dyn Worker, WorkerError> {
        if self.worker.is_none() {
            let built = catch_unwind(AssertUnwindSafe(|| (self.factory)()))
                .unwrap_or_else(|panic| Err(panic_message(panic)));
            self.queue.set_readiness(match &built {
                Ok(worker) => {
                    let device = worker.device();
                    self.batching = self.queue.options.batching.on(&device);
                    Readiness::Ready(device)
                }
                Err(reason) => Readiness::Unavailable(reason.clone()),
            });
            self.worker = Some(built.map_err(WorkerError::Failed)?);
        }
        match &mut self.worker {
            Some(worker) => Ok(worker.as_mut()),
            None => Err(WorkerError::Failed("the worker is missing".to_owned())),
        }
    }

    /// Prepares the next network. What cannot be prepared is told of by the first question to it.
    fn warm_up(&mut self) {
        let Some(worker) = &mut self.worker else { return };
        match catch_unwind(AssertUnwindSafe(|| worker.warm_up())) {
            Ok(is_cold) => self.is_cold = is_cold,
            Err(panic) => {
                tracing::error!(error = panic_message(panic), "the networks were not warmed up");
                self.is_cold = false;
                self.discard();
            }
        }
    }

    /// Gives back the memory that runs and figures have left, all but what the next run will take.
    fn rest(&mut self) {
        allocator::give_back();
        threads::on_each_of_the_network(allocator::give_back);
        let Some(worker) = &mut self.worker else { return };
        if let Err(panic) = catch_unwind(AssertUnwindSafe(|| worker.rested())) {
            tracing::error!(error = panic_message(panic), "the worker did not get ready again");
            self.discard();
        }
    }

    /// Answers jobs together; one by one where that cannot be done.
    fn answer(&mut self, batch: &[Arc<Job>]) {
        let started = Instant::now();
        if let Some(answers) = self.run_together(batch) {
            if answers.iter().any(|answer| matches!(answer, Err(WorkerError::Failed(_)))) {
                self.discard();
            }
            for (job, answer) in batch.iter().zip(answers) {
                self.end(job, answer, &Run { started, is_alone: false });
            }
            return;
        }
        for job in batch {
            let started = Instant::now();
            let answer = self.run(job);
            if matches!(answer, Err(WorkerError::Failed(_))) {
                self.discard();
            }
            self.end(job, answer, &Run { started, is_alone: true });
        }
    }

    /// `None` for a single job, and where working together failed as a whole: which of them is to
    /// blame shows when each has its own run.
    fn run_together(&mut self, batch: &[Arc<Job>]) -> Option<Vec<Answer>> {
        if batch.len() < 2 {
            return None;
        }
        let (queue, since) = (self.queue.clone(), Instant::now());
        let reporters: Vec<_> =
            batch.iter().map(|job| Reporter { job, queue: &queue, since }).collect();
        let asked: Vec<Asked<'_>> = reporters
            .iter()
            .map(|reporter| -> Asked<'_> { (&reporter.job.request, reporter) })
            .collect();
        let worker = self.worker().ok()?;
        let error = match catch_unwind(AssertUnwindSafe(|| worker.run_batch(&asked))) {
            Ok(answers) if answers.len() == batch.len() => return Some(answers),
            Ok(answers) => format!("{} answers to {} requests", answers.len(), batch.len()),
            Err(panic) => panic_message(panic),
        };
        tracing::error!(n_jobs = batch.len(), error, "a batch failed; its jobs run one by one");
        self.discard();
        None
    }

    fn run(&mut self, job: &Arc<Job>) -> Answer {
        if job.standing.is_long {
            return self.run_in_steps(job);
        }
        let queue = self.queue.clone();
        self.worker().and_then(|worker| run(&queue, worker, job))
    }

    /// Runs a job of many steps, and short ones between them, which together take no longer than the step before.
    fn run_in_steps(&mut self, job: &Arc<Job>) -> Answer {
        let queue = self.queue.clone();
        let (mut step_began, mut is_spoilt) = (Instant::now(), false);
        let mut between = |worker: &mut dyn Worker| {
            let (step, pause_began) = (step_began.elapsed(), Instant::now());
            // A worker that failed may be half changed, so it is given nothing new.
            while !is_spoilt && pause_began.elapsed() <= step {
                let Some(short) = queue.next_short() else { break };
                is_spoilt = answer_between(&queue, worker, &short);
            }
            job.pause(pause_began.elapsed());
            step_began = Instant::now();
        };
        let answer = self.worker().and_then(|worker| {
            let work =
                |progress: &dyn Progress| worker.run_in_steps(&job.request, progress, &mut between);
            guarded(&queue, job, work)
        });
        if is_spoilt {
            self.discard();
        }
        answer
    }

    fn end(&self, job: &Arc<Job>, answer: Answer, run: &Run) {
        end(&self.queue, job, answer, run);
    }

    /// A worker that failed may be half changed, so the next job gets a new one.
    fn discard(&mut self) {
        let worker = self.worker.take();
        if catch_unwind(AssertUnwindSafe(|| drop(worker))).is_err() {
            tracing::error!("the failed worker could not be taken apart");
        }
    }
}

/// Answers a short job while a long one stands still. Whether that left the worker in doubt.
fn answer_between(queue: &Queue, worker: &mut dyn Worker, job: &Arc<Job>) -> bool {
    let started = Instant::now();
    let answer = run(queue, worker, job);
    let is_spoilt = matches!(answer, Err(WorkerError::Failed(_)));
    end(queue, job, answer, &Run { started, is_alone: true });
    is_spoilt
}

fn run(queue: &Queue, worker: &mut dyn Worker, job: &Job) -> Answer {
    guarded(queue, job, |progress| worker.run(&job.request, progress))
}

/// What `work` makes of a job that is still wanted.
fn guarded(queue: &Queue, job: &Job, work: impl FnOnce(&dyn Progress) -> Answer) -> Answer {
    if job.is_cancelled() {
        return Err(WorkerError::Cancelled);
    }
    let reporter = Reporter { job, queue, since: Instant::now() };
    catch_unwind(AssertUnwindSafe(|| work(&reporter)))
        .unwrap_or_else(|panic| Err(WorkerError::Failed(panic_message(panic))))
}

fn end(queue: &Queue, job: &Arc<Job>, answer: Answer, run: &Run) {
    log(job, &answer, run.started);
    let state = match answer {
        Ok(outcome) => JobState::Done(Arc::new(outcome)),
        Err(WorkerError::Cancelled) if job.is_overdue(Instant::now()) => {
            JobState::Failed(overdue(queue, job, run))
        }
        Err(WorkerError::Cancelled) => JobState::Cancelled,
        Err(error) => JobState::Failed(error),
    };
    queue.end(job, state);
}

/// Why a run was stopped at its deadline. It is to blame only where it had nearly all of the time
/// for itself. Where it had the time and queue it, it goes alone when it is asked for anew: the
/// same batch would take too long again and again.
fn overdue(queue: &Queue, job: &Job, run: &Run) -> WorkerError {
    let deadline = queue.options.deadline.unwrap_or_default();
    let worked = run.started.elapsed().saturating_sub(job.paused());
    let had_time = worked >= deadline.mul_f64(NEARLY_ALL);
    if had_time && run.is_alone {
        let message = "the run took longer than there is time for one";
        return WorkerError::TooSlow(message.to_owned());
    }
    if had_time {
        job.go_alone();
    }
    let message = "other runs left too little time for this one";
    WorkerError::TooBusy(message.to_owned())
}

fn log(job: &Job, answer: &Answer, started: Instant) {
    let duration_ms = started.elapsed().as_millis() as u64;
    let (id, request) = (&job.id, &job.request);
    match answer {
        Ok(_) => tracing::info!(job.id = %id, %request, duration_ms, "answered"),
        Err(WorkerError::Failed(error)) => {
            tracing::error!(job.id = %id, %request, duration_ms, error, "failed");
        }
        Err(error) => tracing::info!(job.id = %id, %request, duration_ms, %error, "not answered"),
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
