//! The transposed convolutions that double height and width.

use std::sync::Arc;

use stormlens_kernels::product::Matrix;
use stormlens_kernels::transposed::{OverlappingFilter, Transposed};
use stormlens_kernels::{Level, Maps, Shape};

use super::{assert_near, differences, draw, wide};

/// One example, by the book: `weight` is `[in, out, 2, 2]`.
fn define(weight: &[f32], bias: &[f32], [height, width]: [usize; 2], x: &[f64]) -> Vec<f64> {
    let (n_out, plane) = (bias.len(), height * width);
    let mut y = vec![0.0; n_out * 4 * plane];
    for (o, y) in y.chunks_exact_mut(4 * plane).enumerate() {
        for (i, y) in y.iter_mut().enumerate() {
            let (row, column) = (i / (2 * width), i % (2 * width));
            let source = row / 2 * width + column / 2;
            let tap = 2 * (row % 2) + column % 2;
            let terms = x.chunks_exact(plane).enumerate();
            let terms =
                terms.map(|(c, x)| f64::from(weight[(c * n_out + o) * 4 + tap]) * x[source]);
            *y = f64::from(bias[o]) + terms.sum::<f64>();
        }
    }
    y
}

#[test]
fn transposed_convolution_is_its_definition_and_so_is_its_gradient() {
    for ([n_batch, n_in, height, width], n_out) in
        [([2, 3, 4, 5], 2), ([1, 5, 1, 1], 7), ([1, 2, 6, 16], 3)]
    {
        let weight = draw(1, n_in * n_out * 4);
        let bias = draw(2, n_out);
        let matrix = Matrix::new(Arc::new(weight.clone()), n_in);
        let layer = Transposed { weight: &matrix, bias: &bias };
        let n = n_in * height * width;
        let n_big = n_out * 4 * height * width;
        let (x, g) = (draw(3, n_batch * n), draw(4, n_batch * n_big));
        for level in Level::available() {
            let what = format!("{n_batch}, {n_in} to {n_out}, {height} × {width}, {level}");
            let source = [n_batch, n_in, height, width];
            let y = layer.forward(level, Maps::new(&x, source));
            let gradient = Maps::new(&g, [n_batch, n_out, 2 * height, 2 * width]);
            let back = layer.backward(level, Shape::new(source), gradient);
            for i in 0..n_batch {
                let define = |x: &[f64]| define(&weight, &bias, [height, width], x);
                let own = wide(&x[i * n..][..n]);
                assert_near(&y[i * n_big..][..n_big], &define(&own), 1e-6, &what);
                let expected = differences(&define, &own, &wide(&g[i * n_big..][..n_big]));
                assert_near(&back[i * n..][..n], &expected, 1e-6, &format!("gradient, {what}"));
            }
        }
    }
}

/// One example, by the book: `weight` is `[in, out, 4, 4]`; a pixel of the result lies under each tap of the pixels before it.
fn define_overlapping(
    weight: &[f64],
    bias: &[f32],
    [height, width]: [usize; 2],
    x: &[f64],
) -> Vec<f64> {
    let (n_out, plane) = (bias.len(), height * width);
    let mut y = vec![0.0; n_out * 4 * plane];
    for (o, y) in y.chunks_exact_mut(4 * plane).enumerate() {
        y.fill(f64::from(bias[o]));
        for (i, &v) in x.iter().enumerate() {
            let (channel, row, column) = (i / plane, i % plane / width, i % width);
            for tap in 0..16 {
                let at = |place: usize, tap: usize, n: usize| {
                    (2 * place + tap).checked_sub(1).filter(|&i| i < 2 * n)
                };
                let place = (at(row, tap / 4, height), at(column, tap % 4, width));
                if let (Some(row), Some(column)) = place {
                    let weight = weight[16 * (channel * n_out + o) + tap];
                    y[row * 2 * width + column] += weight * v;
                }
            }
        }
    }
    y
}

#[test]
fn overlapping_kernels_are_their_definition_and_so_are_their_gradients() {
    for ([n_batch, n_in, height, width], n_out) in
        [([2, 3, 4, 5], 2), ([1, 5, 1, 1], 7), ([1, 2, 9, 16], 3), ([3, 20, 3, 7], 17)]
    {
        let (weight, bias) = (draw(1, n_in * n_out * 16), draw(2, n_out));
        let filter = OverlappingFilter::new(Arc::new(weight.clone()), n_in);
        let n = n_in * height * width;
        let x = draw(3, n_batch * n);
        let n_big = n_out * 4 * height * width;
        let g = draw(4, n_batch * n_big);
        for level in Level::available() {
            let what = format!("{n_batch}, {n_in} to {n_out}, {height} × {width}, {level}");
            let maps = Maps::new(&x, [n_batch, n_in, height, width]);
            let y = filter.forward(level, &bias, maps);
            let gradient = Maps::new(&g, [n_batch, n_out, 2 * height, 2 * width]);
            let back = filter.backward(level, gradient);
            let mut of_weights = vec![0.0; weight.len()];
            for (i, (x, g)) in x.chunks_exact(n).zip(g.chunks_exact(n_big)).enumerate() {
                let (x, g) = (wide(x), wide(g));
                let define =
                    |x: &[f64]| define_overlapping(&wide(&weight), &bias, [height, width], x);
                assert_near(&y[i * n_big..][..n_big], &define(&x), 1e-6, &what);
                let expected = differences(&define, &x, &g);
                assert_near(&back[i * n..][..n], &expected, 2e-6, &format!("gradient, {what}"));
                if n_in < 20 {
                    let define = |w: &[f64]| define_overlapping(w, &bias, [height, width], &x);
                    let expected = differences(&define, &wide(&weight), &g);
                    of_weights.iter_mut().zip(expected).for_each(|(sum, one)| *sum += one);
                }
            }
            if n_in < 20 {
                let found = filter.weight_gradient(level, maps, gradient);
                assert_near(&found, &of_weights, 2e-6, &format!("weights, {what}"));
            }
        }
    }
}
