//! What downscaling of precipitation needs around a network: tiles, nodes, units, blending and conservation.
//!
//! The geometry is that of HARPNET (github.com/clamalo/harpnet, commit 3bfe29e). Where the published program
//! places values wrongly or loses rain, what is right is the default and what was published is a named choice.
//!
//! Maps of this module have row 0 in the south and column 0 in the west; missing values are `NaN`.

pub mod conserve;
pub mod elevation;
pub(crate) mod fourier;
pub mod high_land;
pub mod hourly;
pub mod layout;
pub mod mosaic;
pub mod prepare;
#[cfg(test)]
mod prepare_tests;
pub mod rainfarm;
pub mod refinement;
pub mod registration;
pub mod rivals;
#[cfg(test)]
mod rivals_tests;
pub mod scale;
pub mod seam;
#[cfg(test)]
mod shipped_tests;
pub mod source;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;

pub use conserve::{Clipped, Conserved, clip_negative, coarse_means, conserve};
pub use elevation::{
    ELEVATION_SCALE_M, POSSIBLE_M, check_elevation, elevation_at, open_terrain, terrain_of,
    tile_elevation,
};
pub use high_land::{heights_within, nodes_within};
pub use hourly::{HourlyRain, RainSum, stated_in_vain, unstated};
pub use layout::{Domain, Fit, Geometry, Nodes, Tile, tiles};
pub use mosaic::{Blend, BlendOptions, Mosaic, MosaicBuilder, blending_weights};
pub use prepare::{
    LogSums, Part, Precision, PrepareOptions, Sample, Split, samples, samples_between, tile_input,
    to_z,
};
pub use rainfarm::{RainFarm, RainFarmError, climatology_weights, spectral_slope, usable_slope};
pub use refinement::{Blending, Conservation, EnsembleKind, Refinement};
pub use registration::{Registration, bilinear, channel, coarse_of, inner, upsample};
pub use rivals::{Cells, Rival, Space, rainfarm_members, rival_mm};
pub use scale::{DRY_MM, LogScale, TileRain, is_dry, tile_rain};
pub use seam::{SeamIndex, seam_index};
pub use source::{RainSource, is_amount_at_a_moment};
