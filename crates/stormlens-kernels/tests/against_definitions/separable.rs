//! Depthwise, then pointwise: alone, in tall pictures, and at the end of a residual block.

use stormlens_kernels::pointwise::Pointwise;
use stormlens_kernels::product::Matrix;
use stormlens_kernels::separable::Separable;
use stormlens_kernels::{Activation, Level, Maps, Shape};

use super::{assert_near, at, differences, doubled, draw, relu, split_channels, wide};

struct Case {
    dims: [usize; 4],
    n_out: usize,
    /// Depthwise channels that each channel feeds.
    k: usize,
    /// Channels of the first of two sources; 0: there is one source.
    split: usize,
    relu: bool,
    doubled: bool,
}

fn check_separable(case: &Case) {
    let Case { dims, n_out, k, split, relu: with_relu, doubled: with_doubling } = *case;
    let [n_batch, n_in, height, width] = dims;
    let n_mid = k * n_in;
    let (dw, pw, bias) = (draw(1, 9 * n_mid), draw(2, n_mid * n_out), draw(3, n_out));
    let grown = if with_doubling { 2 } else { 1 };
    let (out_height, out_width) = (grown * height, grown * width);
    let n_plane = height * width;
    let x = draw(4, n_batch * n_in * n_plane);
    let g = draw(5, n_batch * n_out * out_height * out_width);
    let definition = |x: &[f64]| -> Vec<f64> {
        let grown = if with_doubling { doubled(x, height, width) } else { x.to_vec() };
        let planes: Vec<&[f64]> = grown.chunks_exact(out_height * out_width).collect();
        let mut y = Vec::new();
        for o in 0..n_out {
            for i in 0..out_height * out_width {
                let (row, column) = ((i / out_width) as isize, (i % out_width) as isize);
                let mut sum = f64::from(bias[o]);
                for c in 0..n_mid {
                    let mut depthwise = 0.0;
                    for i in 0..9 {
                        let (dy, dx) = (i as isize / 3 - 1, i as isize % 3 - 1);
                        let v = at(planes[c / k], out_width, row + dy, column + dx);
                        depthwise += f64::from(dw[9 * c + i]) * v;
                    }
                    sum += f64::from(pw[o * n_mid + c]) * depthwise;
                }
                y.push(if with_relu { relu(sum) } else { sum });
            }
        }
        y
    };
    let each = |values: &[f32], f: &dyn Fn(usize, &[f64]) -> Vec<f64>| -> Vec<f64> {
        let n = values.len() / n_batch;
        values.chunks_exact(n).enumerate().flat_map(|(b, v)| f(b, &wide(v))).collect()
    };
    let expected = each(&x, &|_, x| definition(x));
    let n_g = g.len() / n_batch;
    let expected_gradient =
        each(&x, &|b, x| differences(&definition, x, &wide(&g[b * n_g..][..n_g])));
    let conv = Separable {
        depthwise: &dw,
        pointwise: &Matrix::new(pw.clone().into(), n_out),
        bias: &bias,
        relu: with_relu,
        doubled: with_doubling,
    };
    // Two sources: the same channels in two arrays.
    let counts = if split > 0 { vec![split, n_in - split] } else { vec![n_in] };
    let parts = split_channels(&x, &counts, n_batch, n_plane);
    let sources: Vec<Maps> = parts
        .iter()
        .zip(&counts)
        .map(|(part, &n)| Maps::new(part, [n_batch, n, height, width]))
        .collect();
    for level in Level::available() {
        let what =
            format!("{level} {dims:?} by {k} to {n_out}, {split}, {with_relu}, {with_doubling}");
        let y = conv.forward(level, &sources);
        assert_near(&y, &expected, 1e-5, &what);
        let shapes: Vec<Shape> = sources.iter().map(|s| s.shape).collect();
        let gradient = Maps::new(&g, [n_batch, n_out, out_height, out_width]);
        let gradients = conv.backward(level, &shapes, &y, gradient);
        let expected = split_channels(&expected_gradient, &counts, n_batch, n_plane);
        for (ours, expected) in gradients.iter().zip(&expected) {
            assert_near(ours, expected, 2e-5, &format!("gradient, {what}"));
        }
    }
}

#[test]
fn a_separable_convolution_and_its_gradient() {
    let case = |dims, n_out, split, relu, doubled| {
        check_separable(&Case { dims, n_out, k: 1, split, relu, doubled });
    };
    case([1, 1, 1, 1], 1, 0, false, false);
    case([1, 1, 1, 1], 2, 0, false, true);
    case([2, 3, 5, 4], 7, 0, true, false);
    case([1, 5, 3, 17], 3, 2, true, false);
    case([1, 2, 4, 3], 3, 0, true, true);
    case([2, 3, 2, 9], 2, 1, false, true);
    case([1, 4, 11, 2], 6, 0, true, false);
}

