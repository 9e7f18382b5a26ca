//! `.keras`: a ZIP of `metadata.json`, the configuration and the weights.

use std::io::{Cursor, Read};

use stormlens_data::files::open_zip;
use zip::ZipArchive;

use super::super::error::{Fault, printable};
use super::super::{Container, Foreign};
use super::{MAX_FILE_BYTES, broken, config, foreign, layers, mapping, open};

const WEIGHTS: &str = "model.weights.h5";

/// A longer configuration is none: the network's has 50 kB.
const MAX_CONFIG_BYTES: usize = 4 << 20;

type Archive<'a> = ZipArchive<Cursor<&'a [u8]>>;

/// Whether a ZIP holds the weights of a model of Keras.
pub(crate) fn is_archive(bytes: &[u8]) -> bool {
    open_zip(bytes).is_ok_and(|zip| zip.index_for_name(WEIGHTS).is_some())
}

pub(crate) fn parse(bytes: &[u8]) -> Result<Foreign, Fault> {
    let mut zip = open_zip(bytes).map_err(|error| unreadable(WEIGHTS, &error))?;
    let version = text(&mut zip, "metadata.json")?.as_deref().and_then(version);
    let about = config::hyper_parameters(version, text(&mut zip, "config.json")?)?;
    let weights = entry(&mut zip, WEIGHTS, MAX_FILE_BYTES)?.unwrap_or_default();
    let file = open(&weights)?;
    let root = file.root_group().map_err(|e| broken(&e))?;
    let state = mapping::state_dict(layers::read(&root)?, weights.len())?;
    Ok(foreign(Container::KerasArchive, state, about))
}

/// `{"keras_version": "3.9.2", …}`
fn version(metadata: &str) -> Option<String> {
    let metadata: serde_json::Value = serde_json::from_str(metadata).ok()?;
    Some(metadata.get("keras_version")?.as_str()?.to_owned())
}

fn text(zip: &mut Archive, name: &str) -> Result<Option<String>, Fault> {
    let text = entry(zip, name, MAX_CONFIG_BYTES)?.map(String::from_utf8).transpose();
    text.map_err(|_| Fault::Damaged(format!("entry `{name}` of the ZIP is not UTF-8")))
}

/// The bytes of an entry, if it is there; no more are unpacked than it may have.
fn entry(zip: &mut Archive, name: &str, max_bytes: usize) -> Result<Option<Vec<u8>>, Fault> {
    let Some(index) = zip.index_for_name(name) else { return Ok(None) };
    let entry = zip.by_index(index).map_err(|error| unreadable(name, &error))?;
    let mut bytes = Vec::new();
    let read = entry.take(max_bytes as u64 + 1).read_to_end(&mut bytes);
    read.map_err(|error| unreadable(name, &error))?;
    if bytes.len() > max_bytes {
        return Err(Fault::Unsupported(format!(
            "entry `{name}` of the ZIP is larger than {} MiB",
            max_bytes >> 20
        )));
    }
    Ok(Some(bytes))
}

fn unreadable(name: &str, error: &dyn std::fmt::Display) -> Fault {
    let reason = printable(&error.to_string());
    Fault::Damaged(format!("entry `{name}` of the ZIP cannot be read ({reason})"))
}
