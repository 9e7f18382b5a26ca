//! Every kernel on every level of vector instructions against its definition in `f64`, and its
//! gradient against finite differences of the definition.

mod channel_norm;
mod convolution;
mod deformable;
mod layer_norm;
mod resized;
mod transposed;

use stormlens_kernels::attention::{self, Attention};
use stormlens_kernels::pointwise::Pointwise;
use stormlens_kernels::pool::{self, Window};
use stormlens_kernels::product::Matrix;
use stormlens_kernels::separable::Separable;
use stormlens_kernels::stem::Stem;
use stormlens_kernels::{Level, Maps, Shape};
use stormlens_kernels::{planes, upsample};

/// Numbers between −1 and 1 that follow from a seed.
fn draw(seed: u64, n: usize) -> Vec<f32> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 40) as f32 / (1 << 23) as f32 - 1.0
    };
    (0..n).map(|_| next()).collect()
}

fn wide(values: &[f32]) -> Vec<f64> {
    values.iter().map(|&v| f64::from(v)).collect()
}

fn assert_near(ours: &[f32], expected: &[f64], tolerance: f64, what: &str) {
    assert_eq!(ours.len(), expected.len(), "{what}");
    let largest = expected.iter().fold(1e-3f64, |m, v| m.max(v.abs()));
    for (i, (&a, &b)) in ours.iter().zip(expected).enumerate() {
        let error = (f64::from(a) - b).abs() / largest;
        assert!(error <= tolerance, "{what}: {a} for {b} at {i}");
    }
}

/// `∂(Σ g · f(x))/∂x` by central differences.
fn differences(f: &dyn Fn(&[f64]) -> Vec<f64>, x: &[f64], g: &[f64]) -> Vec<f64> {
    let score = |x: &[f64]| -> f64 { f(x).iter().zip(g).map(|(y, g)| y * g).sum() };
    let h = 1e-6;
    let mut at = x.to_vec();
    (0..x.len())
        .map(|i| {
            at[i] = x[i] + h;
            let above = score(&at);
            at[i] = x[i] - h;
            let below = score(&at);
            at[i] = x[i];
            (above - below) / (2.0 * h)
        })
        .collect()
}

/// A plane's value, zero beyond it.
fn at(plane: &[f64], width: usize, y: isize, x: isize) -> f64 {
    let height = (plane.len() / width) as isize;
    let inside = (0..height).contains(&y) && (0..width as isize).contains(&x);
    if inside { plane[y as usize * width + x as usize] } else { 0.0 }
}

fn relu(v: f64) -> f64 {
    v.max(0.0)
}

/// `[channels × height × width]` to twice the size, corners aligned.
fn doubled(x: &[f64], height: usize, width: usize) -> Vec<f64> {
    let source = |i: usize, n: usize| {
        let position = if n > 1 { i as f64 * (n - 1) as f64 / (2 * n - 1) as f64 } else { 0.0 };
        let low = (position.floor() as usize).min(n - 1);
        (low, (low + 1).min(n - 1), position - low as f64)
    };
    let mut out = Vec::new();
    for plane in x.chunks_exact(height * width) {
        for y in 0..2 * height {
            let (y0, y1, v) = source(y, height);
            for x in 0..2 * width {
                let (x0, x1, u) = source(x, width);
                let row = |y: usize| plane[y * width + x0] * (1.0 - u) + plane[y * width + x1] * u;
                out.push(row(y0) * (1.0 - v) + row(y1) * v);
            }
        }
    }
    out
}

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

