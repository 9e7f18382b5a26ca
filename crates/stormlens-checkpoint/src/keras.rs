//! Weights of Keras, in any of its three kinds of files.
//!
//! - The older `.h5`: a whole model has its layers under `/model_weights` and its configuration as a JSON text at
//!   the root; a file of weights alone has the layers at the root and no configuration. The attribute
//!   `layer_names` orders the layers, `weight_names` the arrays of each.
//! - `.weights.h5` of Keras 3: the layers under `/layers`, named by their class and a counter, the arrays of each
//!   under `vars`, named by numbers. It has no configuration.
//! - `.keras`: a ZIP of such a file and the configuration.
//!
//! Names carry counters of the process that wrote them, so layers are told apart by kind and position, as Keras itself
//! restores them, and named as a fresh process would: `conv2d`, `conv2d_1`, …

mod archive;
mod attributes;
mod config;
mod layers;
mod mapping;
mod numbered;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use hdf5_reader::{Hdf5File, OpenOptions};
use serde_json::Value as Json;

use self::attributes::Attributes;
use super::error::{Fault, printable};
use super::{Container, Foreign, Layout, StateDict};

pub(super) use archive::{is_archive, parse as parse_archive};

/// The first bytes of an HDF5 file.
pub(super) const MAGIC: &[u8] = b"\x89HDF\r\n\x1a\n";

/// Eight times the size of the polar-low network's with the state of its optimiser.
const MAX_FILE_BYTES: usize = 128 << 20;

/// Reads a model or its weights.
pub(super) fn parse(bytes: &[u8]) -> Result<Foreign, Fault> {
    let file = open(bytes)?;
    let root = file.root_group().map_err(|e| broken(&e))?;
    let about = Attributes::of(&root)?;
    let about =
        config::hyper_parameters(about.text("keras_version")?, about.text("model_config")?)?;
    let state = mapping::state_dict(layers::read(&root)?, bytes.len())?;
    Ok(foreign(Container::Hdf5, state, about))
}

fn foreign(
    container: Container,
    state: StateDict,
    hyper_parameters: BTreeMap<String, Json>,
) -> Foreign {
    Foreign {
        state,
        left_over: Vec::new(),
        dictionaries: Vec::new(),
        container,
        layout: Layout::Keras,
        hyper_parameters,
        epoch: None,
        numbers: BTreeMap::new(),
        sha256: String::new(),
        metadata: None,
    }
}

fn open(bytes: &[u8]) -> Result<Hdf5File, Fault> {
    if bytes.len() > MAX_FILE_BYTES {
        return Err(Fault::Unsupported(format!(
            "it has {} MiB; files of Keras are read up to {}",
            bytes.len() >> 20,
            MAX_FILE_BYTES >> 20
        )));
    }
    let options = OpenOptions::default()
        .with_max_read_bytes(MAX_FILE_BYTES)
        .with_max_chunk_bytes(MAX_FILE_BYTES)
        .with_max_object_header_bytes(MAX_FILE_BYTES);
    let file = Hdf5File::from_bytes_with_options(bytes, options).map_err(|e| broken(&e))?;
    if (bytes.len() as u64) < file.superblock().eof_address {
        return Err(Fault::truncated("its arrays"));
    }
    Ok(file)
}

fn broken(error: &hdf5_reader::error::Error) -> Fault {
    Fault::Damaged(format!("it cannot be read as HDF5 ({})", printable(&error.to_string())))
}
