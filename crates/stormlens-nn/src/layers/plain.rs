//! Dense 3 × 3 convolution, perhaps with batch normalisation and ReLU or GELU behind it.

use burn::tensor::module::conv2d;
use burn::tensor::ops::{ConvOptions, PadMode};
use burn::tensor::{Tensor, s};
use stormlens_kernels::Activation;

use super::channel_norm::gelu;
use super::convolution::{NormOptions, conv1x1, norm_leaky, norm_relu, norm_with};
use super::fused;
use super::resample::resize;
use super::source::Source;
use super::trained;
use crate::parameters::{Mode, Scope};

/// Zero padding 1, stride 1; convolution and normalisation go by these names.
pub(crate) fn convolution_relu(
    p: &Scope,
    [conv, norm]: [&str; 2],
    x: impl Into<Source>,
    options: NormOptions,
    mode: &Mode,
) -> Tensor<4> {
    let (conv, norm, x) = (p.at(conv), p.at(norm), x.into());
    match fused::convolution_norm(&conv, &norm, &x, Activation::Relu, mode) {
        Some(y) => y,
        None => norm_relu(&norm, convolve(&conv, x, mode), options, mode),
    }
}

/// The same with a slope below zero, and with the options of PyTorch.
pub(crate) fn convolution_leaky(
    p: &Scope,
    [conv, norm]: [&str; 2],
    x: Tensor<4>,
    slope: f32,
    mode: &Mode,
) -> Tensor<4> {
    let (conv, norm, x) = (p.at(conv), p.at(norm), x.into());
    match fused::convolution_norm(&conv, &norm, &x, Activation::Leaky(slope), mode) {
        Some(y) => y,
        None => norm_leaky(&norm, convolve(&conv, x, mode), slope, mode),
    }
}

/// Zero padding 1, stride 1, with nothing behind it.
pub(crate) fn convolution(p: &Scope, x: impl Into<Source>, mode: &Mode) -> Tensor<4> {
    let x = x.into();
    match fused::convolution(p, &x, Activation::None, mode) {
        Some(y) => y,
        None => convolve(p, x, mode),
    }
}

/// The same, then batch normalisation and GELU; convolution and normalisation go by these names.
pub(crate) fn convolution_gelu(
    p: &Scope,
    [conv, norm]: [&str; 2],
    x: impl Into<Source>,
    mode: &Mode,
) -> Tensor<4> {
    let y = convolution(&p.at(conv), x, mode);
    gelu(norm_with(&p.at(norm), y, NormOptions::PYTORCH, mode), mode)
}

/// The same of maps that lie side by side at the size of the first one, to which the others are interpolated ([`resize`]).
pub(crate) fn convolution_of_resized_gelu(
    p: &Scope,
    [conv, norm]: [&str; 2],
    maps: Vec<Tensor<4>>,
    mode: &Mode,
) -> Tensor<4> {
    let conv = p.at(conv);
    let y = fused::convolution_of_resized(&conv, &maps, mode).unwrap_or_else(|| {
        let [_, _, height, width] = maps[0].dims();
        let maps = maps.into_iter().map(|map| resize(map, [height, width]));
        convolution(&conv, Tensor::cat(maps.collect(), 1), mode)
    });
    gelu(norm_with(&p.at(norm), y, NormOptions::PYTORCH, mode), mode)
}

/// An odd kernel, zero padding of half its size on all sides, at every second pixel: n pixels become ⌈n / 2⌉.
pub(crate) fn convolution_halving(p: &Scope, x: Tensor<4>, mode: &Mode) -> Tensor<4> {
    fused::convolution_halving(p, &x, false, mode)
        .or_else(|| trained::convolution_halving(p, &x, mode))
        .unwrap_or_else(|| halve(p, x, mode))
}

/// The same, then batch normalisation and ReLU; convolution and normalisation go by these names.
pub(crate) fn convolution_halving_relu(
    p: &Scope,
    [conv, norm]: [&str; 2],
    x: Tensor<4>,
    mode: &Mode,
) -> Tensor<4> {
    let (conv, norm) = (p.at(conv), p.at(norm));
    let is_folded = !norm.has("running_var");
    let fused = is_folded.then(|| fused::convolution_halving(&conv, &x, true, mode)).flatten();
    fused.unwrap_or_else(|| {
        norm_relu(&norm, convolution_halving(&conv, x, mode), NormOptions::PYTORCH, mode)
    })
}

