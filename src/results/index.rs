//! Which results lie in the folder, how large they are and when they were last used.

use std::collections::HashMap;
use std::fs::{self, DirEntry};
use std::path::Path;
use std::time::{Duration, SystemTime};

/// The beginning of the names of files that are being written.
pub(super) const PART: &str = "part-";
/// Another program may be writing what looks unfinished, but not for this long.
const UNFINISHED: Duration = Duration::from_secs(3600);
const HASH_DIGITS: usize = 64;
/// How exactly the time of use is kept.
const TOUCH_STEP: Duration = Duration::from_secs(60);

/// The files of a folder by their names.
#[derive(Debug, Default)]
pub(super) struct Index {
    files: HashMap<String, Entry>,
    n_bytes: u64,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    n_bytes: u64,
    last_used: SystemTime,
}

impl Index {
    /// Lists the results by their names, without reading them. What is left of unfinished ones is
    /// removed; anything else in the folder is not ours and stays.
    pub fn list(folder: &Path) -> Self {
        let mut index = Self::default();
        for file in fs::read_dir(folder).into_iter().flatten().flatten() {
            let Ok(name) = file.file_name().into_string() else { continue };
            let Some(entry) = entry(&file) else { continue };
            if is_hash(&name) {
                index.add(name, entry.n_bytes, entry.last_used);
            } else if name.starts_with(PART) {
                remove_if_old(&file, entry.last_used);
            }
        }
        index
    }

    pub fn len(&self) -> usize {
        self.files.len()
    }

    pub fn n_bytes(&self) -> u64 {
        self.n_bytes
    }

    pub fn holds(&self, name: &str) -> bool {
        self.files.contains_key(name)
    }

    pub fn add(&mut self, name: String, n_bytes: u64, last_used: SystemTime) {
        self.forget(&name);
        self.n_bytes += n_bytes;
        self.files.insert(name, Entry { n_bytes, last_used });
    }

    pub fn forget(&mut self, name: &str) {
        self.n_bytes -= self.files.remove(name).map_or(0, |entry| entry.n_bytes);
    }

    /// Counts as use. Whether that is worth writing down: a page with many figures does it once.
    pub fn touch(&mut self, name: &str, now: SystemTime) -> bool {
        let Some(entry) = self.files.get_mut(name) else { return false };
        let written = entry.last_used;
        entry.last_used = now;
        now.duration_since(written).is_ok_and(|unused| unused >= TOUCH_STEP)
    }

    /// Takes the least recently used from the list until the rest fits.
    pub fn evict(&mut self, max_bytes: u64) -> Vec<String> {
        if self.n_bytes <= max_bytes {
            return Vec::new();
        }
        let mut by_use: Vec<_> =
            self.files.iter().map(|(name, entry)| (entry.last_used, name.clone())).collect();
        by_use.sort();
        let mut gone = Vec::new();
        for (_, name) in by_use {
            if self.n_bytes <= max_bytes {
                break;
            }
            self.forget(&name);
            gone.push(name);
        }
        gone
    }
}

fn entry(file: &DirEntry) -> Option<Entry> {
    let metadata = file.metadata().ok().filter(|metadata| metadata.is_file())?;
    Some(Entry { n_bytes: metadata.len(), last_used: metadata.modified().ok()? })
}

fn remove_if_old(file: &DirEntry, modified: SystemTime) {
    let age = SystemTime::now().duration_since(modified);
    if age.is_ok_and(|age| age > UNFINISHED) && fs::remove_file(file.path()).is_ok() {
        tracing::warn!(file = %file.path().display(), "removed a result that was never finished");
    }
}

fn is_hash(name: &str) -> bool {
    name.len() == HASH_DIGITS
        && name.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'a'..=b'f'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_least_recently_used_go_until_the_rest_fits() {
        let at = |seconds| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
        let mut index = Index::default();
        for (i, name) in ["a", "b", "c"].into_iter().enumerate() {
            index.add(name.to_owned(), 10, at(i as u64));
        }
        assert!(index.evict(30).is_empty());
        assert!(!index.touch("a", at(59)), "a minute has not passed");
        assert!(index.touch("a", at(200)));
        assert!(!index.touch("d", at(200)));
        assert_eq!(index.evict(15), ["b", "c"]);
        assert_eq!((index.len(), index.n_bytes()), (1, 10));
        index.add("a".to_owned(), 4, at(300));
        assert_eq!(index.n_bytes(), 4, "a file that is written again counts once");
        assert_eq!(index.evict(0), ["a"]);
    }
}
