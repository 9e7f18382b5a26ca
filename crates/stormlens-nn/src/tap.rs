//! How a forward pass shows its activations without knowing why.

use std::collections::BTreeSet;

use burn::tensor::{Gradients, Tensor};

use crate::parameters::to_vec;

/// A listener in the forward pass.
///
/// Grad-CAM needs of a gradient only its mean over the plane. burn keeps no gradient of an inner
/// node, so a watching tap adds a zero leaf of shape `[1, channels, 1, 1]` to the activation: the
/// result does not change, and the leaf's gradient is the activation's gradient summed over the
/// plane. However many layers are watched, one backward pass serves them all, and the part of the
/// network before the first watched layer runs without a tape.
#[derive(Default)]
pub struct Tap {
    wanted: Wanted,
    seen: Vec<Watched>,
}

#[derive(Default)]
enum Wanted {
    #[default]
    Nothing,
    Layers(BTreeSet<String>),
    /// Only look: keep activations, add no leaves.
    Observe,
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
        Self { wanted: Wanted::Layers(layers), seen: Vec::new() }
    }

    /// Keeps every activation that the network shows, for comparison with a reference.
    pub fn observe() -> Self {
        Self { wanted: Wanted::Observe, seen: Vec::new() }
    }

    /// Called by a network after each layer worth explaining; returns the activation to go on with.
    pub fn at(&mut self, name: &str, activation: Tensor<4>) -> Tensor<4> {
        match &self.wanted {
            Wanted::Nothing => activation,
            Wanted::Layers(layers) if !layers.contains(name) => activation,
            Wanted::Observe => {
                self.keep(name, &activation, None);
                activation
            }
            Wanted::Layers(_) => {
                let [_, n_channels, _, _] = activation.dims();
                let device = activation.device().without_autodiff();
                let leaf = Tensor::zeros([1, n_channels, 1, 1], &device).autodiff().require_grad();
                self.keep(name, &activation, Some(leaf.clone()));
                activation + leaf
            }
        }
    }

    fn keep(&mut self, name: &str, activation: &Tensor<4>, leaf: Option<Tensor<4>>) {
        let activation = activation.clone().inner();
        self.seen.push(Watched { name: name.to_owned(), activation, leaf });
    }

    /// Activations of an observing tap, in the order the network showed them: name, shape, values.
    pub fn into_activations(self) -> Vec<(String, [usize; 4], Vec<f32>)> {
        let read = |w: Watched| (w.name, w.activation.dims(), to_vec(w.activation));
        self.seen.into_iter().map(read).collect()
    }

    /// What Grad-CAM needs of every watched layer, in the order the network showed them.
    ///
    /// A layer on which the target does not depend has zero weights.
    pub fn into_weighted(self, gradients: &mut Gradients) -> Vec<Activation> {
        self.seen.into_iter().filter_map(|watched| watched.weigh(gradients)).collect()
    }
}

impl Watched {
    fn weigh(self, gradients: &mut Gradients) -> Option<Activation> {
        let [_, n_channels, height, width] = self.activation.dims();
        let n_pixels = (height * width) as f32;
        let leaf = self.leaf?;
        let weights = match leaf.grad_remove(gradients) {
            Some(sum) => sum.div_scalar(n_pixels),
            None => leaf.inner(),
        };
        // A 1 × C by C × HW product rather than a broadcast product and a sum: the activation is
        // read once and no tensor of its size is written.
        let plane = self.activation.reshape([n_channels, height * width]);
        let sum = weights.clone().reshape([1, n_channels]).matmul(plane);
        Some(Activation {
            name: self.name,
            n_channels,
            height,
            width,
            weighted_sum: to_vec(sum),
            weights: to_vec(weights),
        })
    }
}
