//! The folder of what is kept: whether anything can be kept there, and whether another server has it.

use std::fs::{self, File, TryLockError};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use crate::config::Config;
use crate::{disk, tasks};

/// The file by which servers on one folder find each other.
const LOCK: &str = "lock";

/// A folder in which nothing can be kept.
pub(super) struct Unusable {
    pub(super) place: PathBuf,
    pub(super) error: io::Error,
}

/// Where what visitors bring and results are kept.
pub(super) fn kept_in(config: &Config) -> Vec<PathBuf> {
    let of_tasks = tasks::KEPT_IN.iter().map(|name| config.sources.cache.folder.join(name));
    of_tasks.chain(config.results_folder().map(|(folder, _)| folder)).collect()
}

/// Makes the folder of what is kept, and tries it and those below it with a file. The lock does not tell: it may be there
/// in a folder that takes no other file, or belong to somebody else in one that does.
pub(super) fn unusable(folder: &Path, below: &[PathBuf]) -> Vec<Unusable> {
    let is_there = |place: &&PathBuf| place.symlink_metadata().is_ok();
    let (there, to_come): (Vec<&PathBuf>, Vec<&PathBuf>) = below.iter().partition(is_there);
    let made = fs::create_dir_all(folder).and_then(|()| disk::try_folder(folder));
    // Only what is still to be made has to have room in the folder itself.
    let own = made.err().filter(|_| !to_come.is_empty());
    let own = own.map(|error| Unusable { place: folder.to_owned(), error });
    let tried = |place: &PathBuf| {
        let error = disk::try_folder(place).err()?;
        Some(Unusable { place: place.clone(), error })
    };
    own.into_iter().chain(there.into_iter().filter_map(tried)).collect()
}

/// What to do about a folder in which nothing can be kept.
pub(super) const ELSEWHERE: &str = "choose another folder with --cache";

/// What visitors learn of such a folder. Where it lies is for the log.
pub(super) fn without_path(cache: &Path, place: &Path, error: &io::Error) -> String {
    let name = place.strip_prefix(cache).ok().filter(|name| !name.as_os_str().is_empty());
    let shown = match name {
        Some(name) => format!("“{}” of the cache folder", name.display()),
        None => "the cache folder".to_owned(),
    };
    format!("nothing can be kept in {shown} ({}): {ELSEWHERE}", error.kind())
}

/// Marks the folder of what is kept as that of this server, until the file is closed. Another server on the same
/// folder is possible: each then knows only the files that it was given itself and those from before its start, and may
/// remove what the other needs.
pub(super) fn lock(folder: &Path) -> Option<File> {
    let shown = folder.display();
    match open_lock(folder).map(|file| (file.try_lock(), file)) {
        Ok((Ok(()), file)) => return Some(file),
        Ok((Err(TryLockError::WouldBlock), _)) => tracing::warn!(
            "another server keeps its files in {shown}, and each may remove those of the other: give \
             this one a folder of its own with --cache"
        ),
        // What is no folder is used by nobody.
        Err(_) if !folder.is_dir() => {}
        Ok((Err(TryLockError::Error(error)), _)) | Err(error) => {
            tracing::warn!(%error, "cannot tell whether another server uses {shown}");
        }
    }
    None
}

/// What is no file, such as a pipe, is not opened: that would wait for somebody at its other end.
fn open_lock(folder: &Path) -> io::Result<File> {
    let path = folder.join(LOCK);
    if fs::metadata(&path).is_ok_and(|found| !found.is_file()) {
        let message = format!("{} is no file: remove it", path.display());
        return Err(io::Error::new(ErrorKind::InvalidInput, message));
    }
    File::options().create(true).append(true).open(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_are_judged_by_a_file_that_is_made_in_them() {
        let around = tempfile::tempdir().expect("a folder");
        let cache = around.path().join("cache");
        let below = ["results", "others"].map(|name| cache.join(name));
        let found = |cache: &Path, below: &[PathBuf]| -> Vec<PathBuf> {
            unusable(cache, below).into_iter().map(|one| one.place).collect()
        };
        assert!(found(&cache, &below).is_empty() && cache.is_dir(), "it is made");
        assert!(lock(&cache).is_some());
        // Root may write into every folder, but not below a file.
        fs::write(&below[1], "").expect("it is written");
        assert_eq!(found(&cache, &below), [below[1].clone()], "though there is a lock");
        let inner = below[1].join("cache");
        assert_eq!(found(&inner, &[inner.join("results")]), std::slice::from_ref(&inner));
        assert!(lock(&inner).is_none());
        fs::create_dir(&below[0]).expect("it is made");
        assert!(found(&cache, &below[..1]).is_empty());
        let n_files = |folder: &Path| fs::read_dir(folder).expect("a folder").count();
        assert_eq!(n_files(&below[0]), 0);
        assert_eq!(n_files(&cache), 3, "the lock and what the test made");
    }

    #[test]
    fn visitors_do_not_learn_where_the_cache_lies() {
        let cache = Path::new("/home/anna/cache");
        let error = io::Error::new(ErrorKind::PermissionDenied, "/home/anna/cache/part-1");
        let said = [cache.to_owned(), cache.join("results"), PathBuf::from("/var/other")]
            .map(|place| without_path(cache, &place, &error));
        let words = ["the cache", "“results” of the cache", "the cache"];
        for (said, words) in said.iter().zip(words) {
            assert!(said.contains(&format!("nothing can be kept in {words} folder (")), "{said}");
            assert!(said.contains("--cache") && !said.contains('/'), "{said}");
        }
    }
}
