//! Training sets on disk: how they are built from raw frames, and how they are read.
//!
//! Rain: two files in the layout of SmaAt-UNet and SAR-UNet. The *intermediate* file holds every
//! frame once; the *windowed* file holds, for every window with enough rain, its input frames and
//! what follows up to the lead time. Cloud cover: one `.npz` a window, in folders, as SAR-UNet's
//! program reads them. All have groups `train`, `validation` and `test`, blocks of time that share no
//! frame.

use std::path::Path;

use crate::card::NowcastField;
use crate::files::FilesError;
use crate::import::ImportError;
use crate::request::Cancelled;

mod build;
pub mod clouds;
mod frames;
mod selection;
mod store;
mod windows;

pub use build::masks::{self, MaskOptions, MaskReport, build_masks};
pub use build::{
    BuildOptions, BuildReport, GroupReport, Skipped, Split, build, build_windows, windows_name,
};
pub use clouds::has_cloud_samples;
pub use frames::Frames;
pub use selection::{Gap, Rule, gaps, select_windows};
pub use windows::{Window, Windows};

/// A dataset, or a sample of one, that cannot be read or built.
#[derive(Debug, thiserror::Error)]
pub enum DatasetError {
    #[error(transparent)]
    Import(#[from] ImportError),
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
    #[error("{file} cannot be read or written: {cause}")]
    Io { file: String, cause: std::io::Error },
    #[error(
        "{folder} holds no frame{instead}: expected radar files such as RAD_NL25_RAP_5min_201008260535.h5, \
         or the files that a frames.json describes"
    )]
    NoFrames {
        folder: String,
        /// What is there instead, in words that follow.
        instead: String,
    },
    #[error(
        "{sample:?} names no sample: expected a time in UTC such as 20100826T0535, behind a tile where there are \
         several, r1c2.20150515T1545"
    )]
    SampleName { sample: String },
    #[error(
        "the frame of {time} UTC is missing from {folder}: fetch it, or choose a time whose frames are all there"
    )]
    MissingFrame { time: String, folder: String },
    #[error("{file} holds the frame of {found}: rename the file after its own time")]
    WrongTime { file: String, found: String },
    #[error("{file} and {other} both hold the frame of {time} UTC, and differ: give one of them")]
    SameTime { file: String, other: String, time: String },
    #[error(
        "{file} is of another kind ({found}) than the frames beside it ({others}): put it into a folder of its own"
    )]
    OtherRadar { file: String, found: String, others: String },
    #[error("{file} does not name events: {what}")]
    Events { file: String, what: String },
    #[error("{file} does not fit the frames beside it ({what}): remove it, or write it again")]
    Summaries { file: String, what: String },
    #[error("{file} is not a readable HDF5 file, make or fetch it again: {cause}")]
    Hdf5 { file: String, cause: String },
    #[error("{file} is not a dataset of radar frames: {what}")]
    Layout { file: String, what: String },
    #[error("{file} has no group {group:?}: choose one of {known}")]
    UnknownGroup { file: String, group: String, known: String },
    #[error("{file} has {n} items in group {group:?}, no item {index}: count from 0")]
    OutOfRange { file: String, group: String, index: usize, n: usize },
    #[error("{file} holds values that are no numbers in item {index} of {group:?}: make it again")]
    NotFinite { file: String, group: String, index: usize },
    #[error("{file} does not say how many input frames a window has: name it …input-length_12…h5")]
    InputLength { file: String },
    #[error(
        "{file} has no frame {lead_time_min} min after the last input: it has one every {step_min} \
         min up to {last_min} min, so choose another file or network"
    )]
    LeadTime { file: String, lead_time_min: u32, step_min: u32, last_min: u32 },
    #[error("{file} is not a cloud-cover sample: {what}")]
    Clouds { file: String, what: String },
    #[error("{file} does not describe frames: {what}")]
    Description { file: String, what: String },
    #[error("{file} is not a frame of classes: {what}")]
    Classes { file: String, what: String },
    #[error("{folder} holds no cloud-cover samples: {what}")]
    NoClouds { folder: String, what: String },
    #[error(
        "{file} holds {found} and the network takes {wanted}: choose another data set or network"
    )]
    OtherKind { file: String, found: String, wanted: String },
    #[error(transparent)]
    Files(#[from] FilesError),
    #[error("{0}")]
    Options(String),
}

/// What the frames of a data set or an archive are, to be compared with what a network takes.
pub(crate) fn check_kind(
    file: &str,
    found: (NowcastField, u32),
    wanted: (NowcastField, u32),
) -> Result<(), DatasetError> {
    let words = |(field, step_min)| format!("{field} every {step_min} min");
    if found == wanted {
        return Ok(());
    }
    let (found, wanted) = (words(found), words(wanted));
    Err(DatasetError::OtherKind { file: file.to_owned(), found, wanted })
}

impl DatasetError {
    fn io(path: &Path, cause: std::io::Error) -> Self {
        Self::Io { file: path.display().to_string(), cause }
    }

    fn unknown_group(file: &str, group: &str, known: &[&str]) -> Self {
        let known = known.join(", ");
        Self::UnknownGroup { file: file.to_owned(), group: group.to_owned(), known }
    }
}
