//! What every handler can reach.

use std::path::Path;
use std::sync::Arc;
use std::thread::available_parallelism;
use std::time::Duration;

use stormlens_data::outcome::Outcome;
use stormlens_data::request::Request;
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;
use tokio::time::timeout;

use super::caching::EntityTag;
use super::health::Problems;
use super::pictures::Pictures;
use super::recent::Recent;
use super::{AppError, Pages};
use crate::catalog::Catalog;
use crate::jobs::{JobId, JobState, Jobs};
use crate::question::Question;
use crate::task::Task;

/// How long a figure or a file waits for a result that has to be computed again.
pub const MAX_WAIT: Duration = Duration::from_secs(25);

/// How long a page waits until it is known whether its result lies on disk.
const MAX_LOOK_UP: Duration = Duration::from_secs(2);

/// How many written pages are kept: scores and alt texts are counted over all pixels, and one result
/// is looked at many times.
const N_PAGES: usize = 32;

/// Queue, catalogue, pages and the limits on drawing; clones share them.
#[derive(Clone)]
pub struct AppState {
    pub jobs: Jobs,
    pub catalog: Arc<Catalog>,
    /// Where `evaluation.json` lies beside the weights.
    pub checkpoints: Arc<Path>,
    pub pictures: Arc<Pictures>,
    /// What was found wrong with samples and weights since the start.
    pub problems: Arc<Problems>,
    /// Of the catalogue's tasks, in their order.
    pages: Arc<[Arc<dyn Pages>]>,
    pub(super) result_pages: Arc<Recent<EntityTag, String>>,
    drawing: Arc<Semaphore>,
    decoding: Arc<Semaphore>,
}

impl AppState {
    /// `pages` are those of the catalogue's tasks, in their order.
    pub fn new(
        jobs: Jobs,
        catalog: Arc<Catalog>,
        pages: Vec<Arc<dyn Pages>>,
        checkpoints: &Path,
    ) -> Self {
        let n_cores = available_parallelism().map_or(1, usize::from);
        Self {
            jobs,
            catalog,
            checkpoints: checkpoints.into(),
            pages: pages.into(),
            drawing: Arc::new(Semaphore::new(n_cores)),
            decoding: Arc::new(Semaphore::new(1)),
            result_pages: Arc::new(Recent::new(N_PAGES)),
            pictures: Arc::default(),
            problems: Arc::default(),
        }
    }

    /// The pages of all tasks.
    pub fn pages(&self) -> impl Iterator<Item = &Arc<dyn Pages>> {
        self.pages.iter()
    }

    /// The pages of a task.
    ///
    /// # Errors
    /// Where the task is none of the catalogue's.
    pub fn pages_of(&self, task: &Arc<dyn Task>) -> Result<&Arc<dyn Pages>, AppError> {
        let place = self.catalog.tasks().iter().position(|known| Arc::ptr_eq(known, task));
        let pages = place.and_then(|place| self.pages.get(place));
        pages.ok_or_else(|| AppError::Internal("a task has no pages".to_owned()))
    }

    /// Runs `work` on the blocking pool, no more at once than there are cores.
    pub async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, AppError> + Send + 'static,
    ) -> Result<T, AppError> {
        on_the_pool(&self.drawing, work).await
    }

    /// Runs `work` that decodes a picture from outside on the blocking pool, one at a time: a few
    /// bytes can become hundreds of megabytes.
    pub async fn decoding<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, AppError> + Send + 'static,
    ) -> Result<T, AppError> {
        on_the_pool(&self.decoding, work).await
    }

    /// Where a question leads to and where it came from.
    pub fn way(&self, question: &Question) -> Way {
        let asked_at = |pages: &Arc<dyn Pages>| pages.asked_at(&question.request.subject);
        let back = self.pages_of(&question.task).map_or_else(|_| "/".to_owned(), asked_at);
        Way { page: super::result::page(question), back }
    }

    /// Takes a request. Where its answer may lie on disk this waits until that is known, so that the
    /// page of a result from before the last start comes at once.
    ///
    /// # Errors
    /// When there is no room for it, and while the server is shutting down.
    pub async fn submit(&self, request: Request) -> Result<JobId, AppError> {
        let id = self.jobs.submit(request)?;
        if let Some(subscription) = self.jobs.subscribe(&id) {
            // A slow disk is no reason to show nothing: the page of the progress comes then.
            let _ = timeout(MAX_LOOK_UP, subscription.looked_up()).await;
        }
        Ok(id)
    }

    /// The answer to a request: from memory, or computed again while the client waits.
    pub async fn outcome(&self, request: Request, way: &Way) -> Result<Arc<Outcome>, AppError> {
        if let Some(outcome) = self.jobs.outcome(&request) {
            return Ok(outcome);
        }
        let id = self.jobs.submit(request)?;
        let still_computing = || AppError::StillComputing { page: way.page.clone() };
        let subscription = self.jobs.subscribe(&id).ok_or_else(still_computing)?;
        match timeout(MAX_WAIT, subscription.finished()).await {
            Ok(JobState::Done(outcome)) => Ok(outcome),
            Ok(JobState::Failed(error)) => Err(AppError::from_worker(error, way)),
            _ => Err(still_computing()),
        }
    }
}

/// Work beside the runtime, with a permit for as long as it takes: also when nobody waits any more.
async fn on_the_pool<T: Send + 'static>(
    permits: &Arc<Semaphore>,
    work: impl FnOnce() -> Result<T, AppError> + Send + 'static,
) -> Result<T, AppError> {
    let permit = permits.clone().acquire_owned().await.map_err(|_| AppError::ShuttingDown)?;
    let task = spawn_blocking(move || {
        let _permit = permit;
        work()
    });
    match task.await {
        Ok(result) => result,
        Err(error) => Err(AppError::Internal(error.to_string())),
    }
}

/// Where a question leads to and where it came from.
#[derive(Clone, Debug)]
pub struct Way {
    /// The page of the result.
    pub page: String,
    /// The page where the question was asked.
    pub back: String,
}
