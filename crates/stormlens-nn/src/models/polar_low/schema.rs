//! Names and shapes of the weights, and their values before training.

use crate::checkpoint::Architecture;
use crate::models::HostTensors;
use crate::random::Random;

/// Residual blocks between stem and tail.
pub const N_BLOCKS: usize = 7;

/// Sizes of the network. Tests use a small twin; the published one is the default.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolarLowConfig {
    pub in_channels: usize,
    /// Channels of the stem, of each block and of the tail.
    pub widths: [usize; N_BLOCKS + 2],
    pub n_classes: usize,
}

impl Default for PolarLowConfig {
    fn default() -> Self {
        Self { in_channels: 3, widths: [8, 8, 16, 32, 64, 128, 256, 512, 1024], n_classes: 2 }
    }
}

impl PolarLowConfig {
    /// The sizes of an identified network: from the second block on, each has twice the channels
    /// of the one before.
    pub(crate) fn of(architecture: &Architecture) -> Self {
        let doublings = |n: usize| n.saturating_sub(1);
        Self {
            in_channels: architecture.in_channels,
            widths: std::array::from_fn(|n| architecture.base_channels << doublings(n)),
            n_classes: architecture.out_channels,
        }
    }

    /// Name and shape of every weight, bias and running statistic, in the order of the forward
    /// pass.
    pub fn schema(&self) -> Vec<(String, Vec<usize>)> {
        let Self { in_channels, widths, n_classes } = *self;
        let mut schema = Schema::default();
        schema.conv("stem.0", in_channels, widths[0], 3);
        schema.norm("stem.1", widths[0]);
        for n in 1..=N_BLOCKS {
            let (n_in, n_out) = (widths[n - 1], widths[n]);
            schema.separable(&format!("block{n}.0"), n_in, n_out);
            schema.norm(&format!("block{n}.1"), n_out);
            schema.separable(&format!("block{n}.3"), n_out, n_out);
            schema.norm(&format!("block{n}.4"), n_out);
            schema.conv(&format!("block{n}.shortcut"), n_in, n_out, 1);
        }
        let (n_in, n_out) = (widths[N_BLOCKS], widths[N_BLOCKS + 1]);
        schema.separable("tail.0", n_in, n_out);
        schema.norm("tail.1", n_out);
        schema.push("head.weight", &[n_classes, n_out]);
        schema.push("head.bias", &[n_classes]);
        schema.0
    }
}

/// The name of block `n`'s sum, from 1 on: `add`, `add_1`, …
pub(super) fn sum_name(n: usize) -> String {
    match n {
        1 => "add".to_owned(),
        _ => format!("add_{}", n - 1),
    }
}

#[derive(Default)]
struct Schema(Vec<(String, Vec<usize>)>);

impl Schema {
    fn push(&mut self, name: &str, shape: &[usize]) {
        self.0.push((name.to_owned(), shape.to_vec()));
    }

    fn conv(&mut self, name: &str, n_in: usize, n_out: usize, size: usize) {
        self.push(&format!("{name}.weight"), &[n_out, n_in, size, size]);
        self.push(&format!("{name}.bias"), &[n_out]);
    }

    fn separable(&mut self, name: &str, n_in: usize, n_out: usize) {
        self.push(&format!("{name}.depthwise.weight"), &[n_in, 1, 3, 3]);
        self.conv(&format!("{name}.pointwise"), n_in, n_out, 1);
    }

    fn norm(&mut self, name: &str, n: usize) {
        for part in ["weight", "bias", "running_mean", "running_var"] {
            self.push(&format!("{name}.{part}"), &[n]);
        }
    }
}

/// Fresh weights of the published network, as Keras draws them.
pub(super) fn initialise(seed: u64) -> HostTensors {
    glorot(&PolarLowConfig::default().schema(), seed)
}

/// Weights uniform within ± √(6 / (fan-in + fan-out)) (Glorot and Bengio 2010), biases zero, batch
/// normalisation the identity.
///
/// The fans of a depthwise kernel are 9 · channels and 9, because Keras reads its shape as that of
/// a convolution from all channels to one.
pub(super) fn glorot(schema: &[(String, Vec<usize>)], seed: u64) -> HostTensors {
    let mut random = Random::new(seed);
    let mut draw = |name: &str, shape: &[usize]| -> Vec<f32> {
        let n = shape.iter().product();
        if shape.len() == 1 {
            let is_one = name.ends_with("weight") || name.ends_with("running_var");
            return vec![f32::from(u8::from(is_one)); n];
        }
        let receptive: usize = shape[2..].iter().product();
        let bound = (6.0 / (receptive * (shape[0] + shape[1])) as f64).sqrt();
        (0..n).map(|_| random.between(-bound, bound) as f32).collect()
    };
    schema.iter().map(|(name, shape)| (name.clone(), shape.clone(), draw(name, shape))).collect()
}
