//! What the commands that run a network share: which one, with which weights, on which device.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, bail};
use stormlens_data::card::CheckpointCard;
use stormlens_data::files::file_bytes;
use stormlens_nn::Engine;
use stormlens_nn::engine::Resident;

use crate::config::Sources;
use crate::networks::Networks;
use crate::places::{self, CHECKPOINTS};
use crate::worker;

/// The largest checkpoint of these networks, with everything that training programs add, is far smaller.
const MAX_WEIGHTS_BYTES: u64 = 4 << 30;

#[derive(Clone, Debug, clap::Args)]
pub struct NetworkArgs {
    /// Which network, e.g. sar-unet
    #[arg(long, default_value = "sar-unet")]
    pub model: String,
    /// Weights: a checkpoint folder, a safetensors file, or a checkpoint as its authors wrote it; a
    /// bare name is looked up in the model's folder of checkpoints, and without it the first one
    /// there is taken
    #[arg(long, value_name = "NAME|PATH")]
    pub checkpoint: Option<PathBuf>,
    #[command(flatten)]
    pub sources: Sources,
}

impl NetworkArgs {
    /// The network with these weights only, and the name that they have here.
    ///
    /// # Errors
    /// For an unknown model, and a checkpoint that is not there or does not fit.
    pub fn networks(&self) -> anyhow::Result<(Networks, String)> {
        let (name, path) = self.weights()?;
        let networks = worker::network(&self.sources, &self.model, name.clone(), &path)?;
        networks.cards.checkpoints.iter().for_each(warn_of_left_over);
        Ok((networks, name))
    }

    /// Opens the device and reads the weights.
    ///
    /// # Errors
    /// For an unknown model, a checkpoint that is not there or does not fit, or a missing GPU.
    pub fn open(&self) -> anyhow::Result<(Engine, Arc<Resident>)> {
        let engine = Engine::new(self.sources.device.device)?;
        let resident = engine.load(&self.model, &self.weights()?.1)?;
        warn_of_left_over(&resident.checkpoint);
        Ok((engine, resident))
    }

    /// The same with weights as their file holds them, in whichever unit.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn open_as_stored(&self) -> anyhow::Result<(Engine, Arc<Resident>)> {
        let engine = Engine::new(self.sources.device.device)?;
        let resident = engine.load_as_stored(&self.model, &self.weights()?.1)?;
        warn_of_left_over(&resident.checkpoint);
        Ok((engine, resident.into()))
    }

    /// The name of the weights, and the file behind what was typed.
    ///
    /// # Errors
    /// For an unknown model, and for weights that are not there.
    pub fn weights(&self) -> anyhow::Result<(String, PathBuf)> {
        worker::known_model(&self.model)?;
        let folder = self.sources.checkpoints.join(&self.model);
        let Some(typed) = &self.checkpoint else {
            let first = worker::candidates(&folder).into_iter().next();
            return first.with_context(|| {
                format!(
                    "there is no checkpoint in {}; give one with --checkpoint, or {}",
                    folder.display(),
                    advice()
                )
            });
        };
        for path in [typed.clone(), folder.join(typed)] {
            let file = if path.is_dir() { path.join("weights.safetensors") } else { path.clone() };
            if path.exists() {
                file_bytes(&file, MAX_WEIGHTS_BYTES)?;
                return Ok((name(typed, &file, &worker::candidates(&folder)), file));
            }
        }
        bail!("{}", no_such(typed, &folder))
    }
}

/// Says what a checkpoint holds beside the weights of its network, so that nobody thinks it was used.
pub(super) fn warn_of_left_over(card: &CheckpointCard) {
    if !card.left_over.is_empty() {
        let names = card.left_over.join(", ");
        tracing::warn!("left out, beside the weights of the network: {names}");
    }
}

/// What to do where the folder of all checkpoints is another one.
fn advice() -> String {
    places::advice(CHECKPOINTS, "--checkpoints", "STORMLENS_CHECKPOINTS")
}

/// That there are no weights of that name, with those that there are or, where there are none, with where they are looked for.
fn no_such(typed: &Path, folder: &Path) -> String {
    let known: Vec<String> = worker::candidates(folder).into_keys().collect();
    let (typed, folder) = (typed.display(), folder.display());
    match known.is_empty() {
        false => format!(
            "there is no checkpoint {typed}; give a file, a folder, or one of those in {folder}: {}",
            known.join(", ")
        ),
        true => format!(
            "there is no checkpoint {typed}, neither as a file or a folder nor in {folder}, which holds none; give a file or \
             a folder, or {}",
            advice()
        ),
    }
}

/// The name that weights have in results: in the folder of the checkpoints the one by which pages know them, of a
/// file from elsewhere what was typed, since any other name could be that of other weights.
fn name(typed: &Path, file: &Path, known: &BTreeMap<String, PathBuf>) -> String {
    let place = |path: &Path| path.canonicalize().ok();
    let is_it =
        |(_, path): &(&String, &PathBuf)| place(path).is_some() && place(path) == place(file);
    let found = known.iter().find(is_it).map(|(name, _)| name.clone());
    found.unwrap_or_else(|| typed.display().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_that_are_not_there_are_told_with_where_they_are_looked_for() {
        let folder = tempfile::tempdir().expect("a folder");
        let error = no_such(Path::new("knmi"), &folder.path().join("unet"));
        for words in ["no checkpoint knmi", "unet", "--checkpoints FOLDER", "STORMLENS_CHECKPOINTS"]
        {
            assert!(error.contains(words), "{words}: {error}");
        }
        assert!(error.contains("stormlens/checkpoints"), "the places: {error}");
        std::fs::write(folder.path().join("own.ckpt"), b"").expect("a file");
        let error = no_such(Path::new("knmi"), folder.path());
        assert!(error.ends_with(": own") && !error.contains("--checkpoints"), "{error}");
    }

    /// `weights` would be true of every file that a training program calls so.
    #[test]
    fn weights_have_the_name_that_pages_know_or_the_one_that_was_typed() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = |name: &str| folder.path().join(name);
        std::fs::create_dir(path("v1.2")).expect("a folder");
        for file in ["v1.2/weights.safetensors", "weights.ckpt"] {
            std::fs::write(path(file), b"").expect("a file");
        }
        let shipped = path("v1.2/weights.safetensors");
        let known = BTreeMap::from([("v1.2".to_owned(), shipped.clone())]);
        for typed in [&shipped, &path("v1.2"), &path("v1.2/../v1.2/weights.safetensors")] {
            assert_eq!(name(typed, &shipped, &known), "v1.2");
        }
        let other = path("weights.ckpt");
        assert_eq!(name(&other, &other, &known), other.display().to_string());
        let bare = Path::new("weights.safetensors");
        assert_eq!(name(bare, bare, &known), "weights.safetensors");
    }
}
