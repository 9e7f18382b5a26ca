//! Layers, models, training, attribution and evaluation: the only crate that names burn.
//!
//! What leaves it is plain data. A network is a forward function over named [`Parameters`], its
//! state dictionary; a [`Tap`] shows activations on the way, and every attribution method takes a
//! network, an input and a target.

pub mod device;
pub mod engine;
pub mod explain;
pub mod fused;
#[cfg(test)]
pub(crate) mod golden;
pub mod layers;
pub mod models;
pub mod network;
pub mod parameters;
pub mod random;
pub mod registry;
pub mod tap;
pub mod train;

pub use engine::{Engine, EngineError};
pub use network::Network;
pub use parameters::Parameters;
pub use tap::Tap;
