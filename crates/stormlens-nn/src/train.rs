//! Training: `stormlens train CONFIG.toml`.
//!
//! One loop for every network; what depends on the task is its [`Lessons`]: frames and the frames
//! that followed ([`FrameLessons`]), or scenes and their classes ([`SceneLessons`]).
//! Optimiser, schedule and early stopping are those of the reference programs; whatever goes beyond
//! them is an option. A run can be killed at any moment and goes on from the end of its last epoch
//! with the same result as without the interruption.

mod ahead;
mod config;
mod frames;
mod lessons;
mod optimiser;
mod run;
mod scenes;
mod schedule;
mod state;

pub use config::{Monitor, Recipe, TrainConfig};
pub use frames::{
    Augmentation, DataConfig, Example, Examples, FrameLessons, FrameOptions, TrainingOptions, open,
};
pub use lessons::{Batch, Block, Lessons, Score};
pub use optimiser::{Decay, EpsilonRule, OptimiserOptions};
pub use run::{EpochReport, Observer, Summary, TrainError, Trainee, train};
pub use scenes::{
    Decoupled, Optimiser, SceneAugmentation, SceneConfig, SceneData, SceneLessons, SceneTraining,
};
pub use schedule::{EarlyStopping, Plateau, ReduceOnPlateau};

#[cfg(test)]
mod tests;
