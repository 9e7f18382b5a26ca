//! What the commands that run a network share: which one, with which weights, on which device.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, bail};
use stormlens_data::files::npy;
use stormlens_nn::engine::{Frames, Resident};
use stormlens_nn::{Engine, device, registry};

use crate::config::DeviceArgs;

#[derive(Clone, Debug, clap::Args)]
pub struct NetworkArgs {
    /// Which network, e.g. sar-unet
    #[arg(long, default_value = "sar-unet")]
    pub model: String,
    /// Weights: a checkpoint folder, a safetensors file, or a checkpoint as its authors wrote it;
    /// a bare name is looked up in checkpoints/MODEL/
    #[arg(long)]
    pub checkpoint: PathBuf,
    #[command(flatten)]
    pub device: DeviceArgs,
}

impl NetworkArgs {
    /// Opens the device and reads the weights.
    ///
    /// # Errors
    /// For an unknown model, a checkpoint that is not there or does not fit, or a missing GPU.
    pub fn open(&self) -> anyhow::Result<(Engine, Arc<Resident>)> {
        let mut engine = Engine::new(self.device.device)?;
        if let Err(known) = registry::find(&self.model) {
            bail!("there is no model {:?}; known are {}", self.model, known.join(", "));
        }
        let resident = engine.load(&self.model, &weights_file(&self.model, &self.checkpoint)?)?;
        Ok((engine, resident))
    }
}

/// The file behind what was typed.
fn weights_file(model: &str, typed: &Path) -> anyhow::Result<PathBuf> {
    let named = Path::new("checkpoints").join(model).join(typed);
    for path in [typed, named.as_path()] {
        if path.is_dir() {
            return Ok(path.join("weights.safetensors"));
        }
        if path.is_file() {
            return Ok(path.to_owned());
        }
    }
    bail!(
        "there is no checkpoint {}; give a file, a folder, or the name of a folder in checkpoints/{model}",
        typed.display()
    )
}

/// Sequences from a `.npy` file: `[frames, height, width]` or `[n, frames, height, width]`.
pub struct Sequences {
    pub frames: Vec<Frames>,
    /// Whether the file had the leading dimension.
    pub is_batch: bool,
}

impl Sequences {
    /// # Errors
    /// For a file that is no array of floats of that rank.
    pub fn read(path: &Path) -> anyhow::Result<Self> {
        let (shape, values) = npy::read_npy_f32(path)?;
        let (n, rest, is_batch) = match shape.as_slice() {
            [f, h, w] => (1, [*f, *h, *w], false),
            [n, f, h, w] => (*n, [*f, *h, *w], true),
            other => bail!(
                "{} has shape {other:?}; wanted is [frames, height, width] or [n, frames, height, width]",
                path.display()
            ),
        };
        let [n_frames, height, width] = rest;
        let size: usize = rest.iter().product();
        if n == 0 || size == 0 {
            bail!("{} has shape {shape:?}: there is nothing in it", path.display());
        }
        let sequence = |values: &[f32]| Frames { values: values.to_vec(), n_frames, height, width };
        Ok(Self { frames: values.chunks_exact(size).map(sequence).collect(), is_batch })
    }
}

/// Runs `f` and says of an error which sequence of how many it met.
pub fn for_sequence<T>(
    i: usize,
    n: usize,
    result: Result<T, stormlens_nn::EngineError>,
) -> anyhow::Result<T> {
    if n == 1 { Ok(result?) } else { result.with_context(|| format!("sequence {i} of {n}")) }
}
