//! What can go wrong with pictures that visitors bring.

use axum::http::StatusCode;

use super::{Described, Link};
use crate::scenes::UploadError;
use crate::web::format;
use crate::web::scenes::RefusedFile;
use stormlens_data::scene::PictureError;

/// Why a scene is not there.
#[derive(Clone, Debug, thiserror::Error)]
pub enum UploadProblem {
    #[error("there is no scene called “{id}”")]
    UnknownScene { id: String },
    #[error("the upload {0}")]
    Form(String),
    #[error("an upload cannot be {media_type}")]
    MediaType { media_type: String },
    #[error("“{}” is not taken: {}", .0.name, .0.message)]
    File(RefusedFile),
    #[error("none of the {} files can be taken: {}", .0.len(), listed(.0))]
    Files(Vec<RefusedFile>),
    #[error("there are more than {max_files} files")]
    TooManyFiles { max_files: usize },
    #[error("the upload has more than {} bytes", format::count(*max_bytes))]
    TooLarge { max_bytes: usize },
    #[error("the upload came too slowly")]
    TooSlow,
    #[error("{n_at_once} other uploads are being read")]
    Busy { n_at_once: usize },
    #[error("there are no weights for {title}")]
    NoWeights { model: &'static str, title: &'static str },
}

fn listed(files: &[RefusedFile]) -> String {
    let lines: Vec<_> = files.iter().map(|f| format!("“{}”: {}", f.name, f.message)).collect();
    lines.join("; ")
}

impl UploadProblem {
    pub(super) fn describe(&self) -> Described {
        let (status, title) = self.title();
        let scenes = Link { text: "To the scenes", href: "/scenes".to_owned() };
        Described { status, title, remedy: self.remedy(), back: scenes }
    }

    fn title(&self) -> (StatusCode, &'static str) {
        use StatusCode as S;
        match self {
            Self::UnknownScene { .. } => (S::NOT_FOUND, "Unknown scene"),
            Self::Form(_) => (S::BAD_REQUEST, "Upload not understood"),
            Self::MediaType { .. } => (S::UNSUPPORTED_MEDIA_TYPE, "Upload not understood"),
            Self::File(file) => (file.status(), "Picture not taken"),
            Self::Files(files) => {
                let first = files.first().map(RefusedFile::status);
                (first.unwrap_or(S::UNPROCESSABLE_ENTITY), "Pictures not taken")
            }
            Self::TooManyFiles { .. } => (S::UNPROCESSABLE_ENTITY, "Too many files"),
            Self::TooLarge { .. } => (S::PAYLOAD_TOO_LARGE, "Upload too large"),
            Self::TooSlow => (S::REQUEST_TIMEOUT, "Upload too slow"),
            Self::Busy { .. } => (S::TOO_MANY_REQUESTS, "Busy"),
            Self::NoWeights { .. } => (S::UNPROCESSABLE_ENTITY, "No weights"),
        }
    }

    fn remedy(&self) -> String {
        match self {
            Self::UnknownScene { .. } => "Choose a sample, or upload the picture again: uploads \
                 that were not used for long make room for others"
                .to_owned(),
            Self::Form(_) | Self::MediaType { .. } => "Send a form (multipart/form-data) with the \
                 files in the field “files”, or one picture by itself as image/png, image/jpeg or \
                 image/tiff"
                .to_owned(),
            Self::File(_) | Self::Files(_) => {
                "Choose another file: PNG, JPEG and TIFF pictures are read".to_owned()
            }
            Self::TooManyFiles { max_files } => {
                format!("Upload at most {max_files} at once, and the others after them")
            }
            Self::TooLarge { .. } => {
                "Cut the picture, save it smaller, or upload fewer files at once".to_owned()
            }
            Self::TooSlow => "Try again with a better connection, or a smaller file".to_owned(),
            Self::Busy { .. } => "Try again in a few seconds".to_owned(),
            Self::NoWeights { model, .. } => format!(
                "Put the authors’ .h5 file into checkpoints/{model}/, or take it in with `stormlens \
                 import --from W.h5 --output checkpoints/{model}/NAME`, and start the server again"
            ),
        }
    }
}

impl RefusedFile {
    /// A file and why it was not taken.
    pub fn new(name: String, error: &UploadError) -> Self {
        Self { name, status: status(error).as_u16(), message: error.to_string() }
    }

    fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }
}

fn status(error: &UploadError) -> StatusCode {
    match error {
        UploadError::TooManyBytes { .. } => StatusCode::PAYLOAD_TOO_LARGE,
        UploadError::Picture(
            PictureError::NotAPicture { .. } | PictureError::Unsupported { .. },
        ) => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        UploadError::Picture(_) => StatusCode::UNPROCESSABLE_ENTITY,
        UploadError::Collision { .. } => StatusCode::CONFLICT,
        UploadError::Io { .. } => StatusCode::INTERNAL_SERVER_ERROR,
    }
}
