//! SAR-UNet: small attention residual U-Net for nowcasting precipitation and cloud cover.
//!
//! M. Renault and S. Mehrkanoon, *SAR-UNet: Small Attention Residual UNet for Explainable
//! Nowcasting Tasks*, IJCNN 2023, arXiv 2303.06663.

mod card;
mod network;
mod schema;
#[cfg(test)]
pub(crate) mod tests;

pub use network::SarUnet;

use stormlens_data::import::knmi::NORMALISATION_MM_5MIN;

use crate::layers::NormOptions;
use crate::models::{self, nowcasting};
use crate::registry::ModelEntry;

pub const ENTRY: ModelEntry = ModelEntry {
    card: card::card,
    name: "SAR-UNet",
    network: &SarUnet,
    recognise: schema::recognise,
    design: schema::design,
    initialise: |schema, seed| models::initialise(schema, seed),
    rescale: |tensors, scale| models::rescale(tensors, scale, schema::FIRST),
    published_frames: nowcasting::of_the_family,
    normalisation_mm_5min: NORMALISATION_MM_5MIN,
    norm: NormOptions::PYTORCH,
    // Nothing is padded where a skip connection meets what was halved and doubled.
    size_multiple: 16,
    from_keras: None,
};
