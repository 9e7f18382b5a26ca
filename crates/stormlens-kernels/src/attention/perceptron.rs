//! The shared perceptron of channel attention: small enough for plain loops.

use super::sigmoid;

pub(super) struct Perceptron<'a> {
    pub hidden_weight: &'a [f32],
    pub hidden_bias: &'a [f32],
    pub out_weight: &'a [f32],
    pub out_bias: &'a [f32],
}

impl Perceptron<'_> {
    /// The weight of each channel, from mean and maximum; all are `[batch × channels]`.
    pub fn attend(&self, mean: &[f32], maximum: &[f32]) -> Vec<f32> {
        let n = self.out_bias.len();
        let one = |(mean, maximum): (&[f32], &[f32])| {
            let (mean, maximum) = (self.out(&self.hidden(mean)), self.out(&self.hidden(maximum)));
            mean.into_iter().zip(maximum).map(|(a, b)| sigmoid(a + b)).collect::<Vec<_>>()
        };
        mean.chunks_exact(n).zip(maximum.chunks_exact(n)).flat_map(one).collect()
    }

    /// Behind the ReLU.
    fn hidden(&self, x: &[f32]) -> Vec<f32> {
        let rows = self.hidden_weight.chunks_exact(x.len()).zip(self.hidden_bias);
        rows.map(|(row, bias)| (product(row, x) + bias).max(0.0)).collect()
    }

    fn out(&self, hidden: &[f32]) -> Vec<f32> {
        let rows = self.out_weight.chunks_exact(hidden.len()).zip(self.out_bias);
        rows.map(|(row, bias)| product(row, hidden) + bias).collect()
    }

    /// The gradient of one input of one example, `[channels]`, from that of what is summed before
    /// the sigmoid.
    pub fn backward(&self, x: &[f32], gradient: &[f32]) -> Vec<f32> {
        let to_hidden = self.to_hidden(&self.hidden(x), gradient);
        let mut to_x = vec![0.0; x.len()];
        for (row, g) in self.hidden_weight.chunks_exact(x.len()).zip(to_hidden) {
            add(&mut to_x, row, g);
        }
        to_x
    }

    /// The gradient of what goes into the ReLU.
    fn to_hidden(&self, hidden: &[f32], gradient: &[f32]) -> Vec<f32> {
        let mut to_hidden = vec![0.0; hidden.len()];
        for (row, &g) in self.out_weight.chunks_exact(hidden.len()).zip(gradient) {
            add(&mut to_hidden, row, g);
        }
        to_hidden.iter_mut().zip(hidden).filter(|&(_, &h)| h <= 0.0).for_each(|(g, _)| *g = 0.0);
        to_hidden
    }
}

/// Gradients of a perceptron's weights.
#[derive(Clone, Debug)]
pub(super) struct PerceptronGradients {
    pub hidden_weight: Vec<f32>,
    pub hidden_bias: Vec<f32>,
    pub out_weight: Vec<f32>,
    pub out_bias: Vec<f32>,
}

impl PerceptronGradients {
    pub fn zeros(of: &Perceptron) -> Self {
        let zeros = |values: &[f32]| vec![0.0; values.len()];
        Self {
            hidden_weight: zeros(of.hidden_weight),
            hidden_bias: zeros(of.hidden_bias),
            out_weight: zeros(of.out_weight),
            out_bias: zeros(of.out_bias),
        }
    }

    /// Those of one input of one example, from the gradient of what is summed before the sigmoid.
    pub fn add(&mut self, of: &Perceptron, x: &[f32], gradient: &[f32]) {
        let hidden = of.hidden(x);
        add(&mut self.out_bias, gradient, 1.0);
        for (row, &g) in self.out_weight.chunks_exact_mut(hidden.len()).zip(gradient) {
            add(row, &hidden, g);
        }
        let to_hidden = of.to_hidden(&hidden, gradient);
        add(&mut self.hidden_bias, &to_hidden, 1.0);
        for (row, &g) in self.hidden_weight.chunks_exact_mut(x.len()).zip(&to_hidden) {
            add(row, x, g);
        }
    }
}

fn product(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn add(sum: &mut [f32], row: &[f32], factor: f32) {
    sum.iter_mut().zip(row).for_each(|(sum, v)| *sum += factor * v);
}
