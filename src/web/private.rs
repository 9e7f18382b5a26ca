//! Where folders lie on the machine: the log says it, pages do not.

use std::cmp::Reverse;
use std::path::{Component, Path, PathBuf};

/// Folders of which visitors learn the last name only.
#[derive(Debug, Default)]
pub struct PrivateFolders(Vec<(String, String)>);

impl PrivateFolders {
    /// Relative paths below the present folder say nothing about the machine and stay as they are; where links lead does not.
    pub fn new(folders: &[&Path]) -> Self {
        let tells = |folder: &PathBuf| {
            folder.is_absolute() || folder.components().any(|part| part == Component::ParentDir)
        };
        let whole = folders.iter().filter_map(|folder| folder.canonicalize().ok());
        let all = folders.iter().map(|folder| (*folder).to_owned()).chain(whole);
        let mut all: Vec<_> = all.filter(tells).filter_map(named).collect();
        // A folder within another one goes before it.
        all.sort_by_key(|(path, _)| Reverse(path.len()));
        all.dedup();
        Self(all)
    }

    /// A text with the names of the folders in the place of their paths.
    pub fn hide(&self, text: String) -> String {
        self.0.iter().fold(text, |text, (path, name)| match text.contains(path) {
            true => replaced(&text, path, name),
            false => text,
        })
    }
}

/// The text with a name in the place of a path, where that is not a part of another path.
fn replaced(text: &str, path: &str, name: &str) -> String {
    let goes_on = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-');
    let (mut shown, mut rest) = (String::new(), text);
    while let Some(at) = rest.find(path) {
        let (before, behind) = (&rest[..at], &rest[at + path.len()..]);
        let last = before.chars().next_back().or_else(|| shown.chars().next_back());
        let begins = !last.is_some_and(|c| goes_on(c) || matches!(c, '.' | '/'));
        let ends = !behind.chars().next().is_some_and(goes_on);
        shown += before;
        shown += if begins && ends { name } else { path };
        rest = behind;
    }
    shown + rest
}

/// A path and its last name; the root has none.
fn named(folder: PathBuf) -> Option<(String, String)> {
    let name = folder.file_name()?.to_string_lossy().into_owned();
    // Without a slash at the end.
    let path: PathBuf = folder.components().collect();
    Some((path.display().to_string(), name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_path_only_the_name_of_the_folder_is_left() {
        let private = PrivateFolders::new(&[
            Path::new("/home/anna/data/"),
            Path::new("/home/anna/data/cache"),
            Path::new("checkpoints"),
            Path::new("../of-anna/data"),
            Path::new("/data"),
            Path::new("/"),
        ]);
        for (text, shown) in [
            ("/home/anna/data/knmi/a.h5: cut", "data/knmi/a.h5: cut"),
            ("nothing in /home/anna/data", "nothing in data"),
            ("/home/anna/data/cache/results is full", "cache/results is full"),
            ("put it into checkpoints/sar-unet/", "put it into checkpoints/sar-unet/"),
            ("6 / 7 of /v1/result", "6 / 7 of /v1/result"),
            ("no frame in ../of-anna/data: …", "no frame in data: …"),
            ("(/data/knmi)", "(data/knmi)"),
            // Other folders, and addresses of pages.
            ("/mnt/data/x, /data2, /v1/data/x", "/mnt/data/x, /data2, /v1/data/x"),
        ] {
            assert_eq!(private.hide(text.to_owned()), shown);
        }
    }

    #[test]
    fn a_folder_is_hidden_by_both_its_names() {
        let around = tempfile::tempdir().expect("a folder");
        let own = around.path().join("own");
        std::fs::create_dir(&own).expect("it is made");
        let way = own.join("../own");
        let private = PrivateFolders::new(&[&way]);
        let text = format!(
            "{}/a and {}/b",
            own.canonicalize().expect("it is there").display(),
            way.display()
        );
        assert_eq!(private.hide(text), "own/a and own/b");
    }
}
