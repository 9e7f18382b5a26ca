//! Names and shapes of the weights, and their values before training.

use serde::{Deserialize, Serialize};

use crate::checkpoint::{Architecture, Family};
use crate::models::HostTensors;

/// Sizes of the network. Tests use a small twin; the published one is the default.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SarUnetConfig {
    pub in_channels: usize,
    pub out_channels: usize,
    /// Channels of the first level; each of the four below has twice those of the one above.
    pub base_channels: usize,
    /// Channels of a CBAM's hidden layer: one for so many channels of its input.
    pub reduction_ratio: usize,
}

impl Default for SarUnetConfig {
    fn default() -> Self {
        Self { in_channels: 12, out_channels: 1, base_channels: 64, reduction_ratio: 16 }
    }
}

impl SarUnetConfig {
    /// Name and shape of every weight, bias and running statistic, in the order of the published
    /// state dictionary; counters of batches are left out.
    pub fn schema(&self) -> Vec<(String, Vec<usize>)> {
        let architecture = Architecture::new(
            Family::SarUnet,
            (self.in_channels, self.out_channels),
            self.base_channels,
            self.reduction_ratio,
        );
        let tensors = architecture.tensors().into_iter();
        tensors.filter(|(name, _)| !name.ends_with("num_batches_tracked")).collect()
    }
}

/// Fresh weights of the published network, as PyTorch's defaults draw them.
pub(super) fn initialise(seed: u64) -> HostTensors {
    crate::models::initialise(&SarUnetConfig::default().schema(), seed)
}

/// Changes the weights so that input and output are in units `scale` times as large: weights that
/// were trained on rain multiplied by `scale` then take and give rain as it is.
///
/// Exact but for rounding: input meets two linear layers first, output leaves one last.
pub(super) fn rescale(tensors: &mut HostTensors, scale: f32) {
    for (name, _, values) in tensors {
        let factor = match name.as_str() {
            "RRCNN1.doubleconv.0.double_conv.0.depthwise.weight" | "RRCNN1.Conv_1x1.weight" => {
                scale
            }
            "outc.conv.weight" | "outc.conv.bias" => 1.0 / scale,
            _ => continue,
        };
        values.iter_mut().for_each(|v| *v *= factor);
    }
}
