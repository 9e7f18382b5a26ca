//! Names and shapes of the weights, and their values before training.

use crate::models::{Architecture, HostTensors, Schema, Sizes, check_channels, dimension};
use crate::random::Random;
use stormlens_checkpoint::StateDict;

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
    /// From the second block on, each has twice the channels of the one before.
    fn new(in_channels: usize, base_channels: usize, n_classes: usize) -> Self {
        let doublings = |n: usize| n.saturating_sub(1);
        let widths = std::array::from_fn(|n| base_channels << doublings(n));
        Self { in_channels, widths, n_classes }
    }

    /// Name and shape of every weight, bias and running statistic, in the order of the forward
    /// pass.
    pub fn schema(&self) -> Schema {
        let Self { in_channels, widths, n_classes } = *self;
        let mut schema = Schema::default();
        schema.convolution("stem.0", in_channels, widths[0], 3);
        schema.norm("stem.1", widths[0]);
        for n in 1..=N_BLOCKS {
            let (n_in, n_out) = (widths[n - 1], widths[n]);
            separable(&mut schema, &format!("block{n}.0"), n_in, n_out);
            schema.norm(&format!("block{n}.1"), n_out);
            separable(&mut schema, &format!("block{n}.3"), n_out, n_out);
            schema.norm(&format!("block{n}.4"), n_out);
            schema.convolution(&format!("block{n}.shortcut"), n_in, n_out, 1);
        }
        let (n_in, n_out) = (widths[N_BLOCKS], widths[N_BLOCKS + 1]);
        separable(&mut schema, "tail.0", n_in, n_out);
        schema.norm("tail.1", n_out);
        schema.linear("head", n_out, n_classes);
        schema
    }
}

/// A depthwise-separable convolution as Keras builds it: one bias, behind both parts.
fn separable(schema: &mut Schema, name: &str, n_in: usize, n_out: usize) {
    schema.push(format!("{name}.depthwise.weight"), &[n_in, 1, 3, 3]);
    schema.convolution(&format!("{name}.pointwise"), n_in, n_out, 1);
}

/// The sizes that stem and head show, where the names are ours.
pub(super) fn recognise(state: &StateDict) -> Option<Result<Architecture, String>> {
    let has = |start: &str| state.tensors.keys().any(|name| name.starts_with(start));
    (has("stem.") && has("block1.") && has("head.")).then(|| {
        let in_channels = dimension(state, "stem.0.weight", 1).unwrap_or(3);
        let n_classes = dimension(state, "head.weight", 0).unwrap_or(2);
        let base_channels = dimension(state, "stem.0.weight", 0).unwrap_or(8);
        check_channels(in_channels, n_classes, base_channels)?;
        if (in_channels, n_classes) != (3, 2) {
            return Err(format!(
                "it takes {in_channels} colours and tells {n_classes} classes apart, not 3 and 2"
            ));
        }
        Ok(architecture(&PolarLowConfig::new(in_channels, base_channels, n_classes)))
    })
}

/// The published network, which is the only one there is.
pub(super) fn design(wanted: &Sizes) -> Result<Architecture, String> {
    if *wanted != Sizes::default() {
        return Err(
            "it has three colours, two classes, eight base channels and one kernel a channel"
                .into(),
        );
    }
    Ok(architecture(&PolarLowConfig::default()))
}

fn architecture(config: &PolarLowConfig) -> Architecture {
    let schema = config.schema();
    Architecture {
        in_channels: config.in_channels,
        out_channels: config.n_classes,
        kernels_per_layer: None,
        // The authors' 1,260,322 hold the running statistics.
        n_parameters: schema.n_values(),
        schema,
    }
}

/// The name of block `n`'s sum, from 1 on: `add`, `add_1`, …
pub(super) fn sum_name(n: usize) -> String {
    match n {
        1 => "add".to_owned(),
        _ => format!("add_{}", n - 1),
    }
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
