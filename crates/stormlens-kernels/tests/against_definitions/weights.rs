//! Gradients of weights. Results are linear in them, so a weight's gradient is what the layer gives for this weight being
//! one and the others zero, times the gradient of the result.

use stormlens_kernels::convolution::{Convolution, Filter, Input};
use stormlens_kernels::pointwise::Pointwise;
use stormlens_kernels::product::Matrix;
use stormlens_kernels::separable::Separable;
use stormlens_kernels::{Activation, Level, Maps};

use super::{assert_near, convolved, differences, doubled, draw, split_channels, wide};

/// `Σ g · f(weights)` for each weight being one and the others zero.
fn of_linear(f: &dyn Fn(&[f32]) -> Vec<f64>, n: usize, g: &[f64]) -> Vec<f64> {
    let one = |i: usize| {
        let mut weights = vec![0.0; n];
        weights[i] = 1.0;
        f(&weights).iter().zip(g).map(|(y, g)| y * g).sum()
    };
    (0..n).map(one).collect()
}

/// What `f` makes of each example.
fn each(x: &[f32], n_batch: usize, f: &dyn Fn(&[f64]) -> Vec<f64>) -> Vec<f64> {
    x.chunks_exact(x.len() / n_batch).flat_map(|x| f(&wide(x))).collect()
}

fn check_convolution(dims: [usize; 4], n_out: usize, split: usize, with_doubling: bool) {
    let [n_batch, n_in, height, width] = dims;
    let grown = if with_doubling { 2 } else { 1 };
    let (out_width, n_plane) = (grown * width, grown * grown * height * width);
    let x = draw(1, n_batch * n_in * height * width);
    let g = draw(2, n_batch * n_out * n_plane);
    let layer = |weights: &[f32]| {
        each(&x, n_batch, &|x| {
            let grown = if with_doubling { doubled(x, height, width) } else { x.to_vec() };
            convolved(&grown, out_width, n_plane, weights, &vec![0.0; n_out])
        })
    };
    let expected = of_linear(&layer, 9 * n_in * n_out, &wide(&g));
    let counts = if split > 0 { vec![split, n_in - split] } else { vec![n_in] };
    let parts = split_channels(&x, &counts, n_batch, height * width);
    let maps = parts.iter().zip(&counts).map(|(x, &n)| Maps::new(x, [n_batch, n, height, width]));
    let inputs: Vec<_> = maps.map(|of| Input { of, is_doubled: with_doubling }).collect();
    let filter = Filter::new(draw(3, 9 * n_in * n_out).into(), n_out);
    let conv =
        Convolution { filter: &filter, bias: &vec![0.0; n_out], activation: Activation::None };
    let gradient = Maps::new(&g, [n_batch, n_out, grown * height, out_width]);
    for level in Level::available() {
        let found = conv.weight_gradient(level, &inputs, gradient);
        let what = format!("{level} {dims:?} to {n_out}, {split}, {with_doubling}");
        assert_near(&found, &expected, 1e-5, &what);
    }
}

#[test]
fn of_3x3_convolutions() {
    check_convolution([1, 1, 1, 1], 1, 0, false);
    check_convolution([2, 3, 7, 9], 5, 0, false);
    check_convolution([1, 5, 8, 12], 3, 2, false);
    check_convolution([2, 2, 4, 5], 3, 0, true);
    check_convolution([1, 18, 33, 21], 2, 0, false);
}

fn check_pointwise(dims: [usize; 4], n_out: usize, split: usize, step: usize) {
    let [n_batch, n_in, height, width] = dims;
    let (out_height, out_width) = (height.div_ceil(step), width.div_ceil(step));
    let x = draw(1, n_batch * n_in * height * width);
    let g = draw(2, n_batch * n_out * out_height * out_width);
    let layer = |weights: &[f32]| {
        each(&x, n_batch, &|x| {
            let value = |o: usize, i: usize| -> f64 {
                let at = i / out_width * step * width + i % out_width * step;
                let term = |c| f64::from(weights[o * n_in + c]) * x[c * height * width + at];
                (0..n_in).map(term).sum()
            };
            let of_output = |o| (0..out_height * out_width).map(move |i| (o, i));
            (0..n_out).flat_map(of_output).map(|(o, i)| value(o, i)).collect()
        })
    };
    let expected = of_linear(&layer, n_in * n_out, &wide(&g));
    let counts = if split > 0 { vec![split, n_in - split] } else { vec![n_in] };
    let parts = split_channels(&x, &counts, n_batch, height * width);
    let maps = parts.iter().zip(&counts).map(|(x, &n)| Maps::new(x, [n_batch, n, height, width]));
    let sources: Vec<Maps> = maps.collect();
    let weight = Matrix::new(draw(3, n_in * n_out).into(), n_out);
    let layer =
        Pointwise { weight: &weight, bias: &vec![0.0; n_out], step, activation: Activation::None };
    let gradient = Maps::new(&g, [n_batch, n_out, out_height, out_width]);
    for level in Level::available() {
        let found = layer.weight_gradient(level, &sources, gradient);
        let what = format!("{level} {dims:?} to {n_out}, {split}, every {step}");
        assert_near(&found, &expected, 1e-5, &what);
    }
}

