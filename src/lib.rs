//! Stormlens: see what a weather network predicts, how good that is, and why.
//!
//! The library holds everything of the program but its entry point, so that tests and benchmarks
//! reach it. `ARCHITECTURE.md` is the map.

pub mod allocator;
pub mod catalog;
pub mod cli;
pub mod config;
pub mod export;
pub mod jobs;
pub mod plot;
pub mod program;
pub mod results;
pub mod scenes;
#[doc(hidden)]
pub mod testing;
pub mod web;
#[cfg(feature = "nn")]
pub mod worker;
