//! The weights of a network, by name: its state dictionary on a device.

mod entry;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;

use burn::tensor::{Device, Gradients, Tensor, TensorData};
use rayon::prelude::*;
use stormlens_kernels::convolution::{Filter, SplitFilter};
use stormlens_kernels::product::Matrix;
use stormlens_kernels::transposed::OverlappingFilter;

use self::entry::Entry;
use crate::fused::{Kernels, WeightGradients};
use crate::layers::{DepthwisePass, NormOptions};
use crate::random::Random;

/// Weights and running statistics under the names they have in a checkpoint.
///
/// Every tensor is stored flat with its shape, so that loading, saving and optimising are one loop
/// over one map, whatever the layers look like.
#[derive(Clone, Debug, Default)]
pub struct Parameters {
    entries: BTreeMap<String, Entry>,
}

/// Channels in that tell a dense 3 × 3 convolution from depthwise ones (1) and from the first one of a
/// network for pictures (up to 4). Those are rather prepared by the first pass, if at all.
const LEAST_DENSE: usize = 5;

/// Channels in from which a linear layer is believed to be one of every pixel.
const LEAST_LINEAR: usize = 16;

impl Parameters {
    /// Puts plain numbers on a device.
    ///
    /// # Panics
    /// If a tensor does not hold as many numbers as its shape says; checkpoints are checked when
    /// they are read.
    pub fn from_host(
        tensors: impl IntoIterator<Item = (String, Vec<usize>, Vec<f32>)>,
        device: &Device,
    ) -> Self {
        let entry = |(name, shape, values): (String, Vec<usize>, Vec<f32>)| {
            assert_eq!(values.len(), shape.iter().product::<usize>(), "{name}: {shape:?}");
            let entry = match *device == Device::flex() {
                true => Entry::on_host(shape, values, device),
                false => Entry::on_device(shape, upload(values, device)),
            };
            (name, entry)
        };
        Self { entries: tensors.into_iter().map(entry).collect() }
    }

    /// Brings all weights into the form in which `kernels` take them, on all cores. Without it the
    /// first pass does so, layer after layer.
    pub fn prepare(&self, kernels: Kernels) {
        let on_cpu = |entry: &&Entry| entry.device == Device::flex();
        let Kernels::Fused(level) = kernels else { return };
        let entries: Vec<&Entry> = self.entries.values().filter(on_cpu).collect();
        entries.into_par_iter().for_each(|entry| match entry.shape.as_slice() {
            // 2 × 2: a transposed convolution, which is a product of matrices.
            [_, _, 1, 1] | [_, _, 2, 2] => entry.matrix().prepare(level),
            [_, _, 4, 4] => entry.overlapping().prepare(level),
            // Linear layers of pixels; those of a classifier's end are small.
            [_, n_in] if *n_in >= LEAST_LINEAR => entry.matrix().prepare(level),
            [_, n_in, 3, 3] if *n_in >= LEAST_DENSE => entry.filter().prepare(level),
            _ => _ = entry.values(),
        });
    }

    /// The numbers back on the host, in order of their names.
    pub fn to_host(&self) -> Vec<(String, Vec<usize>, Vec<f32>)> {
        let read = |(name, entry): (&String, &Entry)| {
            (name.clone(), entry.shape.clone(), entry.values().to_vec())
        };
        self.entries.iter().map(read).collect()
    }

    /// Some of them, by their names, in each form that they have been brought into.
    pub(crate) fn only(&self, is_kept: impl Fn(&str) -> bool) -> Self {
        let kept = self.entries.iter().filter(|(name, _)| is_kept(name));
        Self { entries: kept.map(|(name, entry)| (name.clone(), entry.clone())).collect() }
    }

    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.entries.keys().map(String::as_str)
    }

    /// The shape of a tensor, if there is one of that name.
    pub fn shape(&self, name: &str) -> Option<&[usize]> {
        Some(&self.entries.get(name)?.shape)
    }

    /// Number of learnable values; running statistics do not count.
    pub fn n_learnable(&self) -> usize {
        let learnable = self.entries.iter().filter(|(name, _)| is_learnable(name));
        learnable.map(|(_, entry)| entry.shape.iter().product::<usize>()).sum()
    }

    /// The same parameters with every learnable tensor a differentiable leaf.
    pub(crate) fn require_grad(&self) -> Self {
        self.map_learnable(|_, values| values.inner().autodiff().require_grad())
    }

    /// Every learnable tensor, flat, replaced by what `f` makes of it.
    pub(crate) fn map_learnable(&self, mut f: impl FnMut(&str, Tensor<1>) -> Tensor<1>) -> Self {
        let mut mapped = self.clone();
        for (name, entry) in &mut mapped.entries {
            if is_learnable(name) {
                *entry = Entry::on_device(entry.shape.clone(), f(name, entry.tensor()));
            }
        }
        mapped
    }

    /// Replaces flat tensors of the same size under existing names.
    pub(crate) fn update(&mut self, replacements: impl IntoIterator<Item = (String, Tensor<1>)>) {
        for (name, values) in replacements {
            if let Some(entry) = self.entries.get_mut(&name) {
                *entry = Entry::on_device(entry.shape.clone(), values);
            }
        }
    }

    pub(crate) fn root(&self) -> Scope<'_> {
        Scope { parameters: self, prefix: String::new() }
    }
}

