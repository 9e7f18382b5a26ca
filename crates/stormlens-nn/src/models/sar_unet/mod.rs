//! SAR-UNet: small attention residual U-Net for precipitation nowcasting.
//!
//! M. Renault and S. Mehrkanoon, *SAR-UNet: Small Attention Residual UNet for Explainable
//! Nowcasting Tasks*, IJCNN 2023, arXiv 2303.06663.

mod card;
mod network;
mod schema;
#[cfg(test)]
pub(crate) mod tests;

pub use network::SarUnet;
pub use schema::SarUnetConfig;

use crate::checkpoint::Family;
use crate::layers::NormOptions;
use crate::registry::ModelEntry;

pub const ENTRY: ModelEntry = ModelEntry {
    card: card::card,
    network: &SarUnet,
    family: Family::SarUnet,
    n_input: 12,
    n_output: 1,
    norm: NormOptions::PYTORCH,
    initialise: schema::initialise,
    rescale: schema::rescale,
};
