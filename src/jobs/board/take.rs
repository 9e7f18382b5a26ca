//! Which jobs the worker takes next: the first that waits, and those that go with it.

use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use stormlens_data::request::Request;

use super::{Board, Job, Shared, running};

/// How jobs are put together.
pub(in crate::jobs) struct Rules<'a> {
    pub max_batch: usize,
    /// How long a batch waits for more.
    pub max_wait: Duration,
    /// Jobs of equal keys go together.
    pub key: &'a dyn Fn(&Request) -> Option<String>,
    /// Whether there is something to do while nothing waits.
    pub has_chore: bool,
}

/// What the worker thread does next.
pub(in crate::jobs) enum Next {
    /// At least one job.
    Batch(Vec<Arc<Job>>),
    Chore,
    ShutDown,
}

impl Shared {
    /// Waits for jobs that somebody wants.
    pub fn next(&self, rules: &Rules<'_>) -> Next {
        let mut board = self.lock();
        let mut until = None;
        loop {
            board.drop_abandoned(&self.options);
            if board.shutting_down {
                return Next::ShutDown;
            }
            let (chosen, is_closed) = board.choose(rules);
            let now = Instant::now();
            let left = if chosen.is_empty() {
                until = None;
                None
            } else {
                let until = *until.get_or_insert(now + rules.max_wait);
                Some(until.saturating_duration_since(now))
            };
            board = match left {
                None if rules.has_chore => return Next::Chore,
                None => self.bell.wait(board).unwrap_or_else(PoisonError::into_inner),
                Some(left) if is_closed || left.is_zero() => {
                    board.start(&chosen);
                    return Next::Batch(chosen);
                }
                Some(left) => {
                    self.bell.wait_timeout(board, left).unwrap_or_else(PoisonError::into_inner).0
                }
            };
        }
    }
}

impl Board {
    /// The first waiting job with others of its key, and whether none can be added to them. They go
    /// on waiting, so that they can be cancelled and refused like all others.
    fn choose(&self, rules: &Rules<'_>) -> (Vec<Arc<Job>>, bool) {
        let Some(first) = self.waiting.front() else { return (Vec::new(), false) };
        let key = if rules.max_batch > 1 { (rules.key)(&first.request) } else { None };
        let Some(key) = key else { return (vec![first.clone()], true) };
        let fits = |job: &&Arc<Job>| (rules.key)(&job.request).as_ref() == Some(&key);
        let chosen: Vec<_> =
            self.waiting.iter().filter(fits).take(rules.max_batch).cloned().collect();
        let is_full = chosen.len() == rules.max_batch;
        (chosen, is_full)
    }

    fn start(&mut self, batch: &[Arc<Job>]) {
        self.waiting.retain(|job| !batch.iter().any(|other| Arc::ptr_eq(other, job)));
        self.running = batch.to_vec();
        self.renumber();
        let since = Instant::now();
        for job in batch {
            job.advance(running(String::new(), 0, 0, since));
        }
    }
}
