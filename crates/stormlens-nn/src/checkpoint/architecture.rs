//! Which network a set of weights belongs to, from names and shapes alone.
//!
//! File names and hyperparameters are not asked: the former are free, the latter incomplete (the
//! depth multiplier is a constructor's default that no checkpoint of SAR-UNet records).

mod table;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use super::error::{CheckpointError, printable};
use super::{StateDict, Tensor, Values};
use crate::models::polar_low::PolarLowConfig;
use table::DEPTHWISE;

/// Names shown in a message; the rest is counted.
const N_SHOWN: usize = 3;

/// Widest network and largest depth multiplier that are believed, lest sizes overflow.
const MAX_CHANNELS: usize = 4096;
const MAX_KERNELS_PER_LAYER: usize = 64;

/// A kind of network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// Renault, Mehrkanoon 2023, arXiv 2303.06663.
    SarUnet,
    /// Trebing, Stańczyk, Mehrkanoon 2021, arXiv 2007.04417.
    SmaAtUnet,
    /// Ronneberger, Fischer, Brox 2015, as SmaAt-UNet's authors use it for comparison.
    Unet,
    /// Grahn, Bianchi 2022, arXiv 2203.16401, which gives it no name.
    PolarLow,
}

impl Family {
    pub fn name(self) -> &'static str {
        match self {
            Family::SarUnet => "SAR-UNet",
            Family::SmaAtUnet => "SmaAt-UNet",
            Family::Unet => "UNet",
            Family::PolarLow => "the polar-low CNN",
        }
    }

    fn has_attention(self) -> bool {
        matches!(self, Family::SarUnet | Family::SmaAtUnet)
    }
}

/// A network's family and its sizes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Architecture {
    pub family: Family,
    /// Input frames, or colours of a picture.
    pub in_channels: usize,
    /// Output frames, or classes.
    pub out_channels: usize,
    /// Channels of the first and the last block, 64 in all published networks for nowcasting, and
    /// of the stem, 8 in the polar-low CNN.
    pub base_channels: usize,
    /// Depth multiplier of the encoder's depthwise convolutions; 1 for a network that has none.
    pub kernels_per_layer: usize,
    /// Depth multiplier of every depthwise-separable convolution: SAR-UNet's decoder has its own.
    pub kernels_by_module: BTreeMap<String, usize>,
    /// Channels over hidden units in channel attention, 16 in all published networks; `None` for
    /// a network that has none.
    pub reduction_ratio: Option<usize>,
    /// Trainable numbers: all but running statistics and counters. Of the polar-low CNN the
    /// running statistics count too, as in its authors' 1,260,322.
    pub n_parameters: usize,
    /// Entries of the state dictionary.
    pub n_keys: usize,
}

impl Architecture {
    /// Sizes of a network that is yet to be made, with a depth multiplier of 1.
    pub fn new(
        family: Family,
        (in_channels, out_channels): (usize, usize),
        base_channels: usize,
        reduction_ratio: usize,
    ) -> Self {
        let mut architecture = Self {
            family,
            in_channels,
            out_channels,
            base_channels,
            kernels_per_layer: 1,
            kernels_by_module: BTreeMap::new(),
            reduction_ratio: family.has_attention().then_some(reduction_ratio),
            n_parameters: 0,
            n_keys: 0,
        };
        architecture.count();
        architecture
    }

    fn count(&mut self) {
        let tensors = self.tensors();
        self.n_keys = tensors.len();
        let counts = |name: &str| self.family == Family::PolarLow || !is_buffer(name);
        let counted = tensors.iter().filter(|(name, _)| counts(name));
        self.n_parameters = counted.map(|(_, shape)| n_elements(shape)).sum();
    }

    /// Names and shapes of all tensors, in the order of the reference's `state_dict`, or of the
    /// forward pass where the reference has none.
    pub fn tensors(&self) -> Vec<(String, Vec<usize>)> {
        match self.family {
            Family::PolarLow => PolarLowConfig::of(self).schema(),
            Family::SarUnet | Family::SmaAtUnet | Family::Unet => table::tensors(self),
        }
    }
}

