//! `/scenes/…`: pictures that visitors bring, and what is made of them.

pub mod compare;
pub mod downloads;
pub mod figures;
mod meter;
pub mod query;
pub mod refusals;
pub mod thumbnail;
pub mod upload;

pub use self::refusals::RefusedFile;
pub use self::upload::UploadLimits;
