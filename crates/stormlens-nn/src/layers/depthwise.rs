//! Depthwise 3 × 3 convolution, and the gradient of its weights.

mod adjoint;

use burn::tensor::module::conv2d;
use burn::tensor::ops::ConvOptions;
use burn::tensor::{Device, Gradients, Tensor, TensorData};
use rayon::prelude::*;

use crate::parameters::{Mode, Scope, to_vec};

/// Zero padding 1, stride 1; each input channel feeds as many outputs as the weights say.
pub(super) fn depthwise(p: &Scope, x: Tensor<4>, mode: &Mode) -> Tensor<4> {
    let weight = p.tensor::<4>("weight").inner();
    let input = x.clone();
    let mut y = convolve(x, weight);
    if let Some(bias) = p.optional::<1>("bias") {
        let n_out = bias.dims()[0];
        y = y + bias.reshape([1, n_out, 1, 1]);
    }
    let Mode::Training(recorder) = mode else { return y };
    let input = input.inner();
    let leaf = y.clone().inner().zeros_like().autodiff().require_grad();
    let pass = DepthwisePass { weight: p.name("weight"), input, leaf: leaf.clone() };
    recorder.depthwise.borrow_mut().push(pass);
    y + leaf
}

/// `weight` is a constant.
fn convolve(x: Tensor<4>, weight: Tensor<4>) -> Tensor<4> {
    let (n_in, n_out) = (x.dims()[1], weight.dims()[0]);
    let is_on_cpu = x.device().without_autodiff() == Device::flex();
    if is_on_cpu {
        return adjoint::depthwise3x3(repeated(x, n_out / n_in), weight);
    }
    conv2d(x, weight, None, ConvOptions::new([1, 1], [1, 1], [1, 1], n_in))
}

/// Every channel `k` times in a row: what `k` kernels a channel see.
fn repeated(x: Tensor<4>, k: usize) -> Tensor<4> {
    if k == 1 {
        return x;
    }
    let [n_batch, n_in, height, width] = x.dims();
    let x = x.reshape([n_batch * n_in, 1, height, width]).repeat_dim(1, k);
    x.reshape([n_batch, n_in * k, height, width])
}

/// A depthwise convolution in a training pass.
///
/// burn's CPU kernels compute the gradient of depthwise weights as one convolution a channel with a
/// kernel of the picture's size. So the weights are a constant of the tape; a zero leaf on the output
/// brings the gradient there, and the weights' gradient is summed up from it and the input.
pub(crate) struct DepthwisePass {
    weight: String,
    input: Tensor<4>,
    leaf: Tensor<4>,
}

impl DepthwisePass {
    /// Name and flat gradient of the weights, after the backward pass.
    pub fn weight_gradient(self, gradients: &mut Gradients) -> Option<(String, Tensor<1>)> {
        let gradient = self.leaf.grad_remove(gradients)?;
        let device = gradient.device();
        let (shape, n_out) = (self.input.dims(), gradient.dims()[1]);
        let summed = weight_gradient(&to_vec(self.input), &to_vec(gradient), shape, n_out);
        let data = TensorData::new(summed, [9 * n_out]);
        Some((self.weight, Tensor::from_data(data, &device)))
    }
}

/// `∂S/∂w[c, dy, dx] = Σ x[row + dy, column + dx] · g[row, column]`, over the batch: `[n_out × 9]`.
fn weight_gradient(x: &[f32], g: &[f32], shape: [usize; 4], n_out: usize) -> Vec<f32> {
    let [n_batch, n_in, height, width] = shape;
    let plane = height * width;
    let channel = |c: usize| {
        let source = c / (n_out / n_in);
        let mut sums = [0.0; 9];
        for b in 0..n_batch {
            let x = &x[(b * n_in + source) * plane..][..plane];
            let g = &g[(b * n_out + c) * plane..][..plane];
            add_plane(&mut sums, x, g, width);
        }
        sums
    };
    (0..n_out).into_par_iter().flat_map_iter(channel).collect()
}