/// Identifies the network and checks that the weights are complete and usable.
///
/// # Errors
/// If no family fits, if tensors are missing, unexpected or of another shape or type, if a weight
/// is not finite, or if a running variance is negative.
pub fn identify(state: &StateDict) -> Result<Architecture, CheckpointError> {
    let family = family(state)?;
    let mut architecture = sizes(family, state)?;
    let expected = architecture.tensors();
    compare(family, &expected, state)?;
    state.tensors.iter().try_for_each(|(name, tensor)| check_values(name, tensor))?;
    architecture.count();
    Ok(architecture)
}

fn family(state: &StateDict) -> Result<Family, CheckpointError> {
    let has = |start: &str| state.tensors.keys().any(|name| name.starts_with(start));
    if has("RRCNN") || has("Up_RRCNN") {
        Ok(Family::SarUnet)
    } else if has("inc.double_conv.0.depthwise") || has("inc.double_conv.3.depthwise") {
        Ok(Family::SmaAtUnet)
    } else if has("inc.double_conv.") {
        Ok(Family::Unet)
    } else if has("stem.") && has("block1.") && has("head.") {
        Ok(Family::PolarLow)
    } else {
        let names: Vec<_> =
            state.tensors.keys().map(|name| format!("`{}`", printable(name))).collect();
        Err(CheckpointError::UnknownArchitecture { names: listed(&names) })
    }
}

/// The sizes, each from one tensor. Where that tensor is missing the published size is assumed, so
/// that the comparison can name all that is wrong.
fn sizes(family: Family, state: &StateDict) -> Result<Architecture, CheckpointError> {
    let dimension = |name: &str, axis: usize| Some(*state.tensors.get(name)?.shape.get(axis)?);
    let (first_norm, second_depthwise, in_channels) = match family {
        Family::SarUnet => (
            "RRCNN1.doubleconv.0.double_conv.1.weight",
            "RRCNN1.doubleconv.0.double_conv.3",
            dimension("RRCNN1.Conv_1x1.weight", 1),
        ),
        Family::SmaAtUnet => ("inc.double_conv.1.weight", "inc.double_conv.3", None),
        Family::Unet => ("inc.double_conv.1.weight", "", dimension("inc.double_conv.0.weight", 1)),
        Family::PolarLow => return polar_low_sizes(state),
    };
    let out_channels = dimension("outc.conv.weight", 0).unwrap_or(1);
    let base_channels = dimension("outc.conv.weight", 1).or_else(|| dimension(first_norm, 0));
    let base_channels = base_channels.unwrap_or(64);
    // The second convolution, because the number of channels of the first is not known.
    let kernels_per_layer = dimension(&format!("{second_depthwise}{DEPTHWISE}"), 0)
        .map_or(1, |n| (n / base_channels.max(1)).max(1));
    let in_channels = in_channels.or_else(|| {
        Some(dimension(&format!("inc.double_conv.0{DEPTHWISE}"), 0)? / kernels_per_layer)
    });
    let in_channels = in_channels.unwrap_or(12);
    let hidden = dimension("cbam1.channel_att.MLP.1.weight", 0);
    let reduction_ratio = hidden.map_or(16, |hidden| (base_channels / hidden.max(1)).max(1));
    if kernels_per_layer > MAX_KERNELS_PER_LAYER {
        return Err(mismatch(family, format!("it has {kernels_per_layer} kernels per layer")));
    }
    check_channels(family, in_channels, out_channels, base_channels)?;
    let mut architecture = Architecture {
        family,
        in_channels,
        out_channels,
        base_channels,
        kernels_per_layer,
        kernels_by_module: BTreeMap::new(),
        reduction_ratio: family.has_attention().then_some(reduction_ratio),
        n_parameters: 0,
        n_keys: 0,
    };
    architecture.kernels_by_module = kernels_by_module(&architecture, state);
    Ok(architecture)
}

/// The same for the polar-low CNN, whose stem and head show everything.
fn polar_low_sizes(state: &StateDict) -> Result<Architecture, CheckpointError> {
    let dimension = |name: &str, axis: usize| Some(*state.tensors.get(name)?.shape.get(axis)?);
    let in_channels = dimension("stem.0.weight", 1).unwrap_or(3);
    let out_channels = dimension("head.weight", 0).unwrap_or(2);
    let base_channels = dimension("stem.0.weight", 0).unwrap_or(8);
    check_channels(Family::PolarLow, in_channels, out_channels, base_channels)?;
    Ok(Architecture::new(Family::PolarLow, (in_channels, out_channels), base_channels, 1))
}

