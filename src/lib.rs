//! Stormlens: see what a weather network predicts, how good that is, and why.
//!
//! The library holds everything of the program but its entry point, so that tests and benchmarks
//! reach it. `ARCHITECTURE.md` is the map. Modules stand here in their order: each knows only those
//! before it, but for the few places that `ARCHITECTURE.md` names.

pub mod allocator;
pub mod program;

// An error in words.
mod causes;

// Who comes first on a processor.
mod threads;

// Files that are written whole or not at all, in folders with limits.
mod disk;

// Where commands write.
mod written;

// Work that was stopped goes on.
mod unfinished;

// How much a question may take.
pub mod memory;

// A result as files.
pub mod export;

// Who computes, and in which order.
pub mod jobs;

// Results on disk.
pub mod results;

// What can be asked, and of what.
pub mod parameters;

pub mod catalog;

pub mod question;

pub mod task;

// Which networks there are.
pub mod networks;

// The two ways in: pages and commands.
pub mod web;

pub mod places;

// What comes with the program.
mod embedded;

pub mod config;

pub mod cli;

// The kinds of questions, a folder each.
pub mod tasks;

// The bridge to the networks.
#[cfg(feature = "nn")]
pub mod worker;

// Second opinions on files, by other programs, as in the tests of the readers.
#[cfg(test)]
#[expect(dead_code, reason = "tests here ask Python, and no other program")]
#[path = "../crates/stormlens-data/src/testing.rs"]
mod testing;

// NetCDF as the tests of the readers write it.
#[cfg(test)]
#[path = "../crates/stormlens-data/src/field/testing/netcdf.rs"]
mod testing_netcdf;

// Damaged files, the same ones as the readers' own tests have.
#[cfg(test)]
#[path = "../crates/stormlens-data/tests/hostile/mutation.rs"]
mod mutation;
