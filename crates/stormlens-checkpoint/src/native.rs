//! safetensors: weights from anywhere, and our own format, which adds where they came from.
//!
//! Our metadata is one JSON text under the key `stormlens`, so that the same weights always give
//! the same file: the header writes its keys in no fixed order.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use half::f16;
use indexmap::IndexMap;
use safetensors::tensor::{SafeTensorError, TensorView, View, serialize};
use safetensors::{Dtype as SafetensorsDtype, SafeTensors};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use stormlens_data::card::{FieldStatement, NowcastField, RainStatement};
use stormlens_data::files::write_atomically;

use super::dtype::Dtype;
use super::error::{CheckpointError, Fault, printable};
use super::layout::without_prefix;
use super::{Container, Foreign, Layout, MAX_RANK, StateDict, Tensor, Values};

/// Version of the metadata that this program writes and reads.
pub const FORMAT_VERSION: u32 = 1;

const KEY: &str = "stormlens";

/// What the weights are, where they come from and what they may be used for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Metadata {
    /// The network, as its card's id.
    pub model: String,
    /// An object: `in_channels`, `out_channels`, `kernels_per_layer`, …
    pub hyper_parameters: Json,
    /// Depth in mm per 5 min that the network sees as 1; `None` for one that sees no rain.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub normalisation_mm_5min: Option<f64>,
    /// What the frames of a nowcast show.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<NowcastField>,
    /// Minutes from one input frame to the next.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub frame_step_min: Option<u32>,
    /// Minutes from the last input frame to each output frame, ascending.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lead_times_min: Option<Vec<u32>>,
    /// Of which rain a network is that refines tiles; `None` for others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rain: Option<RainStatement>,
    /// Of which fields a network is that says how likely rain is; `None` for others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fields: Option<FieldStatement>,
    /// Side of the square that a picture is stretched to; `None` for networks without pictures.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input_px: Option<usize>,
    /// Side of the centre that the network sees of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub crop_px: Option<usize>,
    /// Whether the training data were made by a program.
    #[serde(default, skip_serializing_if = "is_false")]
    pub simulated: bool,
    /// Statistics of the training data, as the program that trained wrote them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub training_statistics: Option<Json>,
    /// Where the training data lie in the network's features, as the program that measured it wrote it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub training_features: Option<Json>,
    /// What they were trained on, in one sentence.
    pub training_data: String,
    pub licence: String,
    /// Program and version, e.g. `stormlens 0.1.0`.
    pub created_by: String,
}

fn is_false(value: &bool) -> bool {
    !value
}

/// [`Metadata`] as written: with what the writer adds.
#[derive(Serialize, Deserialize)]
struct Envelope {
    format_version: u32,
    /// [`StateDict::sha256`] of the tensors as they will be loaded.
    tensors_sha256: String,
    #[serde(flatten)]
    metadata: Metadata,
}

/// How floats are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Precision {
    F32,
    /// Half the size; weights change by up to 5e-4 of their magnitude.
    F16,
}

/// Reads safetensors, ours or not.
pub(crate) fn parse(bytes: &[u8]) -> Result<Foreign, Fault> {
    let (_, header) = SafeTensors::read_metadata(bytes).map_err(|e| broken(&e))?;
    let file = SafeTensors::deserialize(bytes).map_err(|error| broken(&error))?;
    let mut tensors = IndexMap::with_capacity(file.len());
    for name in header.offset_keys() {
        let tensor = load(&name, &file.tensor(&name).map_err(|error| broken(&error))?)?;
        tensors.insert(name, tensor);
    }
    let state = StateDict { tensors };
    let text = header.metadata().as_ref().and_then(|metadata| metadata.get(KEY));
    let metadata = text.map(|text| verify(text, &state)).transpose()?;
    Ok(Foreign {
        state: without_prefix(state),
        left_over: Vec::new(),
        dictionaries: Vec::new(),
        container: Container::Safetensors,
        layout: if metadata.is_some() { Layout::Stormlens } else { Layout::Bare },
        hyper_parameters: metadata.as_ref().map(hyper_parameters).unwrap_or_default(),
        epoch: None,
        numbers: BTreeMap::new(),
        sha256: String::new(),
        metadata,
    })
}

fn broken(error: &SafeTensorError) -> Fault {
    match error {
        SafeTensorError::InvalidHeaderLength | SafeTensorError::HeaderTooSmall => {
            Fault::truncated("its header")
        }
        SafeTensorError::MetadataIncompleteBuffer => {
            Fault::Damaged("its length is not what its header says; it may be truncated".into())
        }
        other => Fault::Damaged(format!(
            "its header is no safetensors header ({})",
            printable(&other.to_string())
        )),
    }
}

