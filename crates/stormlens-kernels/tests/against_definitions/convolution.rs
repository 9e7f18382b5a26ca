//! The dense 3 × 3 convolution.

use stormlens_kernels::convolution::{Convolution, Filter, Input};
use stormlens_kernels::{Activation, Level, Maps, Shape};

use super::{
    activated, assert_near, at, convolved, differences, doubled, draw, split_channels, wide,
};

struct Case<'a> {
    n_batch: usize,
    /// Channels of each input, and whether it is interpolated.
    inputs: &'a [(usize, bool)],
    n_out: usize,
    /// Of the result.
    size: [usize; 2],
    activation: Activation,
}

impl Case<'_> {
    /// What each input holds of one example.
    fn counts(&self) -> Vec<usize> {
        let [height, width] = self.size;
        let n =
            |&(n, is_doubled): &(usize, bool)| n * height * width / if is_doubled { 4 } else { 1 };
        self.inputs.iter().map(n).collect()
    }

    fn maps<'a>(&self, parts: &'a [Vec<f32>]) -> Vec<Input<Maps<'a>>> {
        let [height, width] = self.size;
        let of = |(part, &(n, is_doubled)): (&'a Vec<f32>, &(usize, bool))| {
            let by = if is_doubled { 2 } else { 1 };
            let of = Maps::new(part, [self.n_batch, n, height / by, width / by]);
            Input { of, is_doubled }
        };
        parts.iter().zip(self.inputs).map(of).collect()
    }

    /// One example, by the book.
    fn define(&self, weight: &[f32], bias: &[f32], x: &[f64]) -> Vec<f64> {
        let [height, width] = self.size;
        let mut planes = Vec::new();
        let mut rest = x;
        for (&(_, is_doubled), n) in self.inputs.iter().zip(self.counts()) {
            let (own, others) = rest.split_at(n);
            match is_doubled {
                true => planes.extend(doubled(own, height / 2, width / 2)),
                false => planes.extend_from_slice(own),
            }
            rest = others;
        }
        let y = convolved(&planes, width, height * width, weight, bias);
        y.into_iter().map(|v| activated(v, self.activation)).collect()
    }

    fn check(&self) {
        let [height, width] = self.size;
        let n_in: usize = self.inputs.iter().map(|&(n, _)| n).sum();
        let (weight, bias) = (draw(1, 9 * n_in * self.n_out), draw(2, self.n_out));
        let counts = self.counts();
        let n: usize = counts.iter().sum();
        let n_result = self.n_out * height * width;
        let (x, g) = (draw(3, self.n_batch * n), draw(4, self.n_batch * n_result));
        let definition = |x: &[f64]| self.define(&weight, &bias, x);
        let examples = x.chunks_exact(n).zip(g.chunks_exact(n_result));
        let (mut expected, mut expected_gradient) = (Vec::new(), Vec::new());
        for (x, g) in examples {
            expected.extend(definition(&wide(x)));
            expected_gradient.extend(differences(&definition, &wide(x), &wide(g)));
        }
        let filter = Filter::new(weight.clone().into(), self.n_out);
        let conv = Convolution { filter: &filter, bias: &bias, activation: self.activation };
        let parts = split_channels(&x, &counts, self.n_batch, 1);
        let maps = self.maps(&parts);
        let of_shape = |i: &Input<Maps>| Input { of: i.of.shape, is_doubled: i.is_doubled };
        let shapes: Vec<Input<Shape>> = maps.iter().map(of_shape).collect();
        let gradient = Maps::new(&g, [self.n_batch, self.n_out, height, width]);
        let expected_gradient = split_channels(&expected_gradient, &counts, self.n_batch, 1);
        for level in Level::available() {
            let what = format!("{level}, {:?} to {}, {:?}", self.inputs, self.n_out, self.size);
            let y = conv.forward(level, &maps);
            assert_near(&y, &expected, 2e-6, &what);
            let gradients = conv.backward(level, &shapes, &y, gradient);
            for (ours, expected) in gradients.iter().zip(&expected_gradient) {
                assert_near(ours, expected, 2e-6, &format!("gradient, {what}"));
            }
        }
    }
}