fn add_plane(sums: &mut [f32; 9], x: &[f32], g: &[f32], width: usize) {
    let height = x.len() / width;
    for (row, g) in g.chunks_exact(width).enumerate() {
        for dy in 0..3 {
            // The row above the first and the one below the last are padding: zero.
            let Some(source) = (row + dy).checked_sub(1).filter(|&r| r < height) else { continue };
            let x = &x[source * width..][..width];
            sums[3 * dy] += dot(&x[..width - 1], &g[1..]);
            sums[3 * dy + 1] += dot(x, g);
            sums[3 * dy + 2] += dot(&x[1..], &g[..width - 1]);
        }
    }
}

/// Eight running sums, so that the compiler may use vectors.
fn dot(a: &[f32], b: &[f32]) -> f32 {
    let ((a, a_rest), (b, b_rest)) = (a.as_chunks::<8>(), b.as_chunks::<8>());
    let mut sums = [0.0f32; 8];
    for (a, b) in a.iter().zip(b) {
        for i in 0..8 {
            sums[i] += a[i] * b[i];
        }
    }
    let rest: f32 = a_rest.iter().zip(b_rest).map(|(a, b)| a * b).sum();
    sums.iter().sum::<f32>() + rest
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::golden::{max_error, relative_l2};
    use crate::random::Random;

    /// Against burn's own gradient of the same convolution.
    #[test]
    fn the_gradient_of_the_weights_is_that_of_the_convolution() {
        let device = Device::flex();
        let check = |shape: [usize; 4], k: usize| {
            let [n_batch, n_in, height, width] = shape;
            let mut random = Random::new(5);
            let mut draw = |n: usize| -> Vec<f32> {
                (0..n).map(|_| random.between(-1.0, 1.0) as f32).collect()
            };
            let n_out = n_in * k;
            let x = draw(n_batch * n_in * height * width);
            let g = draw(n_batch * n_out * height * width);
            let weight = TensorData::new(draw(9 * n_out), [n_out, 1, 3, 3]);
            let weight = Tensor::<4>::from_data(weight, &device).autodiff().require_grad();
            let input = Tensor::from_data(TensorData::new(x.clone(), shape), &device);
            let out_shape = [n_batch, n_out, height, width];
            let outer = Tensor::<4>::from_data(TensorData::new(g.clone(), out_shape), &device);
            let options = ConvOptions::new([1, 1], [1, 1], [1, 1], n_in);
            let mut gradients =
                (conv2d(input, weight.clone(), None, options) * outer).sum().backward();
            let expected = to_vec(weight.grad_remove(&mut gradients).expect("a leaf"));
            let error = relative_l2(&weight_gradient(&x, &g, shape, n_out), &expected);
            assert!(error < 1e-5, "{shape:?}, {k}: {error}");
        };
        check([1, 1, 3, 3], 1);
        check([2, 3, 7, 9], 1);
        check([3, 2, 16, 20], 2);
    }

    /// Ours against burn's own, forward and backward; values and gradients of any sign.
    #[test]
    fn the_convolution_and_the_gradient_of_its_input_are_burns() {
        let device = Device::flex();
        let check = |shape: [usize; 4]| {
            let mut random = Random::new(6);
            let mut draw = |shape: [usize; 4]| {
                let n = shape.iter().product();
                let values: Vec<f32> = (0..n).map(|_| random.between(-1.0, 1.0) as f32).collect();
                Tensor::<4>::from_data(TensorData::new(values, shape), &device)
            };
            let (x, outer) = (draw(shape), draw(shape));
            let weight = draw([shape[1], 1, 3, 3]);
            let run = |convolve: &dyn Fn(Tensor<4>) -> Tensor<4>| {
                let leaf = x.clone().autodiff().require_grad();
                let y = convolve(leaf.clone());
                let mut gradients = (y.clone() * outer.clone()).sum().backward();
                (to_vec(y.inner()), to_vec(leaf.grad_remove(&mut gradients).expect("a leaf")))
            };
            let options = ConvOptions::new([1, 1], [1, 1], [1, 1], shape[1]);
            let ours = run(&|x| convolve(x, weight.clone()));
            let burns = run(&|x| conv2d(x, weight.clone(), None, options.clone()));
            assert!(max_error(&ours.0, &burns.0) < 1e-6, "{shape:?}: values");
            assert!(max_error(&ours.1, &burns.1) < 1e-5, "{shape:?}: gradient");
        };
        check([1, 1, 1, 1]);
        check([2, 3, 5, 4]);
        check([1, 8, 40, 33]);
    }
}
