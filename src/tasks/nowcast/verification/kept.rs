//! What comparisons found, in files: those that come with the data, and those that were made here.

use std::collections::HashMap;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use anyhow::Context as _;
use stormlens_data::files::{read_packed_file, write_atomically};

use super::page;
use crate::catalog::Catalog;
use crate::parameters::Parameters;
use crate::tasks::nowcast::study::{Found, Plan};
use crate::unfinished;
use crate::web::AppError;
use crate::web::recent::Recent;

/// The folder's name, below the data and below the cache.
pub const KEPT_IN: &str = "comparisons";
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
/// How long a file is and when it was written; `None` where that cannot be told.
type Stamp = Option<(u64, SystemTime)>;
/// What lists say of a file as it was; `None` where it is no comparison.
type Line = (Stamp, Option<Arc<Listed>>);

pub struct Kept {
    shipped: PathBuf,
    own: PathBuf,
    read: Recent<Key, Arc<Found>>,
    /// A file may be large, and lists say little of it.
    lines: Mutex<HashMap<PathBuf, Line>>,
    /// Files that could not be read, as they were when the log said so.
    reported: Mutex<HashMap<PathBuf, Stamp>>,
}

/// A comparison in a list.
pub struct Listed {
    pub plan: Plan,
    pub title: String,
    /// Names of what was compared.
    pub forecasts: Vec<String>,
    pub n_samples: usize,
    /// What the samples are divided into.
    pub parts: String,
    /// Networks by name, with the SHA-256 of the weights that they had.
    weights: Vec<(String, String)>,
}

impl Listed {
    /// `None` where this program does not know such a plan.
    fn of(found: &Found) -> Option<Self> {
        let plan = Plan::read(&Parameters::parse(Some(&found.query))).ok()?;
        let networks = found.networks.iter();
        Some(Self {
            title: page::title(&plan, Some(found)),
            forecasts: found.report.settings.forecasts.clone(),
            n_samples: found.report.n_samples,
            parts: page::parts(found),
            weights: networks.map(|own| (own.name.clone(), own.weights_sha256.clone())).collect(),
            plan,
        })
    }

    /// Whether a network named `MODEL/CHECKPOINT` took part with these weights.
    pub fn has(&self, name: &str, weights_sha256: &str) -> bool {
        self.weights.iter().any(|(own, sha256)| own == name && sha256 == weights_sha256)
    }

    /// Whether all weights are those that were compared.
    fn is_present(&self, catalog: &Catalog) -> bool {
        self.weights.iter().all(|(name, sha256)| is_same(name, sha256, catalog))
    }
}

impl Kept {
    pub fn new(data: &Path, cache: &Path) -> Self {
        let (shipped, own) = (data.join(KEPT_IN), cache.join(KEPT_IN));
        let (lines, reported) = (Mutex::default(), Mutex::default());
        Self { shipped, own, read: Recent::new(N_READ), lines, reported }
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
            self.report(&own, &error);
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

    /// All that [`Self::find`] finds, those that came with the data first. What cannot be read is left out, and the log
    /// says why.
    pub fn list(&self, catalog: &Catalog) -> Vec<Arc<Listed>> {
        let (shipped, own) = (files(&self.shipped), files(&self.own));
        // Whoever comes while files are read waits, since reading them twice would take longer.
        let mut lines = lock(&self.lines);
        lines.retain(|file, _| shipped.contains(file) || own.contains(file));
        let mut listed: Vec<_> =
            shipped.iter().filter_map(|file| self.line(&mut lines, file)).collect();
        let own = own.iter().filter_map(|file| self.line(&mut lines, file));
        listed.extend(own.filter(|own| own.is_present(catalog)));
        listed
    }

    /// Of the files that came with the data, those that are no comparison of this program, each with the reason. What
    /// is read for this is not kept in memory: it may be long until somebody looks at it.
    pub fn problems(&self) -> Vec<String> {
        let told = |file: &PathBuf| {
            let problem = problem(file)?;
            // The log names it with the other problems.
            self.is_news(file);
            Some(problem)
        };
        files(&self.shipped).iter().filter_map(told).collect()
    }

    /// What lists say of a file, which is read once until it changes.
    fn line(&self, lines: &mut HashMap<PathBuf, Line>, file: &Path) -> Option<Arc<Listed>> {
        let now = stamp(file);
        if let Some((then, listed)) = lines.get(file)
            && *then == now
        {
            return listed.clone();
        }
        let listed = match self.read(file) {
            Ok(found) => found.and_then(|found| Listed::of(&found)).map(Arc::new),
            Err(error) => {
                self.report(file, &error);
                None
            }
        };
        lines.insert(file.to_owned(), (now, listed.clone()));
        listed
    }

    /// Writes into the log that a file cannot be read, once until it changes: pages are opened often.
    fn report(&self, file: &Path, error: &AppError) {
        if self.is_news(file) {
            tracing::warn!(file = %file.display(), %error, "not a comparison of this program");
        }
    }

    /// Whether nothing was said of a file as it is now; from then on something is.
    pub(super) fn is_news(&self, file: &Path) -> bool {
        let now = stamp(file);
        lock(&self.reported).insert(file.to_owned(), now) != Some(now)
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
        let found = Arc::new(parse(file)?);
        self.read.put(key, found.clone());
        Ok(Some(found))
    }
}

fn parse(file: &Path) -> Result<Found, AppError> {
    let failed = |what: String| AppError::Data(format!("{}: {what}", file.display()));
    let bytes = read_packed_file(file, MAX_BYTES).map_err(|error| failed(error.to_string()))?;
    serde_json::from_slice(&bytes).map_err(|error| failed(error.to_string()))
}

/// Why lists leave a file out.
fn problem(file: &Path) -> Option<String> {
    let problem = match parse(file) {
        Ok(found) => {
            let plan = Plan::read(&Parameters::parse(Some(&found.query)));
            format!("{}: {}", file.display(), plan.err()?)
        }
        Err(error) => error.to_string(),
    };
    Some(format!("no comparison is shown of {problem}"))
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

fn stamp(file: &Path) -> Stamp {
    let about = file.metadata().ok()?;
    Some((about.len(), about.modified().ok()?))
}

/// Only whole entries come in, so that a panic leaves nothing half changed.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
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
