//! SmaAt-UNet and the U-Nets that it is compared with, from one description of their blocks.
//!
//! K. Trebing, T. Stańczyk and S. Mehrkanoon, *SmaAt-UNet: Precipitation nowcasting using a small
//! attention-UNet architecture*, Pattern Recognition Letters 145, 2021, arXiv 2007.04417.

mod card;
mod network;
mod schema;
#[cfg(test)]
pub(crate) mod tests;

pub use network::UNet;
use network::{Convolution, LEVELS};

use stormlens_data::import::knmi::NORMALISATION_MM_5MIN;

use crate::layers::NormOptions;
use crate::models::{self, nowcasting};
use crate::registry::ModelEntry;

macro_rules! entry {
    ($network:ident) => {
        ModelEntry {
            card: || card::card(&networks::$network),
            name: networks::$network.name,
            network: &networks::$network,
            recognise: |state| schema::recognise(&networks::$network, state),
            design: |sizes| schema::design(&networks::$network, sizes),
            initialise: |schema, seed| models::initialise(schema, seed),
            rescale: |tensors, scale| {
                models::rescale(tensors, scale, &[schema::first(&networks::$network)]);
            },
            published_frames: nowcasting::of_the_family,
            normalisation_mm_5min: NORMALISATION_MM_5MIN,
            norm: NormOptions::PYTORCH,
            // What was halved and doubled is padded where a skip connection meets it.
            size_multiple: 1,
            from_keras: None,
        }
    };
}

pub const UNET: ModelEntry = entry!(UNET);
pub const UNET_DS: ModelEntry = entry!(UNET_DS);
pub const UNET_ATTENTION: ModelEntry = entry!(UNET_ATTENTION);
pub const SMAAT_UNET: ModelEntry = entry!(SMAAT_UNET);
pub const SMAAT_UNET_4CBAM: ModelEntry = entry!(SMAAT_UNET_4CBAM);

/// The descriptions.
mod networks {
    use super::{Convolution, LEVELS, UNet};

    pub const UNET: UNet =
        UNet { id: "unet", name: "UNet", convolution: Convolution::Plain, n_attention: 0 };
    pub const UNET_DS: UNet =
        UNet { id: "unet-ds", name: "UNetDS", convolution: Convolution::Separable, ..UNET };
    pub const UNET_ATTENTION: UNet =
        UNet { id: "unet-attention", name: "UNetAttention", n_attention: LEVELS, ..UNET };
    pub const SMAAT_UNET: UNet =
        UNet { id: "smaat-unet", name: "SmaAt-UNet", n_attention: LEVELS, ..UNET_DS };
    pub const SMAAT_UNET_4CBAM: UNet = UNet {
        id: "smaat-unet-4cbam",
        name: "SmaAt-UNet with four CBAMs",
        n_attention: LEVELS - 1,
        ..UNET_DS
    };
    pub const ALL: [UNet; 5] = [UNET, UNET_DS, UNET_ATTENTION, SMAAT_UNET, SMAAT_UNET_4CBAM];
}
