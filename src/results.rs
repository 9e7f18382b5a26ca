//! Finished results on disk, so that an address answers again after a restart without the network.
//!
//! A file is named by the hash of what tells results apart before anything is computed: this program,
//! the request, the weights and the device. The data that it was computed from are in it, and are
//! compared with the present ones when it is read. A file that is damaged, or of data that have
//! changed since, is removed, and the result computed anew. The least recently used go first.

mod files;
mod format;
mod index;
mod store;
#[cfg(test)]
mod tests;

use std::fs;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use sha2::{Digest, Sha256};
use stormlens_data::hash;
use stormlens_data::outcome::Outcome;
use stormlens_data::request::Request;

use self::index::Index;
use crate::catalog::Catalog;

/// Results in a folder.
pub struct Results {
    folder: PathBuf,
    max_bytes: u64,
    catalog: Arc<Catalog>,
    program: String,
    /// `None` until the folder was listed.
    index: Mutex<Option<Index>>,
}

impl Results {
    /// Results in `folder`, which is made with the first of them. It is not listed yet, so that the
    /// start does not wait for that.
    pub fn new(folder: PathBuf, max_bytes: u64, catalog: Arc<Catalog>) -> Self {
        let index = Mutex::new((!folder.is_dir()).then(Index::default));
        Self { folder, max_bytes, catalog, program: program(), index }
    }

    fn lock(&self) -> MutexGuard<'_, Option<Index>> {
        // No code under this lock leaves the index half changed, so a panic does not spoil it.
        self.index.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The name of the file for a question; `None` where there are no such weights.
    fn name(&self, request: &Request, device: &str) -> Option<String> {
        let mut checkpoints = self.catalog.checkpoints(request.model());
        let weights = checkpoints.find(|card| card.name == request.checkpoint())?;
        Some(self.name_with(request, &weights.weights_sha256, device))
    }

    fn name_with(&self, request: &Request, weights_sha256: &str, device: &str) -> String {
        let mut digest = Sha256::new();
        for part in [&self.program, &request.key(), weights_sha256, device] {
            digest.update(part.as_bytes());
            digest.update([0]);
        }
        hash::finish(digest)
    }

    /// Whether an outcome answers the request from the data that lie there now. A scene that was
    /// removed has no result any more, and a name that somebody gave to a picture is not told to
    /// whoever brings the same picture later.
    fn is_current(&self, outcome: &Outcome, request: &Request) -> bool {
        let data_sha256 = &outcome.provenance().data_sha256;
        match (outcome, request) {
            (Outcome::Nowcast(outcome), Request::Nowcast(request)) => {
                let sample = self.catalog.sample(&request.sample);
                let sample = sample.and_then(|sample| self.catalog.load(sample).ok());
                outcome.request == *request
                    && sample.is_some_and(|sample| sample.data_sha256 == *data_sha256)
            }
            (Outcome::Scene(outcome), Request::Scene(request)) => {
                let scene = self.catalog.scenes().find(&request.scene);
                let is_same = |sha256: &str, title: &str| {
                    sha256 == data_sha256 && title == outcome.view.title
                };
                outcome.request == *request
                    && scene.is_some_and(|scene| is_same(&scene.sha256, &scene.title))
            }
            _ => false,
        }
    }
}

/// This very program: another build may compute otherwise, though its version is the same.
fn program() -> String {
    let build = std::env::current_exe().and_then(fs::metadata).ok();
    let time = build.as_ref().and_then(|build| build.modified().ok());
    let age = time.and_then(|time| time.duration_since(SystemTime::UNIX_EPOCH).ok());
    let (n_bytes, age) =
        (build.map_or(0, |build| build.len()), age.map_or(0, |age| age.as_nanos()));
    format!("stormlens {} {n_bytes} {age}", env!("CARGO_PKG_VERSION"))
}
