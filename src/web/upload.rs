//! Uploads: how many at a time, how large, how slow, which parts a form has, where files are kept, and refusals in words.
//! What files hold is the business of a task.

mod form;
mod intake;
mod kept;
mod meter;
mod refusal;
mod remedy;

use std::time::Duration;

use super::client::Shares;

pub use form::{Form, NamedBytes, Part};
pub use intake::{Intake, answer};
pub use kept::{KeepError, Kept, first_digits, is_key};
pub use meter::{Crowd, Meter};
pub use refusal::Words;
pub use remedy::parted;

/// Headers and boundaries of a form, a file.
const OVERHEAD_BYTES: usize = 16 << 10;

/// How many may bring how much, and how slowly.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct UploadLimits {
    /// Bodies that are read at the same time.
    pub n_at_once: usize,
    /// Those of them that one client sends.
    pub n_of_client: usize,
    /// Files in one form.
    pub n_files: usize,
    /// For the whole body, counting only time in which the client is waited for.
    pub deadline: Duration,
    /// Without a single byte.
    pub stall: Duration,
    /// From when on the rate counts.
    pub grace: Duration,
    /// Rate over the whole time below which an upload is given up.
    pub min_bytes_per_s: f64,
    /// While others find no room, an upload has to be so many times faster, and be done so many times sooner.
    pub crowded_factor: f64,
    /// How long a refused upload is read on, so that its sender sees the answer.
    pub linger: Duration,
}

impl Default for UploadLimits {
    fn default() -> Self {
        Self {
            n_at_once: 8,
            n_of_client: 4,
            n_files: 24,
            deadline: Duration::from_secs(300),
            stall: Duration::from_secs(15),
            grace: Duration::from_secs(10),
            min_bytes_per_s: 16_384.0,
            crowded_factor: 8.0,
            linger: Duration::from_secs(3),
        }
    }
}

impl UploadLimits {
    /// Room for the bodies that are read at the same time.
    pub fn shares(&self) -> Shares {
        Shares::new(self.n_at_once, self.n_of_client.min(self.n_at_once))
    }

    /// Bytes that a form may have in all, where a file may have so many.
    pub fn max_bytes(&self, max_file_bytes: usize) -> usize {
        (max_file_bytes + OVERHEAD_BYTES).saturating_mul(self.n_files)
    }
}

/// Why a body was not read to its end.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Halt {
    #[error("the upload {0}")]
    Form(String),
    #[error("the upload has more than {} MB", max_bytes.div_ceil(1_000_000))]
    TooLarge { max_bytes: usize },
    #[error("the upload came too slowly")]
    TooSlow,
}
