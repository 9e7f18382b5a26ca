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

use super::access::{Access, Limits, crowded};
use super::caching::EntityTag;
use super::client::{Client, Shares};
use super::health::Problems;
use super::pictures::Pictures;
use super::recent::Recent;
use super::{AppError, Pages, PrivateFolders, PublicUrl};
use crate::catalog::Catalog;
use crate::jobs::{JobId, JobState, Jobs, Standing};
use crate::question::Question;
use crate::task::Task;

/// How long a figure or a file waits for a result that has to be computed again.
pub const MAX_WAIT: Duration = Duration::from_secs(25);

/// How long a page waits until it is known whether its result lies on disk.
const MAX_LOOK_UP: Duration = Duration::from_secs(2);

/// What may be drawn or written, or wait for that: of all clients, and of one.
const MAX_DRAWING: (usize, usize) = (320, 256);
const MAX_WRITING: (usize, usize) = (64, 32);
/// Uploads, whose number has a limit of its own.
const MAX_DECODING: (usize, usize) = (64, 32);

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
    /// What no page and no answer shows of the machine.
    pub private: Arc<PrivateFolders>,
    pub access: Arc<Access>,
    pub(super) limits: Limits,
    /// Of the catalogue's tasks, in their order.
    pages: Arc<[Arc<dyn Pages>]>,
    pub(super) result_pages: Arc<Recent<EntityTag, String>>,
    /// Where browsers reach the server, if not at its own address.
    pub public_url: Option<PublicUrl>,
    /// What every page says at its top.
    pub notice: Option<String>,
    drawing: Pool,
    writing: Pool,
    decoding: Pool,
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
            drawing: Pool::new(n_cores, MAX_DRAWING),
            writing: Pool::new(n_cores.div_ceil(2), MAX_WRITING),
            decoding: Pool::new(1, MAX_DECODING),
            result_pages: Arc::new(Recent::new(N_PAGES)),
            pictures: Arc::default(),
            problems: Arc::default(),
            private: Arc::default(),
            public_url: None,
            notice: None,
            access: Arc::default(),
            limits: Limits::default(),
        }
    }

    /// One of the server's own addresses, such as `/samples`, as browsers have to ask for it.
    pub fn public_path(&self, own: String) -> String {
        self.public_url.as_ref().map_or(own.clone(), |url| url.path(&own))
    }

    /// The same for those who may ask.
    pub fn with_access(self, access: Access) -> Self {
        Self { access: Arc::new(access), ..self }
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

    /// Runs `work` for a page or what it shows on the blocking pool, no more at once than there are cores.
    pub async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, AppError> + Send + 'static,
    ) -> Result<T, AppError> {
        self.drawing.run(work).await
    }

    /// The same for files to save, which take longer: pages do not wait for them.
    pub async fn writing<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, AppError> + Send + 'static,
    ) -> Result<T, AppError> {
        self.writing.run(work).await
    }

    /// Runs `work` that decodes a picture from outside on the blocking pool, one at a time: a few
    /// bytes can become hundreds of megabytes.
    pub async fn decoding<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, AppError> + Send + 'static,
    ) -> Result<T, AppError> {
        self.decoding.run(work).await
    }

    /// Where a question leads to and where it came from.
    pub fn way(&self, question: &Question) -> Way {
        let asked_at = |pages: &Arc<dyn Pages>| pages.asked_at(&question.request.subject);
        let back = self.pages_of(&question.task).map_or_else(|_| "/".to_owned(), asked_at);
        Way { page: super::result::page(question), back }
    }

    fn standing(&self, request: &Request) -> Standing {
        let client = Client::current().map(Client::address);
        Standing { client, is_long: self.catalog.is_long(request), is_only_counted: false }
    }

    /// Takes a request. Where its answer may lie on disk this waits until that is known, so that the
    /// page of a result from before the last start comes at once.
    ///
    /// # Errors
    /// When there is no room for it, and while the server is shutting down.
    pub async fn submit(&self, request: Request) -> Result<JobId, AppError> {
        let standing = self.standing(&request);
        let id = self.jobs.submit_as(request, standing)?;
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
        let standing = self.standing(&request);
        let id = self.jobs.submit_as(request, standing)?;
        let still_computing = || AppError::StillComputing { page: way.page.clone() };
        let subscription = self.jobs.subscribe(&id).ok_or_else(still_computing)?;
        match timeout(MAX_WAIT, subscription.finished()).await {
            Ok(JobState::Done(outcome)) => Ok(outcome),
            Ok(JobState::Failed(error)) => Err(AppError::from_worker(error, way)),
            _ => Err(still_computing()),
        }
    }
}

/// Work beside the runtime: so much at once, and so much that waits.
#[derive(Clone)]
struct Pool {
    permits: Arc<Semaphore>,
    waiting: Shares,
}

impl Pool {
    /// Room for `(of all, of one client)` to wait or run.
    fn new(n_at_once: usize, (all, each): (usize, usize)) -> Self {
        Self { permits: Arc::new(Semaphore::new(n_at_once)), waiting: Shares::new(all, each) }
    }

    /// Runs `work` with a permit for as long as it takes: also when nobody waits any more.
    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, AppError> + Send + 'static,
    ) -> Result<T, AppError> {
        let share = self.waiting.take(Client::current(), 1).ok_or_else(crowded)?;
        let permit = self.permits.clone().acquire_owned().await;
        let permit = permit.map_err(|_| AppError::ShuttingDown)?;
        let task = spawn_blocking(move || {
            let _until_done = (permit, share);
            work()
        });
        match task.await {
            Ok(result) => result,
            Err(error) => Err(AppError::Internal(error.to_string())),
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    /// One works, one waits, and the third is sent away at once; then there is room again.
    #[tokio::test]
    async fn work_beyond_the_queue_of_a_pool_is_refused_at_once() {
        let pool = Pool::new(1, (2, 2));
        let (release, held) = std::sync::mpsc::channel::<()>();
        let work = |held: Option<std::sync::mpsc::Receiver<()>>| {
            let pool = pool.clone();
            tokio::spawn(async move { pool.run(move || Ok(held.map(|held| held.recv()))).await })
        };
        let (first, second) = (work(Some(held)), work(None));
        let limit = tokio::time::Instant::now() + Duration::from_secs(20);
        let refused = loop {
            assert!(tokio::time::Instant::now() < limit, "nothing is refused");
            // Both have to have come before.
            tokio::time::sleep(Duration::from_millis(10)).await;
            let third = timeout(Duration::from_millis(10), pool.run(|| Ok(())));
            if let Ok(answer) = third.await {
                break answer;
            }
        };
        let Err(refused) = refused else { panic!("there was room") };
        assert!(refused.to_string().contains("too many requests are under way"), "{refused}");
        drop(release);
        assert!(first.await.is_ok_and(|answer| answer.is_ok()));
        assert!(second.await.is_ok_and(|answer| answer.is_ok()));
        assert!(pool.run(|| Ok(())).await.is_ok(), "there is room again");
    }
}
