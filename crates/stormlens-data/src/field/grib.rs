//! GRIB: WMO Manual on Codes, FM 92, editions 1 and 2.
//!
//! Sections are walked through and heads are read here, so that every length is compared with the file before
//! memory is taken; the values of edition 2
//! are unpacked by the crate `grib`, those of edition 1 (simple packing only) here.

mod axes;
mod bytes;
mod edition1;
mod gaussian;
mod message;
mod product;
mod scan;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
mod unknown;
mod values;

pub(super) use message::Message;
pub(super) use scan::{Scanned, scan};
