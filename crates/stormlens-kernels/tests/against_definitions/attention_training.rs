//! Attention that normalises a batch by its own statistics, and the gradients of all its weights.

use stormlens_kernels::attention::{Attention, Training};
use stormlens_kernels::batch_norm::BatchNorm;
use stormlens_kernels::{Activation, Level, Maps};

use super::{assert_near, at, differences, draw, relu, wide};

const EPSILON: f64 = 1e-5;

fn sigmoid(v: f64) -> f64 {
    1.0 / (1.0 + (-v).exp())
}

fn largest(values: impl Iterator<Item = f64>) -> f64 {
    values.fold(f64::NEG_INFINITY, f64::max)
}

/// Sizes, and the numbers of values of the input and of each tensor of weights, in the order in which they follow each other.
struct Case {
    dims: [usize; 4],
    n_hidden: usize,
    counts: [usize; 9],
}

impl Case {
    fn new(dims: [usize; 4], n_hidden: usize) -> Self {
        let n = dims[1];
        let counts = [dims.iter().product(), n_hidden * n, n_hidden, n * n_hidden, n, 98, 1, 1, 1];
        Self { dims, n_hidden, counts }
    }

    fn parts<'a, T>(&self, mut all: &'a [T]) -> [&'a [T]; 9] {
        self.counts.map(|n| all.split_off(..n).expect("as many"))
    }

    /// By the book.
    fn attended(&self, all: &[f64]) -> Vec<f64> {
        let [n_batch, n_channels, height, width] = self.dims;
        let n = height * width;
        let [x, .., places_weight, places_bias, norm_weight, norm_bias] = self.parts(all);
        let (mut weighed, mut convolved) = (Vec::new(), Vec::new());
        for x in x.chunks_exact(n_channels * n) {
            let channels = self.channels(all, x);
            let own: Vec<f64> = x.iter().enumerate().map(|(i, v)| v * channels[i / n]).collect();
            let column = |p: usize| own.iter().skip(p).step_by(n).copied();
            let mean: Vec<f64> =
                (0..n).map(|p| column(p).sum::<f64>() / n_channels as f64).collect();
            let peak: Vec<f64> = (0..n).map(|p| largest(column(p))).collect();
            for p in 0..n {
                let (row, col) = ((p / width) as isize, (p % width) as isize);
                let term = |(k, weight): (usize, &f64)| {
                    let (dy, dx) = ((k % 49 / 7) as isize - 3, (k % 7) as isize - 3);
                    weight * at([&mean, &peak][k / 49], width, row + dy, col + dx)
                };
                let terms = places_weight.iter().enumerate().map(term);
                convolved.push(places_bias[0] + terms.sum::<f64>());
            }
            weighed.extend(own);
        }
        let n_all = (n_batch * n) as f64;
        let mean = convolved.iter().sum::<f64>() / n_all;
        let variance = convolved.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / n_all;
        let place = |v: &f64| {
            sigmoid((v - mean) / (variance + EPSILON).sqrt() * norm_weight[0] + norm_bias[0])
        };
        let places: Vec<f64> = convolved.iter().map(place).collect();
        let value = |(i, v): (usize, &f64)| v * places[i / (n_channels * n) * n + i % n];
        weighed.iter().enumerate().map(value).collect()
    }

    /// The weight of each channel of an example.
    fn channels(&self, all: &[f64], x: &[f64]) -> Vec<f64> {
        let [_, hidden_weight, hidden_bias, out_weight, out_bias, ..] = self.parts(all);
        let linear = |weight: &[f64], bias: &[f64], v: &[f64]| -> Vec<f64> {
            let rows = weight.chunks_exact(v.len()).zip(bias);
            rows.map(|(row, b)| row.iter().zip(v).map(|(w, v)| w * v).sum::<f64>() + b).collect()
        };
        let perceptron = |v: &[f64]| {
            let hidden = linear(hidden_weight, hidden_bias, v);
            let hidden: Vec<f64> = hidden.into_iter().map(relu).collect();
            assert_eq!(hidden.len(), self.n_hidden);
            linear(out_weight, out_bias, &hidden)
        };
        let planes = || x.chunks_exact(self.dims[2] * self.dims[3]);
        let means: Vec<f64> = planes().map(|p| p.iter().sum::<f64>() / p.len() as f64).collect();
        let peaks: Vec<f64> = planes().map(|p| largest(p.iter().copied())).collect();
        let both = perceptron(&means).into_iter().zip(perceptron(&peaks));
        both.map(|(a, b)| sigmoid(a + b)).collect()
    }
}

fn check(dims: [usize; 4], n_hidden: usize) {
    let case = Case::new(dims, n_hidden);
    let all = draw(1, case.counts.iter().sum());
    let g = draw(2, case.counts[0]);
    let definition = |all: &[f64]| case.attended(all);
    let expected = definition(&wide(&all));
    let gradients = differences(&definition, &wide(&all), &wide(&g));
    let [
        x,
        hidden_weight,
        hidden_bias,
        out_weight,
        out_bias,
        places_weight,
        places_bias,
        weight,
        bias,
    ] = case.parts(&all);
    let attention = Attention {
        hidden_weight,
        hidden_bias,
        out_weight,
        out_bias,
        places_weight,
        places_bias: places_bias[0],
    };
    let norm = BatchNorm { weight, bias, epsilon: EPSILON, activation: Activation::None };
    let training = Training { attention, norm };
    let maps = Maps::new(x, dims);
    for level in Level::available() {
        let (y, kept) = training.forward(level, maps);
        assert_near(&y, &expected, 2e-5, &format!("{dims:?}, {level}"));
        let found = training.backward(level, maps, &kept, Maps::new(&g, dims));
        let found = [
            ("input", found.input),
            ("hidden weight", found.hidden_weight),
            ("hidden bias", found.hidden_bias),
            ("out weight", found.out_weight),
            ("out bias", found.out_bias),
            ("weight of places", found.places_weight),
            ("bias of places", found.places_bias),
            ("weight of the norm", found.norm_weight),
            ("bias of the norm", found.norm_bias),
        ];
        for ((part, ours), expected) in found.iter().zip(case.parts(&gradients)) {
            assert_near(ours, expected, 1e-4, &format!("{part}, {dims:?}, {level}"));
        }
    }
}

#[test]
fn attention_that_trains_and_its_gradients() {
    check([2, 3, 5, 6], 2);
    check([1, 4, 9, 11], 1);
    check([3, 2, 3, 17], 3);
}
