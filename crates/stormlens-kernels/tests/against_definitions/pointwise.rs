//! The 1 × 1 convolution.

use stormlens_kernels::pointwise::Pointwise;
use stormlens_kernels::product::Matrix;
use stormlens_kernels::{Activation, Level, Maps, Shape};

use super::{ACTIVATIONS, activated, assert_near, differences, draw, split_channels, wide};

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
        let conv = Pointwise { weight: &matrix, bias: &bias, step, activation: Activation::None };
        let out = [1, n_out, out_height, out_width];
        let expected = differences(&definition, &wide(&x), &wide(&g));
        for level in Level::available() {
            let y = conv.forward(level, &sources, Some(Maps::new(&addend, out)));
            assert_near(&y, &definition(&wide(&x)), 1e-6, "values");
            for activation in ACTIVATIONS {
                let conv = Pointwise { activation, ..conv };
                let y = conv.forward(level, &sources, Some(Maps::new(&addend, out)));
                let all = definition(&wide(&x)).into_iter();
                let expected: Vec<f64> = all.map(|v| activated(v, activation)).collect();
                assert_near(&y, &expected, 1e-6, "what follows");
                let y = conv.forward(level, &sources, None);
                let sums = definition(&wide(&x)).into_iter().zip(&addend);
                let alone = sums.map(|(v, &a)| activated(v - f64::from(a), activation));
                assert_near(&y, &alone.collect::<Vec<_>>(), 1e-6, "without a map to add to");
            }
            let gradients = conv.backward(level, &shapes, Maps::new(&g, out));
            let ours: Vec<f32> = gradients.concat();
            assert_near(&ours, &expected, 1e-6, &format!("gradient, {level}"));
        }
    };
    check([1, 1, 1], 1, 0, 1);
    check([5, 7, 9], 3, 2, 1);
    check([3, 6, 8], 4, 0, 2);
    check([2, 5, 7], 3, 0, 2);
    check([40, 3, 5], 50, 0, 1);
}
