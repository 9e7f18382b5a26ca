//! The queue between whoever asks and the one thread that computes.
//!
//! A bounded queue, one worker thread, and the finished outcomes for as long as they fit into
//! memory. Equal requests are one job, and jobs that fit together are answered together. Who asks for
//! many things at once has room of their own for them, and lets others go first. Work that
//! nobody watches any more is cancelled: the next time it reports progress it is told to stop. A job
//! that still waits at its deadline is refused, whatever the worker does meanwhile; one that runs is
//! stopped at its next report. Where there is a store of outcomes, a job looks there first. Knows no tensors and no HTTP.

mod deadline_thread;
mod job;
mod options;
mod queue;
mod reporter;
mod store_thread;
#[cfg(test)]
mod tests;
mod viewers;
mod worker;
mod worker_thread;

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use stormlens_data::hash::sha256;
use stormlens_data::outcome::Outcome;
use stormlens_data::request::Request;

use self::job::Lane;
pub use self::job::Subscription;
pub use self::options::{Batching, Options, Standing};
use self::queue::Queue;
pub use self::viewers::Viewers;
pub use self::worker::{Asked, Between, Readiness, Store, Worker, WorkerError, WorkerFactory};

/// Hexadecimal digits of a job's name.
const ID_DIGITS: usize = 16;

/// The name of a job, derived from its request: equal requests have equal names.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct JobId(String);

impl JobId {
    pub fn of(request: &Request) -> Self {
        Self(sha256(request.key().as_bytes())[..ID_DIGITS].to_owned())
    }

    /// The name as it stands in an address; whether such a job exists is another question.
    pub fn from_address(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl fmt::Display for JobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Where a job is on its way.
#[derive(Clone, Debug)]
pub enum JobState {
    /// `position` jobs are answered before this one.
    Queued {
        position: usize,
    },
    /// `done` of `total` steps of `phase` are finished; `phase` is empty until the first report.
    Running {
        phase: String,
        done: usize,
        total: usize,
        since: Instant,
    },
    Done(Arc<Outcome>),
    Failed(WorkerError),
    Cancelled,
}

impl JobState {
    /// Whether nothing will follow this state.
    pub fn is_final(&self) -> bool {
        matches!(self, Self::Done(_) | Self::Failed(_) | Self::Cancelled)
    }
}

/// Why a request was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SubmitError {
    #[error("{waiting} runs are waiting already")]
    QueueFull { waiting: usize },
    #[error("{waiting} runs of the same visitor are waiting already")]
    ShareFull { waiting: usize },
    #[error("{waiting} long runs are waiting already")]
    LongFull { waiting: usize },
    #[error("the server is shutting down")]
    ShuttingDown,
}

/// A handle to the queue; clones share it.
#[derive(Clone)]
pub struct Jobs {
    queue: Arc<Queue>,
}

impl Jobs {
    /// Starts the worker thread, which calls `factory` first of all and in the background.
    ///
    /// # Errors
    /// If the operating system refuses a thread.
    pub fn start(factory: WorkerFactory, options: Options) -> std::io::Result<Self> {
        Self::over(None, factory, options)
    }

    /// The same, with a place where outcomes outlive the program.
    ///
    /// # Errors
    /// If the operating system refuses a thread.
    pub fn start_with_store(
        store: Arc<dyn Store>,
        factory: WorkerFactory,
        options: Options,
    ) -> std::io::Result<Self> {
        Self::over(Some(store), factory, options)
    }

    fn over(
        store: Option<Arc<dyn Store>>,
        factory: WorkerFactory,
        options: Options,
    ) -> std::io::Result<Self> {
        let queue = Arc::new(Queue::new(options, store.clone()));
        worker_thread::spawn(queue.clone(), factory)?;
        if let Some(store) = store {
            store_thread::spawn(queue.clone(), store)?;
        }
        if options.deadline.is_some() {
            deadline_thread::spawn(queue.clone())?;
        }
        Ok(Self { queue })
    }

    /// Whether the worker stands ready, and on which device.
    pub fn readiness(&self) -> Readiness {
        self.queue.readiness()
    }

