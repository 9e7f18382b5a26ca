//! One job: its request, its state, and who waits for it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use futures_util::stream::{self, Stream};
use stormlens_data::request::Request;
use tokio::sync::watch;

use super::{JobId, JobState};

pub(super) struct Job {
    pub id: JobId,
    pub request: Request,
    state: watch::Sender<JobState>,
    cancelled: AtomicBool,
    last_seen: Mutex<Instant>,
}

impl Job {
    pub fn new(request: Request, position: usize) -> Self {
        Self {
            id: JobId::of(&request),
            request,
            state: watch::Sender::new(JobState::Queued { position }),
            cancelled: AtomicBool::new(false),
            last_seen: Mutex::new(Instant::now()),
        }
    }

    pub fn state(&self) -> JobState {
        self.state.borrow().clone()
    }

    /// Moves to `next`, unless the job has ended: an end is never taken back.
    pub fn advance(&self, next: JobState) {
        self.state.send_if_modified(|state| {
            let open = !state.is_final();
            if open {
                *state = next;
            }
            open
        });
    }

    pub fn cancel(&self) {
        self.cancelled.store(true, Ordering::Relaxed);
        self.advance(JobState::Cancelled);
    }

    pub fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Relaxed)
    }

    /// Somebody has just looked.
    pub fn touch(&self) {
        *self.last_seen.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
    }

    /// Nobody listens, and nobody has looked for longer than `patience`.
    pub fn is_abandoned(&self, patience: Duration) -> bool {
        let last_seen = *self.last_seen.lock().unwrap_or_else(PoisonError::into_inner);
        self.state.receiver_count() == 0 && last_seen.elapsed() > patience
    }
}

/// The states of a job as they come; its existence says that somebody waits.
pub struct Subscription {
    receiver: watch::Receiver<JobState>,
    job: Arc<Job>,
}

impl Subscription {
    pub(super) fn new(job: Arc<Job>) -> Self {
        Self { receiver: job.state.subscribe(), job }
    }

    /// Waits for the last state.
    pub async fn finished(mut self) -> JobState {
        // The sender lives in `self.job`, so waiting cannot fail.
        let _ = self.receiver.wait_for(JobState::is_final).await;
        self.job.state()
    }

    /// The present state, every later one that is not overtaken, and the last one.
    pub fn into_stream(mut self) -> impl Stream<Item = JobState> + Send {
        self.receiver.mark_changed();
        stream::unfold(Some(self), |subscription| async move {
            let mut subscription = subscription?;
            subscription.receiver.changed().await.ok()?;
            let state = subscription.receiver.borrow_and_update().clone();
            let rest = (!state.is_final()).then_some(subscription);
            Some((state, rest))
        })
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        // A page that reloads closes one stream before it opens the next.
        self.job.touch();
    }
}
