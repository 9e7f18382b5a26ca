//! Jobs whose time is over while they wait.

use std::sync::PoisonError;
use std::time::Instant;

use super::{Inner, JobState, Options, Queue};
use crate::jobs::WorkerError;

impl Queue {
    /// Refuses every waiting job at its deadline, until the server is shutting down.
    pub fn watch_deadlines(&self) {
        let mut inner = self.lock();
        while !inner.shutting_down {
            let now = Instant::now();
            inner.refuse_overdue(now, &self.options);
            inner = match inner.next_deadline() {
                Some(deadline) => {
                    let left = deadline.saturating_duration_since(now);
                    self.notify_deadlines
                        .wait_timeout(inner, left)
                        .unwrap_or_else(PoisonError::into_inner)
                        .0
                }
                None => self.notify_deadlines.wait(inner).unwrap_or_else(PoisonError::into_inner),
            };
        }
    }
}

impl Inner {
    fn next_deadline(&self) -> Option<Instant> {
        self.recalling.iter().chain(&self.waiting).filter_map(|job| job.deadline).min()
    }

    fn refuse_overdue(&mut self, now: Instant, options: &Options) {
        let queued = self.recalling.iter().chain(&self.waiting);
        let overdue: Vec<_> = queued.filter(|job| job.is_overdue(now)).cloned().collect();
        for job in overdue {
            tracing::info!(job.id = %job.id, request = %job.request, "refused at its deadline");
            self.unqueue(&job);
            let message = "other runs came first until the time for this one was over".to_owned();
            let state = JobState::Failed(WorkerError::TooBusy(message));
            self.close(&job, state, options.cache_bytes);
        }
        self.renumber();
    }
}
