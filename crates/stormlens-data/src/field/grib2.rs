//! GRIB2: WMO Manual on Codes, FM 92, edition 2.
//!
//! Sections are walked through and heads are read here, so that every length is compared with the file before
//! memory is taken; the values of a message are unpacked by the crate `grib`.

mod axes;
mod bytes;
mod message;
mod product;
mod scan;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
mod values;

pub(super) use message::Message;
pub(super) use scan::scan;
