//! Attention as it trains: its normalisation takes the statistics of the batch, and all weights have gradients.

use super::gradient::{of_places, through_channels};
use super::perceptron::PerceptronGradients;
use super::{Attention, Kept, of_example, places, sigmoid, weigh};
use crate::bands::Maps;
use crate::batch_norm::{BatchNorm, Statistics};
use crate::{Level, planes};

/// An attention module, and the normalisation of one channel between its convolution and the sigmoid.
#[derive(Clone, Copy, Debug)]
pub struct Training<'a> {
    pub attention: Attention<'a>,
    pub norm: BatchNorm<'a>,
}

/// What the gradients need of a forward pass.
#[derive(Clone, Debug)]
pub struct KeptTraining {
    kept: Kept,
    /// What the convolution gives, `[batch × height × width]`.
    convolved: Vec<f32>,
    /// Of that.
    pub statistics: Statistics,
}

/// Gradients of the input and, as they lie in [`Attention`] and [`BatchNorm`], of the weights.
#[derive(Clone, Debug)]
pub struct Gradients {
    pub input: Vec<f32>,
    pub hidden_weight: Vec<f32>,
    pub hidden_bias: Vec<f32>,
    pub out_weight: Vec<f32>,
    pub out_bias: Vec<f32>,
    pub places_weight: Vec<f32>,
    pub places_bias: Vec<f32>,
    pub norm_weight: Vec<f32>,
    pub norm_bias: Vec<f32>,
}

impl Training<'_> {
    /// The attended maps, and what their gradients will need.
    ///
    /// # Panics
    /// If the weights do not fit the channels.
    pub fn forward(&self, level: Level, x: Maps) -> (Vec<f32>, KeptTraining) {
        let Attention { places_weight, places_bias, .. } = self.attention;
        let mut kept = self.attention.summarise(level, x);
        let convolved = places::convolve(level, places_weight, places_bias, kept.summary(x), |v| v);
        let maps = Maps { values: &convolved, shape: x.shape.with_channels(1) };
        let statistics = Statistics::of(level, maps);
        kept.places = self.norm.forward(level, maps, &statistics);
        kept.places.iter_mut().for_each(|v| *v = sigmoid(*v));
        let attended = weigh(level, x, &kept.channels, &kept.places);
        (attended, KeptTraining { kept, convolved, statistics })
    }

    /// All gradients from that of the attended maps.
    ///
    /// # Panics
    /// If shapes do not fit each other.
    pub fn backward(
        &self,
        level: Level,
        x: Maps,
        kept: &KeptTraining,
        gradient: Maps,
    ) -> Gradients {
        let KeptTraining { kept, convolved, statistics } = kept;
        assert_eq!(x.shape, gradient.shape);
        let shape = x.shape.with_channels(1);
        let maps = |values| Maps { values, shape };
        let before_sigmoid = of_places(level, x, kept, gradient);
        let norm = self.norm.backward(level, maps(convolved), statistics, maps(&before_sigmoid));
        let to_convolved = maps(&norm.input);
        let [to_mean, to_peak] =
            places::backward(level, self.attention.places_weight, to_convolved);
        let at = (x, kept, gradient);
        let (input, before) = through_channels(&self.attention, level, at, [&to_mean, &to_peak]);
        let perceptron = self.attention.perceptron();
        let mut found = PerceptronGradients::zeros(&perceptron);
        for example in 0..shape.n_batch {
            for summary in [&kept.mean, &kept.maximum] {
                let own = |values| of_example(values, x.shape, example);
                found.add(&perceptron, own(summary), own(&before));
            }
        }
        let PerceptronGradients { hidden_weight, hidden_bias, out_weight, out_bias } = found;
        Gradients {
            input,
            hidden_weight,
            hidden_bias,
            out_weight,
            out_bias,
            places_weight: places::weight_gradient(level, kept.summary(x), to_convolved),
            places_bias: planes::sums_over_examples(level, to_convolved),
            norm_weight: norm.weight,
            norm_bias: norm.bias,
        }
    }
}
