//! What waits, what runs and what is done, behind one lock.

mod deadline;
mod keep;
mod promote;
mod recall;
mod select;

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use stormlens_data::outcome::Outcome;
use stormlens_data::request::Request;

pub(super) use self::keep::StoreWork;
pub(super) use self::select::{Next, Rules};
use super::job::{Job, Lane};
use super::{JobId, JobState, Options, Readiness, Standing, Store, SubmitError};
use crate::allocator;

/// What an ended job costs beside its variables; it also bounds how many failures are kept.
const OVERHEAD_BYTES: usize = 16 << 10;

/// Jobs that are known to have been stopped, and for how long.
const MAX_STOPPED: usize = 256;
const STOPPED_FOR: Duration = Duration::from_secs(3600);

/// The queue with its lock, and what wakes the threads.
pub(super) struct Queue {
    pub options: Options,
    store: Option<Arc<dyn Store>>,
    inner: Mutex<Inner>,
    /// Wakes the worker thread.
    notify_worker: Condvar,
    /// Wakes the thread that goes to the store.
    notify_store: Condvar,
    /// Wakes who waits until nothing is left to be put away.
    notify_kept: Condvar,
    /// Wakes the thread that watches deadlines.
    notify_deadlines: Condvar,
    readiness: Mutex<Readiness>,
    notify_built: Condvar,
}

#[derive(Default)]
struct Inner {
    jobs: HashMap<JobId, Arc<Job>>,
    /// Looked for in the store, one after the other.
    recalling: VecDeque<Arc<Job>>,
    waiting: VecDeque<Arc<Job>>,
    /// Answered together.
    running: Vec<Arc<Job>>,
    /// Batches that went before waiting jobs of a bulk, since one of those was taken.
    n_before_bulk: usize,
    /// Ended jobs with their size in bytes, least recently used first.
    ended: VecDeque<(JobId, usize)>,
    /// What those who waited for it have stopped, and when; the last ones.
    stopped: VecDeque<(JobId, Instant)>,
    /// Outcomes on their way to the store.
    keeping: VecDeque<Arc<Outcome>>,
    /// Whether one of them is being put away now.
    is_keeping: bool,
    /// Whether the worker is to give back what it keeps.
    is_to_rest: bool,
    /// The same of the thread of the store.
    is_store_to_rest: bool,
    shutting_down: bool,
}

