//! The polar-low CNN: whether a Sentinel-1 scene shows a polar low.
//!
//! J. Grahn and F. M. Bianchi, *Recognition of polar lows in Sentinel-1 SAR images with deep
//! learning*, IEEE Transactions on Geoscience and Remote Sensing 60, 2022, arXiv 2203.16401.

mod card;
mod keras;
mod network;
mod schema;
#[cfg(test)]
pub(crate) mod tests;

pub use network::PolarLow;
pub use schema::{N_BLOCKS, PolarLowConfig};

use stormlens_data::import::knmi::NORMALISATION_MM_5MIN;

use crate::layers::NormOptions;
use crate::registry::ModelEntry;

pub const ENTRY: ModelEntry = ModelEntry {
    card: card::card,
    name: "the polar-low CNN",
    network: &PolarLow,
    recognise: schema::recognise,
    design: schema::design,
    initialise: |schema, seed| schema::glorot(schema, seed),
    // The input is a picture in 0 to 1 and the output are logits: there is no unit to change.
    rescale: |_, _| {},
    published_frames: |_, _| None,
    normalisation_mm_5min: NORMALISATION_MM_5MIN,
    norm: NormOptions::KERAS,
    size_multiple: 1,
    from_keras: Some(keras::our_name),
};
