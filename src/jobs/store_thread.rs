//! The thread between the queue and the store: looks answers up, and puts new ones away.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Instant;

use stormlens_data::outcome::Outcome;

use super::job::Job;
use super::queue::{Queue, StoreWork};
use super::{Readiness, Store};
use crate::allocator;

pub(super) fn spawn(queue: Arc<Queue>, store: Arc<dyn Store>) -> io::Result<()> {
    let work = move || {
        guarded("taking stock", || store.open());
        while let Some(work) = queue.next_store_work() {
            match work {
                StoreWork::Recall(job) => {
                    let found = recall(&queue, store.as_ref(), &job);
                    queue.recalled(&job, found);
                }
                StoreWork::Rest => allocator::give_back(),
                StoreWork::Keep(outcome) => {
                    guarded("keeping a result", || store.keep(&outcome));
                    queue.move_together(&outcome);
                    queue.kept();
                }
            }
        }
    };
    std::thread::Builder::new().name("results".to_owned()).spawn(work).map(|_| ())
}

/// Which device would answer is part of the question, so this waits until that is known.
fn recall(queue: &Queue, store: &dyn Store, job: &Job) -> Option<Arc<Outcome>> {
    let Readiness::Ready(device) = queue.wait_for_worker() else { return None };
    let started = Instant::now();
    let found = guarded("looking for a result", || store.recall(&job.request, &device))??;
    let duration_ms = started.elapsed().as_millis() as u64;
    tracing::info!(job.id = %job.id, request = %job.request, duration_ms, "found on disk");
    Some(Arc::new(found))
}

/// Without an answer from the store there is still the network, so nothing here may end the thread.
fn guarded<T>(what: &str, work: impl FnOnce() -> T) -> Option<T> {
    let result = catch_unwind(AssertUnwindSafe(work));
    if result.is_err() {
        tracing::error!("{what} on disk stopped unexpectedly");
    }
    result.ok()
}
