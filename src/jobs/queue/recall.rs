//! Where a job begins: at the store, where its answer may lie, or among those that wait.

use std::collections::VecDeque;
use std::sync::Arc;

use stormlens_data::outcome::Outcome;
use stormlens_data::request::Request;

use super::{Inner, Job, JobState, Lane, Queue, Readiness, SubmitError, line_up};
use crate::jobs::{Standing, WorkerError};

/// Jobs of either lane that are being looked for; each is a line of text until it is found.
pub(super) const MAX_RECALLS: usize = 256;
/// Jobs of all bulks that wait, which is no more than lines of text either. They go behind all others,
/// so others wait no longer for it, and who brings a bulk has only a few of its jobs here at once.
const MAX_BULK: usize = 512;

impl Queue {
    /// Puts a new job where its answer may come from: the store or the worker.
    pub(super) fn add(&self, inner: &mut Inner, job: Job) -> Result<(), SubmitError> {
        let (lane, recall) = (job.lane(), self.may_be_stored(&job.request));
        if recall {
            let waiting = count(&inner.recalling, lane);
            if waiting >= MAX_RECALLS {
                return Err(SubmitError::QueueFull { waiting });
            }
        } else {
            self.check_room(inner, &job)?;
        }
        let job = Arc::new(job);
        inner.jobs.insert(job.id.clone(), job.clone());
        if recall {
            line_up(&mut inner.recalling, job);
            self.notify_store.notify_one();
        } else {
            job.set_looked_up();
            inner.enqueue(job);
            self.notify_worker.notify_one();
        }
        Ok(())
    }

    /// Whether there is room among those that wait for the worker: for all, for long ones, and for one client.
    fn check_room(&self, inner: &Inner, job: &Job) -> Result<(), SubmitError> {
        let lane = job.lane();
        let waiting = count(&inner.waiting, lane);
        if waiting >= self.room(lane) {
            return Err(SubmitError::QueueFull { waiting });
        }
        if lane == Lane::Bulk {
            return Ok(());
        }
        let Standing { client, is_long, .. } = job.standing;
        let singles = || inner.waiting.iter().filter(|other| other.lane() == Lane::Single);
        let n_of_client = singles().filter(|other| other.standing.client == client).count();
        if client.is_some() && n_of_client >= self.options.room_for_client() {
            return Err(SubmitError::ShareFull { waiting: n_of_client });
        }
        let n_long = singles().filter(|other| other.standing.is_long).count();
        if is_long && n_long >= self.options.room_for_long() {
            return Err(SubmitError::LongFull { waiting: n_long });
        }
        Ok(())
    }

    /// Jobs of a lane that may wait for the worker.
    pub(super) fn room(&self, lane: Lane) -> usize {
        match lane {
            Lane::Single => self.options.queue_depth,
            Lane::Bulk => MAX_BULK,
        }
    }

    pub(super) fn may_be_stored(&self, request: &Request) -> bool {
        let Some(store) = &self.store else { return false };
        let readiness = self.readiness();
        let device = match &readiness {
            Readiness::Ready(device) => Some(device),
            Readiness::Starting => None,
            Readiness::Unavailable(_) => return false,
        };
        store.may_hold(request, device)
    }

    /// Ends a job that was found, and lets one that was not wait for the worker.
    pub fn recalled(&self, job: &Arc<Job>, found: Option<Arc<Outcome>>) {
        let mut inner = self.lock();
        // It may have been cancelled or refused meanwhile.
        if inner.unqueue(job) {
            let (room, options) = (self.check_room(&inner, job), &self.options);
            match (found, room) {
                (Some(outcome), _) => {
                    inner.close(job, JobState::Done(outcome), options.cache_bytes);
                }
                (None, Ok(())) => {
                    inner.enqueue(job.clone());
                    self.notify_worker.notify_one();
                }
                (None, Err(refusal)) => {
                    let state = JobState::Failed(WorkerError::TooBusy(refusal.to_string()));
                    inner.close(job, state, options.cache_bytes);
                }
            }
        }
        job.set_looked_up();
    }
}

pub(super) fn count(jobs: &VecDeque<Arc<Job>>, lane: Lane) -> usize {
    jobs.iter().filter(|job| job.lane() == lane).count()
}
