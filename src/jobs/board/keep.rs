//! What the thread of the store does, and the way of outcomes there.

use std::sync::{Arc, PoisonError};
use std::time::Duration;

use stormlens_data::outcome::Outcome;

use super::{Board, Job, Shared};
use crate::jobs::options::GPU_BATCH;

/// Batches of outcomes that may wait to be put away, an outcome being some 20 MB at most, which the
/// queue's memory of finished ones mostly holds anyway. Where the disk cannot follow, further ones are not
/// kept on it: an answer goes before its copy.
const MAX_BATCHES: usize = 4;

/// What the thread of the store does next.
pub(in crate::jobs) enum Errand {
    Recall(Arc<Job>),
    Keep(Outcome),
}

impl Shared {
    /// Waits for something to do at the store; answers that somebody waits for go first. `None`: the
    /// server is shutting down, and no outcome is left that could be put away.
    pub fn next_errand(&self) -> Option<Errand> {
        let mut board = self.lock();
        loop {
            // It stays on the board, where its deadline is watched.
            if let Some(job) = board.recalling.front() {
                return Some(Errand::Recall(job.clone()));
            }
            if let Some(outcome) = board.keeping.pop_front() {
                board.is_keeping = true;
                return Some(Errand::Keep(outcome));
            }
            if board.shutting_down && board.running.is_empty() {
                return None;
            }
            board = self.errands.wait(board).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Hands an outcome on to the store, if there is one that keeps up.
    pub(super) fn keep(&self, board: &mut Board, outcome: &Outcome) {
        if self.store.is_none() {
            return;
        }
        if board.keeping.len() < MAX_BATCHES * self.max_batch().max(GPU_BATCH) {
            board.keeping.push_back(outcome.clone());
        } else {
            let model = &outcome.provenance().model;
            tracing::warn!(model, "the disk cannot follow, so a result is kept in memory only");
        }
    }

    /// Takes down that an outcome was put away, or could not be.
    pub fn kept(&self) {
        self.lock().is_keeping = false;
        self.kept.notify_all();
    }

    /// Waits until no outcome is left to be put away, for `time` at most. Whether none is; the log has
    /// told of those that there was no room for.
    pub fn wait_until_kept(&self, time: Duration) -> bool {
        let is_busy = |board: &mut Board| board.is_keeping || !board.keeping.is_empty();
        let waited = self.kept.wait_timeout_while(self.lock(), time, is_busy);
        !waited.unwrap_or_else(PoisonError::into_inner).1.timed_out()
    }
}
