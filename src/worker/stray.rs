//! What lies in the folder of the checkpoints and is not used. It is said, since a list without these weights does not
//! tell why they are not there.

use std::fs;
use std::path::{Path, PathBuf};

use stormlens_nn::registry;

use super::{WEIGHTS, may_hold_weights};

/// Where the recipes of training write.
const RUNS: &str = "runs";
/// Of files that a message names.
const MAX_NAMES: usize = 3;

/// Folders that are named after no network, and folders of a network with weights under another name.
pub(super) fn problems(folder: &Path) -> Vec<String> {
    let models: Vec<&str> = registry::MODELS.iter().map(|entry| (entry.card)().id).collect();
    let own = models.iter().flat_map(|model| folders(&folder.join(model)));
    let unnamed = own.filter_map(|own| unnamed(&own));
    let of_no_network = folders(folder).into_iter().filter_map(|own| of_no_network(&own, &models));
    unnamed.chain(of_no_network).collect()
}

/// That a folder has files of weights, and none with the name that is looked for.
fn unnamed(folder: &Path) -> Option<String> {
    let mut files = visible(folder);
    files.retain(|file| may_hold_weights(file));
    if files.is_empty() || folder.join(WEIGHTS).is_file() {
        return None;
    }
    let names: Vec<String> = files.iter().take(MAX_NAMES).map(|file| name(file)).collect();
    let (names, above) = (names.join(", "), folder.parent()?.display());
    let more = if files.len() > MAX_NAMES { " and more" } else { "" };
    Some(format!(
        "no weights are read from {}: of a folder only {WEIGHTS} is read, and there are {names}{more}. Put a file directly \
         into {above}/, or name it {WEIGHTS} if it has that format",
        folder.display()
    ))
}

/// That something lies in a folder that is named after no network.
fn of_no_network(folder: &Path, models: &[&str]) -> Option<String> {
    let own = name(folder);
    if own == RUNS || models.contains(&own.as_str()) || visible(folder).is_empty() {
        return None;
    }
    Some(format!(
        "no weights are read from {}: no network is called “{own}”. Put them into the folder of their network; choose one of {}",
        folder.display(),
        models.join(", ")
    ))
}

fn folders(folder: &Path) -> Vec<PathBuf> {
    let mut found = visible(folder);
    found.retain(|path| path.is_dir());
    found
}

/// What is not hidden in a folder, in the order of the names.
fn visible(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut found: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
    found.retain(|path| !name(path).starts_with('.'));
    found.sort();
    found
}

fn name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}
