//! What tests of fields share.

use std::path::PathBuf;

pub(crate) use self::netcdf::add_variable;
use super::{Content, GridSummary};

mod netcdf;

/// The head of a field of one cell that says nothing but its names.
pub(crate) fn content(variable: &str, standard_name: &str) -> Content {
    Content {
        variable: variable.to_owned(),
        title: String::new(),
        standard_name: standard_name.to_owned(),
        said: Vec::new(),
        unit: String::new(),
        level: String::new(),
        reference_time: None,
        interval: None,
        member: None,
        grid: GridSummary { kind: String::new(), height: 1, width: 1, bounds: None },
        packing: String::new(),
        missing_values: Vec::new(),
        unread: None,
        producer: String::new(),
    }
}

/// A folder below the one that `STORMLENS_GOLDEN_DIR` names; says so where that is not set.
pub(crate) fn golden(name: &str) -> Option<PathBuf> {
    match std::env::var_os("STORMLENS_GOLDEN_DIR") {
        Some(folder) => Some(PathBuf::from(folder).join(name)),
        None => {
            println!("skipped: STORMLENS_GOLDEN_DIR is not set, so there is no {name}");
            None
        }
    }
}

/// A file that lies beside the tests of this crate.
pub(crate) fn kept(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests").join(name)
}

/// How often something is damaged at random: as often as `STORMLENS_FUZZ_ROUNDS` says, or a few times.
pub(crate) fn rounds(few: usize) -> usize {
    let stated = std::env::var("STORMLENS_FUZZ_ROUNDS");
    stated.ok().and_then(|rounds| rounds.parse().ok()).unwrap_or(few)
}
