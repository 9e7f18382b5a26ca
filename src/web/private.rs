//! Where folders lie on the machine: the log says it, pages do not.

use std::cmp::Reverse;
use std::path::{Path, PathBuf};

/// Folders of which visitors learn the last name only.
#[derive(Debug, Default)]
pub struct PrivateFolders(Vec<(String, String)>);

impl PrivateFolders {
    /// Relative paths say nothing about the machine and stay as they are; where links lead does not.
    pub fn new(folders: &[&Path]) -> Self {
        let whole = folders.iter().filter_map(|folder| folder.canonicalize().ok());
        let all = folders.iter().map(|folder| (*folder).to_owned()).chain(whole);
        let mut all: Vec<_> = all.filter(|folder| folder.is_absolute()).filter_map(named).collect();
        // A folder within another one goes before it.
        all.sort_by_key(|(path, _)| Reverse(path.len()));
        all.dedup();
        Self(all)
    }

    /// A text with the names of the folders in the place of their paths.
    pub fn hide(&self, text: String) -> String {
        self.0.iter().fold(text, |text, (path, name)| match text.contains(path) {
            true => text.replace(path, name),
            false => text,
        })
    }
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
            Path::new("/"),
        ]);
        for (text, shown) in [
            ("/home/anna/data/knmi/a.h5: cut", "data/knmi/a.h5: cut"),
            ("nothing in /home/anna/data", "nothing in data"),
            ("/home/anna/data/cache/results is full", "cache/results is full"),
            ("put it into checkpoints/sar-unet/", "put it into checkpoints/sar-unet/"),
            ("6 / 7 of /v1/result", "6 / 7 of /v1/result"),
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
