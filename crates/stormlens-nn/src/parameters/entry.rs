//! One tensor of weights, in the forms that burn and the CPU's own kernels take it in.

use std::sync::{Arc, OnceLock};

use burn::tensor::{Device, Tensor};
use stormlens_kernels::convolution::{Filter, SplitFilter};
use stormlens_kernels::product::Matrix;
use stormlens_kernels::transposed::OverlappingFilter;

use super::{to_vec, upload};

/// A tensor in each form that has been asked for; there always is one.
#[derive(Clone, Debug)]
pub struct Entry {
    pub shape: Vec<usize>,
    pub device: Device,
    /// For burn's operations.
    on_device: OnceLock<Tensor<1>>,
    /// For the CPU's own kernels.
    on_host: OnceLock<Arc<Vec<f32>>>,
    /// The same as the weights of a 1 × 1 convolution.
    matrix: OnceLock<Arc<Matrix>>,
    /// The same as the weights of a dense 3 × 3 convolution.
    filter: OnceLock<Arc<Filter>>,
    /// The same, cut into the parts of maps that lie side by side.
    split: OnceLock<Arc<SplitFilter>>,
    /// The same as the weights of a transposed convolution whose kernels overlap.
    overlapping: OnceLock<Arc<OverlappingFilter>>,
}

impl Entry {
    pub fn on_device(shape: Vec<usize>, values: Tensor<1>) -> Self {
        let device = values.device();
        Self {
            shape,
            device,
            on_device: values.into(),
            on_host: OnceLock::new(),
            matrix: OnceLock::new(),
            filter: OnceLock::new(),
            split: OnceLock::new(),
            overlapping: OnceLock::new(),
        }
    }

    /// Stays on the host until somebody asks for it elsewhere.
    pub fn on_host(shape: Vec<usize>, values: Vec<f32>, device: &Device) -> Self {
        Self {
            shape,
            device: device.clone(),
            on_device: OnceLock::new(),
            on_host: Arc::new(values).into(),
            matrix: OnceLock::new(),
            filter: OnceLock::new(),
            split: OnceLock::new(),
            overlapping: OnceLock::new(),
        }
    }

    pub fn tensor(&self) -> Tensor<1> {
        let from_host = || upload(self.values().to_vec(), &self.device);
        self.on_device.get_or_init(from_host).clone()
    }

    /// # Panics
    /// If there is no form at all, which no constructor allows.
    pub fn values(&self) -> Arc<Vec<f32>> {
        let from_device = || {
            let tensor = self.on_device.get().expect("a tensor is on the host or on a device");
            Arc::new(to_vec(tensor.clone().inner()))
        };
        self.on_host.get_or_init(from_device).clone()
    }

    pub fn matrix(&self) -> Arc<Matrix> {
        let new = || Arc::new(Matrix::new(self.values(), self.shape[0]));
        self.matrix.get_or_init(new).clone()
    }

    pub fn filter(&self) -> Arc<Filter> {
        let new = || Arc::new(Filter::new(self.values(), self.shape[0]));
        self.filter.get_or_init(new).clone()
    }

    pub fn split(&self, channels: &[usize]) -> Arc<SplitFilter> {
        let new = || Arc::new(SplitFilter::new(&self.values(), self.shape[0], channels));
        self.split.get_or_init(new).clone()
    }

    pub fn overlapping(&self) -> Arc<OverlappingFilter> {
        let new = || Arc::new(OverlappingFilter::new(self.values(), self.shape[0]));
        self.overlapping.get_or_init(new).clone()
    }
}