fn check_channels(
    family: Family,
    in_channels: usize,
    out_channels: usize,
    base_channels: usize,
) -> Result<(), CheckpointError> {
    for (what, n) in [("input", in_channels), ("output", out_channels), ("base", base_channels)] {
        if !(1..=MAX_CHANNELS).contains(&n) {
            return Err(mismatch(family, format!("it has {n} {what} channels")));
        }
    }
    Ok(())
}

/// The depth multiplier of each module, where its depthwise weights show a plausible one.
fn kernels_by_module(architecture: &Architecture, state: &StateDict) -> BTreeMap<String, usize> {
    let shown = |prefix: &str, channels: usize| {
        let n = *state.tensors.get(&format!("{prefix}{DEPTHWISE}"))?.shape.first()?;
        let kernels = n / channels;
        (n == kernels * channels && (1..=MAX_KERNELS_PER_LAYER).contains(&kernels))
            .then_some(kernels)
    };
    table::separable_convolutions(architecture)
        .into_iter()
        .map(|(prefix, channels)| {
            let kernels = shown(&prefix, channels).unwrap_or(architecture.kernels_per_layer);
            (prefix, kernels)
        })
        .collect()
}

fn compare(
    family: Family,
    expected: &[(String, Vec<usize>)],
    state: &StateDict,
) -> Result<(), CheckpointError> {
    let (mut missing, mut wrong) = (Vec::new(), Vec::new());
    for (name, shape) in expected {
        match state.tensors.get(name) {
            None => missing.push(format!("`{name}`")),
            Some(tensor) if tensor.shape != *shape => {
                wrong.push(format!("`{name}` ({:?}, not {shape:?})", tensor.shape));
            }
            Some(tensor) if is_counter(name) != matches!(tensor.values, Values::I64(_)) => {
                wrong.push(format!("`{name}` (type {})", tensor.stored_as));
            }
            Some(_) => {}
        }
    }
    let known: std::collections::HashSet<_> =
        expected.iter().map(|(name, _)| name.as_str()).collect();
    // Keras counts no batches; a network of its family that was trained here does.
    let is_spare = |name: &str| {
        let norm = name.strip_suffix("num_batches_tracked");
        norm.is_some_and(|norm| known.contains(format!("{norm}running_var").as_str()))
    };
    let unexpected = state.tensors.keys().map(String::as_str);
    let unexpected = unexpected.filter(|name| !known.contains(name) && !is_spare(name));
    let unexpected: Vec<_> = unexpected.map(|name| format!("`{}`", printable(name))).collect();
    let parts =
        [("missing", missing), ("unexpected", unexpected), ("of wrong shape or type", wrong)];
    let parts: Vec<_> = parts.iter().filter(|(_, names)| !names.is_empty()).collect();
    if parts.is_empty() {
        return Ok(());
    }
    let parts: Vec<_> = parts
        .iter()
        .map(|(what, names)| format!("{} {what}: {}", names.len(), listed(names)))
        .collect();
    Err(mismatch(family, parts.join("; ")))
}

fn mismatch(family: Family, difference: String) -> CheckpointError {
    CheckpointError::Mismatch { family: family.name(), difference }
}

fn listed(names: &[String]) -> String {
    let shown = names[..names.len().min(N_SHOWN)].join(", ");
    match names.len().saturating_sub(N_SHOWN) {
        0 if shown.is_empty() => "none".into(),
        0 => shown,
        n => format!("{shown} and {n} more"),
    }
}

fn check_values(name: &str, tensor: &Tensor) -> Result<(), CheckpointError> {
    let is_variance = name.ends_with(".running_var");
    let is_bad = |value: &f32| !value.is_finite() || (is_variance && *value < 0.0);
    let values = tensor.as_f32().unwrap_or_default();
    match values.iter().position(is_bad) {
        None => Ok(()),
        Some(index) => {
            Err(CheckpointError::BadWeight { name: name.into(), index, value: values[index] })
        }
    }
}

fn is_counter(name: &str) -> bool {
    name.ends_with(".num_batches_tracked")
}

fn is_buffer(name: &str) -> bool {
    is_counter(name) || name.ends_with(".running_mean") || name.ends_with(".running_var")
}

fn n_elements(shape: &[usize]) -> usize {
    shape.iter().product()
}
