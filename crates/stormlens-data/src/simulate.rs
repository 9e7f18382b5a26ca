//! Simulated Sentinel-1 scenes with and without a polar low.
//!
//! A network that recognises polar lows needs scenes of both kinds to learn from. Where there are no
//! real ones at hand, this module makes some from physics: a wind field, the radar backscatter of
//! the sea under that wind, land and sea ice, the swath of the satellite, and the coding to bytes of
//! the published quicklooks (Grahn and Bianchi, arXiv 2203.16401). What comes out looks like a scene
//! and is none: everything made here says *simulated*.
//!
//! A scene is [`SceneParameters`], drawn by a generator of its own, and [`render`] is a pure
//! function of them and of the size: equal parameters show the same weather at every size, since all
//! noise is a function of the place in kilometres.

mod cmod5n;
mod coding;
mod geometry;
mod noise;
mod plan;
mod radar;
mod random;
mod scene;
mod surface;
mod swath;
mod weather;
mod write;

pub use cmod5n::cmod5n;
pub use coding::Coding;
pub use geometry::{Azimuth, Place, SCENE_KM};
pub use noise::Noise;
pub use plan::{Options, PlannedScene, SIZES_PX, Splits, plan};
pub use radar::{Polarisation, Radar};
pub use random::Random;
pub use scene::{Footprint, Kind, SceneImage, SceneParameters, render};
pub use surface::{Ice, Island, Land, Slicks, Surface, Swirl};
pub use swath::{Mode, Swath};
pub use weather::{
    Bands, BaseFlow, Calm, Front, GravityWaves, Gusts, Profile, Vortex, Wake, Weather, Wind,
};
pub use write::{Report, write};

use crate::request::Cancelled;

/// A set of simulated scenes that cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum SimulateError {
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
    #[error("{file} cannot be written: {cause}")]
    Io { file: String, cause: std::io::Error },
    #[error("{file} cannot be encoded: {cause}")]
    Encode { file: String, cause: String },
    #[error("{folder} is not empty: choose a new folder for the simulated scenes")]
    NotEmpty { folder: String },
    #[error("{0}")]
    Options(String),
}

#[cfg(test)]
mod tests;
