//! Between resolutions.

use burn::tensor::module::max_pool2d;
use burn::tensor::ops::{MaxPoolOptions, PadMode};
use burn::tensor::{Device, Tensor, TensorData};
use stormlens_kernels::convolution::HalfPixel;
use stormlens_kernels::pool::Window;

use super::fused;
use super::source::Source;
use crate::parameters::Mode;

/// Maximum of every 2 × 2 window, without overlap.
pub(crate) fn max_pool(x: Tensor<4>, mode: &Mode) -> Tensor<4> {
    if let Some(y) = fused::pool(&x, Window::Two, mode) {
        return y;
    }
    max_pool2d(x, MaxPoolOptions::new([2, 2]).with_stride([2, 2]))
}

/// Pixels before and after a row of `n` that TensorFlow's `same` padding puts there for a window
/// of 3 at every second pixel: none and one where `n` is even, one and one where it is odd.
pub(super) fn same_padding(n: usize) -> (usize, usize) {
    (n % 2, 1)
}

/// Maximum of 3 × 3 windows at every second pixel, padded as TensorFlow's `same`: n pixels become
/// ⌈n / 2⌉.
///
/// Padding never wins, and of equal values the first in reading order takes the gradient. Windows
/// that hang over the far end stand for the padding there, so nothing has to be copied.
pub(crate) fn max_pool_halving(x: Tensor<4>, mode: &Mode) -> Tensor<4> {
    if let Some(y) = fused::pool(&x, Window::Three, mode) {
        return y;
    }
    let [_, _, height, width] = x.dims();
    let padding = [height, width].map(|n| (same_padding(n).0, same_padding(n).0));
    let options = MaxPoolOptions::new([3, 3]).with_stride([2, 2]).with_padding_pairs(padding);
    max_pool2d(x, options.with_ceil_mode(true))
}

/// Maximum of 3 × 3 windows at every second pixel with a pixel of padding on each side, which never wins: n pixels become
/// ⌈n / 2⌉.
pub(crate) fn max_pool_three(x: Tensor<4>) -> Tensor<4> {
    let options = MaxPoolOptions::new([3, 3]).with_stride([2, 2]);
    max_pool2d(x, options.with_padding_pairs([(1, 1), (1, 1)]))
}

/// Bilinear interpolation to twice the size, corners aligned.
pub(crate) fn upsample(x: Tensor<4>, mode: &Mode) -> Tensor<4> {
    fused::upsample(&x, mode).unwrap_or_else(|| interpolated(x))
}

/// The same on any device.
///
/// Written as a product with a constant matrix on either side, `A_h · x · A_wᵀ`, because burn has
/// no gradient of its own bilinear interpolation on wgpu.
pub(super) fn interpolated(x: Tensor<4>) -> Tensor<4> {
    let [n_batch, n_channels, height, width] = x.dims();
    let device = x.device().without_autodiff();
    let planes = n_batch * n_channels;
    let across = interpolation(width, &device).transpose(); // [width, 2 width]
    let x = x.reshape([planes * height, width]).matmul(across);
    let x = x.reshape([planes, height, 2 * width]);
    let down = interpolation(height, &device).reshape([1, 2 * height, height]);
    down.matmul(x).reshape([n_batch, n_channels, 2 * height, 2 * width])
}

/// The map interpolated to twice its size beside a skip connection, whose channels come first. Where
/// that is larger, because halving had dropped a row or a column, zeros go around the map: half of
/// them above and on the left, rounded down.
pub(crate) fn upsample_onto(x: Tensor<4>, skip: Tensor<4>, mode: &Mode) -> Source {
    let x = upsample(x, mode);
    let ([_, _, height, width], [_, _, skip_height, skip_width]) = (x.dims(), skip.dims());
    let (down, across) = (skip_height - height, skip_width - width);
    let x = match (down, across) {
        (0, 0) => x,
        _ => {
            let around = |n: usize| (n / 2, n - n / 2);
            x.pad([around(down), around(across)], PadMode::Constant(0.0))
        }
    };
    Source::Joined(skip, x)
}