#[test]
fn a_separable_convolution_with_several_depthwise_channels_for_each() {
    let case = |dims, k, n_out, split, relu, doubled| {
        check_separable(&Case { dims, n_out, k, split, relu, doubled });
    };
    case([1, 1, 1, 1], 2, 1, 0, false, false);
    case([2, 3, 5, 4], 2, 7, 0, true, false);
    case([1, 5, 3, 17], 4, 3, 2, true, false);
    case([1, 2, 4, 3], 2, 3, 0, true, true);
    case([2, 3, 2, 9], 4, 2, 1, false, true);
}

/// So many rows that a band has several tiles.
#[test]
fn a_tall_picture_is_put_together_from_tiles() {
    let (height, width, n_in, n_out) = (160, 160, 40, 40);
    let (dw, pw, bias) = (draw(1, 9 * n_in), draw(2, n_in * n_out), draw(3, n_out));
    let pointwise = Matrix::new(pw.into(), n_out);
    let conv = Separable {
        depthwise: &dw,
        pointwise: &pointwise,
        bias: &bias,
        relu: true,
        doubled: false,
    };
    let x = draw(4, n_in * height * width);
    let g = draw(5, n_out * height * width);
    let run = |rows: std::ops::Range<usize>| {
        let part = |v: &[f32], n: usize| -> Vec<f32> {
            let rows = rows.start * width..rows.end * width;
            (0..n).flat_map(|c| v[c * height * width..][rows.clone()].to_vec()).collect()
        };
        let (x, g) = (part(&x, n_in), part(&g, n_out));
        let maps = Maps::new(&x, [1, n_in, rows.len(), width]);
        let y = conv.forward(Level::detect(), &[maps]);
        let gradient = Maps::new(&g, [1, n_out, rows.len(), width]);
        let gradients = conv.backward(Level::detect(), &[maps.shape], &y, gradient);
        (y, gradients[0].clone())
    };
    let (whole, whole_gradient) = run(0..height);
    // Short strips, of which the inner rows do not know that they are strips.
    for start in (0..height - 8).step_by(3) {
        let (strip, strip_gradient) = run(start..start + 8);
        let row = |v: &[f32], height: usize, c: usize, row: usize| {
            wide(&v[(c * height + row) * width..][..width])
        };
        for c in 0..n_out {
            let ours = &whole[(c * height + start + 4) * width..][..width];
            assert_near(ours, &row(&strip, 8, c, 4), 1e-6, &format!("row {}", start + 4));
        }
        for c in 0..n_in {
            let ours = &whole_gradient[(c * height + start + 4) * width..][..width];
            assert_near(ours, &row(&strip_gradient, 8, c, 4), 1e-6, "gradient");
        }
    }
}

/// Against its two parts, each of which is compared with its definition above.
#[test]
fn the_end_of_a_residual_block_is_the_sum_of_its_parts() {
    let check = |[n_mid, n_out, height, width]: [usize; 4], k, counts: &[usize], relu: bool| {
        let n_straight: usize = counts.iter().sum();
        let (dw, bias) = (draw(1, 9 * k * n_mid), draw(3, n_out));
        let pointwise = Matrix::new(draw(2, k * n_mid * n_out).into(), n_out);
        let conv =
            Separable { depthwise: &dw, pointwise: &pointwise, bias: &bias, relu, doubled: false };
        let weight = Matrix::new(draw(4, n_straight * n_out).into(), n_out);
        let straight_bias = draw(5, n_out);
        let straight = Pointwise {
            weight: &weight,
            bias: &straight_bias,
            step: 1,
            activation: Activation::None,
        };
        let n = height * width;
        let (x, other) = (draw(6, 2 * n_mid * n), draw(7, 2 * n_straight * n));
        let x = Maps::new(&x, [2, n_mid, height, width]);
        let parts = split_channels(&other, counts, 2, n);
        let others: Vec<Maps> = parts
            .iter()
            .zip(counts)
            .map(|(part, &count)| Maps::new(part, [2, count, height, width]))
            .collect();
        for level in Level::available() {
            let convolved = conv.forward(level, &[x]);
            let addend = Maps::new(&convolved, [2, n_out, height, width]);
            let expected = straight.forward(level, &others, Some(addend));
            let found = conv.forward_onto(level, x, &straight, &others);
            assert_near(&found, &wide(&expected), 1e-6, &format!("{counts:?}, {level}"));
        }
    };
    check([1, 1, 1, 1], 1, &[1], true);
    check([5, 3, 7, 9], 1, &[2], true);
    check([3, 8, 40, 33], 1, &[4, 6], true);
    check([2, 2, 6, 5], 1, &[1, 1], false);
    check([3, 2, 6, 5], 2, &[1, 1], true);
}
