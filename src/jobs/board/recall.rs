//! The way of a job over the store: looked for before it waits, put away after it is answered.

use std::sync::{Arc, PoisonError};

use stormlens_data::outcome::Outcome;
use stormlens_data::request::Request;

use super::{Board, Job, JobState, Readiness, Shared, SubmitError};
use crate::jobs::WorkerError;

/// Jobs that are being looked for; each is a line of text until it is found.
const MAX_RECALLS: usize = 256;
/// Outcomes that wait to be put away, some 20 MB each. Where the disk cannot follow, further ones are
/// not kept on it: an answer goes before its copy.
const MAX_KEEPING: usize = 8;

/// What the thread of the store does next.
pub(in crate::jobs) enum Errand {
    Recall(Arc<Job>),
    Keep(Outcome),
}

impl Shared {
    /// Puts a new job where its answer may come from: the store or the worker.
    pub(super) fn add(&self, board: &mut Board, request: Request) -> Result<(), SubmitError> {
        let recall = self.may_be_stored(&request);
        let (waiting, room) = match recall {
            true => (board.recalling.len(), MAX_RECALLS),
            false => (board.waiting.len(), self.options.queue_depth),
        };
        if waiting >= room {
            return Err(SubmitError::QueueFull { waiting });
        }
        let position = if recall { 0 } else { board.waiting.len() + board.running.len() };
        let job = Arc::new(Job::new(request, position, self.options.deadline));
        board.jobs.insert(job.id.clone(), job.clone());
        if recall {
            board.recalling.push_back(job);
            self.errands.notify_one();
        } else {
            job.set_looked_up();
            board.waiting.push_back(job);
            self.bell.notify_one();
        }
        Ok(())
    }

    fn may_be_stored(&self, request: &Request) -> bool {
        let Some(store) = &self.store else { return false };
        let readiness = self.readiness();
        let device = match &readiness {
            Readiness::Ready(device) => Some(device),
            Readiness::Starting => None,
            Readiness::Unavailable(_) => return false,
        };
        store.may_hold(request, device)
    }

    /// Waits for something to do at the store; answers that somebody waits for go first. `None`: the
    /// server is shutting down.
    pub fn next_errand(&self) -> Option<Errand> {
        let mut board = self.lock();
        loop {
            if board.shutting_down {
                return None;
            }
            // It stays on the board, where its deadline is watched.
            if let Some(job) = board.recalling.front() {
                return Some(Errand::Recall(job.clone()));
            }
            if let Some(outcome) = board.keeping.pop_front() {
                return Some(Errand::Keep(outcome));
            }
            board = self.errands.wait(board).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Ends a job that was found, and lets one that was not wait for the worker.
    pub fn recalled(&self, job: &Arc<Job>, found: Option<Outcome>) {
        let mut board = self.lock();
        // It may have been cancelled or refused meanwhile.
        if board.unqueue(job) {
            let (n_waiting, options) = (board.waiting.len(), &self.options);
            match found {
                Some(outcome) => {
                    board.close(job, JobState::Done(outcome), options.cache_bytes);
                }
                None if n_waiting < options.queue_depth => {
                    board.waiting.push_back(job.clone());
                    board.renumber();
                    self.bell.notify_one();
                }
                None => {
                    let refusal = SubmitError::QueueFull { waiting: n_waiting }.to_string();
                    let state = JobState::Failed(WorkerError::TooBusy(refusal));
                    board.close(job, state, options.cache_bytes);
                }
            }
        }
        job.set_looked_up();
    }

    /// Hands an outcome on to the store, if there is one that keeps up.
    pub fn keep(&self, outcome: Outcome) {
        if self.store.is_none() {
            return;
        }
        let mut board = self.lock();
        if board.keeping.len() < MAX_KEEPING {
            board.keeping.push_back(outcome);
            self.errands.notify_one();
        } else {
            tracing::debug!("the disk cannot follow, so a result is kept in memory only");
        }
    }
}
