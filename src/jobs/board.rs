//! What waits, what runs and what is done, behind one lock.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use stormlens_data::request::Request;

use super::job::Job;
use super::{JobId, JobState, Options, Readiness, SubmitError, size};

/// The board and the bell that wakes the worker thread.
pub(super) struct Shared {
    pub options: Options,
    board: Mutex<Board>,
    bell: Condvar,
    readiness: Mutex<Readiness>,
}

#[derive(Default)]
struct Board {
    jobs: HashMap<JobId, Arc<Job>>,
    waiting: VecDeque<Arc<Job>>,
    running: Option<Arc<Job>>,
    /// Ended jobs with their size in bytes, least recently used first.
    ended: VecDeque<(JobId, usize)>,
    shutting_down: bool,
}

impl Shared {
    pub fn new(options: Options) -> Self {
        Self {
            options,
            board: Mutex::default(),
            bell: Condvar::new(),
            readiness: Mutex::new(Readiness::Starting),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Board> {
        // No code under this lock leaves the board half changed, so a panic does not spoil it.
        self.board.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn readiness(&self) -> Readiness {
        self.readiness.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub fn set_readiness(&self, readiness: Readiness) {
        *self.readiness.lock().unwrap_or_else(PoisonError::into_inner) = readiness;
    }

    pub fn submit(&self, request: Request) -> Result<JobId, SubmitError> {
        let mut board = self.lock();
        if board.shutting_down {
            return Err(SubmitError::ShuttingDown);
        }
        let id = JobId::of(&request);
        if let Some(job) = board.jobs.get(&id) {
            job.touch();
            return Ok(id);
        }
        board.drop_abandoned(&self.options);
        if board.waiting.len() >= self.options.queue_depth {
            return Err(SubmitError::QueueFull { waiting: board.waiting.len() });
        }
        let position = board.waiting.len() + usize::from(board.running.is_some());
        let job = Arc::new(Job::new(request, position));
        board.jobs.insert(id.clone(), job.clone());
        board.waiting.push_back(job);
        self.bell.notify_one();
        Ok(id)
    }

    /// The job of that name; an ended one counts as used.
    pub fn find(&self, id: &JobId) -> Option<Arc<Job>> {
        let mut board = self.lock();
        if let Some(i) = board.ended.iter().position(|(ended, _)| ended == id) {
            let entry = board.ended.remove(i)?;
            board.ended.push_back(entry);
        }
        board.jobs.get(id).cloned()
    }

    pub fn cancel(&self, id: &JobId) -> Option<Request> {
        let mut board = self.lock();
        let job = board.jobs.get(id)?.clone();
        if !matches!(job.state(), JobState::Done(_)) {
            board.forget(&job);
        }
        Some(job.request.clone())
    }

    pub fn shut_down(&self) {
        let mut board = self.lock();
        board.shutting_down = true;
        let open: Vec<_> = board.waiting.iter().chain(&board.running).cloned().collect();
        for job in open {
            board.forget(&job);
        }
        self.bell.notify_all();
    }

    /// Waits for the next job that somebody wants; `None`: the server is shutting down.
    pub fn next(&self) -> Option<Arc<Job>> {
        let mut board = self.lock();
        loop {
            board.drop_abandoned(&self.options);
            if board.shutting_down {
                return None;
            }
            if let Some(job) = board.waiting.pop_front() {
                board.running = Some(job.clone());
                board.renumber();
                job.advance(running(String::new(), 0, 0, Instant::now()));
                return Some(job);
            }
            board = self.bell.wait(board).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Takes down how a job ended.
    pub fn end(&self, job: &Arc<Job>, state: JobState) {
        let mut board = self.lock();
        board.running = None;
        if job.is_cancelled() || matches!(state, JobState::Cancelled) {
            board.forget(job);
        } else {
            board.ended.push_back((job.id.clone(), size::of_state(&state)));
            board.evict(self.options.cache_bytes);
            job.advance(state);
        }
        board.renumber();
    }
}

impl Board {
    /// Cancels a job and removes every trace of it. A job of the same name that was asked for
    /// after this one had been cancelled is another job and stays.
    fn forget(&mut self, job: &Arc<Job>) {
        job.cancel();
        self.waiting.retain(|other| !Arc::ptr_eq(other, job));
        if self.jobs.get(&job.id).is_some_and(|other| Arc::ptr_eq(other, job)) {
            self.jobs.remove(&job.id);
            self.ended.retain(|(id, _)| *id != job.id);
        }
        self.renumber();
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
        let ahead = usize::from(self.running.is_some());
        for (i, job) in self.waiting.iter().enumerate() {
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

pub(super) fn running(phase: String, done: usize, total: usize, since: Instant) -> JobState {
    JobState::Running { phase, done, total, since }
}
