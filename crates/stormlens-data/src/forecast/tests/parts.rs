//! Noise, autoregressions and levels, against what they are made of.

use super::super::autoregression::{Autoregression, correlation};
use super::super::cascade::{Bandpass, decompose, spectrum};
use super::super::noise::NoiseFilter;
use super::super::testing::{MIDDLE, TIMES, rain, showers};
use super::super::transform::to_decibels;
use crate::downscale::fourier;
use crate::simulate::Random;

#[test]
fn noise_has_the_spectrum_of_its_filter() {
    let frame = to_decibels(&rain(&TIMES[..1], &MIDDLE)[0]);
    let small: Vec<f64> = frame.chunks(288).take(48).flat_map(|row| row[..64].to_vec()).collect();
    let filter = NoiseFilter::new(&[small], 64);
    let mut random = Random::new(1);
    let n = 400;
    let mut power = vec![0.0; filter.amplitudes.len()];
    for _ in 0..n {
        let field = filter.field(&mut random);
        let variance = field.iter().map(|v| v * v).sum::<f64>() / field.len() as f64;
        assert!((variance - 1.0).abs() < 1e-9, "{variance}");
        power.iter_mut().zip(fourier::power(&field, 64)).for_each(|(sum, p)| *sum += p);
    }
    // Logarithms of long, middle and short waves.
    let radius = |i: usize| {
        let (row, column) = ((i / 64) as f64, (i % 64) as f64);
        row.min(48.0 - row).hypot(column.min(64.0 - column))
    };
    let mut ratios = Vec::new();
    for (low, high) in [(0.5, 4.0), (4.0, 12.0), (12.0, 24.0)] {
        let band = (0..power.len()).filter(|&i| (low..high).contains(&radius(i)));
        let (ours, target) = band.fold((0.0, 0.0), |(a, b), i| {
            (a + power[i], b + filter.amplitudes[i] * filter.amplitudes[i])
        });
        ratios.push(ours / target);
    }
    for ratio in &ratios[1..] {
        assert!((ratio / ratios[0] - 1.0).abs() < 0.15, "{ratios:?}");
    }
}

#[test]
fn an_autoregression_has_the_correlations_it_was_made_of() {
    let mut random = Random::new(2);
    for (lag_1, lag_2) in [(0.9, 0.75), (0.5, 0.3), (0.98, 0.955)] {
        let model = Autoregression::new(lag_1, lag_2);
        let (mut before, mut last) = (0.0, 0.0);
        let mut series = Vec::new();
        for _ in 0..200_000 {
            (before, last) = (last, model.next(last, before) + model.noise * random.normal());
            series.push(last);
        }
        let n = series.len();
        let found = [1, 2].map(|lag| correlation(&series[lag..], &series[..n - lag]));
        assert!((found[0] - lag_1).abs() < 0.01, "{lag_1}: {found:?}");
        assert!((found[1] - lag_2).abs() < 0.015, "{lag_2}: {found:?}");
        let variance = series.iter().map(|x| x * x).sum::<f64>() / n as f64;
        assert!((variance - 1.0).abs() < 0.1, "{variance}");
    }
    let constant = Autoregression::new(1.0, 1.0);
    assert_eq!((constant.last, constant.before, constant.noise), (1.0, 0.0, 0.0));
    assert!(Autoregression::new(0.0, -0.3).noise <= 1.0);
}

#[test]
fn levels_add_up_to_the_map() {
    let map = to_decibels(&showers(30, 47, 0.0, 0.0));
    for n_levels in [3, 6, 7] {
        let bands = Bandpass::gaussian(30, 47, n_levels).unwrap();
        let levels = decompose(&spectrum(&map, 47), &bands);
        for (i, &value) in map.iter().enumerate() {
            let sum: f64 = levels.iter().map(|l| l.values[i] * l.deviation + l.mean).sum();
            assert!((sum - value).abs() < 1e-9, "{n_levels}: {sum} {value}");
        }
    }
    assert!(Bandpass::gaussian(30, 47, 2).is_err());
}
