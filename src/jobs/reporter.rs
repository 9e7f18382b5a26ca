//! What a worker tells and learns while it works.

use std::ops::ControlFlow;
use std::time::Instant;

use stormlens_data::request::{Cancelled, Progress};

use super::job::Job;
use super::queue::{Queue, running};

/// Passes progress on to those who watch a job, and tells the worker when nobody wants the answer
/// any more or its time is over.
pub(super) struct Reporter<'a> {
    pub job: &'a Job,
    pub queue: &'a Queue,
    pub since: Instant,
}

impl Progress for Reporter<'_> {
    fn report(&self, phase: &str, done: usize, total: usize) -> ControlFlow<Cancelled> {
        let job = self.job;
        let unwanted = job.is_cancelled() || job.is_abandoned(self.queue.options.patience);
        if unwanted || job.is_overdue(Instant::now()) {
            return ControlFlow::Break(Cancelled);
        }
        job.advance(running(phase.to_owned(), done, total, self.since));
        ControlFlow::Continue(())
    }
}