/// To another size: every point takes the value of the cell in which its upper left corner lies, as
/// PyTorch's `nearest`. A product of matrices, too.
pub(crate) fn enlarge_nearest(x: Tensor<4>, [height, width]: [usize; 2]) -> Tensor<4> {
    let [n_batch, n_channels, from_height, from_width] = x.dims();
    let device = x.device().without_autodiff();
    let planes = n_batch * n_channels;
    let across = nearest(from_width, width, &device).transpose(); // [from_width, width]
    let x = x.reshape([planes * from_height, from_width]).matmul(across);
    let x = x.reshape([planes, from_height, width]);
    let down = nearest(from_height, height, &device).reshape([1, height, from_height]);
    down.matmul(x).reshape([n_batch, n_channels, height, width])
}

/// `[n_out, n_in]`: each row holds a one at the cell that its point lies in.
fn nearest(n_in: usize, n_out: usize, device: &Device) -> Tensor<2> {
    let mut weights = vec![0f32; n_out * n_in];
    let scale = n_in as f32 / n_out as f32;
    for (row, weights) in weights.chunks_exact_mut(n_in).enumerate() {
        weights[((row as f32 * scale) as usize).min(n_in - 1)] = 1.0;
    }
    Tensor::from_data(TensorData::new(weights, [n_out, n_in]), device)
}

/// Bilinear interpolation to another size, half a pixel being where a pixel's centre is, as PyTorch's without
/// `align_corners`. A product of matrices, too.
pub(crate) fn resize(x: Tensor<4>, [height, width]: [usize; 2]) -> Tensor<4> {
    let [_, _, from_height, from_width] = x.dims();
    if [from_height, from_width] == [height, width] {
        return x;
    }
    let shares = |from: usize, to: usize| half_pixel(from, to);
    between(x, [height, width], shares)
}

/// The mean over `n × n` parts that cover the map and may overlap, as PyTorch's adaptive pooling: part `i` of `n` goes
/// from `⌊i · size / n⌋` to `⌈(i + 1) · size / n⌉`.
pub(crate) fn adaptive_mean(x: Tensor<4>, n: usize) -> Tensor<4> {
    between(x, [n; 2], parts)
}

/// Down and across by products with matrices `[out × in]` that `weights` makes of the number of pixels in and out.
fn between(
    x: Tensor<4>,
    [height, width]: [usize; 2],
    weights: impl Fn(usize, usize) -> Vec<f32>,
) -> Tensor<4> {
    let [n_batch, n_channels, from_height, from_width] = x.dims();
    let device = x.device().without_autodiff();
    let planes = n_batch * n_channels;
    let matrix = |from: usize, to: usize| {
        Tensor::<2>::from_data(TensorData::new(weights(from, to), [to, from]), &device)
    };
    let x = x.reshape([planes * from_height, from_width]);
    let x = x.matmul(matrix(from_width, width).transpose());
    let x = x.reshape([planes, from_height, width]);
    let down = matrix(from_height, height).reshape([1, height, from_height]);
    down.matmul(x).reshape([n_batch, n_channels, height, width])
}

/// `[to × from]`: each row holds the two weights of one interpolated point.
fn half_pixel(from: usize, to: usize) -> Vec<f32> {
    let mut weights = vec![0f32; to * from];
    let points = HalfPixel::new(from, to);
    for (weights, point) in weights.chunks_exact_mut(from).zip(points.points()) {
        point.iter().for_each(|&(pixel, share)| weights[pixel] += share);
    }
    weights
}

/// `[to × from]`: each row holds the shares of a part's pixels.
fn parts(from: usize, to: usize) -> Vec<f32> {
    let mut weights = vec![0f32; to * from];
    for (i, weights) in weights.chunks_exact_mut(from).enumerate() {
        let part = i * from / to..((i + 1) * from).div_ceil(to);
        let n = part.len() as f32;
        weights[part].fill(1.0 / n);
    }
    weights
}

