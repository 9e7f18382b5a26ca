//! How long rows of numbers and fixed names are written down by serde.
//!
//! Rows are byte strings, which binary formats keep as they are: four bytes a value, little-endian,
//! and every value comes back bit by bit, `NaN` too.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer};

#[cfg(test)]
mod tests;

/// Names of classes and baselines; a program knows a handful.
const MAX_NAMES: usize = 256;
const MAX_NAME_BYTES: usize = 64;

/// `Vec<f32>` as a byte string; for `#[serde(with)]`.
pub mod values {
    use serde::de::Error;
    use serde::{Deserializer, Serializer};

    pub fn serialize<S: Serializer>(values: &[f32], serializer: S) -> Result<S::Ok, S::Error> {
        let bytes: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        serializer.serialize_bytes(&bytes)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<f32>, D::Error> {
        let bytes = super::bytes::deserialize(deserializer)?;
        let (values, rest) = bytes.as_chunks::<4>();
        if !rest.is_empty() {
            let message = format!("{} bytes are no row of numbers of four bytes", bytes.len());
            return Err(D::Error::custom(message));
        }
        Ok(values.iter().map(|&value| f32::from_le_bytes(value)).collect())
    }
}

/// `Vec<u8>` as a byte string; for `#[serde(with)]`.
pub mod bytes {
    use serde::{Deserializer, Serializer};

    pub fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(bytes)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
        deserializer.deserialize_byte_buf(super::Bytes)
    }
}

struct Bytes;

impl Visitor<'_> for Bytes {
    type Value = Vec<u8>;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a byte string")
    }

    fn visit_byte_buf<E: Error>(self, bytes: Vec<u8>) -> Result<Vec<u8>, E> {
        Ok(bytes)
    }

    fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<Vec<u8>, E> {
        Ok(bytes.to_vec())
    }
}

/// A name that lives as long as the program. With this type derives do not take it for a piece of
/// what they read.
pub type Name = &'static str;

/// A [`Name`] from a text; for `#[serde(deserialize_with)]`.
///
/// Each is kept once. There are few, so a file that brings many is none of ours.
pub fn name<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Name, D::Error> {
    let name = String::deserialize(deserializer)?;
    intern(&name).ok_or_else(|| D::Error::custom(format!("{name:?} is no name of this program")))
}

fn intern(name: &str) -> Option<Name> {
    static NAMES: Mutex<BTreeSet<Name>> = Mutex::new(BTreeSet::new());
    let mut names = NAMES.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = names.get(name) {
        return Some(known);
    }
    if name.len() > MAX_NAME_BYTES || names.len() == MAX_NAMES {
        return None;
    }
    let kept: Name = String::from(name).leak();
    names.insert(kept);
    Some(kept)
}
