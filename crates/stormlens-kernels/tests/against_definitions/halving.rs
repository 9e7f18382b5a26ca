//! The convolution at every second pixel.

use std::sync::Arc;

use stormlens_kernels::halving::Halving;
use stormlens_kernels::product::Matrix;
use stormlens_kernels::{Level, Maps};

use super::{assert_near, at, differences, draw, relu, wide};

/// One example, by the book.
fn define(
    layer: &Halving,
    weight: &[f64],
    [n_in, height, width]: [usize; 3],
    x: &[f64],
) -> Vec<f64> {
    let (side, plane) = (layer.side, height * width);
    let [down, across] = [height.div_ceil(2), width.div_ceil(2)];
    let result = |o: usize, i: usize| {
        let around =
            [2 * (i / across), 2 * (i % across)].map(|n| n as isize - (side as isize - 1) / 2);
        let terms = (0..n_in * side * side).map(|k| {
            let (plane, tap) = (&x[k / (side * side) * plane..][..plane], k % (side * side));
            let (row, column) = ((tap / side) as isize, (tap % side) as isize);
            let weight = weight[o * n_in * side * side + k];
            weight * at(plane, width, around[0] + row, around[1] + column)
        });
        let sum = f64::from(layer.bias[o]) + terms.sum::<f64>();
        if layer.relu { relu(sum) } else { sum }
    };
    let n = down * across;
    (0..layer.bias.len() * n).map(|i| result(i / n, i % n)).collect()
}

#[test]
fn halving_convolutions_are_their_definition() {
    for ([n_batch, n_in, height, width], n_out, side) in [
        ([1, 1, 1, 1], 1, 3),
        ([2, 3, 4, 6], 2, 3),
        ([1, 2, 5, 7], 3, 7),
        ([2, 12, 32, 35], 9, 7),
        ([1, 3, 8, 9], 2, 5),
        ([1, 2, 3, 2], 2, 1),
        ([1, 2, 6, 4], 3, 4),
    ] {
        let (weight, bias) = (draw(1, n_in * n_out * side * side), draw(2, n_out));
        let matrix = Matrix::new(Arc::new(weight.clone()), n_out);
        let n = n_in * height * width;
        let x = draw(3, n_batch * n);
        let levels = Level::available().into_iter();
        for (level, relu) in levels.flat_map(|level| [(level, false), (level, true)]) {
            let layer = Halving { weight: &matrix, bias: &bias, side, relu };
            let y = layer.forward(level, Maps::new(&x, [n_batch, n_in, height, width]));
            let define = |weight: &[f64]| -> Vec<f64> {
                let of = |x: &[f32]| define(&layer, weight, [n_in, height, width], &wide(x));
                x.chunks_exact(n).flat_map(of).collect()
            };
            let expected = define(&wide(&weight));
            let what = format!("{n_in} to {n_out}, {side}, {height} × {width}, {level}");
            assert_near(&y, &expected, 1e-6, &what);
            if !relu && n_in < 12 {
                let g = draw(4, y.len());
                let shape = [n_batch, n_out, height.div_ceil(2), width.div_ceil(2)];
                let maps = Maps::new(&x, [n_batch, n_in, height, width]);
                let found = layer.weight_gradient(level, maps, Maps::new(&g, shape));
                let expected = differences(&define, &wide(&weight), &wide(&g));
                assert_near(&found, &expected, 2e-6, &format!("weights, {what}"));
                let found = layer.backward(level, maps.shape, Maps::new(&g, shape));
                let of = |all: &[f64]| -> Vec<f64> {
                    let one = |x| self::define(&layer, &wide(&weight), [n_in, height, width], x);
                    all.chunks_exact(n).flat_map(one).collect()
                };
                let expected = differences(&of, &wide(&x), &wide(&g));
                assert_near(&found, &expected, 2e-6, &format!("map, {what}"));
            }
        }
    }
}
