//! The convolutional block attention module.

use stormlens_kernels::attention::{self, Attention};
use stormlens_kernels::{Level, Maps};

use super::{assert_near, at, differences, draw, relu, wide};

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