#[test]
fn a_convolution_and_its_gradient() {
    let case = |n_batch, inputs: &[(usize, bool)], n_out, size, activation| {
        Case { n_batch, inputs, n_out, size, activation }.check();
    };
    case(1, &[(1, false)], 1, [1, 1], Activation::None);
    case(1, &[(2, false)], 3, [1, 7], Activation::Relu);
    case(2, &[(3, false)], 7, [5, 4], Activation::Relu);
    case(1, &[(1, false)], 2, [9, 1], Activation::None);
    case(1, &[(2, false)], 2, [4, 5], Activation::Leaky(0.01));
    case(1, &[(2, false), (3, false)], 5, [6, 35], Activation::Relu);
    case(1, &[(2, true)], 3, [8, 6], Activation::Relu);
    case(2, &[(1, true)], 2, [2, 2], Activation::None);
    case(2, &[(2, false), (1, true)], 3, [4, 18], Activation::Relu);
}

/// So many channels and rows that pixels are transformed in several parts, and bands have several
/// rows of tiles: a few results against their definition.
#[test]
fn a_large_convolution_is_put_together_from_parts() {
    let check = |n_in: usize, n_out: usize, [height, width]: [usize; 2]| {
        let (weight, bias) = (draw(1, 9 * n_in * n_out), draw(2, n_out));
        let (x, g) = (draw(3, n_in * height * width), draw(4, n_out * height * width));
        let filter = Filter::new(weight.clone().into(), n_out);
        let conv = Convolution { filter: &filter, bias: &bias, activation: Activation::None };
        let maps = Input::plain(Maps::new(&x, [1, n_in, height, width]));
        let gradient = Maps::new(&g, [1, n_out, height, width]);
        let sum = |planes: &[f32], i: usize, weight: &dyn Fn(usize, usize) -> f32| {
            let (row, column) = ((i / width) as isize, (i % width) as isize);
            let planes = planes.chunks_exact(height * width).enumerate();
            let values = planes.flat_map(|(c, plane)| {
                let plane = wide(plane);
                (0..9).map(move |k| {
                    let (dy, dx) = (k as isize / 3 - 1, k as isize % 3 - 1);
                    f64::from(weight(c, k)) * at(&plane, width, row + dy, column + dx)
                })
            });
            values.sum::<f64>()
        };
        for level in Level::available() {
            let y = conv.forward(level, &[maps]);
            let shape = Input::plain(maps.of.shape);
            let gradients = conv.backward(level, &[shape], &y, gradient);
            for i in (0..height * width).step_by(height * width / 40 + 1) {
                let (out, channel) = (i % n_out, i % n_in);
                let forward = |c: usize, k: usize| weight[(out * n_in + c) * 9 + k];
                let expected = sum(&x, i, &forward) + f64::from(bias[out]);
                let ours = f64::from(y[out * height * width + i]);
                assert!((ours - expected).abs() < 2e-4, "{level}, {i}: {ours} for {expected}");
                let turned = |o: usize, k: usize| weight[(o * n_in + channel) * 9 + 8 - k];
                let expected = sum(&g, i, &turned);
                let ours = f64::from(gradients[0][channel * height * width + i]);
                assert!((ours - expected).abs() < 2e-4, "gradient {i}: {ours} for {expected}");
            }
        }
    };
    check(150, 70, [21, 130]);
    check(130, 300, [18, 18]);
}

#[test]
fn nothing_convolved_is_nothing() {
    let filter = Filter::new(draw(1, 9).into(), 1);
    let conv = Convolution { filter: &filter, bias: &[0.5], activation: Activation::Relu };
    let maps = Input::plain(Maps::new(&[], [0, 1, 4, 4]));
    assert!(conv.forward(Level::detect(), &[maps]).is_empty());
}

#[test]
#[should_panic(expected = "maps of different sizes")]
fn maps_of_different_sizes_are_refused() {
    let filter = Filter::new(draw(1, 18).into(), 1);
    let conv = Convolution { filter: &filter, bias: &[0.5], activation: Activation::Relu };
    let x = draw(2, 16);
    let (one, two) = (Maps::new(&x, [1, 1, 4, 4]), Maps::new(&x[..8], [1, 1, 2, 4]));
    conv.forward(Level::detect(), &[Input::plain(one), Input::plain(two)]);
}
