//! Names and shapes of a network's tensors, written block by block.
//!
//! Names and order are those of the published PyTorch modules, which are the keys of their
//! checkpoints. Counters of batches (`num_batches_tracked`) are left out: no network reads them, and
//! a file may hold them or not.

use std::ops::Deref;

use crate::parameters::is_learnable;

/// Name and shape of every weight, bias and running statistic.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Schema(Vec<(String, Vec<usize>)>);

impl Deref for Schema {
    type Target = [(String, Vec<usize>)];

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

/// The depth multiplier of the depthwise convolution of that name with so many input channels.
pub(crate) type Kernels<'a> = &'a dyn Fn(&str, usize) -> usize;

impl Schema {
    /// Numbers that training changes: all but running statistics.
    pub fn n_learnable(&self) -> usize {
        let learnable = self.0.iter().filter(|(name, _)| is_learnable(name));
        learnable.map(|(_, shape)| n_elements(shape)).sum()
    }

    /// All numbers.
    pub fn n_values(&self) -> usize {
        self.0.iter().map(|(_, shape)| n_elements(shape)).sum()
    }

    pub(crate) fn push(&mut self, name: impl Into<String>, shape: &[usize]) {
        self.0.push((name.into(), shape.to_vec()));
    }

    /// A convolution with bias.
    pub(crate) fn convolution(&mut self, name: &str, n_in: usize, n_out: usize, side: usize) {
        self.push(format!("{name}.weight"), &[n_out, n_in, side, side]);
        self.push(format!("{name}.bias"), &[n_out]);
    }

    pub(crate) fn linear(&mut self, name: &str, n_in: usize, n_out: usize) {
        self.push(format!("{name}.weight"), &[n_out, n_in]);
        self.push(format!("{name}.bias"), &[n_out]);
    }

    /// Batch normalisation.
    pub(crate) fn norm(&mut self, name: &str, n: usize) {
        for part in ["weight", "bias", "running_mean", "running_var"] {
            self.push(format!("{name}.{part}"), &[n]);
        }
    }

    /// Layer normalisation over channels, height and width, with weights for each pixel.
    pub(crate) fn layer_norm(&mut self, name: &str, shape: [usize; 3]) {
        self.push(format!("{name}.weight"), &shape);
        self.push(format!("{name}.bias"), &shape);
    }

    /// A depthwise-separable convolution, both parts with bias.
    pub(crate) fn separable(&mut self, name: &str, n_in: usize, n_out: usize, k: Kernels) {
        let n_mid = n_in * k(name, n_in);
        self.convolution(&format!("{name}.depthwise"), 1, n_mid, 3);
        self.convolution(&format!("{name}.pointwise"), n_mid, n_out, 1);
    }

    /// Twice: 3 × 3 convolution, batch normalisation, ReLU.
    pub(crate) fn double(&mut self, name: &str, [n_in, n_mid, n_out]: [usize; 3]) {
        self.convolution(&format!("{name}.double_conv.0"), n_in, n_mid, 3);
        self.norm(&format!("{name}.double_conv.1"), n_mid);
        self.convolution(&format!("{name}.double_conv.3"), n_mid, n_out, 3);
        self.norm(&format!("{name}.double_conv.4"), n_out);
    }

    /// The same with depthwise-separable convolutions.
    pub(crate) fn double_separable(
        &mut self,
        name: &str,
        [n_in, n_mid, n_out]: [usize; 3],
        k: Kernels,
    ) {
        self.separable(&format!("{name}.double_conv.0"), n_in, n_mid, k);
        self.norm(&format!("{name}.double_conv.1"), n_mid);
        self.separable(&format!("{name}.double_conv.3"), n_mid, n_out, k);
        self.norm(&format!("{name}.double_conv.4"), n_out);
    }

    /// Channel and spatial attention (Woo et al. 2018); one hidden unit for `ratio` channels.
    pub(crate) fn cbam(&mut self, name: &str, n: usize, ratio: usize) {
        self.linear(&format!("{name}.channel_att.MLP.1"), n, n / ratio);
        self.linear(&format!("{name}.channel_att.MLP.3"), n / ratio, n);
        self.push(format!("{name}.spatial_att.conv.weight"), &[1, 2, 7, 7]);
        self.norm(&format!("{name}.spatial_att.bn"), 1);
    }
}

fn n_elements(shape: &[usize]) -> usize {
    shape.iter().product()
}
