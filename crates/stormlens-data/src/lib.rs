//! What weather networks eat and give back, as plain data.
//!
//! Fields and their units, importers of published formats, datasets, verification scores, file
//! formats for export, and the requests and outcomes that cross between the dashboard and the
//! networks. This crate knows no tensors and no HTTP, and never panics on the contents of a file.

pub mod card;
pub mod field;
pub mod outcome;
pub mod request;
