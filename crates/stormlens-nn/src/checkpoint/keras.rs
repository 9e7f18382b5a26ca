//! Weights in Keras's legacy HDF5 format.
//!
//! A whole model has its layers under `/model_weights` and its configuration as a JSON text at the
//! root; a file of weights alone has the layers at the root and no configuration. The attribute
//! `layer_names` orders the layers, `weight_names` the arrays of each. Names carry counters of the
//! process that wrote them, so layers are told apart by kind and position, as Keras itself restores
//! them, and named as a fresh process would: `conv2d`, `conv2d_1`, …

mod attributes;
mod config;
mod layers;
mod mapping;
#[cfg(test)]
mod tests;

use hdf5_reader::{Hdf5File, OpenOptions};

use self::attributes::Attributes;
use super::error::{Fault, printable};
use super::{Container, Foreign, Layout};

/// The first bytes of an HDF5 file.
pub(super) const MAGIC: &[u8] = b"\x89HDF\r\n\x1a\n";

/// Eight times the size of the polar-low network's with the state of its optimiser.
const MAX_FILE_BYTES: usize = 128 << 20;

/// Reads a model or its weights.
pub(super) fn parse(bytes: &[u8]) -> Result<Foreign, Fault> {
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
    let root = file.root_group().map_err(|e| broken(&e))?;
    let (groups, _) = root.member_names().map_err(|e| broken(&e))?;
    let is_whole = groups.iter().any(|name| name == "model_weights");
    let model = if is_whole { root.group("model_weights") } else { Ok(root.clone()) };
    let layers = layers::read(&model.map_err(|e| broken(&e))?)?;
    Ok(Foreign {
        state: mapping::state_dict(layers, bytes.len())?,
        left_over: Vec::new(),
        container: Container::Hdf5,
        layout: Layout::Keras,
        hyper_parameters: config::hyper_parameters(&Attributes::of(&root)?)?,
        epoch: None,
        sha256: String::new(),
        metadata: None,
    })
}

fn broken(error: &hdf5_reader::error::Error) -> Fault {
    Fault::Damaged(format!("it cannot be read as HDF5 ({})", printable(&error.to_string())))
}
