//! Finished results on disk, so that an address answers again after a restart without the network.
//!
//! A file is named by the hash of what tells results apart before anything is computed: this program,
//! the request, the weights and the device with its kernels. All of that stands in the file, too. The
//! name is not believed: what is read is compared with what was asked for, with the data that lie there
//! now, and with the shapes that pages rely on. A file that does not hold together counts as absent and
//! is removed, and the result computed anew. The least recently used go first.

mod checks;
mod files;
mod format;
mod index;
mod key;
mod store;
#[cfg(test)]
mod tests;

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use stormlens_data::request::Request;

use self::index::Index;
use self::key::Key;
use crate::catalog::Catalog;
use crate::program::Program;

/// Results in a folder.
pub struct Results {
    folder: PathBuf,
    max_bytes: u64,
    catalog: Arc<Catalog>,
    program: Program,
    /// `None` until the folder was listed.
    index: Mutex<Option<Index>>,
}

impl Results {
    /// Results in `folder`, which is made with the first of them. It is not listed yet, so that the
    /// start does not wait for that.
    pub fn new(folder: PathBuf, max_bytes: u64, catalog: Arc<Catalog>) -> Self {
        let index = Mutex::new((!folder.is_dir()).then(Index::default));
        Self { folder, max_bytes, catalog, program: Program::this().clone(), index }
    }

    fn lock(&self) -> MutexGuard<'_, Option<Index>> {
        // No code under this lock leaves the index half changed, so a panic does not spoil it.
        self.index.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The key of the answer to a question; `None` where there are no such weights.
    fn key(&self, request: &Request, device: &str) -> Option<Key> {
        let mut checkpoints = self.catalog.checkpoints(request.model());
        let weights = checkpoints.find(|card| card.name == request.checkpoint())?;
        Some(Key::new(&self.program, request, &weights.weights_sha256, device))
    }
}
