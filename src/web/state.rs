//! What every handler can reach.

use std::path::Path;
use std::sync::Arc;
use std::thread::available_parallelism;
use std::time::Duration;

use stormlens_data::outcome::Outcome;
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;
use tokio::time::timeout;

use super::AppError;
use super::caching::PageCache;
use super::result_query::ResultQuery;
use crate::catalog::Catalog;
use crate::jobs::{JobState, Jobs};

/// How long a figure or a file waits for a result that has to be computed again.
const MAX_WAIT: Duration = Duration::from_secs(25);

/// Queue, catalogue and the limits on drawing; clones share them.
#[derive(Clone)]
pub struct AppState {
    pub jobs: Jobs,
    pub catalog: Arc<Catalog>,
    /// Where `evaluation.json` lies beside the weights.
    pub checkpoints: Arc<Path>,
    pub(super) result_pages: Arc<PageCache>,
    drawing: Arc<Semaphore>,
}

impl AppState {
    pub fn new(jobs: Jobs, catalog: Arc<Catalog>, checkpoints: &Path) -> Self {
        let n_cores = available_parallelism().map_or(1, usize::from);
        Self {
            jobs,
            catalog,
            checkpoints: checkpoints.into(),
            drawing: Arc::new(Semaphore::new(n_cores)),
            result_pages: Arc::default(),
        }
    }

    /// Runs `work` on the blocking pool, no more at once than there are cores.
    pub(super) async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, AppError> + Send + 'static,
    ) -> Result<T, AppError> {
        let permit =
            self.drawing.clone().acquire_owned().await.map_err(|_| AppError::ShuttingDown)?;
        let task = spawn_blocking(move || {
            let _permit = permit;
            work()
        });
        match task.await {
            Ok(result) => result,
            Err(error) => Err(AppError::Internal(error.to_string())),
        }
    }

    /// The outcome a file is drawn from: from memory, or computed again while the client waits.
    pub(super) async fn outcome(&self, query: &ResultQuery) -> Result<Arc<Outcome>, AppError> {
        if let Some(outcome) = self.jobs.outcome(&query.request) {
            return Ok(outcome);
        }
        let id = self.jobs.submit(query.request.clone())?;
        let still_computing = || AppError::StillComputing { page: query.page() };
        let subscription = self.jobs.subscribe(&id).ok_or_else(still_computing)?;
        match timeout(MAX_WAIT, subscription.finished()).await {
            Ok(JobState::Done(outcome)) => Ok(outcome),
            Ok(JobState::Failed(error)) => Err(AppError::from_worker(error, query)),
            _ => Err(still_computing()),
        }
    }
}
