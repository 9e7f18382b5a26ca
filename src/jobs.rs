//! The queue between whoever asks and the one thread that computes.
//!
//! A bounded queue, one worker thread, and the finished outcomes for as long as they fit into
//! memory. Equal requests are one job. Work that nobody watches any more is cancelled: the next
//! time it reports progress it is told to stop. Knows no tensors and no HTTP.

mod board;
mod job;
mod size;
#[cfg(test)]
mod tests;
mod thread;

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use sha2::{Digest, Sha256};
use stormlens_data::card::DeviceReport;
use stormlens_data::outcome::Outcome;
use stormlens_data::request::{Progress, Request};

use self::board::Shared;
pub use self::job::Subscription;

/// Whoever computes: built and used on the worker thread only.
pub trait Worker: Send {
    /// Answers `request`, telling `progress` how far it is and stopping when that says so.
    fn run(&mut self, request: &Request, progress: &dyn Progress) -> Result<Outcome, WorkerError>;

    /// What it computes on, and why that.
    fn device(&self) -> DeviceReport;
}

/// Whether the worker stands ready.
#[derive(Clone, Debug, PartialEq)]
pub enum Readiness {
    Starting,
    Ready(DeviceReport),
    /// It could not be built; every run tries again.
    Unavailable(String),
}

/// Why a worker has no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WorkerError {
    /// The question itself cannot be answered; `remedy` says what to ask instead.
    #[error("{message}")]
    Invalid { message: String, remedy: String },
    #[error("cancelled")]
    Cancelled,
    /// The question was good, the work went wrong.
    #[error("{0}")]
    Failed(String),
}

/// Builds the worker on its thread: once at the start, and anew after a panic.
pub type WorkerFactory = Box<dyn FnMut() -> Result<Box<dyn Worker>, String> + Send>;

/// How much may wait, how much is kept, and how long nobody may look.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Jobs that wait, beside the one that runs.
    pub queue_depth: usize,
    /// Bytes of finished outcomes to keep; the least recently used go first, the newest stays.
    pub cache_bytes: usize,
    /// A job that nobody has looked at for this long is cancelled.
    pub patience: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self { queue_depth: 8, cache_bytes: 1 << 30, patience: Duration::from_secs(15) }
    }
}

/// The name of a job, derived from its request: equal requests have equal names.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct JobId(String);

impl JobId {
    pub fn of(request: &Request) -> Self {
        let digest = Sha256::digest(request.key().as_bytes());
        Self(digest[..8].iter().map(|byte| format!("{byte:02x}")).collect())
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
    Done(Outcome),
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
    #[error("the server is shutting down")]
    ShuttingDown,
}

/// A handle to the queue; clones share it.
#[derive(Clone)]
pub struct Jobs {
    shared: Arc<Shared>,
}

impl Jobs {
    /// Starts the worker thread, which calls `factory` first of all and in the background.
    ///
    /// # Errors
    /// If the operating system refuses a thread.
    pub fn start(factory: WorkerFactory, options: Options) -> std::io::Result<Self> {
        let shared = Arc::new(Shared::new(options));
        thread::spawn(shared.clone(), factory)?;
        Ok(Self { shared })
    }

    /// Whether the worker stands ready, and on which device.
    pub fn readiness(&self) -> Readiness {
        self.shared.readiness()
    }

    /// Takes a request. A job of the same request that waits, runs or has ended is taken over.
    pub fn submit(&self, request: Request) -> Result<JobId, SubmitError> {
        self.shared.submit(request)
    }

    /// The state of a job for someone who looks at it: this counts as interest in it.
    pub fn status(&self, id: &JobId) -> Option<JobState> {
        self.shared.find(id).map(|job| {
            job.touch();
            job.state()
        })
    }

    /// The outcome of a request that is still in memory.
    pub fn outcome(&self, request: &Request) -> Option<Outcome> {
        match self.status(&JobId::of(request))? {
            JobState::Done(outcome) => Some(outcome),
            _ => None,
        }
    }

    /// The states of a job as they come. As long as the subscription lives, somebody waits.
    pub fn subscribe(&self, id: &JobId) -> Option<Subscription> {
        self.shared.find(id).map(Subscription::new)
    }

    /// Stops a job that waits or runs, or forgets one that failed, so that it can be asked anew.
    /// Returns its request; a finished job stays as it is.
    pub fn cancel(&self, id: &JobId) -> Option<Request> {
        self.shared.cancel(id)
    }

    /// Refuses new requests and ends those that wait or run.
    pub fn shut_down(&self) {
        self.shared.shut_down();
    }
}
