//! Names and shapes of the weights, and their values before training.

use serde::{Deserialize, Serialize};

use crate::models::HostTensors;

/// Sizes of the network. Tests use a small twin; the published one is the default.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SarUnetConfig {
    pub in_channels: usize,
    pub out_channels: usize,
    /// Channels of the five levels.
    pub widths: [usize; 5],
    /// Channels of a CBAM's hidden layer: one for so many channels of its input.
    pub reduction_ratio: usize,
    /// Depthwise channels for each input channel; the decoder's residual blocks always have one.
    pub kernels_per_layer: usize,
}

impl Default for SarUnetConfig {
    fn default() -> Self {
        Self {
            in_channels: 12,
            out_channels: 1,
            widths: [64, 128, 256, 512, 1024],
            reduction_ratio: 16,
            kernels_per_layer: 1,
        }
    }
}

impl SarUnetConfig {
    /// Name and shape of every weight, bias and running statistic, in the order of the published
    /// state dictionary.
    pub fn schema(&self) -> Vec<(String, Vec<usize>)> {
        let mut s = Schema::default();
        let w = &self.widths;
        for level in 0..5 {
            let from = if level == 0 { self.in_channels } else { w[level - 1] };
            s.residual(&format!("RRCNN{}", level + 1), from, w[level], self.kernels_per_layer);
            s.cbam(&format!("cbam{}", level + 1), w[level], w[level] / self.reduction_ratio);
        }
        for level in (1..5).rev() {
            let up = format!("Up{}.conv.conv", level + 1);
            s.separable(&format!("{up}.0"), w[level], w[level - 1], self.kernels_per_layer);
            s.norm(&format!("{up}.1"), w[level - 1]);
            s.residual(&format!("Up_RRCNN{}", level + 1), 2 * w[level - 1], w[level - 1], 1);
        }
        s.convolution("outc.conv", vec![self.out_channels, w[0], 1, 1]);
        s.0
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

#[derive(Default)]
struct Schema(Vec<(String, Vec<usize>)>);

impl Schema {
    fn convolution(&mut self, name: &str, shape: Vec<usize>) {
        let n_out = shape[0];
        self.0.push((format!("{name}.weight"), shape));
        self.0.push((format!("{name}.bias"), vec![n_out]));
    }

    fn separable(&mut self, name: &str, from: usize, to: usize, k: usize) {
        self.convolution(&format!("{name}.depthwise"), vec![from * k, 1, 3, 3]);
        self.convolution(&format!("{name}.pointwise"), vec![to, from * k, 1, 1]);
    }

    fn norm(&mut self, name: &str, n: usize) {
        for part in ["weight", "bias", "running_mean", "running_var"] {
            self.0.push((format!("{name}.{part}"), vec![n]));
        }
    }

    fn residual(&mut self, name: &str, from: usize, to: usize, k: usize) {
        let double = format!("{name}.doubleconv.0.double_conv");
        self.separable(&format!("{double}.0"), from, to, k);
        self.norm(&format!("{double}.1"), to);
        self.separable(&format!("{double}.3"), to, to, k);
        self.norm(&format!("{double}.4"), to);
        self.convolution(&format!("{name}.Conv_1x1"), vec![to, from, 1, 1]);
    }

    fn cbam(&mut self, name: &str, n: usize, hidden: usize) {
        self.convolution(&format!("{name}.channel_att.MLP.1"), vec![hidden, n]);
        self.convolution(&format!("{name}.channel_att.MLP.3"), vec![n, hidden]);
        self.0.push((format!("{name}.spatial_att.conv.weight"), vec![1, 2, 7, 7]));
        self.norm(&format!("{name}.spatial_att.bn"), 1);
    }
}
