//! Which models there are: one line a model.

use stormlens_data::card::ModelCard;

use crate::checkpoint::Family;
use crate::layers::NormOptions;
use crate::models::{HostTensors, polar_low, sar_unet};
use crate::network::Network;

pub const MODELS: &[&ModelEntry] = &[&sar_unet::ENTRY, &polar_low::ENTRY];

/// What the rest of the program needs of a model.
pub struct ModelEntry {
    pub card: fn() -> ModelCard,
    pub network: &'static dyn Network,
    /// Which checkpoints fit: the family that their keys betray, and the channels at both ends.
    pub family: Family,
    pub n_input: usize,
    pub n_output: usize,
    /// What its batch normalisation was built with.
    pub norm: NormOptions,
    /// Weights before training, from a seed.
    pub initialise: fn(u64) -> HostTensors,
    /// Changes weights so that input and output are in units so many times as large.
    pub rescale: fn(&mut HostTensors, f32),
}

/// The model of that name, or the names there are.
pub fn find(id: &str) -> Result<&'static ModelEntry, Vec<&'static str>> {
    let found = MODELS.iter().find(|entry| (entry.card)().id == id);
    found.copied().ok_or_else(|| MODELS.iter().map(|entry| (entry.card)().id).collect())
}
