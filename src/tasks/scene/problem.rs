//! What can go wrong with pictures that visitors bring.

use axum::http::StatusCode;
use stormlens_data::scene::PictureError;

use super::refusals::RefusedFile;
use super::scenes::{SceneError, UploadError};
use crate::web::upload::Halt;
use crate::web::{AppError, Problem, format};

/// Why an upload is not taken.
#[derive(Clone, Debug, thiserror::Error)]
pub enum UploadProblem {
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
    #[error("the upload has more than {} MB", format::count(max_bytes.div_ceil(1_000_000)))]
    TooLarge { max_bytes: usize },
    #[error("the upload came too slowly")]
    TooSlow,
    #[error("{n_at_once} other uploads are being read")]
    Busy { n_at_once: usize },
}

fn listed(files: &[RefusedFile]) -> String {
    let lines: Vec<_> = files.iter().map(|f| format!("“{}”: {}", f.name, f.message)).collect();
    lines.join("; ")
}

impl From<UploadProblem> for AppError {
    fn from(problem: UploadProblem) -> Self {
        let (status, title) = problem.title();
        let back = crate::web::Link { text: "To the scenes", href: "/scenes".to_owned() };
        let (message, remedy) = (problem.to_string(), problem.remedy());
        Problem { message, status, title, remedy, back }.into()
    }
}

impl From<Halt> for UploadProblem {
    fn from(halt: Halt) -> Self {
        match halt {
            Halt::Form(what) => Self::Form(what),
            Halt::TooLarge { max_bytes } => Self::TooLarge { max_bytes },
            Halt::TooSlow => Self::TooSlow,
        }
    }
}

impl UploadProblem {
    fn title(&self) -> (StatusCode, &'static str) {
        use StatusCode as S;
        match self {
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
        }
    }

    fn remedy(&self) -> String {
        match self {
            Self::Form(_) | Self::MediaType { .. } => "Send a form (multipart/form-data) with the \
                 files in the field “files”, or one picture by itself as image/png, image/jpeg or \
                 image/tiff"
                .to_owned(),
            Self::File(file) if file.is_for_want_of_room() => {
                "Upload it again when whoever runs the server has made room".to_owned()
            }
            Self::File(file) if file.is_not_kept() => {
                "Tell whoever runs the server: files cannot be kept in its folder (--cache)".to_owned()
            }
            Self::File(_) | Self::Files(_) => {
                "Choose a PNG, JPEG or TIFF file; for a TIFF of measurements, also choose what its numbers are".to_owned()
            }
            Self::TooManyFiles { max_files } => {
                format!("Upload at most {max_files} at once, and the others after them")
            }
            Self::TooLarge { .. } => {
                "Cut the picture, save it smaller, or upload fewer files at once".to_owned()
            }
            Self::TooSlow => "Try again with a better connection, or a smaller file".to_owned(),
            Self::Busy { .. } => "Try again in a few seconds".to_owned(),
        }
    }
}

impl From<SceneError> for AppError {
    fn from(error: SceneError) -> Self {
        Self::Data(error.to_string())
    }
}

impl RefusedFile {
    /// A file and why it was not taken.
    pub fn new(name: String, error: &UploadError) -> Self {
        Self { name, status: status(error).as_u16(), message: error.to_string() }
    }

    /// Whether it is the server that cannot keep it, whatever is in it.
    fn is_not_kept(&self) -> bool {
        self.status() == StatusCode::INTERNAL_SERVER_ERROR
    }

    fn is_for_want_of_room(&self) -> bool {
        self.status() == StatusCode::INSUFFICIENT_STORAGE
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
        UploadError::DiskFull => StatusCode::INSUFFICIENT_STORAGE,
        UploadError::Io { .. } => StatusCode::INTERNAL_SERVER_ERROR,
    }
}
