//! One job: its request, its state, and who waits for it.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use futures_util::stream::{self, Stream};
use stormlens_data::outcome::Outcome;
use stormlens_data::request::Request;
use tokio::sync::watch;

use super::viewers::Viewers;
use super::{JobId, JobState, Standing, WorkerError};

/// Whose room in the queue a job takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lane {
    /// What somebody waits for by itself.
    Single,
    /// One of many that somebody asked for together.
    Bulk,
}

pub(super) struct Job {
    pub id: JobId,
    pub request: Request,
    pub standing: Standing,
    /// When it is refused, if it has no answer by then.
    pub deadline: Option<Instant>,
    /// How long it stood still for others, in ms; its deadline is so much later.
    paused_ms: AtomicU64,
    state: watch::Sender<JobState>,
    /// Whether it is known that the store does not have it.
    looked_up: watch::Sender<bool>,
    /// Changed under the lock of the queue only, where jobs are counted by their lanes.
    in_bulk: AtomicBool,
    /// Whether it must not be run together with others.
    goes_alone: AtomicBool,
    cancelled: AtomicBool,
    last_seen: Mutex<Instant>,
    viewers: Mutex<Viewers>,
    ended: OnceLock<Instant>,
}

impl Job {
    /// A job that is the next one until it finds others before it.
    pub fn new(request: Request, lane: Lane, standing: Standing, time: Option<Duration>) -> Self {
        let now = Instant::now();
        Self {
            id: JobId::of(&request),
            request,
            standing,
            paused_ms: AtomicU64::new(0),
            deadline: time.and_then(|time| now.checked_add(time)),
            state: watch::Sender::new(JobState::Queued { position: 0 }),
            looked_up: watch::Sender::new(false),
            in_bulk: AtomicBool::new(lane == Lane::Bulk),
            goes_alone: AtomicBool::new(false),
            cancelled: AtomicBool::new(false),
            last_seen: Mutex::new(now),
            viewers: Mutex::default(),
            ended: OnceLock::new(),
        }
    }

    pub fn lane(&self) -> Lane {
        if self.in_bulk.load(Ordering::Relaxed) { Lane::Bulk } else { Lane::Single }
    }

    /// From now on somebody waits for it by itself.
    pub fn leave_bulk(&self) {
        self.in_bulk.store(false, Ordering::Relaxed);
    }

    pub fn goes_alone(&self) -> bool {
        self.goes_alone.load(Ordering::Relaxed)
    }

    /// Has it run by itself: together with others there was not time enough.
    pub fn go_alone(&self) {
        self.goes_alone.store(true, Ordering::Relaxed);
    }

    pub fn state(&self) -> JobState {
        self.state.borrow().clone()
    }

    /// Moves to `next`, unless the job has ended: an end is never taken back.
    pub fn advance(&self, next: JobState) {
        self.state.send_if_modified(|state| {
            let open = !state.is_final();
            if open {
                if next.is_final() {
                    self.ended.get_or_init(Instant::now);
                }
                *state = next;
            }
            open
        });
    }

    /// Whether it is done and has that very outcome.
    pub fn holds(&self, outcome: &Arc<Outcome>) -> bool {
        matches!(&*self.state.borrow(), JobState::Done(own) if Arc::ptr_eq(own, outcome))
    }

    /// Puts an equal outcome in the place of that one; nobody is told.
    pub fn replace(&self, outcome: &Arc<Outcome>, equal: Arc<Outcome>) {
        self.state.send_if_modified(|state| {
            if matches!(state, JobState::Done(own) if Arc::ptr_eq(own, outcome)) {
                *state = JobState::Done(equal);
            }
            false
        });
    }

    pub fn cancel(&self) {
        self.cancelled.store(true, Ordering::Relaxed);
        self.advance(JobState::Cancelled);
    }

    pub fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Relaxed)
    }

    pub fn viewers(&self) -> MutexGuard<'_, Viewers> {
        self.viewers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Somebody has just looked.
    pub fn touch(&self) {
        *self.last_seen.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
    }

    /// Says to those who wait for it that the store does not have it, or that its end is known.
    pub fn set_looked_up(&self) {
        self.looked_up.send_replace(true);
    }

    /// Its time is over.
    pub fn is_overdue(&self, now: Instant) -> bool {
        let paused = self.paused();
        self.deadline.is_some_and(|deadline| deadline + paused <= now)
    }

    /// It has stood still for others.
    pub fn pause(&self, time: Duration) {
        self.paused_ms.fetch_add(time.as_millis() as u64, Ordering::Relaxed);
    }

    pub fn paused(&self) -> Duration {
        Duration::from_millis(self.paused_ms.load(Ordering::Relaxed))
    }

    /// There was no time for it.
    pub fn is_refused(&self) -> bool {
        use WorkerError::{TooBusy, TooSlow};
        matches!(*self.state.borrow(), JobState::Failed(TooBusy(_) | TooSlow(_)))
    }

    /// It was refused longer ago than `standing`.
    pub fn is_stale_refusal(&self, standing: Duration) -> bool {
        self.is_refused() && self.ended.get().is_none_or(|ended| ended.elapsed() >= standing)
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
    /// By whose name it counts among the viewers.
    viewer: Option<String>,
}

impl Subscription {
    pub(super) fn new(job: Arc<Job>) -> Self {
        Self { receiver: job.state.subscribe(), job, viewer: None }
    }

    /// For a viewer who has a name.
    pub(super) fn of(job: Arc<Job>, viewer: &str) -> Self {
        job.viewers().listens(viewer);
        let mut subscription = Self::new(job);
        subscription.viewer = Some(viewer.to_owned());
        subscription
    }

    /// Waits for the last state.
    pub async fn finished(mut self) -> JobState {
        // The sender lives in `self.job`, so waiting cannot fail.
        let _ = self.receiver.wait_for(JobState::is_final).await;
        self.job.state()
    }

    /// Waits until it is known whether the answer lies in the store: if so, the job is done.
    pub async fn looked_up(self) {
        let mut looked_up = self.job.looked_up.subscribe();
        let mut state = self.receiver.clone();
        // The senders live in `self.job`, so waiting cannot fail.
        tokio::select! {
            _ = looked_up.wait_for(|known| *known) => {}
            _ = state.wait_for(JobState::is_final) => {}
        }
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
        if let Some(viewer) = &self.viewer {
            self.job.viewers().hangs_up(viewer);
        }
        // A page that reloads closes one stream before it opens the next.
        self.job.touch();
    }
}
