//! Whoever computes, and where finished outcomes outlive the program.

use stormlens_data::card::DeviceReport;
use stormlens_data::outcome::Outcome;
use stormlens_data::request::{Progress, Request};

/// A request and whom to tell how far it is.
pub type Asked<'a> = (&'a Request, &'a dyn Progress);

/// What is done between two steps of a long run, with the worker that makes it.
pub type Between<'a> = &'a mut dyn FnMut(&mut dyn Worker);

/// Whoever computes: built and used on the worker thread only.
pub trait Worker: Send {
    /// Answers `request`, telling `progress` how far it is and stopping when that says so.
    fn run(&mut self, request: &Request, progress: &dyn Progress) -> Result<Outcome, WorkerError>;

    /// The same for a run of many steps: before each of them `between` is called, so that others need not wait for
    /// the last one.
    fn run_in_steps(
        &mut self,
        request: &Request,
        progress: &dyn Progress,
        _between: Between<'_>,
    ) -> Result<Outcome, WorkerError> {
        self.run(request, progress)
    }

    /// What it computes on, and why that.
    fn device(&self) -> DeviceReport;

    /// Requests with equal keys may go through the network together; `None`: this one goes alone.
    fn batch_key(&self, _: &Request) -> Option<String> {
        None
    }

    /// Answers requests of one key together: one result each, in their order. What goes wrong with
    /// one of them is its own result.
    fn run_batch(&mut self, batch: &[Asked<'_>]) -> Vec<Result<Outcome, WorkerError>> {
        batch.iter().map(|(request, progress)| self.run(request, *progress)).collect()
    }

    /// Prepares one network while nobody waits, so that the first question to it is as quick as the
    /// next. Whether another one is left to prepare.
    fn warm_up(&mut self) -> bool {
        false
    }
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
    /// The question was good, and others left no time for it.
    #[error("{0}")]
    TooBusy(String),
    /// The question was good, and takes more time than there is for one.
    #[error("{0}")]
    TooSlow(String),
    /// The question was good, the work went wrong.
    #[error("{0}")]
    Failed(String),
}

/// Builds the worker on its thread: once at the start, and anew after a panic.
pub type WorkerFactory = Box<dyn FnMut() -> Result<Box<dyn Worker>, String> + Send>;

/// Where finished outcomes lie that an earlier run of the program may have left. One thread of the
/// queue's own reads and writes them.
pub trait Store: Send + Sync {
    /// Takes stock; called once before anything else, beside all other work.
    fn open(&self) {}

    /// Whether the answer may lie there, told from memory. `device` is `None` while the worker is
    /// being built.
    fn may_hold(&self, request: &Request, device: Option<&DeviceReport>) -> bool;

    /// The answer of that device from the present weights and data, if it lies there and is sound.
    fn recall(&self, request: &Request, device: &DeviceReport) -> Option<Outcome>;

    /// Keeps an answer as long as there is room.
    fn keep(&self, outcome: &Outcome);

    /// Why nothing can be kept now, if that is known. It may look at the disk.
    fn trouble(&self) -> Option<String> {
        None
    }
}