/// Running statistics follow the data, what is stated stays as it is, everything else follows the gradient.
pub(crate) fn is_learnable(name: &str) -> bool {
    !(name.ends_with("running_mean") || name.ends_with("running_var") || name.starts_with(STATED))
}

/// What names of numbers begin with that weights state and training leaves as they are.
pub(crate) const STATED: &str = "stated.";

fn upload(values: Vec<f32>, device: &Device) -> Tensor<1> {
    let n_values = values.len();
    Tensor::from_data(TensorData::new(values, [n_values]), device)
}

/// Reads a tensor back to the host.
pub(crate) fn to_vec<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data_as::<f32>().try_into_vec().expect("converted to f32 the line before")
}

/// The parameters below one name, as a module sees its own.
#[derive(Clone)]
pub(crate) struct Scope<'a> {
    parameters: &'a Parameters,
    prefix: String,
}

impl Scope<'_> {
    /// The module of that name in this one.
    pub fn at(&self, child: &str) -> Self {
        Self { parameters: self.parameters, prefix: self.name(child) }
    }

    /// The modules below a prefix, which ends with a dot or is empty.
    pub fn below(&self, prefix: &str) -> Self {
        match prefix.strip_suffix('.') {
            Some(name) => self.at(name),
            None => self.clone(),
        }
    }

    pub fn name(&self, child: &str) -> String {
        match self.prefix.as_str() {
            "" => child.to_owned(),
            prefix => format!("{prefix}.{child}"),
        }
    }

    pub fn has(&self, child: &str) -> bool {
        self.parameters.entries.contains_key(&self.name(child))
    }

    /// A tensor of known rank.
    ///
    /// # Panics
    /// If it is not there or of another rank: checkpoints are checked against the architecture
    /// before they become parameters.
    pub fn tensor<const D: usize>(&self, child: &str) -> Tensor<D> {
        let entry = self.entry(child);
        let shape: [usize; D] = entry.shape.as_slice().try_into().expect(child);
        entry.tensor().reshape(shape)
    }

    /// A tensor whose values are seen in another shape.
    ///
    /// # Panics
    /// If it is not there or of another size.
    pub fn reshaped<const D: usize>(&self, child: &str, shape: [usize; D]) -> Tensor<D> {
        self.entry(child).tensor().reshape(shape)
    }

    fn entry(&self, child: &str) -> &Entry {
        let name = self.name(child);
        let entry = self.parameters.entries.get(&name);
        entry.unwrap_or_else(|| panic!("no parameter is called {name}"))
    }

    /// The values of a tensor on the host, row-major; read once.
    ///
    /// # Panics
    /// If it is not there.
    pub fn on_host(&self, child: &str) -> Arc<Vec<f32>> {
        self.entry(child).values()
    }

    /// A tensor as the weights of a 1 × 1 convolution, `[out, in, 1, 1]`; others as if it were one of that
    /// many outputs.
    ///
    /// # Panics
    /// If it is not there.
    pub fn matrix(&self, child: &str) -> Arc<Matrix> {
        self.entry(child).matrix()
    }

    /// A tensor as the weights of a dense 3 × 3 convolution, `[out, in, 3, 3]`.
    ///
    /// # Panics
    /// If it is not there.
    pub fn filter(&self, child: &str) -> Arc<Filter> {
        self.entry(child).filter()
    }

    /// The same, cut into the parts of maps that lie side by side, which are the same in every pass.
    ///
    /// # Panics
    /// If it is not there, or of other channels.
    pub fn split_filter(&self, child: &str, channels: &[usize]) -> Arc<SplitFilter> {
        self.entry(child).split(channels)
    }

    /// A tensor as the weights of a transposed convolution, `[in, out, 4, 4]`.
    ///
    /// # Panics
    /// If it is not there.
    pub fn overlapping_filter(&self, child: &str) -> Arc<OverlappingFilter> {
        self.entry(child).overlapping()
    }

    /// The values, or as many zeros as there are outputs.
    pub fn on_host_or_zero(&self, child: &str, n_out: usize) -> Arc<Vec<f32>> {
        if self.has(child) { self.on_host(child) } else { Arc::new(vec![0.0; n_out]) }
    }

    /// The first dimension of a tensor: its outputs.
    pub fn n_out(&self, child: &str) -> Option<usize> {
        self.parameters.entries.get(&self.name(child))?.shape.first().copied()
    }

    /// The last dimension of a tensor.
    pub fn last_size(&self, child: &str) -> Option<usize> {
        self.parameters.entries.get(&self.name(child))?.shape.last().copied()
    }

    /// The tensor, where the module has one.
    pub fn optional<const D: usize>(&self, child: &str) -> Option<Tensor<D>> {
        self.has(child).then(|| self.tensor(child))
    }
}