fn load(name: &str, view: &TensorView) -> Result<Tensor, Fault> {
    let dtype = Dtype::from_safetensors(view.dtype()).ok_or_else(|| {
        Fault::Unsupported(format!("`{}` has the type {:?}", printable(name), view.dtype()))
    })?;
    if view.shape().len() > MAX_RANK {
        let n = view.shape().len();
        return Err(Fault::Unsupported(format!("`{}` has {n} dimensions", printable(name))));
    }
    Ok(Tensor {
        shape: view.shape().to_vec(),
        values: dtype.decode(view.data()),
        stored_as: dtype.name(),
    })
}

fn verify(text: &str, state: &StateDict) -> Result<Metadata, Fault> {
    /// Read first, because a later version may mean anything by the rest.
    #[derive(Deserialize)]
    struct Version {
        format_version: u32,
    }
    let unreadable = |error: serde_json::Error| {
        Fault::Damaged(format!("its metadata cannot be read ({})", printable(&error.to_string())))
    };
    let Version { format_version } = serde_json::from_str(text).map_err(unreadable)?;
    if format_version != FORMAT_VERSION {
        return Err(Fault::Unsupported(format!(
            "it has format version {format_version}, this program reads {FORMAT_VERSION}: \
             use a newer program"
        )));
    }
    let envelope: Envelope = serde_json::from_str(text).map_err(unreadable)?;
    let found = state.sha256();
    if found != envelope.tensors_sha256 {
        return Err(Fault::Hash { expected: printable(&envelope.tensors_sha256), found });
    }
    Ok(envelope.metadata)
}

fn hyper_parameters(metadata: &Metadata) -> BTreeMap<String, Json> {
    let entries = metadata.hyper_parameters.as_object();
    entries.into_iter().flatten().map(|(name, value)| (name.clone(), value.clone())).collect()
}

/// Writes weights as safetensors with their metadata. The same weights and metadata give the same
/// bytes. The file appears under its name only when it is complete.
///
/// # Errors
/// If the file cannot be written, or a float cannot be held with [`Precision::F16`].
pub fn write_safetensors(
    path: &Path,
    state: &StateDict,
    metadata: &Metadata,
    precision: Precision,
) -> Result<(), CheckpointError> {
    let unwritable = |reason| CheckpointError::Unwritable { path: path.to_owned(), reason };
    let bytes = encode(state, metadata, precision).map_err(unwritable)?;
    write_atomically(path, &bytes)
        .map_err(|source| CheckpointError::Write { path: path.to_owned(), source })
}

fn encode(state: &StateDict, metadata: &Metadata, precision: Precision) -> Result<Vec<u8>, String> {
    let rounded = match precision {
        Precision::F32 => Cow::Borrowed(state),
        Precision::F16 => Cow::Owned(round(state)?),
    };
    let envelope = Envelope {
        format_version: FORMAT_VERSION,
        tensors_sha256: rounded.sha256(),
        metadata: metadata.clone(),
    };
    let text = serde_json::to_string(&envelope).map_err(|error| error.to_string())?;
    let tensors =
        rounded.tensors.iter().map(|(name, tensor)| (name, Encoded { tensor, precision }));
    serialize(tensors, Some(HashMap::from([(KEY.into(), text)]))).map_err(|e| e.to_string())
}

/// The weights as float16 holds them.
fn round(state: &StateDict) -> Result<StateDict, String> {
    let mut state = state.clone();
    for (name, tensor) in &mut state.tensors {
        let Values::F32(values) = &mut tensor.values else { continue };
        for value in values {
            let rounded = f16::from_f32(*value).to_f32();
            if value.is_finite() && !rounded.is_finite() {
                return Err(format!("`{name}` holds {value}, which float16 cannot; use float32"));
            }
            *value = rounded;
        }
    }
    Ok(state)
}

/// A tensor as its bytes in the file.
struct Encoded<'a> {
    tensor: &'a Tensor,
    precision: Precision,
}

impl View for Encoded<'_> {
    fn dtype(&self) -> SafetensorsDtype {
        match (&self.tensor.values, self.precision) {
            (Values::I64(_), _) => SafetensorsDtype::I64,
            (Values::F32(_), Precision::F32) => SafetensorsDtype::F32,
            (Values::F32(_), Precision::F16) => SafetensorsDtype::F16,
        }
    }

    fn shape(&self) -> &[usize] {
        &self.tensor.shape
    }

    fn data(&self) -> Cow<'_, [u8]> {
        let values = &self.tensor.values;
        Cow::Owned(match (values, self.precision) {
            (Values::I64(values), _) => values.iter().flat_map(|v| v.to_le_bytes()).collect(),
            (Values::F32(values), Precision::F32) => {
                values.iter().flat_map(|v| v.to_le_bytes()).collect()
            }
            (Values::F32(values), Precision::F16) => {
                values.iter().flat_map(|&v| f16::from_f32(v).to_le_bytes()).collect()
            }
        })
    }

    fn data_len(&self) -> usize {
        self.tensor.values.len() * self.dtype().bitsize() / 8
    }
}
