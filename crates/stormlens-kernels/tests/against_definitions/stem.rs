//! The 3 × 3 convolution at every second pixel.

use stormlens_kernels::stem::Stem;
use stormlens_kernels::{Level, Maps};

use super::{assert_near, at, differences, draw, relu, wide};

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
