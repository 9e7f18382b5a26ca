//! What weather networks eat and give back, as plain data.
//!
//! Fields and their units, importers of published formats, datasets, verification scores, file
//! formats for export, and the requests and outcomes that cross between the dashboard and the
//! networks. This crate knows no tensors and no HTTP, and never panics on the contents of a file.

pub mod archive;
pub mod attribution;
pub mod card;
pub mod choice;
pub mod dataset;
pub mod downscale;
pub mod field;
pub mod files;
pub mod forecast;
pub mod hash;
mod hdf5_stream;
pub mod import;
pub mod likeness;
pub mod network;
pub mod outcome;
mod packed;
pub mod patches;
pub mod probability;
pub mod projection;
pub mod request;
pub mod scene;
pub mod score;
pub mod simulate;
#[cfg(test)]
mod testing;
pub mod time;
pub mod works;
