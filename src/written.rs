//! Places that commands write to: what cannot be written is told by its name, with what to do, and before long work.

use std::fs::{self, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};

/// What to do about a place that takes no file.
const ELSEWHERE: &str = "name another place, or allow to write there";

/// Makes a folder and those above it, where they are not there, and checks that it takes files.
///
/// # Errors
/// Where it cannot be made or takes no file, by its name.
pub fn make_folder(folder: &Path) -> anyhow::Result<()> {
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    fs::create_dir_all(folder)
        .with_context(|| format!("cannot make the folder {}: {ELSEWHERE}", folder.display()))?;
    check_takes_files(folder)
        .with_context(|| format!("cannot write to the folder {}: {ELSEWHERE}", folder.display()))
}

/// Checks that a file can be written where it is to lie, as far as that is known before. A file that is there stays as it
/// is, and nothing is left where there is none.
///
/// # Errors
/// For a folder that is not there, is a file or takes no files, for a file that is a folder or takes no bytes, and for a link
/// that leads to such a place.
pub fn check_place(file: &Path) -> anyhow::Result<()> {
    let shown = file.display();
    if file.is_dir() {
        bail!("cannot write {shown}: it is a folder; name a file in it");
    }
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    if !folder.is_dir() {
        bail!(
            "cannot write {shown}: there is no folder {}; make it first, or name another place",
            folder.display()
        );
    }
    if let Some(end) = end_of_link(file, folder) {
        return check_place(&end)
            .with_context(|| format!("{shown} is a link to {}", end.display()));
    }
    check_takes_bytes(file, folder).with_context(|| format!("cannot write {shown}: {ELSEWHERE}"))
}

/// Where a link leads at whose end there is nothing: a file would be made there. Of links in a circle the system says so.
fn end_of_link(file: &Path, folder: &Path) -> Option<PathBuf> {
    let is_nothing = file.metadata().is_err_and(|error| error.kind() == io::ErrorKind::NotFound);
    let end = fs::read_link(file).ok().filter(|_| is_nothing)?;
    Some(folder.join(end))
}

fn check_takes_bytes(file: &Path, folder: &Path) -> io::Result<()> {
    match file.metadata() {
        Ok(found) if found.is_file() => OpenOptions::new().write(true).open(file).map(drop),
        // To open a pipe would end what reads it.
        Ok(_) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => check_takes_files(folder),
        Err(error) => Err(error),
    }
}

/// By a file that is gone again before anybody sees it.
fn check_takes_files(folder: &Path) -> io::Result<()> {
    tempfile::tempfile_in(folder).map(drop)
}

/// Writes a file.
///
/// # Errors
/// Where that cannot be done, by its name.
pub fn write(file: &Path, bytes: impl AsRef<[u8]>) -> anyhow::Result<()> {
    fs::write(file, bytes).with_context(|| format!("cannot write {}: {ELSEWHERE}", file.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_that_takes_nothing_is_named_with_what_to_do() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("file");
        write(&file, b"bytes").expect("there is room");
        let within = file.join("folder");
        let error = make_folder(&within).expect_err("a file is no folder").to_string();
        let named = format!("cannot make the folder {}: name another place", within.display());
        assert!(error.starts_with(&named), "{error}");
        let error = write(&within, b"").expect_err("no folder").to_string();
        assert!(error.contains("cannot write") && error.contains("name another place"), "{error}");
        let error = check_place(&within).expect_err("no folder").to_string();
        assert!(error.contains("there is no folder") && error.contains("make it first"), "{error}");
        let error = check_place(folder.path()).expect_err("a folder").to_string();
        assert!(error.contains("it is a folder; name a file in it"), "{error}");
        assert!(check_place(&file).is_ok() && check_place(Path::new("y.nc")).is_ok());
        make_folder(&folder.path().join("a/b")).expect("there is room");
    }

    #[test]
    fn a_check_changes_nothing() {
        let folder = tempfile::tempdir().expect("a folder");
        let (old, new) = (folder.path().join("old.nc"), folder.path().join("new.nc"));
        write(&old, b"bytes").expect("there is room");
        assert!(check_place(&old).is_ok() && check_place(&new).is_ok());
        assert_eq!(fs::read(&old).expect("it is there"), b"bytes");
        let left = fs::read_dir(folder.path()).expect("it can be listed").count();
        assert_eq!(left, 1, "nothing is left beside it");
    }

    #[cfg(unix)]
    #[test]
    fn a_link_is_as_good_as_the_place_that_it_leads_to() {
        let folder = tempfile::tempdir().expect("a folder");
        let link = |name: &str, to: &str| {
            let file = folder.path().join(name);
            std::os::unix::fs::symlink(to, &file).expect("a link");
            file
        };
        assert!(check_place(&link("good.nc", "new.nc")).is_ok());
        assert!(check_place(&link("twice.nc", "good.nc")).is_ok());
        for file in [link("bad.nc", "nowhere/new.nc"), link("through.nc", "bad.nc")] {
            let error = format!("{:#}", check_place(&file).expect_err("there is no such folder"));
            assert!(error.starts_with(&format!("{} is a link to", file.display())), "{error}");
            assert!(error.contains("there is no folder") && error.contains("nowhere"), "{error}");
        }
        assert!(check_place(&link("circle.nc", "circle.nc")).is_err());
        assert!(!folder.path().join("new.nc").exists(), "nothing is made");
    }

    /// Where nobody makes a file, whatever they may do elsewhere.
    #[cfg(target_os = "linux")]
    #[test]
    fn a_folder_that_takes_no_file_is_told_before_long_work() {
        let error = check_place(Path::new("/proc/y.nc")).expect_err("nobody writes there");
        assert_eq!(error.to_string(), format!("cannot write /proc/y.nc: {ELSEWHERE}"));
        let error = make_folder(Path::new("/proc")).expect_err("nobody writes there");
        assert_eq!(error.to_string(), format!("cannot write to the folder /proc: {ELSEWHERE}"));
    }

    #[test]
    fn a_file_that_takes_no_bytes_is_told_before_long_work() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("y.nc");
        write(&file, b"bytes").expect("there is room");
        let mut rights = fs::metadata(&file).expect("it is there").permissions();
        rights.set_readonly(true);
        fs::set_permissions(&file, rights).expect("it is ours");
        // Who may do everything may write there, too.
        let may_write = OpenOptions::new().append(true).open(&file).is_ok();
        assert_eq!(check_place(&file).is_ok(), may_write);
    }
}