    /// Why outcomes cannot be put away now, if that is known. It may look at the disk.
    pub fn trouble(&self) -> Option<String> {
        self.queue.trouble()
    }

    /// Takes a request. A job of the same request that waits, runs or has ended is taken over.
    pub fn submit(&self, request: Request) -> Result<JobId, SubmitError> {
        self.submit_as(request, Standing::default())
    }

    /// The same with what is known of its place among others.
    pub fn submit_as(&self, request: Request, standing: Standing) -> Result<JobId, SubmitError> {
        self.queue.submit(request, Lane::Single, standing)
    }

    /// The same for one of many requests that somebody has at once. They have room of their own in the
    /// queue, so that they take none from others, and those others go first; after every four batches of
    /// others one of theirs is taken. One that is then submitted by itself goes with the others, while
    /// there is room.
    pub fn submit_in_bulk(&self, request: Request) -> Result<JobId, SubmitError> {
        self.queue.submit(request, Lane::Bulk, Standing::default())
    }

    /// The same for an answer that is counted and not looked at: it is not put away in the store, where it would take the
    /// place of others.
    pub fn submit_to_count(&self, request: Request) -> Result<JobId, SubmitError> {
        let standing = Standing { is_only_counted: true, ..Standing::default() };
        self.queue.submit(request, Lane::Bulk, standing)
    }

    /// How many requests of one kind go through a network together at most; one until it is known
    /// what computes.
    pub fn max_batch(&self) -> usize {
        self.queue.max_batch()
    }

    /// The state of a job for someone who looks at it: this counts as interest in it.
    pub fn status(&self, id: &JobId) -> Option<JobState> {
        self.queue.find(id).map(|job| {
            job.touch();
            job.state()
        })
    }

    /// The outcome of a request that is still in memory.
    pub fn outcome(&self, request: &Request) -> Option<Arc<Outcome>> {
        match self.status(&JobId::of(request))? {
            JobState::Done(outcome) => Some(outcome),
            _ => None,
        }
    }

    /// The states of a job as they come. As long as the subscription lives, somebody waits.
    pub fn subscribe(&self, id: &JobId) -> Option<Subscription> {
        self.queue.find(id).map(Subscription::new)
    }

    /// The same for a viewer by the name that was given to them.
    pub fn subscribe_as(&self, id: &JobId, viewer: &str) -> Option<Subscription> {
        self.queue.find(id).map(|job| Subscription::of(job, viewer))
    }

    /// A viewer looks at the page of a job.
    pub fn sees(&self, id: &JobId, viewer: &str) {
        if let Some(job) = self.queue.find(id) {
            job.viewers().sees(viewer);
        }
    }

    /// A viewer does not wait for a job any more. If nobody else does, it stops, and is not begun anew just because its
    /// page is looked at: see [`Jobs::was_stopped`]. Returns its request.
    pub fn leave(&self, id: &JobId, viewer: Option<&str>) -> Option<Request> {
        self.queue.leave(id, viewer)
    }

    /// Whether those who waited for an answer have stopped it, and nobody has asked for it since.
    pub fn was_stopped(&self, request: &Request) -> bool {
        self.queue.was_stopped(&JobId::of(request))
    }

    /// Stops a job that waits or runs, or forgets one that failed, so that it can be asked anew.
    /// Returns its request; a finished job stays as it is, and so does a fresh refusal.
    pub fn cancel(&self, id: &JobId) -> Option<Request> {
        self.queue.cancel(id)
    }

    /// Refuses new requests and ends those that wait or run. Outcomes that are on their way to the
    /// store still go there.
    pub fn shut_down(&self) {
        self.queue.shut_down();
    }

    /// Has the worker give back memory that nobody uses, as soon as it has nothing to do.
    pub fn rest(&self) {
        self.queue.rest();
    }

    /// Waits until every outcome has been handed to the store, for `time` at most. Whether they have, but
    /// for those that the log told of because the store did not keep up; blocks the thread meanwhile.
    pub fn wait_until_kept(&self, time: Duration) -> bool {
        self.queue.wait_until_kept(time)
    }
}
