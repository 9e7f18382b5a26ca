//! What the commands that run a network share: which one, with which weights, on which device.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, bail};
use stormlens_nn::Engine;
use stormlens_nn::engine::Resident;

use crate::config::Sources;
use crate::networks::Networks;
use crate::worker;

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
        let device = self.sources.device.device;
        Ok((worker::network(device, &self.model, name.clone(), &path)?, name))
    }

    /// Opens the device and reads the weights.
    ///
    /// # Errors
    /// For an unknown model, a checkpoint that is not there or does not fit, or a missing GPU.
    pub fn open(&self) -> anyhow::Result<(Engine, Arc<Resident>)> {
        let engine = Engine::new(self.sources.device.device)?;
        let resident = engine.load(&self.model, &self.weights()?.1)?;
        Ok((engine, resident))
    }

    /// The name of the weights, and the file behind what was typed.
    fn weights(&self) -> anyhow::Result<(String, PathBuf)> {
        worker::known_model(&self.model)?;
        let folder = self.sources.checkpoints.join(&self.model);
        let Some(typed) = &self.checkpoint else {
            let first = worker::candidates(&folder).into_iter().next();
            return first.with_context(|| {
                format!(
                    "there is no checkpoint in {}; give one with --checkpoint",
                    folder.display()
                )
            });
        };
        for path in [typed.clone(), folder.join(typed)] {
            let name = name(&path);
            if path.is_dir() {
                return Ok((name, path.join("weights.safetensors")));
            }
            if path.is_file() {
                return Ok((name, path));
            }
        }
        bail!(
            "there is no checkpoint {}; give a file, a folder, or the name of a folder in {}/",
            typed.display(),
            folder.display()
        )
    }
}

/// Of a folder its name, of a file that too without its ending, unless all files are called so.
fn name(path: &Path) -> String {
    let path = match path.file_name() {
        Some(name) if name == "weights.safetensors" => path.parent().unwrap_or(path),
        _ => path,
    };
    let name = if path.is_dir() { path.file_name() } else { path.file_stem() };
    name.unwrap_or_default().to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_are_named_after_their_folder_or_file() {
        let folder = tempfile::tempdir().expect("a folder");
        let dotted = folder.path().join("v1.2");
        std::fs::create_dir(&dotted).expect("a folder");
        assert_eq!(name(&dotted), "v1.2");
        assert_eq!(name(&dotted.join("weights.safetensors")), "v1.2");
        assert_eq!(name(Path::new("runs/best.safetensors")), "best");
    }
}
