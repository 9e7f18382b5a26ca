//! Results as the queue sees them: looked for, read, and put away.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::Path;
use std::time::SystemTime;

use stormlens_data::card::DeviceReport;
use stormlens_data::outcome::{Outcome, Provenance};
use stormlens_data::request::Request;

use super::checks::Unfit;
use super::format::FormatError;
use super::key::Key;
use super::{Results, checks, format};
use crate::disk::{self, RecentlyUsed};
use crate::jobs::Store;

impl Store for Results {
    fn open(&self) {
        if self.lock().is_some() {
            return;
        }
        let started = SystemTime::now();
        let mut index = list(&self.folder);
        let gone = index.evict(self.room, None);
        let (n_results, n_bytes) = (index.len(), index.n_bytes());
        *self.lock() = Some(index);
        gone.iter().for_each(|name| disk::remove(&self.folder.join(name)));
        let duration_ms = started.elapsed().unwrap_or_default().as_millis() as u64;
        tracing::info!(n_results, n_bytes, duration_ms, "listed the stored results");
    }

    fn may_hold(&self, request: &Request, device: Option<&DeviceReport>) -> bool {
        let index = self.lock();
        let Some(index) = &*index else { return true };
        match device {
            _ if index.len() == 0 => false,
            None => true,
            Some(device) => {
                self.key(request, &device.name).is_some_and(|key| index.holds(&key.name()))
            }
        }
    }

    fn recall(&self, request: &Request, device: &DeviceReport) -> Option<Outcome> {
        self.open();
        let key = self.key(request, &device.name)?;
        let name = key.name();
        if !self.lock().as_ref()?.holds(&name) {
            return None;
        }
        match self.read(&name, (&key, request, device)) {
            Ok(outcome) => {
                self.used(&name);
                Some(outcome)
            }
            Err(reason) => {
                self.missed(&name, &reason);
                None
            }
        }
    }

    fn keep(&self, outcome: &Outcome) {
        self.open();
        let Provenance { weights_sha256, device, .. } = &outcome.provenance;
        let key = Key::new(&self.program, &outcome.request, weights_sha256, device);
        let name = key.name();
        let bytes = match format::encode(&key, outcome) {
            Ok(bytes) if bytes.len() as u64 <= self.room.n_bytes => bytes,
            Ok(_) => return,
            Err(error) => {
                tracing::warn!(%error, "a result cannot be stored");
                return;
            }
        };
        let written = self.space.wrote(disk::write(&self.folder, &name, &bytes));
        if let Err(error) = written {
            let folder = self.folder.display();
            tracing::warn!(%folder, %error, "a result was not stored; it stays in memory");
            return;
        }
        let mut lock = self.lock();
        let Some(index) = lock.as_mut() else { return };
        let now = SystemTime::now();
        index.correct_times(now);
        index.add(name, (), bytes.len() as u64, now);
        let gone = index.evict(self.room, None);
        drop(lock);
        gone.iter().for_each(|name| disk::remove(&self.folder.join(name)));
    }

    fn trouble(&self) -> Option<String> {
        let is_full = self.space.is_full(&self.folder);
        is_full.then(|| "the disk is full: results are kept in memory only".to_owned())
    }
}

/// Why there is no answer in a file.
#[derive(Debug, thiserror::Error)]
enum Miss {
    #[error("it cannot be read: {0}")]
    File(#[from] io::Error),
    #[error(transparent)]
    Content(#[from] FormatError),
}

impl Miss {
    /// Whether the answer may be there the next time.
    fn is_passing(&self) -> bool {
        match self {
            Self::File(error) => error.kind() != ErrorKind::NotFound,
            Self::Content(error) => matches!(error, FormatError::Unfit(Unfit::Unreadable(_))),
        }
    }
}

impl Results {
    /// What a file holds, if that is what was asked for.
    fn read(
        &self,
        name: &str,
        (key, request, device): (&Key, &Request, &DeviceReport),
    ) -> Result<Outcome, Miss> {
        let outcome = format::decode(&disk::read(&self.folder.join(name))?, key)?;
        let known = (self.catalog.as_ref(), self.task_check);
        checks::check(&outcome, request, &device.name, known).map_err(FormatError::from)?;
        Ok(outcome)
    }

    fn used(&self, name: &str) {
        let now = SystemTime::now();
        if self.lock().as_mut().is_some_and(|index| index.touch(name, now)) {
            disk::touch(&self.folder.join(name), now);
        }
    }

    /// Removes a file that does not answer, unless it may do so another time.
    fn missed(&self, name: &str, reason: &Miss) {
        let path = self.folder.join(name);
        let file = path.display();
        if reason.is_passing() {
            tracing::warn!(%file, %reason, "a stored result cannot be used now");
            return;
        }
        tracing::warn!(%file, %reason, "removed a stored result");
        if let Some(index) = self.lock().as_mut() {
            index.forget(name);
        }
        disk::remove(&path);
    }
}

/// Lists the results by their names, without reading them. What is left of unfinished ones is removed;
/// anything else in the folder is not ours and stays.
fn list(folder: &Path) -> RecentlyUsed<()> {
    let mut index = RecentlyUsed::default();
    for file in fs::read_dir(folder).into_iter().flatten().flatten() {
        let Ok(name) = file.file_name().into_string() else { continue };
        let metadata = file.metadata().ok().filter(|metadata| metadata.is_file());
        let Some(metadata) = metadata else { continue };
        match metadata.modified() {
            Ok(last_used) if disk::is_hash(&name) => index.add(name, (), metadata.len(), last_used),
            _ if name.starts_with(disk::PART) => disk::remove_if_old(&file.path()),
            _ => {}
        }
    }
    index.correct_times(SystemTime::now());
    index
}
