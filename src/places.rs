//! Where data, weights and the cache lie, until somebody names them.
//!
//! In a checkout they are in the present folder. A program that was installed finds them beside itself, or where
//! the *XDG Base Directory Specification* 0.8 puts what belongs to a program.

use std::env;
use std::path::{Path, PathBuf};

/// Names of the folders.
pub const DATA: &str = "data";
pub const CHECKPOINTS: &str = "checkpoints";
const CACHE: &str = "cache";
const PROGRAM: &str = "stormlens";

/// What the places follow from.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Places {
    /// The folder of the program's file.
    program: Option<PathBuf>,
    home: Option<PathBuf>,
    data_home: Option<PathBuf>,
    data_dirs: Vec<PathBuf>,
    cache_home: Option<PathBuf>,
    /// In front of the present folder; empty but in tests.
    present: PathBuf,
}

impl Places {
    /// Those of this process.
    pub fn here() -> Self {
        // The specification wants relative paths to be ignored.
        let absolute = |path: &PathBuf| path.is_absolute();
        let folder = |name: &str| env::var_os(name).map(PathBuf::from).filter(absolute);
        let dirs = env::var_os("XDG_DATA_DIRS").filter(|dirs| !dirs.is_empty());
        let dirs = dirs.unwrap_or_else(|| "/usr/local/share:/usr/share".into());
        let program = env::current_exe().ok().and_then(|path| path.canonicalize().ok());
        Self {
            program: program.as_deref().and_then(Path::parent).map(Path::to_owned),
            home: folder("HOME"),
            data_home: folder("XDG_DATA_HOME"),
            data_dirs: env::split_paths(&dirs).filter(absolute).collect(),
            cache_home: folder("XDG_CACHE_HOME"),
            present: PathBuf::new(),
        }
    }

    /// The first folder of that name there is; where there is none, the one in the present folder, so that
    /// messages name it.
    pub fn find(&self, name: &str) -> PathBuf {
        let here = self.present.join(name);
        self.all(name).into_iter().find(|place| place.is_dir()).unwrap_or(here)
    }

    /// Every place where a folder of that name is looked for, in this order.
    pub fn all(&self, name: &str) -> Vec<PathBuf> {
        let beside = self.program.iter().map(|folder| folder.join(name));
        let share = self.program.iter().filter_map(|folder| Some(folder.parent()?.join("share")));
        let home = self.home.as_ref().map(|home| home.join(".local/share"));
        let own = self.data_home.clone().or(home);
        let shared = share.chain(own).chain(self.data_dirs.iter().cloned());
        let shared = shared.map(|folder| folder.join(PROGRAM).join(name));
        let mut places = vec![self.present.join(name)];
        for place in beside.chain(shared) {
            if !places.contains(&place) {
                places.push(place);
            }
        }
        places
    }

    /// Where uploads and results are kept: here, where the data are here, too; else in the cache of the person. A folder of
    /// that name alone may be another program's.
    pub fn cache(&self) -> PathBuf {
        let here = self.present.join(CACHE);
        if self.present.join(DATA).is_dir() {
            return here;
        }
        let home = self.home.as_ref().map(|home| home.join(".cache"));
        let of_person = self.cache_home.clone().or(home).map(|folder| folder.join(PROGRAM));
        of_person.unwrap_or(here)
    }
}

/// What to do where a folder is in none of its places.
pub fn advice(name: &str, option: &str, variable: &str) -> String {
    let places: Vec<_> =
        Places::here().all(name).iter().map(|place| place.display().to_string()).collect();
    format!(
        "name the folder {name} of the project's repository, or one like it, with {option} FOLDER or {variable}, or \
         put it where it is looked for: {}",
        places.join(", ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(root: &Path) -> Places {
        let at = |name: &str| root.join(name);
        Places {
            program: Some(at("opt/bin")),
            home: Some(at("home")),
            data_home: None,
            data_dirs: vec![at("usr/share")],
            cache_home: None,
            present: at("somewhere"),
        }
    }

    #[test]
    fn an_installed_program_finds_its_data_wherever_it_is_run() {
        let root = tempfile::tempdir().expect("a folder");
        let mut places = places(root.path());
        let at = |name: &str| root.path().join(name);
        assert_eq!(places.find(DATA), at("somewhere/data"), "where there is none");
        // The later ones first, so that each earlier one goes before it.
        for place in [
            "usr/share/stormlens/data",
            "home/.local/share/stormlens/data",
            "opt/share/stormlens/data",
            "opt/bin/data",
            "somewhere/data",
        ] {
            std::fs::create_dir_all(at(place)).expect("a folder");
            assert_eq!(places.find(DATA), at(place));
        }
        assert_eq!(places.all(DATA).len(), 5);
        std::fs::remove_dir_all(at("somewhere/data")).expect("it is there");
        std::fs::remove_dir_all(at("opt")).expect("it is there");
        places.data_home = Some(at("xdg"));
        assert_eq!(places.find(DATA), at("usr/share/stormlens/data"), "not ~/.local any more");
    }

    #[test]
    fn the_cache_is_here_only_where_the_data_are() {
        let root = tempfile::tempdir().expect("a folder");
        let mut places = places(root.path());
        let at = |name: &str| root.path().join(name);
        assert_eq!(places.cache(), at("home/.cache/stormlens"));
        places.cache_home = Some(at("xdg-cache"));
        assert_eq!(places.cache(), at("xdg-cache/stormlens"));
        std::fs::create_dir_all(at("somewhere/cache")).expect("a folder");
        assert_eq!(places.cache(), at("xdg-cache/stormlens"), "it may be another program's");
        std::fs::create_dir_all(at("somewhere/data")).expect("a folder");
        assert_eq!(places.cache(), at("somewhere/cache"));
    }

    #[test]
    fn the_advice_names_option_variable_and_places() {
        let advice = advice(DATA, "--data", "STORMLENS_DATA");
        for words in ["--data FOLDER", "STORMLENS_DATA", "stormlens/data"] {
            assert!(advice.contains(words), "{advice}");
        }
    }
}
