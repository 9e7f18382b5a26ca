//! Layer normalisation over channels and pixels.

use stormlens_kernels::layer_norm::{EPSILON, LayerNorm};
use stormlens_kernels::{Level, Maps};

use super::{assert_near, differences, draw, relu, wide};

/// One example, by the book.
fn define(weight: &[f32], bias: &[f32], is_rectified: bool, x: &[f64]) -> Vec<f64> {
    let n = x.len() as f64;
    let mean = x.iter().sum::<f64>() / n;
    let variance = x.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / n;
    let value = |((x, &w), &b): ((&f64, &f32), &f32)| {
        let y = (x - mean) / (variance + EPSILON).sqrt() * f64::from(w) + f64::from(b);
        if is_rectified { relu(y) } else { y }
    };
    x.iter().zip(weight).zip(bias).map(value).collect()
}

fn check(dims: [usize; 4], is_rectified: bool, offset: f32) {
    let n = dims[1] * dims[2] * dims[3];
    let moved = |seed, n, by: f32| draw(seed, n).into_iter().map(|v| v + by).collect::<Vec<_>>();
    let (weight, bias) = (moved(1, n, 1.0), draw(2, n));
    let (x, g) = (moved(3, dims[0] * n, offset), draw(4, dims[0] * n));
    let norm = LayerNorm { weight: &weight, bias: &bias, relu: is_rectified };
    for level in Level::available() {
        let what = format!("{dims:?}, {is_rectified}, {offset}, {level}");
        let (y, moments) = norm.forward(level, Maps::new(&x, dims));
        let gradient = norm.backward(level, Maps::new(&x, dims), &moments, Maps::new(&g, dims));
        for i in 0..dims[0] {
            let of = |values: &[f32]| wide(&values[i * n..][..n]);
            let define = |x: &[f64]| define(&weight, &bias, is_rectified, x);
            assert_near(&y[i * n..][..n], &define(&of(&x)), 1e-6 * f64::from(1.0 + offset), &what);
            let expected = differences(&define, &of(&x), &of(&g));
            // Differences of 1e-6 and the offset's lost digits.
            assert_near(&gradient[i * n..][..n], &expected, 1e-5, &format!("gradient, {what}"));
        }
    }
}

#[test]
fn layer_norm_is_its_definition_and_so_is_its_gradient() {
    for is_rectified in [false, true] {
        check([2, 3, 5, 7], is_rectified, 0.0);
        check([1, 1, 1, 3], is_rectified, 0.0);
        check([1, 4, 9, 16], is_rectified, 20.0);
    }
}

#[test]
fn a_pair_is_the_sum_of_both() {
    let dims = [2, 3, 8, 11];
    let n = 3 * 8 * 11;
    let draws: Vec<Vec<f32>> = (0..4).map(|seed| draw(seed + 9, n)).collect();
    let maps: Vec<Vec<f32>> = (0..2).map(|seed| draw(seed + 20, 2 * n)).collect();
    let norms = [(0, true), (2, false)].map(|(i, relu)| LayerNorm {
        weight: &draws[i],
        bias: &draws[i + 1],
        relu,
    });
    for level in Level::available() {
        let x = [0, 1].map(|i| Maps::new(&maps[i], dims));
        let (sum, moments) = LayerNorm::forward_pair(level, [&norms[0], &norms[1]], x);
        let each = [0, 1].map(|i| norms[i].forward(level, x[i]));
        let expected: Vec<f64> =
            each[0].0.iter().zip(&each[1].0).map(|(a, b)| f64::from(a + b)).collect();
        assert_near(&sum, &expected, 1e-7, "a pair");
        assert_eq!(moments, each.map(|(_, moments)| moments));
    }
}

/// A map that is the same everywhere has no variance, and becomes the bias.
#[test]
fn a_constant_map_becomes_the_bias() {
    let (weight, bias) = (vec![2.0; 64], draw(5, 64));
    let norm = LayerNorm { weight: &weight, bias: &bias, relu: false };
    for level in Level::available() {
        let (y, _) = norm.forward(level, Maps::new(&[0.25; 64], [1, 1, 8, 8]));
        assert_eq!(y, bias);
    }
}
