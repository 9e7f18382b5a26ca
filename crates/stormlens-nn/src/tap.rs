//! How a forward pass shows its activations without knowing why.

use std::collections::BTreeSet;

use burn::tensor::{Gradients, Tensor};

use crate::fused::{self, Kernels};
use crate::parameters::to_vec;

/// A listener in the forward pass.
///
/// Grad-CAM needs of a gradient only its mean over the plane. burn keeps no gradient of an inner
/// node, so a watching tap adds a zero leaf of shape `[batch, channels, 1, 1]` to the activation: the
/// result does not change, and the leaf's gradient is the activation's gradient summed over the
/// plane. (On the CPU nothing is really added; an operation of the tape says that it was.) However many layers are watched, one backward pass serves them all, and the part of the
/// network before the first watched layer runs without a tape.
#[derive(Default)]
pub struct Tap {
    wanted: Wanted,
    watched: Vec<Watched>,
}

#[derive(Default)]
enum Wanted {
    #[default]
    Nothing,
    Layers(BTreeSet<String>),
    /// Only look: keep activations, of all layers or of these, and add no leaves.
    Observe(Option<BTreeSet<String>>),
}

struct Watched {
    name: String,
    activation: Tensor<4>,
    leaf: Option<Tensor<4>>,
}

/// One watched layer after the backward pass; row-major `f32` on the host.
#[derive(Clone, Debug)]
pub struct Activation {
    pub name: String,
    pub n_channels: usize,
    pub height: usize,
    pub width: usize,
    /// `Σ_c w_c A_c`, with `w_c` the mean over the plane of the target's gradient: `[height, width]`.
    pub weighted_sum: Vec<f32>,
    /// The `w_c`: `[n_channels]`.
    pub weights: Vec<f32>,
}

impl Tap {
    /// Lets everything pass.
    pub fn off() -> Self {
        Self::default()
    }

    /// Watches these layers.
    pub fn watch<S: Into<String>>(layers: impl IntoIterator<Item = S>) -> Self {
        let layers = layers.into_iter().map(Into::into).collect();
        Self { wanted: Wanted::Layers(layers), watched: Vec::new() }
    }

    /// Keeps every activation that the network shows, for comparison with a reference.
    pub fn observe() -> Self {
        Self { wanted: Wanted::Observe(None), watched: Vec::new() }
    }

    /// The same of these layers.
    pub fn observe_layers<S: Into<String>>(layers: impl IntoIterator<Item = S>) -> Self {
        let layers = layers.into_iter().map(Into::into).collect();
        Self { wanted: Wanted::Observe(Some(layers)), watched: Vec::new() }
    }

    /// Whether somebody wants to see that layer. A network that has no use for a layer's result by
    /// itself may skip it otherwise.
    pub fn watches(&self, name: &str) -> bool {
        match &self.wanted {
            Wanted::Nothing => false,
            Wanted::Layers(layers) | Wanted::Observe(Some(layers)) => layers.contains(name),
            Wanted::Observe(None) => true,
        }
    }

    /// Called by a network after each layer worth explaining; returns the activation to go on with.
    pub fn at(&mut self, name: &str, activation: Tensor<4>) -> Tensor<4> {
        if !self.watches(name) {
            return activation;
        }
        match &self.wanted {
            Wanted::Nothing => activation,
            Wanted::Observe(_) => {
                self.keep(name, &activation, None);
                activation
            }
            Wanted::Layers(_) => {
                let [n_batch, n_channels, _, _] = activation.dims();
                let device = activation.device().without_autodiff();
                let leaf = Tensor::zeros([n_batch, n_channels, 1, 1], &device);
                let leaf = leaf.autodiff().require_grad();
                self.keep(name, &activation, Some(leaf.clone()));
                match Kernels::chosen().level_for(&activation) {
                    Some(level) => fused::show(level, activation, leaf),
                    None => activation + leaf,
                }
            }
        }
    }

    fn keep(&mut self, name: &str, activation: &Tensor<4>, leaf: Option<Tensor<4>>) {
        let activation = activation.clone().inner();
        self.watched.push(Watched { name: name.to_owned(), activation, leaf });
    }

    /// Activations of an observing tap, in the order the network showed them: name, shape, values.
    pub fn into_activations(self) -> Vec<(String, [usize; 4], Vec<f32>)> {
        let read = |w: Watched| (w.name, w.activation.dims(), to_vec(w.activation));
        self.watched.into_iter().map(read).collect()
    }

    /// What Grad-CAM needs of every watched layer, in the order the network showed them; a list for
    /// each example of the batch.
    ///
    /// A layer on which the target does not depend has zero weights.
    pub fn into_weighted(self, gradients: &mut Gradients) -> Vec<Vec<Activation>> {
        let mut examples: Vec<Vec<Activation>> = Vec::new();
        for watched in self.watched {
            for (i, activation) in watched.weigh(gradients).into_iter().enumerate() {
                if examples.len() == i {
                    examples.push(Vec::new());
                }
                examples[i].push(activation);
            }
        }
        examples
    }
}

impl Watched {
    /// Of each example; nothing for a layer that was only observed.
    fn weigh(self, gradients: &mut Gradients) -> Vec<Activation> {
        let [n_batch, n_channels, height, width] = self.activation.dims();
        let n_pixels = (height * width) as f32;
        let Some(leaf) = self.leaf else { return Vec::new() };
        let weights = match leaf.grad_remove(gradients) {
            Some(sum) => sum.div_scalar(n_pixels),
            None => leaf.inner(),
        };
        let sums = weighted_sums(weights.clone(), self.activation);
        let (weights, plane) = (to_vec(weights), height * width);
        let of_example = |i: usize| Activation {
            name: self.name.clone(),
            n_channels,
            height,
            width,
            weighted_sum: sums[i * plane..][..plane].to_vec(),
            weights: weights[i * n_channels..][..n_channels].to_vec(),
        };
        (0..n_batch).map(of_example).collect()
    }
}

/// `Σ_c w_c A_c` of each example, `[batch × height × width]`.
///
/// A 1 × C by C × HW product rather than a broadcast product and a sum: the activation is read once
/// and no tensor of its size is written.
fn weighted_sums(weights: Tensor<4>, activation: Tensor<4>) -> Vec<f32> {
    if let Some(level) = Kernels::chosen().level_for(&activation) {
        return fused::weighted_sum(level, &to_vec(weights), activation);
    }
    let [n_batch, n_channels, height, width] = activation.dims();
    let planes = activation.reshape([n_batch, n_channels, height * width]);
    to_vec(weights.reshape([n_batch, 1, n_channels]).matmul(planes))
}
