//! Weights on disk: foreign checkpoints read, our own read and written.
//!
//! [`read`] takes a ZIP or a legacy stream of `torch.save`, in any of the dictionaries of PyTorch
//! Lightning, an HDF5 file or an archive of Keras, or safetensors. The container is recognised by content, never by
//! name. A pickle is interpreted as data by a machine that knows a dozen names and runs none of them;
//! any other name is refused.
//!
//! [`write_safetensors`] writes our own format: safetensors, with a [`Metadata`] beside the tensors.
//! Nothing here knows a network: whose weights they are, the crate of the networks finds out.

mod container;
mod dtype;
mod error;
mod keras;
mod layout;
mod native;
mod pickle;
mod torch;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Read;
use std::path::Path;

use indexmap::IndexMap;
use sha2::{Digest, Sha256};
use stormlens_data::scene::{FeatureRange, Reference, Variant};

pub use error::CheckpointError;
use error::Fault;
pub use error::printable;
pub use layout::{is_mean, with_what_it_is};
pub use native::{FORMAT_VERSION, Metadata, Precision, write_safetensors};

/// Largest file that is read: thirty times the largest checkpoint of the SmaAt-UNet family.
const MAX_FILE_BYTES: u64 = 2 << 30;

/// Largest number of dimensions of a tensor; PyTorch's convolutions need six at most.
const MAX_RANK: usize = 8;

/// Numbers and their shape, row-major; no dimension means a scalar.
#[derive(Clone, Debug, PartialEq)]
pub struct Tensor {
    pub shape: Vec<usize>,
    pub values: Values,
    /// The type in the file it was read from, e.g. `float16`.
    pub stored_as: &'static str,
}

/// The numbers of a [`Tensor`]. Floats of any width are `F32`, integers and booleans are `I64`.
#[derive(Clone, Debug, PartialEq)]
pub enum Values {
    F32(Vec<f32>),
    I64(Vec<i64>),
}

impl Values {
    pub fn len(&self) -> usize {
        match self {
            Values::F32(values) => values.len(),
            Values::I64(values) => values.len(),
        }
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl Tensor {
    /// A tensor of floats.
    ///
    /// # Panics
    /// If `values` does not hold as many numbers as `shape` says.
    pub fn f32(shape: Vec<usize>, values: Vec<f32>) -> Self {
        assert_eq!(values.len(), shape.iter().product::<usize>(), "a tensor of shape {shape:?}");
        Self { shape, values: Values::F32(values), stored_as: "float32" }
    }

    /// A tensor of integers.
    ///
    /// # Panics
    /// If `values` does not hold as many numbers as `shape` says.
    pub fn i64(shape: Vec<usize>, values: Vec<i64>) -> Self {
        assert_eq!(values.len(), shape.iter().product::<usize>(), "a tensor of shape {shape:?}");
        Self { shape, values: Values::I64(values), stored_as: "int64" }
    }

    /// The floats; `None` where the tensor holds integers.
    pub fn into_f32(self) -> Option<Vec<f32>> {
        match self.values {
            Values::F32(values) => Some(values),
            Values::I64(_) => None,
        }
    }

    /// The same, borrowed.
    pub fn as_f32(&self) -> Option<&[f32]> {
        match &self.values {
            Values::F32(values) => Some(values),
            Values::I64(_) => None,
        }
    }
}

/// Named tensors, in the order of the file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StateDict {
    pub tensors: IndexMap<String, Tensor>,
}

impl StateDict {
    /// The tensors whose names begin so, without that beginning, and the names of the others.
    pub fn below(&self, prefix: &str) -> (Self, Vec<String>) {
        let (mut tensors, mut others) = (IndexMap::new(), Vec::new());
        for (name, tensor) in &self.tensors {
            match name.strip_prefix(prefix) {
                Some(rest) => drop(tensors.insert(rest.to_owned(), tensor.clone())),
                None => others.push(name.clone()),
            }
        }
        (Self { tensors }, others)
    }

    /// Hash over names, shapes and values as loaded, in the order of the names, as lower-case
    /// hexadecimal. It does not depend on container, layout or order in the file: two files with
    /// the same hash hold the same network.
    pub fn sha256(&self) -> String {
        let mut names: Vec<&String> = self.tensors.keys().collect();
        names.sort();
        let mut hash = Sha256::new();
        for name in names {
            hash_tensor(&mut hash, name, &self.tensors[name]);
        }
        hex(&hash.finalize())
    }
}

/// Lengths go in front of whatever varies, so that no two different tensors give the same bytes.
fn hash_tensor(hash: &mut Sha256, name: &str, tensor: &Tensor) {
    hash.update((name.len() as u64).to_le_bytes());
    hash.update(name);
    hash.update((tensor.shape.len() as u64).to_le_bytes());
    tensor.shape.iter().for_each(|&n| hash.update((n as u64).to_le_bytes()));
    match &tensor.values {
        Values::F32(values) => {
            hash.update(b"f");
            hash.update(values.iter().flat_map(|v| v.to_le_bytes()).collect::<Vec<u8>>());
        }
        Values::I64(values) => {
            hash.update(b"i");
            hash.update(values.iter().flat_map(|v| v.to_le_bytes()).collect::<Vec<u8>>());
        }
    }
}

/// What a checkpoint file is packed in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Container {
    /// `.safetensors`.
    Safetensors,
    /// `torch.save` since torch 1.6.
    TorchZip,
    /// `torch.save` before torch 1.6.
    TorchLegacy,
    /// HDF5, as Keras writes it.
    Hdf5,
    /// `.keras`: a ZIP with such a file in it.
    KerasArchive,
}

