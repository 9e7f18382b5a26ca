//! Training: `stormlens train CONFIG.toml`.
//!
//! One loop for every network; what depends on the task is its [`Supervision`]: frames and the frames
//! that followed ([`FrameSupervision`]), scenes and their classes ([`SceneSupervision`]), coarse and fine
//! rain of tiles ([`TileSupervision`]), or fields of a weather model and the rain that came ([`FieldSupervision`]).
//! Optimiser, schedule and early stopping are those of the reference programs; whatever goes beyond
//! them is an option. A run can be killed at any moment and goes on from the end of its last epoch
//! with the same result as without the interruption.

mod config;
pub(crate) mod fields;
mod frames;
mod lamb;
mod limits;
mod moments;
mod optimiser;
mod prefetch;
mod run;
mod scenes;
mod schedule;
mod spark;
mod state;
mod step;
mod supervision;
mod tiles;

pub use config::{Monitor, Recipe, TrainConfig};
pub use fields::{
    FieldConfig, FieldData, FieldSource, FieldSupervision, FieldTraining, NetworkSizes,
    NoAugmentation, Stage,
};
pub use frames::{
    Augmentation, Crop, DataConfig, EventShares, Example, Examples, FrameOptions, FrameSupervision,
    TrainingOptions, initial_weights, open,
};
pub use lamb::LambOptions;
pub use optimiser::{Decay, EpsilonRule, OptimiserOptions, RateOf, Rule};
pub use run::{EpochReport, Observer, Summary, TrainError, Trainee, train, validation_loss};
pub use scenes::{
    Decoupled, Optimiser, SceneAugmentation, SceneConfig, SceneData, SceneSupervision,
    SceneTraining,
};
pub use schedule::{
    EarlyStopping, Plateau, Rates, ReduceOnPlateau, Schedule, WarmCosine, WarmRestarts,
};
pub use spark::{SparkConfig, SparkLoss, SparkSupervision, SparkTraining, Start, TrainedPart};
pub use step::Stepper;
pub use supervision::{Batch, Block, Score, Supervision};
pub use tiles::{
    Shift, TileAugmentation, TileConfig, TileData, TileLoss, TileSupervision, TileTraining,
};

#[cfg(test)]
mod tests;
