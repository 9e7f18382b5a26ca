//! The weights of a network, by name: its state dictionary on a device.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use burn::tensor::{Device, Tensor, TensorData};
use stormlens_kernels::product::Matrix;

use crate::fused::Kernels;
use crate::layers::DepthwisePass;
use crate::random::Random;

/// Weights and running statistics under the names they have in a checkpoint.
///
/// Every tensor is stored flat with its shape, so that loading, saving and optimising are one loop
/// over one map, whatever the layers look like.
#[derive(Clone, Debug, Default)]
pub struct Parameters {
    entries: BTreeMap<String, Entry>,
}

#[derive(Clone, Debug)]
struct Entry {
    shape: Vec<usize>,
    values: Tensor<1>,
    /// The values as the CPU's own kernels take them, once one of them has asked.
    on_host: OnceLock<Arc<[f32]>>,
    /// The same as the weights of a 1 × 1 convolution.
    matrix: OnceLock<Arc<Matrix>>,
}

impl Entry {
    fn new(shape: Vec<usize>, values: Tensor<1>) -> Self {
        Self { shape, values, on_host: OnceLock::new(), matrix: OnceLock::new() }
    }
}

impl Parameters {
    /// Puts plain numbers on a device.
    ///
    /// # Panics
    /// If a tensor does not hold as many numbers as its shape says; checkpoints are checked when
    /// they are read.
    pub fn from_host<'a>(
        tensors: impl IntoIterator<Item = (&'a str, &'a [usize], &'a [f32])>,
        device: &Device,
    ) -> Self {
        let mut parameters = Self::default();
        for (name, shape, values) in tensors {
            assert_eq!(values.len(), shape.iter().product::<usize>(), "{name}: {shape:?}");
            let data = TensorData::new(values.to_vec(), [values.len()]);
            parameters.insert(name, shape.to_vec(), Tensor::from_data(data, device));
        }
        parameters
    }

    /// The numbers back on the host, in order of their names.
    pub fn to_host(&self) -> Vec<(String, Vec<usize>, Vec<f32>)> {
        let read = |(name, entry): (&String, &Entry)| {
            (name.clone(), entry.shape.clone(), to_vec(entry.values.clone().inner()))
        };
        self.entries.iter().map(read).collect()
    }

    pub(crate) fn insert(&mut self, name: &str, shape: Vec<usize>, values: Tensor<1>) {
        self.entries.insert(name.to_owned(), Entry::new(shape, values));
    }

    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.entries.keys().map(String::as_str)
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
                *entry = Entry::new(entry.shape.clone(), f(name, entry.values.clone()));
            }
        }
        mapped
    }

    /// Replaces flat tensors of the same size under existing names.
    pub(crate) fn update(&mut self, replacements: impl IntoIterator<Item = (String, Tensor<1>)>) {
        for (name, values) in replacements {
            if let Some(entry) = self.entries.get_mut(&name) {
                *entry = Entry::new(entry.shape.clone(), values);
            }
        }
    }

    pub(crate) fn root(&self) -> Scope<'_> {
        Scope { parameters: self, prefix: String::new() }
    }
}

/// Running statistics follow the data, everything else follows the gradient.
pub(crate) fn is_learnable(name: &str) -> bool {
    !(name.ends_with("running_mean") || name.ends_with("running_var"))
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
        let name = self.name(child);
        let entry = self.parameters.entries.get(&name);
        let entry = entry.unwrap_or_else(|| panic!("no parameter is called {name}"));
        let shape: [usize; D] = entry.shape.as_slice().try_into().expect(&name);
        entry.values.clone().reshape(shape)
    }

    /// The values of a tensor on the host, row-major; read once.
    ///
    /// # Panics
    /// If it is not there.
    pub fn on_host(&self, child: &str) -> Arc<[f32]> {
        let name = self.name(child);
        let entry = self.parameters.entries.get(&name);
        let entry = entry.unwrap_or_else(|| panic!("no parameter is called {name}"));
        entry.on_host.get_or_init(|| to_vec(entry.values.clone().inner()).into()).clone()
    }

    /// A tensor as the weights of a 1 × 1 convolution, `[out, in, 1, 1]`.
    ///
    /// # Panics
    /// If it is not there.
    pub fn matrix(&self, child: &str) -> Arc<Matrix> {
        let values = self.on_host(child);
        let entry = &self.parameters.entries[&self.name(child)];
        entry.matrix.get_or_init(|| Arc::new(Matrix::new(values, entry.shape[0]))).clone()
    }

    /// The values, or as many zeros as there are outputs.
    pub fn on_host_or_zero(&self, child: &str, n_out: usize) -> Arc<[f32]> {
        if self.has(child) { self.on_host(child) } else { vec![0.0; n_out].into() }
    }

    /// The first dimension of a tensor: its outputs.
    pub fn n_out(&self, child: &str) -> Option<usize> {
        self.parameters.entries.get(&self.name(child))?.shape.first().copied()
    }

    /// The tensor, where the module has one.
    pub fn optional<const D: usize>(&self, child: &str) -> Option<Tensor<D>> {
        self.has(child).then(|| self.tensor(child))
    }
}

/// Whether a pass is one of training.
pub enum Mode {
    /// Batch normalisation uses the statistics it has learnt; layers are computed by these kernels
    /// where they can be.
    Inference(Kernels),
    /// Batch normalisation uses those of the batch; what the optimiser needs is recorded.
    Training(Recorder),
}

impl Mode {
    /// With the kernels that the environment asks for, else the best ones.
    pub fn inference() -> Self {
        Self::Inference(Kernels::chosen())
    }
}

/// What a training pass leaves beside its gradients.
#[derive(Default)]
pub struct Recorder {
    /// Updated running statistics, by name.
    pub(crate) statistics: RefCell<Vec<(String, Tensor<1>)>>,
    /// What the gradients of depthwise weights are made from.
    pub(crate) depthwise: RefCell<Vec<DepthwisePass>>,
    /// Where dropout draws from; without it nothing is dropped.
    pub(crate) random: RefCell<Option<Random>>,
}