fn split_channels<T: Copy>(
    x: &[T],
    counts: &[usize],
    n_batch: usize,
    n_plane: usize,
) -> Vec<Vec<T>> {
    let mut parts = vec![Vec::new(); counts.len()];
    for example in x.chunks_exact(x.len() / n_batch) {
        let mut rest = example;
        for (part, &n) in parts.iter_mut().zip(counts) {
            let (own, others) = rest.split_at(n * n_plane);
            part.extend_from_slice(own);
            rest = others;
        }
    }
    parts
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

#[test]
fn interpolation_and_its_gradient() {
    let check = |dims: [usize; 4]| {
        let [n_batch, n_channels, height, width] = dims;
        let n = n_batch * n_channels * height * width;
        let (x, g) = (draw(1, n), draw(2, 4 * n));
        let definition = |x: &[f64]| doubled(x, height, width);
        let expected = definition(&wide(&x));
        let expected_gradient = differences(&definition, &wide(&x), &wide(&g));
        let maps = Maps::new(&x, dims);
        let gradient = Maps::new(&g, [n_batch, n_channels, 2 * height, 2 * width]);
        for level in Level::available() {
            let what = format!("{level}, {dims:?}");
            assert_near(&upsample::forward(level, maps), &expected, 1e-6, &what);
            let ours = upsample::backward(level, maps.shape, gradient);
            assert_near(&ours, &expected_gradient, 1e-6, &format!("gradient, {what}"));
        }
    };
    check([1, 1, 1, 1]);
    check([2, 3, 1, 5]);
    check([1, 2, 4, 1]);
    check([3, 1, 2, 2]);
    check([1, 2, 9, 7]);
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

#[test]
fn a_pointwise_convolution_and_its_gradient() {
    let check = |[n_in, height, width]: [usize; 3], n_out: usize, split: usize, step: usize| {
        let (weight, bias) = (draw(1, n_in * n_out), draw(2, n_out));
        let x = draw(3, n_in * height * width);
        let (out_height, out_width) = (height.div_ceil(step), width.div_ceil(step));
        let n = out_height * out_width;
        let (g, addend) = (draw(4, n_out * n), draw(5, n_out * n));
        let definition = |x: &[f64]| -> Vec<f64> {
            let value = |i: usize| {
                let (o, y, z) = (i / n, i % n / out_width * step, i % out_width * step);
                let pixel = |c: usize| x[(c * height + y) * width + z];
                let sum: f64 = (0..n_in).map(|c| f64::from(weight[o * n_in + c]) * pixel(c)).sum();
                sum + f64::from(bias[o]) + f64::from(addend[i])
            };
            (0..n_out * n).map(value).collect()
        };
        let counts = if split > 0 { vec![split, n_in - split] } else { vec![n_in] };
        let parts = split_channels(&x, &counts, 1, height * width);
        let sources: Vec<Maps> = parts
            .iter()
            .zip(&counts)
            .map(|(part, &n)| Maps::new(part, [1, n, height, width]))
            .collect();
        let shapes: Vec<Shape> = sources.iter().map(|s| s.shape).collect();
        let matrix = Matrix::new(weight.clone().into(), n_out);
        let conv = Pointwise { weight: &matrix, bias: &bias, step };
        let out = [1, n_out, out_height, out_width];
        let expected = differences(&definition, &wide(&x), &wide(&g));
        for level in Level::available() {
            let y = conv.forward(level, &sources, Some(Maps::new(&addend, out)));
            assert_near(&y, &definition(&wide(&x)), 1e-6, "values");
            let gradients = conv.backward(level, &shapes, Maps::new(&g, out));
            let ours: Vec<f32> = gradients.concat();
            assert_near(&ours, &expected, 1e-6, &format!("gradient, {level}"));
        }
    };
    check([1, 1, 1], 1, 0, 1);
    check([5, 7, 9], 3, 2, 1);
    check([3, 6, 8], 4, 0, 2);
    check([2, 5, 7], 3, 0, 2);
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
        let straight = Pointwise { weight: &weight, bias: &straight_bias, step: 1 };
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

#[test]
fn pooling_and_its_gradient() {
    let check = |height: usize, width: usize, window: Window, is_flat: bool| {
        let mut x = draw(1, 2 * height * width);
        if is_flat {
            x.fill(0.25);
        }
        let maps = Maps::new(&x, [1, 2, height, width]);
        let out = window.shape_out(maps.shape);
        let g = draw(2, out.len());
        let (size, pad) = match window {
            Window::Two => (2, [0, 0]),
            Window::Three => (3, [height % 2, width % 2]),
        };
        let mut expected = vec![0.0; out.len()];
        let mut expected_gradient = vec![0.0; x.len()];
        for i in 0..out.len() {
            let (c, y, z) = (i / out.plane(), i % out.plane() / out.width, i % out.width);
            let mut best: Option<usize> = None;
            for k in 0..size * size {
                let (Some(y), Some(z)) = (
                    (2 * y + k / size).checked_sub(pad[0]).filter(|&y| y < height),
                    (2 * z + k % size).checked_sub(pad[1]).filter(|&z| z < width),
                ) else {
                    continue;
                };
                let place = (c * height + y) * width + z;
                if best.is_none_or(|best| x[place] > x[best]) {
                    best = Some(place);
                }
            }
            let best = best.expect("a window holds a pixel");
            expected[i] = f64::from(x[best]);
            expected_gradient[best] += f64::from(g[i]);
        }
        for level in Level::available() {
            let what = format!("{window:?} of {height} × {width}, {level}");
            assert_near(&pool::forward(level, window, maps), &expected, 0.0, &what);
            let gradient = Maps::new(&g, out.dims());
            let ours = pool::backward(level, window, maps, gradient);
            assert_near(&ours, &expected_gradient, 1e-6, &format!("gradient of {what}"));
        }
    };
    for is_flat in [false, true] {
        for (height, width) in [(2, 2), (4, 6), (6, 40), (34, 36)] {
            check(height, width, Window::Two, is_flat);
        }
        for (height, width) in [(1, 1), (2, 3), (4, 4), (5, 5), (6, 41), (33, 70)] {
            check(height, width, Window::Three, is_flat);
        }
    }
}

#[test]
fn attention_and_its_gradient() {
    let check = |[n_batch, n_channels, height, width]: [usize; 4], n_hidden: usize| {
        let hidden_weight = draw(1, n_hidden * n_channels);
        let (hidden_bias, out_bias) = (draw(2, n_hidden), draw(4, n_channels));
        let (out_weight, places_weight) = (draw(3, n_channels * n_hidden), draw(5, 98));
        let attention = Attention {
            hidden_weight: &hidden_weight,
            hidden_bias: &hidden_bias,
            out_weight: &out_weight,
            out_bias: &out_bias,
            places_weight: &places_weight,
            places_bias: 0.3,
        };
        let dims = [n_batch, n_channels, height, width];
        let n = n_channels * height * width;
        let (x, g) = (draw(6, n_batch * n), draw(7, n_batch * n));
        let definition = |x: &[f64]| attend(&attention, x, n_channels, width);
        let expected: Vec<f64> = x.chunks_exact(n).flat_map(|x| definition(&wide(x))).collect();
        let expected_gradient: Vec<f64> = x
            .chunks_exact(n)
            .zip(g.chunks_exact(n))
            .flat_map(|(x, g)| differences(&definition, &wide(x), &wide(g)))
            .collect();
        for level in Level::available() {
            let maps = Maps::new(&x, dims);
            let (y, kept) = attention.forward(level, maps);
            assert_near(&y, &expected, 1e-5, &format!("{dims:?}, {level}"));
            let gradient = Maps::new(&g, dims);
            let ours = attention::backward(&attention, level, maps, &kept, gradient);
            assert_near(&ours, &expected_gradient, 2e-5, &format!("gradient, {dims:?}, {level}"));
        }
    };
    check([1, 1, 1, 1], 1);
    check([2, 5, 4, 6], 2);
    check([1, 3, 9, 13], 1);
}

/// One example, by the book.
fn attend(attention: &Attention, x: &[f64], n_channels: usize, width: usize) -> Vec<f64> {
    let sigmoid = |v: f64| 1.0 / (1.0 + (-v).exp());
    let n = x.len() / n_channels;
    let n_hidden = attention.hidden_bias.len();
    let largest = |v: &mut dyn Iterator<Item = f64>| v.fold(f64::NEG_INFINITY, f64::max);
    let perceptron = |v: &[f64]| -> Vec<f64> {
        let hidden: Vec<f64> = (0..n_hidden)
            .map(|h| {
                let row = &attention.hidden_weight[h * n_channels..][..n_channels];
                let sum: f64 = row.iter().zip(v).map(|(&w, v)| f64::from(w) * v).sum();
                relu(sum + f64::from(attention.hidden_bias[h]))
            })
            .collect();
        (0..n_channels)
            .map(|c| {
                let row = &attention.out_weight[c * n_hidden..][..n_hidden];
                let sum: f64 = row.iter().zip(&hidden).map(|(&w, h)| f64::from(w) * h).sum();
                sum + f64::from(attention.out_bias[c])
            })
            .collect()
    };
    let means: Vec<f64> = x.chunks_exact(n).map(|p| p.iter().sum::<f64>() / n as f64).collect();
    let peaks: Vec<f64> = x.chunks_exact(n).map(|p| largest(&mut p.iter().copied())).collect();
    let both = perceptron(&means).into_iter().zip(perceptron(&peaks));
    let channels: Vec<f64> = both.map(|(a, b)| sigmoid(a + b)).collect();
    let weighed: Vec<f64> = (0..x.len()).map(|i| x[i] * channels[i / n]).collect();
    let column = |p: usize| weighed.iter().skip(p).step_by(n).copied();
    let summary = [
        (0..n).map(|p| column(p).sum::<f64>() / n_channels as f64).collect::<Vec<_>>(),
        (0..n).map(|p| largest(&mut column(p))).collect::<Vec<_>>(),
    ];
    let place = |p: usize| {
        let (row, col) = ((p / width) as isize, (p % width) as isize);
        let mut sum = f64::from(attention.places_bias);
        for (k, &weight) in attention.places_weight.iter().enumerate() {
            let (dy, dx) = ((k % 49 / 7) as isize - 3, (k % 7) as isize - 3);
            sum += f64::from(weight) * at(&summary[k / 49], width, row + dy, col + dx);
        }
        sigmoid(sum)
    };
    let places: Vec<f64> = (0..n).map(place).collect();
    weighed.iter().enumerate().map(|(i, v)| v * places[i % n]).collect()
}

/// Of equal values the first one takes the gradient, in a plane and among channels.
#[test]
fn ties_in_attention_go_to_the_first() {
    let ones = |n: usize| vec![1.0; n];
    let (one, zero) = (ones(2), vec![0.0; 2]);
    let mut places_weight = vec![0.0; 98];
    places_weight[49 + 24] = 1.0;
    let attention = Attention {
        hidden_weight: &one,
        hidden_bias: &zero[..1],
        out_weight: &one,
        out_bias: &zero,
        places_weight: &places_weight,
        places_bias: 0.0,
    };
    let x = vec![0.5; 8];
    let g: Vec<f32> = ones(8);
    let (maps, gradient) = (Maps::new(&x, [1, 2, 2, 2]), Maps::new(&g, [1, 2, 2, 2]));
    for level in Level::available() {
        let (_, kept) = attention.forward(level, maps);
        let found = attention::backward(&attention, level, maps, &kept, gradient);
        let (first, second) = found.split_at(4);
        assert!(first.iter().zip(second).all(|(a, b)| a > b), "the first channel is the peak");
        assert!(second[0] > second[1] && second[1] == second[3], "the first pixel is the maximum");
    }
}

#[test]
fn a_stem_and_its_gradient() {
    let check = |[n_in, height, width]: [usize; 3], n_out: usize, with_relu: bool| {
        let (weight, bias) = (draw(1, 9 * n_in * n_out), draw(2, n_out));
        let x = draw(3, n_in * height * width);
        let (out_height, out_width) = (height.div_ceil(2), width.div_ceil(2));
        let g = draw(4, n_out * out_height * out_width);
        let definition = |x: &[f64]| -> Vec<f64> {
            let mut y = Vec::new();
            for o in 0..n_out {
                for i in 0..out_height * out_width {
                    let row = 2 * (i / out_width) as isize - (height % 2) as isize;
                    let column = 2 * (i % out_width) as isize - (width % 2) as isize;
                    let mut sum = f64::from(bias[o]);
                    for k in 0..9 * n_in {
                        let plane = &x[k / 9 * height * width..][..height * width];
                        let v =
                            at(plane, width, row + (k % 9 / 3) as isize, column + (k % 3) as isize);
                        sum += f64::from(weight[o * 9 * n_in + k]) * v;
                    }
                    y.push(if with_relu { relu(sum) } else { sum });
                }
            }
            y
        };
        let maps = Maps::new(&x, [1, n_in, height, width]);
        let stem = Stem { weight: &weight, bias: &bias, relu: with_relu };
        let expected = differences(&definition, &wide(&x), &wide(&g));
        for level in Level::available() {
            let what = format!("{height} × {width}, {level}");
            let y = stem.forward(level, maps);
            assert_near(&y, &definition(&wide(&x)), 1e-6, &what);
            let gradient = Maps::new(&g, [1, n_out, out_height, out_width]);
            let ours = stem.backward(level, maps.shape, &y, gradient);
            assert_near(&ours, &expected, 1e-5, &format!("gradient, {what}"));
        }
    };
    check([1, 1, 1], 1, false);
    check([3, 4, 6], 2, true);
    check([2, 5, 7], 3, true);
    check([3, 8, 9], 2, false);
}

#[test]
fn sums_over_planes_and_channels() {
    let x = draw(1, 2 * 3 * 5 * 300);
    let maps = Maps::new(&x, [2, 3, 5, 300]);
    let weights = draw(2, 6);
    let sums: Vec<f64> = wide(&x).chunks_exact(1500).map(|plane| plane.iter().sum()).collect();
    let weighted: Vec<f64> = (0..2 * 1500)
        .map(|i| {
            let (b, p) = (i / 1500, i % 1500);
            let one =
                |c: usize| f64::from(weights[b * 3 + c]) * f64::from(x[(b * 3 + c) * 1500 + p]);
            (0..3).map(one).sum()
        })
        .collect();
    for level in Level::available() {
        assert_near(&planes::sums(level, maps), &sums, 1e-6, "sums");
        assert_near(&planes::weighted(level, &weights, maps), &weighted, 1e-6, "weighted");
    }
}
