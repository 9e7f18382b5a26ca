//! Which jobs the worker takes next: the first that waits, and those that go with it.

use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use stormlens_data::request::Request;

use super::{Inner, Job, Lane, Queue, running};

/// Batches that may go before waiting jobs of a bulk. Then one of these is taken, so that they get on
/// however many others come.
const MAX_BEFORE_BULK: usize = 4;

/// How jobs are put together.
pub(in crate::jobs) struct Rules<'a> {
    pub max_batch: usize,
    /// How long a batch waits for more.
    pub max_wait: Duration,
    /// Jobs of equal keys go together.
    pub key: &'a dyn Fn(&Request) -> Option<String>,
    /// Whether there is something to do while nothing waits.
    pub is_cold: bool,
}

/// What the worker thread does next.
pub(in crate::jobs) enum Next {
    /// At least one job.
    Batch(Vec<Arc<Job>>),
    WarmUp,
    /// To give back memory.
    Rest,
    ShutDown,
}

impl Queue {
    /// Waits for jobs that somebody wants.
    pub fn next(&self, rules: &Rules<'_>) -> Next {
        let mut inner = self.lock();
        let mut until = None;
        loop {
            inner.drop_abandoned(&self.options);
            if inner.shutting_down {
                return Next::ShutDown;
            }
            let (chosen, is_closed) = inner.select_batch(rules);
            let now = Instant::now();
            let left = if chosen.is_empty() {
                until = None;
                None
            } else {
                let until = *until.get_or_insert(now + rules.max_wait);
                Some(until.saturating_duration_since(now))
            };
            inner = match left {
                None if rules.is_cold => return Next::WarmUp,
                None if std::mem::take(&mut inner.is_to_rest) => return Next::Rest,
                None => self.notify_worker.wait(inner).unwrap_or_else(PoisonError::into_inner),
                Some(left) if is_closed || left.is_zero() => {
                    inner.is_to_rest = false;
                    inner.start(&chosen);
                    return Next::Batch(chosen);
                }
                Some(left) => {
                    self.notify_worker
                        .wait_timeout(inner, left)
                        .unwrap_or_else(PoisonError::into_inner)
                        .0
                }
            };
        }
    }
}

impl Queue {
    /// A short job that goes between two steps of a long one; `None` where none waits. Jobs of a bulk go behind others.
    pub fn next_short(&self) -> Option<Arc<Job>> {
        let mut inner = self.lock();
        inner.drop_abandoned(&self.options);
        if inner.shutting_down {
            return None;
        }
        let job = inner.waiting.iter().find(|job| !job.standing.is_long)?.clone();
        inner.start(std::slice::from_ref(&job));
        Some(job)
    }
}

impl Inner {
    /// The job whose turn it is with others of its key, and whether none can be added to them. They go
    /// on waiting, so that they can be cancelled and refused like all others.
    fn select_batch(&self, rules: &Rules<'_>) -> (Vec<Arc<Job>>, bool) {
        let place = self.turn();
        let in_turn = || self.waiting.iter().skip(place).chain(self.waiting.iter().take(place));
        let Some(first) = in_turn().next() else { return (Vec::new(), false) };
        let key = |job: &Job| if job.goes_alone() { None } else { (rules.key)(&job.request) };
        let of_first = if rules.max_batch > 1 { key(first) } else { None };
        let Some(of_first) = of_first else { return (vec![first.clone()], true) };
        let fits = |job: &&Arc<Job>| key(job).as_ref() == Some(&of_first);
        let chosen: Vec<_> = in_turn().filter(fits).take(rules.max_batch).cloned().collect();
        let is_full = chosen.len() == rules.max_batch;
        (chosen, is_full)
    }

    /// The place in the queue of the job that is next: the first one, and after some batches the first
    /// one of a bulk.
    fn turn(&self) -> usize {
        let of_bulk = self.waiting.iter().position(|job| job.lane() == Lane::Bulk);
        of_bulk.filter(|_| self.n_before_bulk >= MAX_BEFORE_BULK).unwrap_or(0)
    }

    fn start(&mut self, batch: &[Arc<Job>]) {
        self.waiting.retain(|job| !batch.iter().any(|other| Arc::ptr_eq(other, job)));
        let is_of_bulk = |job: &Arc<Job>| job.lane() == Lane::Bulk;
        let is_before = self.waiting.iter().any(is_of_bulk) && !batch.iter().any(is_of_bulk);
        self.n_before_bulk = if is_before { self.n_before_bulk + 1 } else { 0 };
        self.running.extend_from_slice(batch);
        self.renumber();
        let since = Instant::now();
        for job in batch {
            job.advance(running(String::new(), 0, 0, since));
        }
    }
}
