//! Which tasks there are: one line a task.

mod coarser;
mod downscaling;
mod explained;
mod legend;
mod nowcast;
mod rain_probability;
mod scene;
mod split;
#[cfg(test)]
pub(crate) mod tests;

use std::path::PathBuf;
use std::sync::Arc;

#[cfg(feature = "nn")]
use stormlens_checkpoint::Metadata;

#[cfg(feature = "nn")]
use crate::cli::compare::{Comparable, Comparison};
#[cfg(feature = "nn")]
use crate::cli::evaluate::{Evaluated, Evaluation};
#[cfg(feature = "nn")]
use crate::cli::import::Import;
#[cfg(feature = "nn")]
use crate::cli::predict::Exact;
#[cfg(feature = "nn")]
use crate::cli::train::Run;
use crate::task::Task;
use crate::web::Pages;
use crate::web::upload::Kept;

pub use crate::web::upload::UploadLimits;

/// Where tasks find their samples, and where they keep what visitors bring.
#[derive(Clone, Debug)]
pub struct Folders {
    pub data: PathBuf,
    pub cache: PathBuf,
    /// Bytes that uploads may take in all; the least recently used go first.
    pub max_cache_bytes: u64,
    /// Bytes that one upload may have.
    pub max_file_bytes: usize,
    pub upload_limits: UploadLimits,
}

/// The folder below [`Folders::cache`] for fields that visitors brought.
const FIELDS: &str = "fields";

/// Folders below [`Folders::cache`] in which tasks keep something, each made when the first file comes.
pub const KEPT_IN: [&str; 4] = [nowcast::KEPT_IN, scene::KEPT_IN, downscaling::KEPT_IN, FIELDS];

/// A task and its pages.
pub struct Opened {
    pub task: Arc<dyn Task>,
    pub pages: Arc<dyn Pages>,
}

/// Fields that visitors brought lie in one place, whichever task they brought them to.
type Open = fn(&Folders, &Arc<Kept>) -> anyhow::Result<Opened>;

/// In the order in which pages list them.
pub const TASKS: &[Open] = &[nowcast::open, scene::open, downscaling::open, rain_probability::open];

/// Opens all of them.
///
/// # Errors
/// Where the folder of the data cannot be read.
pub fn open(folders: &Folders) -> anyhow::Result<Vec<Opened>> {
    let kept = Kept::open(folders.cache.join(FIELDS), folders.max_cache_bytes).into();
    TASKS.iter().map(|open| open(folders, &kept)).collect()
}

/// `None` from a task whose network or data it is not; so are the next three.
#[cfg(feature = "nn")]
type Evaluate = fn(&Evaluation<'_>) -> Option<anyhow::Result<Evaluated>>;
#[cfg(feature = "nn")]
type Compare = fn(&Comparison<'_>) -> Option<anyhow::Result<Comparable>>;
#[cfg(feature = "nn")]
type Train = fn(&Run<'_>) -> Option<anyhow::Result<()>>;
#[cfg(feature = "nn")]
type Describe = fn(&Import<'_>) -> Option<anyhow::Result<Metadata>>;

/// Which networks take arrays exactly as they are.
#[cfg(feature = "nn")]
pub const EXACT: &[PredictExactly] = &[nowcast::exact::predict];

#[cfg(feature = "nn")]
type PredictExactly = fn(&Exact<'_>) -> Option<anyhow::Result<()>>;

/// How networks are scored.
#[cfg(feature = "nn")]
pub const EVALUATIONS: &[Evaluate] = &[
    nowcast::evaluate::evaluate,
    scene::evaluate::evaluate,
    downscaling::evaluate::evaluate,
    rain_probability::evaluate::evaluate,
];

/// How forecasts of one data set are verified beside each other.
#[cfg(feature = "nn")]
pub const COMPARISONS: &[Compare] = &[nowcast::comparison::compare];

/// How networks are trained.
#[cfg(feature = "nn")]
pub const TRAININGS: &[Train] = &[
    nowcast::train::train,
    scene::train::train,
    downscaling::train::train,
    rain_probability::train::train,
];

/// What is said of weights from elsewhere.
#[cfg(feature = "nn")]
pub const IMPORTS: &[Describe] = &[
    nowcast::import::describe,
    scene::import::describe,
    downscaling::import::describe,
    rain_probability::import::describe,
];
