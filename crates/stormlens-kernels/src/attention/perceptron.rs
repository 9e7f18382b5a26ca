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
        let hidden = self.hidden(x);
        let mut to_hidden = vec![0.0; hidden.len()];
        for (row, &g) in self.out_weight.chunks_exact(hidden.len()).zip(gradient) {
            add(&mut to_hidden, row, g);
        }
        let mut to_x = vec![0.0; x.len()];
        let open = hidden.iter().zip(&to_hidden).map(|(&h, &g)| if h > 0.0 { g } else { 0.0 });
        for (row, g) in self.hidden_weight.chunks_exact(x.len()).zip(open) {
            add(&mut to_x, row, g);
        }
        to_x
    }
}

fn product(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn add(sum: &mut [f32], row: &[f32], factor: f32) {
    sum.iter_mut().zip(row).for_each(|(sum, v)| *sum += factor * v);
}