impl Queue {
    pub fn new(options: Options, store: Option<Arc<dyn Store>>) -> Self {
        Self {
            options,
            store,
            inner: Mutex::default(),
            notify_worker: Condvar::new(),
            notify_store: Condvar::new(),
            notify_kept: Condvar::new(),
            notify_deadlines: Condvar::new(),
            readiness: Mutex::new(Readiness::Starting),
            notify_built: Condvar::new(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // No code under this lock leaves the queue half changed, so a panic does not spoil it.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn readiness(&self) -> Readiness {
        self.readiness.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub fn set_readiness(&self, readiness: Readiness) {
        *self.readiness.lock().unwrap_or_else(PoisonError::into_inner) = readiness;
        self.notify_built.notify_all();
    }

    /// Jobs that go together at most; one until it is known what computes.
    pub fn max_batch(&self) -> usize {
        match self.readiness() {
            Readiness::Ready(device) => self.options.batching.on(&device).0,
            Readiness::Starting | Readiness::Unavailable(_) => 1,
        }
    }

    /// What became of building the worker, once that is known.
    pub fn wait_for_worker(&self) -> Readiness {
        let readiness = self.readiness.lock().unwrap_or_else(PoisonError::into_inner);
        let starting = |readiness: &mut Readiness| *readiness == Readiness::Starting;
        let known = self.notify_built.wait_while(readiness, starting);
        known.unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub fn submit(
        &self,
        request: Request,
        lane: Lane,
        standing: Standing,
    ) -> Result<JobId, SubmitError> {
        let mut inner = self.lock();
        if inner.shutting_down {
            return Err(SubmitError::ShuttingDown);
        }
        let job = Job::new(request, lane, standing, self.options.deadline);
        let id = job.id.clone();
        if let Some(known) = inner.jobs.get(&id).cloned() {
            if !known.is_stale_refusal(self.options.refusal) {
                known.touch();
                if lane == Lane::Single {
                    self.promote(&mut inner, &known);
                }
                return Ok(id);
            }
            if known.goes_alone() {
                job.go_alone();
            }
            inner.forget(&known);
        }
        inner.drop_abandoned(&self.options);
        inner.stopped.retain(|(stopped, _)| *stopped != id);
        self.add(&mut inner, job)?;
        self.notify_deadlines.notify_one();
        Ok(id)
    }

    /// The job of that name; an ended one counts as used.
    pub fn find(&self, id: &JobId) -> Option<Arc<Job>> {
        let mut inner = self.lock();
        if let Some(i) = inner.ended.iter().position(|(ended, _)| ended == id) {
            let entry = inner.ended.remove(i)?;
            inner.ended.push_back(entry);
        }
        inner.jobs.get(id).cloned()
    }

    pub fn cancel(&self, id: &JobId) -> Option<Request> {
        let mut inner = self.lock();
        let job = inner.jobs.get(id)?.clone();
        if !self.stays(&job) {
            inner.forget(&job);
        }
        Some(job.request.clone())
    }

    /// Whether a job is not forgotten for anybody: it is done, or was refused just now.
    fn stays(&self, job: &Job) -> bool {
        matches!(job.state(), JobState::Done(_))
            || job.is_refused() && !job.is_stale_refusal(self.options.refusal)
    }

    pub fn leave(&self, id: &JobId, viewer: Option<&str>) -> Option<Request> {
        let mut inner = self.lock();
        let job = inner.jobs.get(id)?.clone();
        let is_open = !job.state().is_final();
        let was_last = job.viewers().leave(viewer);
        if was_last && !self.stays(&job) {
            inner.forget(&job);
        }
        if was_last && is_open {
            inner.stopped.push_back((id.clone(), Instant::now()));
            let n_old = inner.stopped.len().saturating_sub(MAX_STOPPED);
            inner.stopped.drain(..n_old);
        }
        Some(job.request.clone())
    }

    pub fn was_stopped(&self, id: &JobId) -> bool {
        let inner = self.lock();
        let is_it =
            |(stopped, when): &(JobId, Instant)| stopped == id && when.elapsed() < STOPPED_FOR;
        !inner.jobs.contains_key(id) && inner.stopped.iter().any(is_it)
    }

    pub fn rest(&self) {
        self.leave_to_the_disk();
        let mut inner = self.lock();
        (inner.is_to_rest, inner.is_store_to_rest) = (true, true);
        self.notify_worker.notify_one();
        self.notify_store.notify_one();
    }

    pub fn shut_down(&self) {
        let mut inner = self.lock();
        inner.shutting_down = true;
        let queued = inner.recalling.iter().chain(&inner.waiting);
        let open: Vec<_> = queued.chain(&inner.running).cloned().collect();
        for job in open {
            inner.forget(&job);
        }
        for thread in [&self.notify_worker, &self.notify_store, &self.notify_deadlines] {
            thread.notify_all();
        }
    }

    /// Takes down how a job ended, and has its outcome put away: also where nobody wants it any more,
    /// since somebody may again.
    pub fn end(&self, job: &Arc<Job>, state: JobState) {
        let mut inner = self.lock();
        inner.running.retain(|other| !Arc::ptr_eq(other, job));
        if let JobState::Done(outcome) = &state
            && !job.standing.is_only_counted
        {
            self.keep(&mut inner, outcome);
        }
        self.notify_store.notify_one();
        if job.is_cancelled() || matches!(state, JobState::Cancelled) {
            inner.forget(job);
        } else {
            inner.close(job, state, self.options.cache_bytes);
        }
        inner.renumber();
    }
}

impl Inner {
    /// Cancels a job and removes every trace of it. A job of the same name that was asked for
    /// after this one had been cancelled is another job and stays.
    fn forget(&mut self, job: &Arc<Job>) {
        job.cancel();
        self.unqueue(job);
        if self.jobs.get(&job.id).is_some_and(|other| Arc::ptr_eq(other, job)) {
            self.jobs.remove(&job.id);
            self.ended.retain(|(id, _)| *id != job.id);
        }
        self.renumber();
    }

    /// Takes a job out of both queues. Whether it was in one.
    fn unqueue(&mut self, job: &Arc<Job>) -> bool {
        let n_before = self.waiting.len() + self.recalling.len();
        self.waiting.retain(|other| !Arc::ptr_eq(other, job));
        self.recalling.retain(|other| !Arc::ptr_eq(other, job));
        self.waiting.len() + self.recalling.len() < n_before
    }

    /// Lets a job wait for the worker.
    fn enqueue(&mut self, job: Arc<Job>) {
        let place = line_up(&mut self.waiting, job);
        self.renumber_from(place);
    }

    /// Gives a job its last state and makes room for it.
    fn close(&mut self, job: &Arc<Job>, state: JobState, cache_bytes: usize) {
        self.ended.push_back((job.id.clone(), n_bytes(&state)));
        self.evict(cache_bytes);
        job.advance(state);
    }

    fn drop_abandoned(&mut self, options: &Options) {
        let abandoned: Vec<_> =
            self.waiting.iter().filter(|job| job.is_abandoned(options.patience)).cloned().collect();
        for job in abandoned {
            tracing::info!(job.id = %job.id, "dropped a waiting run that nobody watches");
            self.forget(&job);
        }
    }

    fn renumber(&self) {
        self.renumber_from(0);
    }

    /// Tells the jobs from that place in the queue on how many go before them.
    fn renumber_from(&self, place: usize) {
        let ahead = self.running.len();
        for (i, job) in self.waiting.iter().enumerate().skip(place) {
            job.advance(JobState::Queued { position: ahead + i });
        }
    }

    fn evict(&mut self, cache_bytes: usize) {
        let mut used: usize = self.ended.iter().map(|(_, bytes)| bytes).sum();
        while used > cache_bytes && self.ended.len() > 1 {
            let Some((id, bytes)) = self.ended.pop_front() else { break };
            self.jobs.remove(&id);
            used -= bytes;
        }
    }
}

fn of_arrays(outcome: &Outcome) -> usize {
    let arrays = outcome.variables.iter().map(|variable| variable.values.n_bytes());
    arrays.map(allocator::taken_for).sum()
}

/// What an ended job takes in memory.
pub(super) fn n_bytes(state: &JobState) -> usize {
    match state {
        JobState::Done(outcome) => OVERHEAD_BYTES + of_arrays(outcome),
        _ => OVERHEAD_BYTES,
    }
}

/// Puts a job behind those of its lane; jobs of a bulk stand behind all others. Answers its place.
fn line_up(queue: &mut VecDeque<Arc<Job>>, job: Arc<Job>) -> usize {
    let first_of_bulk = queue.iter().position(|other| other.lane() == Lane::Bulk);
    let is_single = job.lane() == Lane::Single;
    let place = first_of_bulk.filter(|_| is_single).unwrap_or(queue.len());
    queue.insert(place, job);
    place
}

pub(super) fn running(phase: String, done: usize, total: usize, since: Instant) -> JobState {
    JobState::Running { phase, done, total, since }
}