#[test]
fn of_1x1_convolutions() {
    check_pointwise([1, 1, 1, 1], 1, 0, 1);
    check_pointwise([2, 5, 7, 9], 3, 2, 1);
    check_pointwise([2, 3, 5, 6], 4, 0, 2);
    check_pointwise([1, 30, 40, 33], 6, 0, 1);
}

/// Depthwise weights are as good as dense ones, most of which are zero.
fn spread(depthwise: &[f32], k: usize) -> Vec<f32> {
    let (kernels, _) = depthwise.as_chunks::<9>();
    let n_in = kernels.len() / k;
    let mut dense = vec![0.0; 9 * kernels.len() * n_in];
    for (c, kernel) in kernels.iter().enumerate() {
        dense[9 * (c * n_in + c / k)..][..9].copy_from_slice(kernel);
    }
    dense
}

struct Case {
    dims: [usize; 4],
    n_out: usize,
    k: usize,
    split: usize,
    doubled: bool,
}

fn check_separable(case: &Case) {
    let Case { dims, n_out, k, split, doubled: with_doubling } = *case;
    let [n_batch, n_in, height, width] = dims;
    let n_middle = k * n_in;
    let grown = if with_doubling { 2 } else { 1 };
    let (out_width, n_plane) = (grown * width, grown * grown * height * width);
    let (dw, pw, bias) = (draw(1, 9 * n_middle), draw(2, n_middle * n_out), draw(3, n_out));
    let x = draw(4, n_batch * n_in * height * width);
    let g = draw(5, n_batch * n_out * n_plane);
    let of_example = |x: &[f64], dw: &[f32], pw: &[f32], bias: &[f32]| -> Vec<f64> {
        let grown = if with_doubling { doubled(x, height, width) } else { x.to_vec() };
        let middle = convolved(&grown, out_width, n_plane, &spread(dw, k), &vec![0.0; n_middle]);
        let value = |o: usize, i: usize| -> f64 {
            let term = |c| f64::from(pw[o * n_middle + c]) * middle[c * n_plane + i];
            f64::from(bias[o]) + (0..n_middle).map(term).sum::<f64>()
        };
        let of_output = |o| (0..n_plane).map(move |i| (o, i));
        (0..n_out).flat_map(of_output).map(|(o, i)| value(o, i)).collect()
    };
    let no_bias = vec![0.0; n_out];
    let of_depthwise = |w: &[f32]| each(&x, n_batch, &|x| of_example(x, w, &pw, &no_bias));
    let of_pointwise = |w: &[f32]| each(&x, n_batch, &|x| of_example(x, &dw, w, &no_bias));
    let nothing = vec![0.0; pw.len()];
    let of_bias = |w: &[f32]| each(&x, n_batch, &|x| of_example(x, &dw, &nothing, w));
    let wide_g = wide(&g);
    let expected = [
        of_linear(&of_depthwise, dw.len(), &wide_g),
        of_linear(&of_pointwise, pw.len(), &wide_g),
        of_linear(&of_bias, n_out, &wide_g),
    ];
    let to_x: Vec<f64> = x
        .chunks_exact(x.len() / n_batch)
        .zip(wide_g.chunks_exact(g.len() / n_batch))
        .flat_map(|(x, g)| differences(&|x| of_example(x, &dw, &pw, &bias), &wide(x), g))
        .collect();
    let counts = if split > 0 { vec![split, n_in - split] } else { vec![n_in] };
    let to_x = split_channels(&to_x, &counts, n_batch, height * width);
    let parts = split_channels(&x, &counts, n_batch, height * width);
    let maps = parts.iter().zip(&counts).map(|(x, &n)| Maps::new(x, [n_batch, n, height, width]));
    let sources: Vec<Maps> = maps.collect();
    let conv = Separable {
        depthwise: &dw,
        pointwise: &Matrix::new(pw.clone().into(), n_out),
        bias: &bias,
        relu: false,
        doubled: with_doubling,
    };
    let gradient = Maps::new(&g, [n_batch, n_out, grown * height, out_width]);
    for level in Level::available() {
        let what = format!("{level} {dims:?} by {k} to {n_out}, {split}, {with_doubling}");
        let found = conv.gradients(level, &sources, gradient);
        for (found, expected) in found.sources.iter().zip(&to_x) {
            assert_near(found, expected, 2e-5, &what);
        }
        let weights = [found.depthwise, found.pointwise, found.bias];
        for (found, expected) in weights.iter().zip(&expected) {
            assert_near(found, expected, 1e-5, &what);
        }
    }
}

#[test]
fn of_separable_convolutions() {
    let case = Case { dims: [2, 3, 5, 7], n_out: 4, k: 1, split: 0, doubled: false };
    check_separable(&Case { dims: [1, 1, 1, 1], n_out: 1, ..case });
    check_separable(&Case { k: 2, split: 1, ..case });
    check_separable(&Case { dims: [2, 2, 4, 3], doubled: true, ..case });
    check_separable(&Case { dims: [1, 2, 3, 5], k: 2, doubled: true, ..case });
    check_separable(&Case { dims: [1, 2, 6, 20], ..case });
}
