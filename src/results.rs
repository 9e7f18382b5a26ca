//! Finished results on disk, so that an address answers again after a restart without the network.
//!
//! A file is named by the hash of what tells results apart before anything is computed: this program,
//! the request, the weights and the device with its kernels. All of that stands in the file, too. The
//! name is not believed: what is read is compared with what was asked for, with the data that lie there
//! now, and with the shapes that pages rely on. A file that does not hold together counts as absent and
//! is removed, and the result computed anew. The least recently used go first.

mod checks;
mod format;
mod key;
mod store;
#[cfg(test)]
mod tests;

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use stormlens_data::request::Request;

use self::key::Key;
use crate::catalog::Catalog;
use crate::disk::{RecentlyUsed, Room, Space};
use crate::program::Program;

pub use self::checks::{TaskCheck, Unfit, ensure};

/// Results in a folder.
pub struct Results {
    folder: PathBuf,
    room: Room,
    catalog: Arc<Catalog>,
    task_check: TaskCheck,
    program: Program,
    /// `None` until the folder was listed.
    index: Mutex<Option<RecentlyUsed<()>>>,
    space: Space,
}

impl Results {
    /// Results in `folder`, which is made with the first of them. It is not listed yet, so that the
    /// start does not wait for that. `task_check` compares what only a task knows.
    pub fn new(
        folder: PathBuf,
        max_bytes: u64,
        catalog: Arc<Catalog>,
        task_check: TaskCheck,
    ) -> Self {
        let index = Mutex::new((!folder.is_dir()).then(RecentlyUsed::default));
        let room = Room { n_bytes: max_bytes, n_files: usize::MAX };
        let (program, space) = (Program::this().clone(), Space::default());
        Self { folder, room, catalog, task_check, program, index, space }
    }

    fn lock(&self) -> MutexGuard<'_, Option<RecentlyUsed<()>>> {
        // No code under this lock leaves the index half changed, so a panic does not spoil it.
        self.index.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The key of the answer to a question; `None` where there are no such weights.
    fn key(&self, request: &Request, device: &str) -> Option<Key> {
        let mut checkpoints = self.catalog.checkpoints(&request.model);
        let weights = checkpoints.find(|card| card.name == request.checkpoint)?;
        Some(Key::new(&self.program, request, &weights.weights_sha256, device))
    }
}
