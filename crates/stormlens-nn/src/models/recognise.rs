//! Whether tensors from a file are those of a network, and if not, what is different.
//!
//! File names and hyper-parameters are not asked: the former are free, the latter incomplete (the
//! depth multiplier is a constructor's default that no checkpoint of SAR-UNet records).

use std::collections::HashSet;

use super::Schema;
use stormlens_checkpoint::{StateDict, Tensor, Values, printable};

/// Names shown in a message; the rest is counted.
const N_SHOWN: usize = 3;

/// Why tensors are no usable weights of a known network.
#[derive(Debug, PartialEq, thiserror::Error)]
pub enum RecognitionError {
    #[error(
        "the weights belong to no known network: their first names are {names}; the networks here are {known}"
    )]
    Unknown { names: String, known: String },
    #[error("the weights look like {network} but do not fit it: {difference}")]
    Mismatch { network: &'static str, difference: String },
    #[error(
        "there are several networks, below `{one}` and below `{other}`: save one of them by itself"
    )]
    Several { one: String, other: String },
    #[error(
        "the weights cannot be used: `{name}` holds {value} at position {index}; \
         the training has diverged or the file is damaged"
    )]
    BadWeight { name: String, index: usize, value: f32 },
}

/// The first names of tensors, for a message.
pub(crate) fn first_names(state: &StateDict) -> String {
    let names: Vec<_> = state.tensors.keys().map(|name| quoted(name)).collect();
    listed(&names)
}

/// Checks that there is every tensor of the schema, no other, and that all numbers are usable.
/// Counters of batches may be there or not.
///
/// # Errors
/// If tensors are missing, unexpected or of another shape or type, if a weight is not finite, or if
/// a running variance is negative.
pub(crate) fn compare(
    network: &'static str,
    schema: &Schema,
    state: &StateDict,
) -> Result<(), RecognitionError> {
    let (mut missing, mut wrong) = (Vec::new(), Vec::new());
    for (name, shape) in schema.iter() {
        match state.tensors.get(name) {
            None => missing.push(format!("`{name}`")),
            Some(tensor) => wrong.extend(difference(name, tensor, shape)),
        }
    }
    let known: HashSet<&str> = schema.iter().map(|(name, _)| name.as_str()).collect();
    let is_counter = |name: &str| {
        let norm = name.strip_suffix("num_batches_tracked");
        norm.is_some_and(|norm| known.contains(format!("{norm}running_var").as_str()))
    };
    let others = state.tensors.keys().filter(|name| !known.contains(name.as_str()));
    let unexpected: Vec<_> = others.filter(|name| !is_counter(name)).map(|n| quoted(n)).collect();
    let parts =
        [("missing", missing), ("unexpected", unexpected), ("of wrong shape or type", wrong)];
    let parts = parts.iter().filter(|(_, names)| !names.is_empty());
    let parts: Vec<_> =
        parts.map(|(what, names)| format!("{} {what}: {}", names.len(), listed(names))).collect();
    if !parts.is_empty() {
        return Err(RecognitionError::Mismatch { network, difference: parts.join("; ") });
    }
    state.tensors.iter().try_for_each(|(name, tensor)| check_values(name, tensor))
}

fn difference(name: &str, tensor: &Tensor, shape: &[usize]) -> Option<String> {
    if tensor.shape != *shape {
        return Some(format!("`{name}` ({:?}, not {shape:?})", tensor.shape));
    }
    let is_whole = matches!(tensor.values, Values::I64(_));
    is_whole.then(|| format!("`{name}` (type {})", tensor.stored_as))
}

fn check_values(name: &str, tensor: &Tensor) -> Result<(), RecognitionError> {
    let is_variance = name.ends_with(".running_var");
    let is_bad = |value: &f32| !value.is_finite() || (is_variance && *value < 0.0);
    let values = tensor.as_f32().unwrap_or_default();
    match values.iter().position(is_bad) {
        None => Ok(()),
        Some(index) => {
            Err(RecognitionError::BadWeight { name: name.into(), index, value: values[index] })
        }
    }
}

fn quoted(name: &str) -> String {
    format!("`{}`", printable(name))
}

fn listed(names: &[String]) -> String {
    let shown = names[..names.len().min(N_SHOWN)].join(", ");
    match names.len().saturating_sub(N_SHOWN) {
        0 if shown.is_empty() => "none".into(),
        0 => shown,
        n => format!("{shown} and {n} more"),
    }
}
