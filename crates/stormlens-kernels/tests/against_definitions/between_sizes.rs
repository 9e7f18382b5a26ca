//! Interpolation to twice the size, and pooling.

use stormlens_kernels::pool::{self, Window};
use stormlens_kernels::{Level, Maps, upsample};

use super::{assert_near, differences, doubled, draw, wide};

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
