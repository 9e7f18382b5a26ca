//! What every handler can reach.

use std::path::Path;
use std::sync::Arc;
use std::thread::available_parallelism;
use std::time::Duration;

use stormlens_data::outcome::{NowcastOutcome, Outcome, SceneOutcome};
use stormlens_data::request::Request;
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;
use tokio::time::timeout;

use super::AppError;
use super::caching::EntityTag;
use super::pictures::Pictures;
use super::recent::Recent;
use super::result_query::ResultQuery;
use super::scenes::UploadLimits;
use super::scenes::compare::{N_SUMMARIES, Summaries};
use super::scenes::query::SceneQuery;
use super::scenes::refusals::Refusals;
use crate::catalog::Catalog;
use crate::jobs::{JobId, JobState, Jobs};

/// How long a figure or a file waits for a result that has to be computed again.
pub(super) const MAX_WAIT: Duration = Duration::from_secs(25);

/// How long a page waits until it is known whether its result lies on disk.
const MAX_LOOK_UP: Duration = Duration::from_secs(2);

/// How many written pages are kept: scores and alt texts are counted over all pixels, and one result
/// is looked at many times.
const N_PAGES: usize = 32;

/// Queue, catalogue and the limits on drawing and uploading; clones share them.
#[derive(Clone)]
pub struct AppState {
    pub jobs: Jobs,
    pub catalog: Arc<Catalog>,
    /// Where `evaluation.json` lies beside the weights.
    pub checkpoints: Arc<Path>,
    pub(super) result_pages: Arc<Recent<EntityTag, String>>,
    pub(super) refusals: Arc<Refusals>,
    pub(super) pictures: Arc<Pictures>,
    pub(super) summaries: Arc<Summaries>,
    pub(super) upload_limits: UploadLimits,
    /// One permit an upload whose body is being read.
    pub(super) uploads: Arc<Semaphore>,
    drawing: Arc<Semaphore>,
    decoding: Arc<Semaphore>,
}

impl AppState {
    pub fn new(jobs: Jobs, catalog: Arc<Catalog>, checkpoints: &Path) -> Self {
        let n_cores = available_parallelism().map_or(1, usize::from);
        let limits = UploadLimits::default();
        Self {
            jobs,
            catalog,
            checkpoints: checkpoints.into(),
            drawing: Arc::new(Semaphore::new(n_cores)),
            decoding: Arc::new(Semaphore::new(1)),
            result_pages: Arc::new(Recent::new(N_PAGES)),
            refusals: Arc::default(),
            pictures: Arc::default(),
            summaries: Arc::new(Recent::new(N_SUMMARIES)),
            uploads: Arc::new(Semaphore::new(limits.n_at_once)),
            upload_limits: limits,
        }
    }

    /// The same with other limits on uploads.
    pub fn with_upload_limits(self, limits: UploadLimits) -> Self {
        let uploads = Arc::new(Semaphore::new(limits.n_at_once));
        Self { upload_limits: limits, uploads, ..self }
    }

    /// Bytes that one upload of several files may have.
    pub(super) fn max_upload_bytes(&self) -> usize {
        self.upload_limits.max_bytes(self.catalog.scenes().cache().max_file_bytes)
    }

    /// Runs `work` on the blocking pool, no more at once than there are cores.
    pub(super) async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, AppError> + Send + 'static,
    ) -> Result<T, AppError> {
        on_the_pool(&self.drawing, work).await
    }

    /// Runs `work` that decodes a picture from outside on the blocking pool, one at a time: a few
    /// bytes can become hundreds of megabytes.
    pub(super) async fn decoding<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, AppError> + Send + 'static,
    ) -> Result<T, AppError> {
        on_the_pool(&self.decoding, work).await
    }

    /// The nowcast a file is drawn from: from memory, or computed again while the client waits.
    pub(super) async fn nowcast(
        &self,
        query: &ResultQuery,
    ) -> Result<Arc<NowcastOutcome>, AppError> {
        match self.outcome(query.to_request(), &query.way()).await? {
            Outcome::Nowcast(outcome) => Ok(outcome),
            Outcome::Scene(_) => Err(AppError::Internal("a nowcast became a scene".to_owned())),
        }
    }

    /// The scene's result that a file is drawn from, like [`AppState::nowcast`].
    pub(super) async fn scene(&self, query: &SceneQuery) -> Result<Arc<SceneOutcome>, AppError> {
        match self.outcome(query.to_request(), &query.way()).await? {
            Outcome::Scene(outcome) => Ok(outcome),
            Outcome::Nowcast(_) => Err(AppError::Internal("a scene became a nowcast".to_owned())),
        }
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
    pub(super) async fn outcome(&self, request: Request, way: &Way) -> Result<Outcome, AppError> {
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
