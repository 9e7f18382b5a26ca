//! Pictures from the command line.

use std::path::Path;

use anyhow::{Context as _, bail};
use stormlens_data::field::number;
use stormlens_data::files::{name_of, npy, read_file};
use stormlens_data::hash;
use stormlens_data::scene::{
    Coding, Decoded, ID_DIGITS, Limits, MAX_FILE_BYTES, Picture, PictureError, Samples, decode_as,
    size,
};

use super::SceneEntry;

/// What a file holds.
#[derive(Debug)]
pub enum Content {
    /// Its bytes; what they are is said with the question.
    Bytes(Vec<u8>),
    Array(Picture),
}

impl Content {
    /// The picture, some 100 MB for the largest that is read.
    ///
    /// # Errors
    /// What decoding refuses.
    pub fn picture(&self, coding: Coding) -> Result<Decoded, PictureError> {
        match self {
            Self::Bytes(bytes) => decode_as(bytes, &Limits::default(), coding),
            Self::Array(picture) => {
                Ok(Decoded { picture: picture.clone(), coding: String::new(), place: None })
            }
        }
    }

    /// Width and height.
    fn size(&self) -> Result<[usize; 2], PictureError> {
        match self {
            Self::Array(picture) => Ok([picture.width, picture.height]),
            Self::Bytes(bytes) => {
                // Only what is undecided may be decided yet.
                match self.picture(Coding::default()) {
                    Ok(Decoded { picture, .. }) => Ok([picture.width, picture.height]),
                    Err(PictureError::Undecided { .. }) => size(bytes, &Limits::default()),
                    Err(error) => Err(error),
                }
            }
        }
    }
}

/// A picture from a file, and what is known of it.
///
/// # Errors
/// For a file that cannot be read and for what is no picture.
pub fn read(file: &Path) -> anyhow::Result<(SceneEntry, Content)> {
    let shown = file.display();
    let bytes = read_file(file, MAX_FILE_BYTES)?;
    let sha256 = hash::sha256(&bytes);
    let content = match bytes.starts_with(b"\x93NUMPY") {
        true => Content::Array(from_array(file)?),
        false => Content::Bytes(bytes),
    };
    let [width_px, height_px] = content.size().with_context(|| shown.to_string())?;
    let entry = SceneEntry {
        id: sha256[..ID_DIGITS].to_owned(),
        sha256,
        title: name_of(file),
        description: String::new(),
        label: None,
        time: None,
        source: "a file of the user".to_owned(),
        licence: "not stated".to_owned(),
        attribution: String::new(),
        simulated: false,
        uploaded: false,
        brought: true,
        coding: Coding::default(),
        width_px,
        height_px,
    };
    Ok((entry, content))
}

fn from_array(file: &Path) -> anyhow::Result<Picture> {
    let (shape, values) = npy::read_npy_f32(file)?;
    let file = file.display();
    let [height, width, 3] = shape[..] else {
        bail!("{file} has shape {shape:?}; a picture is [height, width, 3]");
    };
    if width == 0 || height == 0 {
        bail!("{file} has shape {shape:?}: there is nothing in it");
    }
    if let Some(bad) = values.iter().find(|v| !(0.0..=255.0).contains(*v)) {
        let bad = number(*bad);
        bail!("{file} holds {bad}; the values of a picture lie in 0 to 255");
    }
    Ok(Picture { width, height, rgb: Samples::F32(values) })
}