impl std::fmt::Display for Container {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Safetensors => "a safetensors file",
            Self::TorchZip => "a file of PyTorch",
            Self::TorchLegacy => "a file of PyTorch before version 1.6",
            Self::Hdf5 => "an HDF5 file of Keras",
            Self::KerasArchive => "a model of Keras (.keras)",
        })
    }
}

/// How the weights are arranged within the container.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// PyTorch Lightning up to 0.7, the version that SmaAt-UNet and SAR-UNet were trained with.
    Lightning07,
    /// PyTorch Lightning 0.8 to 0.10.
    Lightning08,
    /// PyTorch Lightning 1 and 2.
    Lightning2,
    /// The dictionary of SmaAt-UNet's script for the PASCAL VOC data set, less its pickled model.
    Voc,
    /// Any other dictionary with a `state_dict`.
    Wrapped,
    /// Tensors and nothing else.
    Bare,
    /// Layers of Keras, by position.
    Keras,
    /// Our own: see [`write_safetensors`].
    Stormlens,
}

/// A checkpoint as read from disk.
#[derive(Clone, Debug)]
pub struct Foreign {
    /// The weights, without a prefix (`model.`, `module.`, `_orig_mod.`) that all names share.
    pub state: StateDict,
    /// Names of what stands beside them and is not used.
    pub left_over: Vec<String>,
    /// The dictionaries of tensors, where there are several and the file does not say which one is the network. The names
    /// of tensors then begin with that of their dictionary and a dot.
    pub dictionaries: Vec<String>,
    pub container: Container,
    pub layout: Layout,
    /// Plain values only: tensors and whatever nests too deeply are left out.
    pub hyper_parameters: BTreeMap<String, serde_json::Value>,
    pub epoch: Option<u64>,
    /// Plain numbers beside the weights of a file of PyTorch, such as the losses of that epoch.
    pub numbers: BTreeMap<String, f64>,
    /// Hash of the file, lower-case hexadecimal.
    pub sha256: String,
    /// Only in our own layout.
    pub metadata: Option<Metadata>,
}

impl Foreign {
    /// The size of the pictures it was trained on, where the file says it.
    pub fn variant(&self) -> Option<Variant> {
        let from_keras = |name: &str| {
            let side = self.hyper_parameters.get(name).and_then(serde_json::Value::as_u64);
            side.and_then(|side| usize::try_from(side).ok())
        };
        let own = self.metadata.as_ref();
        let input_px = own.and_then(|m| m.input_px).or(from_keras("input_px"));
        let crop_px = own.and_then(|m| m.crop_px).or(from_keras("crop_px"));
        input_px.zip(crop_px).map(|(input_px, crop_px)| Variant { input_px, crop_px })
    }

    /// The range of the training scenes' statistics, where our own file holds it.
    pub fn training_range(&self) -> Option<Reference> {
        let statistics = self.metadata.as_ref()?.training_statistics.clone()?;
        serde_json::from_value(statistics).ok()
    }

    /// Where the training scenes lie in the network's features, where our own file holds it.
    pub fn training_features(&self) -> Option<FeatureRange> {
        let features = self.metadata.as_ref()?.training_features.clone()?;
        serde_json::from_value(features).ok()
    }
}

/// Reads a checkpoint of any known kind.
///
/// Memory stays below nine times the size of the file and 150 MB, whatever the file says about
/// itself; for a network's weights it is twice the size of the file.
///
/// # Errors
/// Every error names the file and says what it is, where it is damaged, or which name in it is
/// refused.
pub fn read(path: &Path) -> Result<Foreign, CheckpointError> {
    decode(path, &read_bytes(path)?)
}

/// Reads a checkpoint from the bytes of a file; `path` names it in messages.
///
/// # Errors
/// As [`read`].
pub fn decode(path: &Path, bytes: &[u8]) -> Result<Foreign, CheckpointError> {
    parse(bytes).map_err(|fault| fault.at(path))
}

fn read_bytes(path: &Path) -> Result<Vec<u8>, CheckpointError> {
    let failed = |source| CheckpointError::Read { path: path.to_owned(), source };
    // Before opening, which waits for ever on a pipe.
    let about = fs::metadata(path).map_err(failed)?;
    if !about.is_file() {
        return Err(Fault::NotACheckpoint("not a regular file".into()).at(path));
    }
    let file = File::open(path).map_err(failed)?;
    let mut bytes = Vec::with_capacity(about.len().min(MAX_FILE_BYTES) as usize + 1);
    file.take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() as u64 > MAX_FILE_BYTES {
        return Err(Fault::Unsupported("it is larger than 2 GiB".into()).at(path));
    }
    Ok(bytes)
}

fn parse(bytes: &[u8]) -> Result<Foreign, Fault> {
    let contents = match container::recognise(bytes)? {
        Container::Safetensors => native::parse(bytes)?,
        Container::TorchZip => torch::zip::parse(bytes)?,
        Container::TorchLegacy => torch::legacy::parse(bytes)?,
        Container::Hdf5 => keras::parse(bytes)?,
        Container::KerasArchive => keras::parse_archive(bytes)?,
    };
    Ok(Foreign { sha256: hex(&Sha256::digest(bytes)), ..contents })
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
