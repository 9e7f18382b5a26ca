//! Sentinel-1 scenes: quicklook pictures of radar backscatter, from the bytes of a file to what the
//! polar-low network takes.
//!
//! The network and its preparation are those of Grahn and Bianchi (2022), "Recognition of Polar
//! Lows in Sentinel-1 SAR Images with Deep Learning", <https://arxiv.org/abs/2203.16401>. A scene
//! of theirs is an RGB picture of about 400 km × 400 km: red and green are the cross-polarised
//! channel, blue is the co-polarised one, a scene with one polarisation is grey, and black is no
//! data.
//!
//! [`decode`] turns bytes into a [`Picture`], [`decode_as`] also those whose numbers somebody has to explain
//! ([`Coding`]), [`resize`] turns that into the square that a
//! [`Variant`] asks for, and [`Prepared::crop`] cuts what the network sees.
//! [`Statistics`] and [`outside_training_range`] say whether a picture looks like the scenes of the training
//! set; [`Folder`] lists such a set, [`SceneArchive`] the samples that come with the program, and
//! [`augment`](mod@augment) moves scenes about for training.

use std::path::Path;

use crate::files::{FilesError, read_file};

mod archive;
pub mod augment;
mod choices;
pub mod coding;
mod decode;
mod feature_range;
mod folder;
#[cfg(test)]
mod golden;
mod picture;
pub mod place;
mod prepare;
mod reference;
mod resample;
mod statistics;
mod tiff;
mod training_range;
mod variant;

pub use archive::{ID_DIGITS, LIST, Scene, SceneArchive};
pub use choices::{Fit, Resampling};
pub use coding::{Bands, Coding, Values};
pub use decode::{decode, decode_as, size};
pub use feature_range::{FeatureDistance, FeatureRange};
pub use folder::{Folder, Label, SceneFile, Split, footprint, hold_out_validation};
pub use picture::{Decoded, Limits, Picture, PictureError, Samples};
pub use place::Place;
pub use prepare::{Prepared, Rectangle, resize};
pub use reference::{Range, Reference};
pub use statistics::Statistics;
pub use training_range::outside_training_range;
pub use variant::Variant;

/// A scene, or a folder of scenes, that cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum SceneError {
    #[error("{file} cannot be read: {cause}")]
    Io { file: String, cause: std::io::Error },
    #[error("{file}: {cause}")]
    Picture { file: String, cause: PictureError },
    #[error("{file} is not a list of scenes: {cause}")]
    List { file: String, cause: serde_json::Error },
    #[error("{list} names {file:?}: give the name of a file in the same folder, without a path")]
    Name { list: String, file: String },
    #[error("{list} names a scene that cannot be read, so add the file or drop its entry: {cause}")]
    Listed { list: String, cause: FilesError },
    #[error(transparent)]
    File(#[from] FilesError),
    #[error("{list} names {first} and {second}, which hold the same bytes: drop one of them")]
    Twice { list: String, first: String, second: String },
    #[error("{folder} holds no scene: expected PNG files such as {folder}/train/pos/NAME.png")]
    NoScenes { folder: String },
}

/// A file of a picture is not longer.
pub const MAX_FILE_BYTES: u64 = 1 << 30;

impl SceneError {
    fn io(path: &Path, cause: std::io::Error) -> Self {
        Self::Io { file: path.display().to_string(), cause }
    }
}

/// Reads a picture from a file.
///
/// # Errors
/// For a file that cannot be read and for one that [`decode`] refuses; the message names the file.
pub fn read(path: &Path, limits: &Limits) -> Result<Picture, SceneError> {
    decode(&read_file(path, MAX_FILE_BYTES)?, limits)
        .map_err(|cause| SceneError::Picture { file: path.display().to_string(), cause })
}
