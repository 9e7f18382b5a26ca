//! 3 × 3 convolution of maps of different sizes, interpolated to that of the first one.

use stormlens_kernels::convolution::{Convolution, Input, SplitFilter, add_resized};
use stormlens_kernels::{Activation, Level, Maps};

use super::{assert_near, convolved, draw};

/// Point `at` of `to` on an axis of `from` pixels, half a pixel being where a pixel's centre is.
fn between(values: &dyn Fn(usize) -> f64, from: usize, to: usize, at: usize) -> f64 {
    let place = (from as f64 / to as f64 * (at as f64 + 0.5) - 0.5).max(0.0);
    let low = (place as usize).min(from - 1);
    let share = place - low as f64;
    (1.0 - share) * values(low) + share * values((low + 1).min(from - 1))
}

fn interpolated(plane: &[f32], [h, w]: [usize; 2], [height, width]: [usize; 2]) -> Vec<f64> {
    let at = |row: usize, column: usize| f64::from(plane[row * w + column]);
    let of = |i: usize| {
        let across = |row: usize| between(&|column| at(row, column), w, width, i % width);
        between(&across, h, height, i / width)
    };
    (0..height * width).map(of).collect()
}

/// Channels, height and width of each map.
fn check(n_batch: usize, maps: &[[usize; 3]], n_out: usize) {
    let [_, height, width] = maps[0];
    let n_in: usize = maps.iter().map(|map| map[0]).sum();
    let (weight, bias) = (draw(1, 9 * n_in * n_out), draw(2, n_out));
    let sizes = maps.iter().map(|map| n_batch * map.iter().product::<usize>());
    let values: Vec<Vec<f32>> = sizes.enumerate().map(|(i, n)| draw(3 + i as u64, n)).collect();
    let mut expected = Vec::new();
    for example in 0..n_batch {
        let mut planes = Vec::new();
        for (&[n, h, w], values) in maps.iter().zip(&values) {
            let own = &values[example * n * h * w..][..n * h * w];
            planes.extend(
                own.chunks_exact(h * w).flat_map(|p| interpolated(p, [h, w], [height, width])),
            );
        }
        expected.extend(convolved(&planes, width, height * width, &weight, &bias));
    }
    let channels: Vec<usize> = maps.iter().map(|map| map[0]).collect();
    let filter = SplitFilter::new(&weight, n_out, &channels);
    for level in Level::available() {
        let of = |i: usize| Maps::new(&values[i], [n_batch, maps[i][0], maps[i][1], maps[i][2]]);
        let first =
            Convolution { filter: &filter.first, bias: &bias, activation: Activation::None };
        let y = first.forward(level, &[Input::plain(of(0))]);
        let others = filter.others.iter().enumerate();
        let parts: Vec<_> = others.map(|(i, weights)| (weights, of(i + 1))).collect();
        let y = add_resized(level, &parts, Maps::new(&y, [n_batch, n_out, height, width]));
        assert_near(&y, &expected, 1e-5, &format!("{maps:?} {level}"));
    }
}

#[test]
fn smaller_maps_are_interpolated_first() {
    check(2, &[[3, 8, 12], [2, 4, 6], [5, 2, 3]], 4);
    check(1, &[[1, 7, 5], [2, 3, 2]], 3);
    check(1, &[[2, 6, 6], [3, 6, 6], [1, 1, 1]], 2);
}
