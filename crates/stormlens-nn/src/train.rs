//! Training: `stormlens train CONFIG.toml`.
//!
//! Optimiser, schedule and early stopping are those of the reference programs; crops, flips and
//! quarter turns are this project's options. A run can be killed at any moment and goes on from the
//! end of its last epoch with the same result as without the interruption.

mod augment;
mod config;
mod examples;
mod optimiser;
mod run;
mod schedule;
mod state;

pub use augment::Augmentation;
pub use config::{DataConfig, TrainConfig, TrainingOptions};
pub use examples::{Block, Example, Examples, open};
pub use run::{EpochReport, Observer, Summary, TrainError, Trainee, train};
pub use schedule::{EarlyStopping, ReduceOnPlateau};

#[cfg(test)]
mod tests;
