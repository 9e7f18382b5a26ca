//! Files from the command line: numbers as the network takes them, fields of a weather model, folders of the authors.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use stormlens_data::time::parse_utc;

use super::RainProbabilityTask;
use crate::task::Files;

const MASK: &str = "mask";
const END: &str = "end";
const INDEX: &str = "index";

/// Names of what is in the files.
///
/// # Errors
/// For files that cannot be read, and where it is not clear what of them is meant.
pub fn bring(task: &RainProbabilityTask, files: &Files<'_>) -> anyhow::Result<Vec<String>> {
    let known = files.parameters.only(&[MASK, END, INDEX]);
    known.context("the network takes fields of a weather model")?;
    let card = files.checkpoint.fields.as_ref();
    let card = card.context("the network takes no fields of a weather model")?;
    let mask = files.parameters.one(MASK)?.map(Path::new);
    let mut brought = task.samples.brought();
    let is_array = |path: &PathBuf| path.extension().is_some_and(|ending| ending == "npy");
    if let [root] = files.paths
        && root.is_dir()
    {
        let index = files.parameters.one(INDEX)?.with_context(|| {
            format!(
                "{} is a folder: name its list of times with --{INDEX}, e.g. index-2023-all.npy",
                root.display()
            )
        })?;
        return brought.bring_folder(root, index, card);
    }
    if let Some(folder) = files.paths.iter().find(|path| path.is_dir()) {
        bail!(
            "{} is a folder, and other inputs stand beside it: give one folder, or files only",
            folder.display()
        );
    }
    match files.paths.iter().all(is_array) {
        true => {
            let mut names = Vec::new();
            for path in files.paths {
                names.extend(brought.bring_numbers(path, mask, card)?);
            }
            Ok(names)
        }
        false if mask.is_some() => {
            bail!("--{MASK} goes with numbers (.npy); of fields name variables with hide=NAME")
        }
        false => {
            let time = files.parameters.one(END)?.map(|text| {
                parse_utc(text).with_context(|| {
                    format!("--{END} {text} is no time; write it as 2018-05-01T03:00Z")
                })
            });
            Ok(vec![brought.bring_files(files.paths, time.transpose()?)?])
        }
    }
}