/// `[2 n, n]`: each row holds the two weights of one interpolated point.
fn interpolation(n: usize, device: &Device) -> Tensor<2> {
    let mut weights = vec![0f32; 2 * n * n];
    for (row, weights) in weights.chunks_exact_mut(n).enumerate() {
        let (low, high, share) = source(row, n);
        weights[low] += 1.0 - share;
        weights[high] += share;
    }
    Tensor::from_data(TensorData::new(weights, [2 * n, n]), device)
}

/// The two points between which an interpolated one lies, and the second one's weight.
///
/// In `f32` and in this order, as PyTorch computes it.
fn source(row: usize, n: usize) -> (usize, usize, f32) {
    if n == 1 {
        return (0, 0, 0.0);
    }
    let scale = (n - 1) as f32 / (2 * n - 1) as f32;
    let position = scale * row as f32;
    let low = (position as usize).min(n - 1);
    (low, (low + 1).min(n - 1), position - low as f32)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parameters::to_vec;

    #[test]
    fn a_ramp_stays_a_ramp_and_corners_stay_put() {
        let device = Device::flex();
        let ramp: Vec<f32> = (0..6).map(|i| i as f32).collect();
        let x = Tensor::<4>::from_data(TensorData::new(ramp, [1, 1, 2, 3]), &device);
        let y = to_vec(interpolated(x));
        assert_eq!(y.len(), 24);
        assert_eq!((y[0], y[5], y[18], y[23]), (0.0, 2.0, 3.0, 5.0));
        for (i, &v) in y[..6].iter().enumerate() {
            assert!((v - 0.4 * i as f32).abs() < 1e-6, "{v}");
        }
    }

    #[test]
    fn the_nearest_cell_is_that_of_the_upper_left_corner() {
        let device = Device::flex();
        let x =
            Tensor::<4>::from_data(TensorData::new(vec![1f32, 2.0, 3.0], [1, 1, 1, 3]), &device);
        let y = to_vec(enlarge_nearest(x, [2, 8]));
        let row = [1.0, 1.0, 1.0, 2.0, 2.0, 2.0, 3.0, 3.0];
        assert_eq!(y, [row, row].concat());
    }

    /// Parts of a map, with the numbers that PyTorch 2.15 gives for its adaptive pooling and interpolation.
    #[test]
    fn parts_overlap_and_pixels_have_centres() {
        let device = Device::flex();
        let values: Vec<f32> = (0..7).map(|i| (i * i) as f32).collect();
        let x = Tensor::<4>::from_data(TensorData::new(values, [1, 1, 1, 7]), &device);
        let row = |y: Tensor<4>, n: usize| to_vec(y)[..n].to_vec();
        let near = |ours: Vec<f32>, theirs: &[f32]| {
            assert_eq!(ours.len(), theirs.len());
            for (a, b) in ours.iter().zip(theirs) {
                assert!((a - b).abs() < 1e-5, "{a}, not {b}");
            }
        };
        near(row(adaptive_mean(x.clone(), 3), 3), &[1.666_666_6, 9.666_667, 25.666_666]);
        near(row(adaptive_mean(x.clone(), 6), 6), &[0.5, 2.5, 6.5, 12.5, 20.5, 30.5]);
        let two = adaptive_mean(x.clone().narrow(3, 0, 2), 6);
        near(row(two, 6), &[0.0, 0.0, 0.0, 1.0, 1.0, 1.0]);
        let larger =
            [0.0, 0.55, 1.75, 3.85, 7.249_999, 11.449_999, 16.449_997, 22.75, 29.949_997, 36.0];
        near(row(resize(x.clone(), [1, 10]), 10), &larger);
        near(row(resize(x, [1, 3]), 3), &[0.666_666_6, 9.0, 28.666_664]);
    }

    #[test]
    fn one_pixel_is_repeated() {
        let x = Tensor::<4>::full([1, 1, 1, 1], 3.5, &Device::flex());
        assert_eq!(to_vec(interpolated(x)), [3.5; 4]);
    }
}
