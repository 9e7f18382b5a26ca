//! Places that commands write to: what cannot be written is told by its name, with what to do, and before long work.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, bail};

/// What to do about a place that takes no file.
const ELSEWHERE: &str = "name another place, or allow to write there";

/// Makes a folder and those above it, where they are not there.
///
/// # Errors
/// Where it cannot be made, by its name.
pub fn make_folder(folder: &Path) -> anyhow::Result<()> {
    fs::create_dir_all(folder)
        .with_context(|| format!("cannot make the folder {}: {ELSEWHERE}", folder.display()))
}

/// Checks that a file can be written where it is to lie, as far as that is known before.
///
/// # Errors
/// For a folder that is not there or is a file, and for a file that is a folder.
pub fn check_place(file: &Path) -> anyhow::Result<()> {
    let shown = file.display();
    if file.is_dir() {
        bail!("cannot write {shown}: it is a folder; name a file in it");
    }
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
    match folder.filter(|folder| !folder.is_dir()) {
        Some(folder) => bail!(
            "cannot write {shown}: there is no folder {}; make it first, or name another place",
            folder.display()
        ),
        None => Ok(()),
    }
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
}
