//! The core of deformable convolution.

use stormlens_kernels::Level;
use stormlens_kernels::deformable::{Deformable, Sampled};

use super::{assert_near, differences, draw, wide};

/// By the book, on a value that is padded first; `x` is value, offsets and modulation after each other.
fn define(layer: &Deformable, shape: [usize; 4], x: &[f64]) -> Vec<f64> {
    let Deformable { kernel, stride, padding, dilation, groups, offset_scale } = *layer;
    let [n_batch, height, width, n_channels] = shape;
    let [_, out_height, out_width, _] = layer.shape_out(shape);
    let (value, rest) = x.split_at(n_batch * height * width * n_channels);
    let n_points = n_batch * out_height * out_width * groups * kernel * kernel;
    let (offset, modulation) = rest.split_at(2 * n_points);
    let padded = |b: usize, y: i64, x: i64, c: usize| {
        let (y, x) = (y - padding as i64, x - padding as i64);
        let is_in = y >= 0 && x >= 0 && y < height as i64 && x < width as i64;
        let place = ((b * height + y.max(0) as usize) * width + x.max(0) as usize) * n_channels + c;
        if is_in { value[place] } else { 0.0 }
    };
    let scale = f64::from(offset_scale);
    let centre = (dilation * (kernel - 1) / 2) as f64;
    let mut y = Vec::new();
    for i in 0..n_batch * out_height * out_width * n_channels {
        let (pixel, c) = (i / n_channels, i % n_channels);
        let (row, column) = (pixel / out_width % out_height, pixel % out_width);
        let (b, group) = (pixel / (out_height * out_width), c / (n_channels / groups));
        let mut sum = 0.0;
        for k in 0..kernel * kernel {
            let point = (pixel * groups + group) * kernel * kernel + k;
            let at = |out: usize, tap: usize, offset: f64| {
                let tap = (tap * dilation) as f64 - centre + offset;
                centre + (out * stride) as f64 + tap * scale
            };
            let px = at(column, k / kernel, offset[2 * point]);
            let py = at(row, k % kernel, offset[2 * point + 1]);
            for (dy, dx) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
                let (y, x) = (py.floor() as i64 + dy, px.floor() as i64 + dx);
                let weight = (1.0 - (py - y as f64).abs()) * (1.0 - (px - x as f64).abs());
                sum += modulation[point] * weight * padded(b, y, x, c);
            }
        }
        y.push(sum);
    }
    y
}

/// Offsets of a few pixels that lead to no place nearer to the border of a cell than 0.1.
fn offsets(layer: &Deformable, n: usize) -> Vec<f32> {
    let away = |v: f32| {
        let whole = (v * 2.5).floor();
        whole + 0.5 + 0.4 * (v * 2.5 - whole - 0.5) * 2.0
    };
    draw(2, n).into_iter().map(|v| away(v) / layer.offset_scale).collect()
}

fn check(layer: &Deformable, shape: [usize; 4]) {
    let out = layer.shape_out(shape);
    let n_points = out[0] * out[1] * out[2] * layer.groups * layer.n_points();
    let value = draw(1, shape.iter().product());
    let (offset, modulation) = (offsets(layer, 2 * n_points), draw(3, n_points));
    let g = draw(4, out.iter().product());
    let all = wide(&[&value[..], &offset, &modulation].concat());
    let expected = define(layer, shape, &all);
    let expected_gradient = differences(&|x| define(layer, shape, x), &all, &wide(&g));
    let (of_value, rest) = expected_gradient.split_at(value.len());
    let (of_offset, of_modulation) = rest.split_at(offset.len());
    for level in Level::available() {
        let what = format!("{level}, {layer:?}, {shape:?}");
        let x = Sampled { value: &value, shape, offset: &offset, modulation: &modulation };
        assert_near(&layer.forward(level, x), &expected, 3e-6, &what);
        let gradients = layer.backward(level, x, &g);
        assert_near(&gradients.value, of_value, 3e-6, &format!("value, {what}"));
        // A place of some pixels has seven digits, of which the share within its cell loses one or two.
        assert_near(&gradients.offset, of_offset, 1e-5, &format!("offset, {what}"));
        assert_near(&gradients.modulation, of_modulation, 1e-5, &format!("modulation, {what}"));
    }
}

#[test]
fn deformable_convolution_is_its_definition_and_so_is_its_gradient() {
    check(&Deformable::around(2), [2, 4, 3, 8]);
    check(&Deformable::around(1), [1, 3, 4, 19]);
    check(&Deformable::around(2), [1, 1, 2, 64]);
    let layer = Deformable::around(1);
    check(&Deformable { stride: 2, ..layer }, [1, 5, 4, 3]);
    check(
        &Deformable { padding: 2, dilation: 2, groups: 3, offset_scale: 2.0, ..layer },
        [1, 4, 3, 6],
    );
    check(&Deformable { kernel: 5, padding: 2, offset_scale: 0.5, ..layer }, [1, 3, 3, 2]);
    check(&Deformable { kernel: 2, padding: 0, dilation: 3, ..layer }, [1, 5, 6, 2]);
    check(&Deformable { kernel: 1, padding: 0, ..layer }, [1, 2, 3, 16]);
}

/// Without offsets, and with ones for modulation, it is the sum over 3 × 3 pixels.
#[test]
fn without_offsets_points_are_the_pixels_around() {
    let layer = Deformable::around(1);
    let value = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0];
    let (offset, modulation) = ([0.0; 108], [1.0; 54]);
    let x =
        Sampled { value: &value, shape: [1, 2, 3, 1], offset: &offset, modulation: &modulation };
    for level in Level::available() {
        assert_eq!(layer.forward(level, x), [12.0, 21.0, 16.0, 12.0, 21.0, 16.0]);
    }
}

/// What lies far beyond the edge is zero, however far; and what is no number stays visible.
#[test]
fn points_beyond_the_edge_count_nothing() {
    let layer = Deformable { kernel: 1, padding: 0, ..Deformable::around(1) };
    let value = [f32::NAN, 2.0];
    let at = |x: f32| {
        let offset = [0.0, 0.0, x, 0.0];
        let sampled =
            Sampled { value: &value, shape: [1, 1, 2, 1], offset: &offset, modulation: &[1.0; 2] };
        let y = layer.forward(Level::detect(), sampled)[1];
        let gradients = layer.backward(Level::detect(), sampled, &[0.0, 1.0]);
        (y, gradients.value[1])
    };
    for far in [1.5, -3.0, 1e9, -1e30, f32::INFINITY, f32::NEG_INFINITY] {
        assert_eq!(at(far), (0.0, 0.0), "{far}");
    }
    assert!(at(f32::NAN).0.is_nan());
    assert_eq!(at(0.0), (2.0, 1.0));
}
