//! What the thread of the store does, and the way of outcomes there.

use std::sync::{Arc, PoisonError};
use std::time::Duration;

use stormlens_data::outcome::Outcome;

use super::{Inner, Job, JobState, Queue};
use crate::jobs::options::GPU_BATCH;

/// Batches of outcomes that may wait to be put away, an outcome being some 20 MB at most, which the
/// queue's memory of finished ones mostly holds anyway. Where the disk cannot follow, further ones are not
/// kept on it: an answer goes before its copy.
const MAX_BATCHES: usize = 4;

/// What the thread of the store does next.
pub(in crate::jobs) enum StoreWork {
    Recall(Arc<Job>),
    Keep(Arc<Outcome>),
    /// Give back memory that the thread has kept for itself.
    Rest,
}

impl Queue {
    /// Waits for something to do at the store; answers that somebody waits for go first. `None`: the
    /// server is shutting down, and no outcome is left that could be put away.
    pub fn next_store_work(&self) -> Option<StoreWork> {
        let mut inner = self.lock();
        loop {
            // It stays in the queue, where its deadline is watched.
            if let Some(job) = inner.recalling.front() {
                return Some(StoreWork::Recall(job.clone()));
            }
            if let Some(outcome) = inner.keeping.pop_front() {
                inner.is_keeping = true;
                return Some(StoreWork::Keep(outcome));
            }
            if inner.shutting_down && inner.running.is_empty() {
                return None;
            }
            if std::mem::take(&mut inner.is_store_to_rest) {
                return Some(StoreWork::Rest);
            }
            inner = self.notify_store.wait(inner).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Hands an outcome on to the store, if there is one that keeps up.
    pub(super) fn keep(&self, inner: &mut Inner, outcome: &Arc<Outcome>) {
        if self.store.is_none() {
            return;
        }
        if inner.keeping.len() < MAX_BATCHES * self.max_batch().max(GPU_BATCH) {
            inner.keeping.push_back(outcome.clone());
        } else {
            let model = &outcome.provenance.model;
            tracing::warn!(model, "the disk cannot follow, so a result is kept in memory only");
        }
    }

    /// Moves an outcome that stays in memory to memory of its own. The network has mixed its arrays with those that it needs
    /// for a moment only, and what lies between cannot be given back; those of the calling thread lie close together.
    pub fn move_together(&self, outcome: &Arc<Outcome>) {
        let mut jobs: Vec<_> = self.lock().jobs.values().cloned().collect();
        jobs.retain(|job| job.holds(outcome));
        if jobs.is_empty() {
            return;
        }
        let equal = Arc::new(Outcome::clone(outcome));
        jobs.iter().for_each(|job| job.replace(outcome, equal.clone()));
    }

    /// Forgets outcomes that the disk has, too, the oldest first, until they take a quarter of the memory that they may: nobody has
    /// asked for anything for a while, and whoever asks again waits for the disk.
    pub fn leave_to_the_disk(&self) {
        let most = self.options.cache_bytes / 4;
        let mut inner = self.lock();
        let mut used: usize = inner.ended.iter().map(|(_, bytes)| bytes).sum();
        let mut gone = Vec::new();
        let ended = std::mem::take(&mut inner.ended);
        for (id, bytes) in ended {
            let job = inner.jobs.get(&id).filter(|_| used > most);
            if job.is_some_and(|job| self.is_on_disk(job)) {
                used -= bytes;
                gone.extend(inner.jobs.remove(&id));
            } else {
                inner.ended.push_back((id, bytes));
            }
        }
        // Before what they held is given up, which takes a while.
        drop(inner);
    }

    fn is_on_disk(&self, job: &Job) -> bool {
        matches!(job.state(), JobState::Done(_)) && self.may_be_stored(&job.request)
    }

    /// Why outcomes cannot be put away, if that is known.
    pub fn trouble(&self) -> Option<String> {
        self.store.as_ref()?.trouble()
    }

    /// Takes down that an outcome was put away, or could not be.
    pub fn kept(&self) {
        self.lock().is_keeping = false;
        self.notify_kept.notify_all();
    }

    /// Waits until no outcome is left to be put away, for `time` at most. Whether none is; the log has
    /// told of those that there was no room for.
    pub fn wait_until_kept(&self, time: Duration) -> bool {
        let is_busy = |inner: &mut Inner| inner.is_keeping || !inner.keeping.is_empty();
        let waited = self.notify_kept.wait_timeout_while(self.lock(), time, is_busy);
        !waited.unwrap_or_else(PoisonError::into_inner).1.timed_out()
    }
}
