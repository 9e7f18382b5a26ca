//! What comparisons found, in files: those that come with the data, and those that were made here.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use anyhow::Context as _;
use stormlens_data::files::{read_packed_file, write_atomically};

use crate::catalog::Catalog;
use crate::parameters::Parameters;
use crate::tasks::nowcast::study::{Found, Plan};
use crate::unfinished;
use crate::web::AppError;
use crate::web::recent::Recent;

/// The folder's name, below the data and below the cache.
const FOLDER: &str = "comparisons";
const ENDING: &str = "json";
/// Those that come with the data may be gzipped.
const ENDINGS: [&str; 2] = [".json", ".json.gz"];
/// Of the cases of a year, every five minutes.
const MAX_BYTES: u64 = 256 << 20;
/// Of those that were made here; the oldest go first.
const MAX_KEPT: usize = 64;
/// Read ones in memory.
const N_READ: usize = 8;

/// A file and when it was written.
type Key = (PathBuf, SystemTime);

pub struct Kept {
    shipped: PathBuf,
    own: PathBuf,
    read: Recent<Key, Arc<Found>>,
}

/// A comparison in a list.
pub struct Listed {
    pub plan: Plan,
    pub found: Arc<Found>,
}

impl Kept {
    pub fn new(data: &Path, cache: &Path) -> Self {
        let (shipped, own) = (data.join(FOLDER), cache.join(FOLDER));
        Self { shipped, own, read: Recent::new(N_READ) }
    }

    /// What the comparison of a plan found: of the present weights, if it was made here; one that came with the data
    /// is shown whatever the weights are now, and its page says so.
    ///
    /// # Errors
    /// For a file that came with the data and cannot be read.
    pub fn find(&self, plan: &Plan, catalog: &Catalog) -> Result<Option<Arc<Found>>, AppError> {
        let own = self.own.join(plan.id()).with_extension(ENDING);
        // One that an older program wrote is as good as none: it is made again, in its place.
        let read = self.read(&own).unwrap_or_else(|error| {
            tracing::warn!(file = %own.display(), %error, "not a comparison of this program");
            None
        });
        if let Some(found) = read.filter(|found| is_present(found, catalog)) {
            return Ok(Some(found));
        }
        let query = plan.query();
        let mut shipped = files(&self.shipped).into_iter();
        let found = shipped.find_map(|file| {
            let found = self.read(&file).transpose()?;
            let is_other = found.as_ref().is_ok_and(|found| found.query != query);
            (!is_other).then_some(found)
        });
        found.transpose()
    }

    /// All of them, those that came with the data first. What cannot be read is left out, and the log says why.
    pub fn list(&self) -> Vec<Listed> {
        let files = files(&self.shipped).into_iter().chain(files(&self.own));
        let read = |file: PathBuf| match self.read(&file) {
            Ok(found) => found,
            Err(error) => {
                tracing::warn!(file = %file.display(), %error, "not a comparison");
                None
            }
        };
        let listed = |found: Arc<Found>| {
            let plan = Plan::read(&Parameters::parse(Some(&found.query))).ok()?;
            Some(Listed { plan, found })
        };
        files.filter_map(read).filter_map(listed).collect()
    }

    /// Whether something was counted of a comparison that is not done.
    pub fn is_begun(&self, plan: &Plan) -> bool {
        self.own.join(plan.id()).with_extension("part").is_file()
    }

    /// Where what was counted lies while a comparison is made.
    ///
    /// # Errors
    /// Where the folder cannot be made.
    pub fn state_file(&self, plan: &Plan) -> anyhow::Result<PathBuf> {
        fs::create_dir_all(&self.own).with_context(|| self.own.display().to_string())?;
        Ok(self.own.join(plan.id()).with_extension("part"))
    }

    /// Forgets what was counted of a comparison, so that it begins anew.
    ///
    /// # Errors
    /// Where it cannot be removed.
    pub fn discard(&self, plan: &Plan) -> anyhow::Result<()> {
        unfinished::remove(&self.state_file(plan)?)
    }

    /// Keeps what a comparison found, in place of what it had counted.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn keep(&self, plan: &Plan, found: Found) -> anyhow::Result<()> {
        let state = self.state_file(plan)?;
        let file = state.with_extension(ENDING);
        let bytes = serde_json::to_vec(&found)?;
        write_atomically(&file, &bytes).with_context(|| file.display().to_string())?;
        let _ = fs::remove_file(state);
        let mut all = files(&self.own);
        all.sort_by_key(|file| std::cmp::Reverse(written(file)));
        all.into_iter().skip(MAX_KEPT).for_each(|old| _ = fs::remove_file(old));
        Ok(())
    }

    fn read(&self, file: &Path) -> Result<Option<Arc<Found>>, AppError> {
        let written = match file.metadata().and_then(|about| about.modified()) {
            Ok(written) => written,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(AppError::Data(format!("{}: {error}", file.display()))),
        };
        let key = (file.to_owned(), written);
        if let Some(known) = self.read.get(&key) {
            return Ok(Some(known));
        }
        let failed = |what: String| AppError::Data(format!("{}: {what}", file.display()));
        let bytes = read_packed_file(file, MAX_BYTES).map_err(|error| failed(error.to_string()))?;
        let found: Found =
            serde_json::from_slice(&bytes).map_err(|error| failed(error.to_string()))?;
        let found = Arc::new(found);
        self.read.put(key, found.clone());
        Ok(Some(found))
    }
}

/// Those of a folder, in the order of their names.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let is_one = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        ENDINGS.iter().any(|ending| name.ends_with(ending))
    };
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.path()).filter(is_one).collect();
    files.sort();
    files
}

fn written(file: &Path) -> Option<SystemTime> {
    file.metadata().and_then(|about| about.modified()).ok()
}

/// Whether the weights are those that were compared.
fn is_present(found: &Found, catalog: &Catalog) -> bool {
    found
        .networks
        .iter()
        .all(|trained| is_same(trained.name.as_str(), &trained.weights_sha256, catalog))
}

/// Whether a network named `MODEL/CHECKPOINT` has these weights now.
pub fn is_same(name: &str, weights_sha256: &str, catalog: &Catalog) -> bool {
    let Some((model, checkpoint)) = name.split_once('/') else { return false };
    let mut cards = catalog.checkpoints(model);
    cards.any(|card| card.name == checkpoint && card.weights_sha256 == weights_sha256)
}