/// What a pass is for.
pub enum Mode {
    /// Batch normalisation uses the statistics it has learnt; layers are computed by these kernels
    /// where they can be.
    Inference(Kernels),
    /// As inference, but dropout drops: one draw from the predictions that it leaves possible (Gal and
    /// Ghahramani 2016, <https://arxiv.org/abs/1506.02142>). Without a generator nothing is dropped.
    Sampling(Kernels, RefCell<Option<Random>>),
    /// Batch normalisation uses those of the batch; what the optimiser needs is recorded.
    Training(Recorder),
}

impl Mode {
    /// With the kernels that the environment asks for, else the best ones.
    pub fn inference() -> Self {
        Self::Inference(Kernels::chosen())
    }

    /// The same with dropout, which draws from this generator.
    pub fn sampling(random: Random) -> Self {
        Self::Sampling(Kernels::chosen(), Some(random).into())
    }

    /// The kernels to compute layers with; none while training.
    pub(crate) fn kernels(&self) -> Option<Kernels> {
        match self {
            Self::Inference(kernels) | Self::Sampling(kernels, _) => Some(*kernels),
            Self::Training(_) => None,
        }
    }

    /// Where dropout draws from.
    pub(crate) fn random(&self) -> Option<&RefCell<Option<Random>>> {
        match self {
            Self::Inference(_) => None,
            Self::Sampling(_, random) => Some(random),
            Self::Training(recorder) => Some(&recorder.random),
        }
    }
}

/// How layers are computed in a training pass, and what it leaves beside its tape.
pub struct Recorder {
    /// What computes layers where it can.
    pub(crate) kernels: Kernels,
    /// Updated running statistics, by name.
    pub(crate) statistics: RefCell<Vec<(String, Tensor<1>)>>,
    /// What the gradients of depthwise weights are made from, on the plain path.
    pub(crate) depthwise: RefCell<Vec<DepthwisePass>>,
    /// What the backward pass leaves of the weights of other layers.
    pub(crate) weight_gradients: WeightGradients,
    /// Where dropout draws from; without it nothing is dropped.
    pub(crate) random: RefCell<Option<Random>>,
}

impl Default for Recorder {
    fn default() -> Self {
        Self::new(Kernels::chosen(), None)
    }
}

impl Recorder {
    pub(crate) fn new(kernels: Kernels, random: Option<Random>) -> Self {
        Self {
            kernels,
            statistics: RefCell::default(),
            depthwise: RefCell::default(),
            weight_gradients: WeightGradients::default(),
            random: random.into(),
        }
    }

    /// Running statistics follow the mean and the variance of a batch of `n` values a channel. A batch is normalised with
    /// its own variance; the running one learns the unbiased estimate, as in PyTorch and in Keras.
    pub(crate) fn follow(
        &self,
        p: &Scope,
        options: NormOptions,
        [mean, variance]: [Tensor<1>; 2],
        n: usize,
    ) {
        let n = n as f64;
        let unbiased = variance.mul_scalar(n / (n - 1.0).max(1.0));
        let follow = |name: &str, now: Tensor<1>| {
            let running = p.tensor::<1>(name).mul_scalar(1.0 - options.momentum);
            (p.name(name), running + now.mul_scalar(options.momentum))
        };
        self.statistics
            .borrow_mut()
            .extend([follow("running_mean", mean), follow("running_var", unbiased)]);
    }

    /// The gradients that are not on the tape, flat, by name, after the backward pass.
    pub(crate) fn beside_the_tape(
        &self,
        tape: &mut Gradients,
        device: &Device,
    ) -> BTreeMap<String, Tensor<1>> {
        let passes = self.depthwise.take().into_iter();
        let depthwise = passes.filter_map(|pass| pass.weight_gradient(tape));
        let others = self.weight_gradients.take().into_iter();
        depthwise.chain(others.map(|(name, values)| (name, upload(values, device)))).collect()
    }
}