/// The pixels around each result are laid side by side as channels, a small map by now, and what is left is a linear map
/// of them, whose gradients are products of matrices.
fn halve(p: &Scope, x: Tensor<4>, mode: &Mode) -> Tensor<4> {
    let [n_batch, n_channels, height, width] = x.dims();
    let side = p.last_size("weight").expect("weights of a convolution");
    let around = (side / 2, side / 2);
    let padded = x.pad([around, around], PadMode::Constant(0.0));
    let (rows, columns) = (height.div_ceil(2), width.div_ceil(2));
    let taps = (0..side * side).map(|tap| {
        let (row, column) = (tap / side, tap % side);
        let (end, far) = (row + 2 * rows - 1, column + 2 * columns - 1);
        padded.clone().slice(s![.., .., row..end;2, column..far;2])
    });
    let around: Tensor<5> = Tensor::stack(taps.collect(), 2);
    conv1x1(p, around.reshape([n_batch, side * side * n_channels, rows, columns]), mode)
}

fn convolve(p: &Scope, x: Source, mode: &Mode) -> Tensor<4> {
    if let Some(y) = trained::convolution(p, &x, mode) {
        return y;
    }
    let options = ConvOptions::new([1, 1], [1, 1], [1, 1], 1);
    conv2d(x.into_map(), p.tensor("weight"), p.optional("bias"), options)
}

#[cfg(test)]
mod tests {
    use burn::tensor::{Device, TensorData};

    use super::*;
    use crate::Parameters;
    use crate::fused::Kernels;
    use crate::golden::relative_l2;
    use crate::layers::fold;
    use crate::models::HostTensors;
    use crate::parameters::to_vec;
    use crate::random::Random;

    /// A convolution and its normalisation with weights of any sign.
    fn weights(n_in: usize, n_out: usize) -> HostTensors {
        let mut random = Random::new(3);
        let mut draw = |name: &str, shape: &[usize], low: f64| {
            let n: usize = shape.iter().product();
            let values = (0..n).map(|_| random.between(low, 1.0) as f32).collect();
            (name.to_owned(), shape.to_vec(), values)
        };
        vec![
            draw("0.weight", &[n_out, n_in, 3, 3], -1.0),
            draw("0.bias", &[n_out], -1.0),
            draw("1.weight", &[n_out], 0.5),
            draw("1.bias", &[n_out], -1.0),
            draw("1.running_mean", &[n_out], -1.0),
            draw("1.running_var", &[n_out], 0.5),
        ]
    }

    /// Values, and the gradients of the inputs.
    fn run(
        weights: HostTensors,
        inputs: &[Tensor<4>],
        source: fn(&[Tensor<4>]) -> Source,
        kernels: Kernels,
    ) -> Vec<Vec<f32>> {
        let p = Parameters::from_host(weights, &Device::flex());
        p.prepare(kernels);
        let leaves: Vec<_> = inputs.iter().map(|x| x.clone().autodiff().require_grad()).collect();
        let mode = Mode::Inference(kernels);
        let y =
            convolution_relu(&p.root(), ["0", "1"], source(&leaves), NormOptions::PYTORCH, &mode);
        let mut gradients = y.clone().mul(y.clone()).sum().backward();
        let mut found = vec![to_vec(y.inner())];
        let gradient = |leaf: Tensor<4>| to_vec(leaf.grad_remove(&mut gradients).expect("a leaf"));
        found.extend(leaves.into_iter().map(gradient));
        found
    }

    /// Every path, folded and not, against burn's operations with the normalisation as it is.
    fn check(shapes: &[[usize; 4]], source: fn(&[Tensor<4>]) -> Source) {
        let mut random = Random::new(4);
        let mut draw = |shape: &[usize; 4]| {
            let n: usize = shape.iter().product();
            let values: Vec<f32> = (0..n).map(|_| random.between(-1.0, 1.0) as f32).collect();
            Tensor::<4>::from_data(TensorData::new(values, *shape), &Device::flex())
        };
        let inputs: Vec<Tensor<4>> = shapes.iter().map(&mut draw).collect();
        let weights = weights(shapes.iter().map(|shape| shape[1]).sum(), 5);
        let expected = run(weights.clone(), &inputs, source, Kernels::Plain);
        for kernels in Kernels::all() {
            for weights in [weights.clone(), fold(weights.clone(), NormOptions::PYTORCH)] {
                let found = run(weights, &inputs, source, kernels);
                for (found, expected) in found.iter().zip(&expected) {
                    let error = relative_l2(found, expected);
                    assert!(error < 1e-5, "{kernels}, {shapes:?}: {error}");
                }
            }
        }
    }

    #[test]
    fn both_paths_agree() {
        check(&[[2, 3, 7, 12]], |x| Source::Whole(x[0].clone()));
        check(&[[1, 2, 4, 5]], |x| Source::Doubled(x[0].clone()));
        check(&[[1, 2, 8, 6], [1, 3, 8, 6]], |x| Source::Joined(x[0].clone(), x[1].clone()));
        check(&[[1, 3, 7, 12]], |x| Source::EverySecond(x[0].clone()));
    }
}
