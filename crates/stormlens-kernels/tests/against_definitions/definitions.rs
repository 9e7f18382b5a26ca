//! What the definitions of several kernels are made of.

use stormlens_kernels::Activation;

/// Numbers between −1 and 1 that follow from a seed.
pub fn draw(seed: u64, n: usize) -> Vec<f32> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 40) as f32 / (1 << 23) as f32 - 1.0
    };
    (0..n).map(|_| next()).collect()
}

pub fn wide(values: &[f32]) -> Vec<f64> {
    values.iter().map(|&v| f64::from(v)).collect()
}

pub fn assert_near(ours: &[f32], expected: &[f64], tolerance: f64, what: &str) {
    assert_eq!(ours.len(), expected.len(), "{what}");
    let largest = expected.iter().fold(1e-3f64, |m, v| m.max(v.abs()));
    for (i, (&a, &b)) in ours.iter().zip(expected).enumerate() {
        let error = (f64::from(a) - b).abs() / largest;
        assert!(error <= tolerance, "{what}: {a} for {b} at {i}");
    }
}

/// `∂(Σ g · f(x))/∂x` by central differences.
pub fn differences(f: &dyn Fn(&[f64]) -> Vec<f64>, x: &[f64], g: &[f64]) -> Vec<f64> {
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
pub fn at(plane: &[f64], width: usize, y: isize, x: isize) -> f64 {
    let height = (plane.len() / width) as isize;
    let inside = (0..height).contains(&y) && (0..width as isize).contains(&x);
    if inside { plane[y as usize * width + x as usize] } else { 0.0 }
}

pub fn relu(v: f64) -> f64 {
    v.max(0.0)
}

/// What follows a layer.
pub fn activated(v: f64, activation: Activation) -> f64 {
    match activation {
        Activation::None => v,
        Activation::Relu => relu(v),
        Activation::Leaky(slope) => v.max(f64::from(slope) * v),
    }
}

pub const ACTIVATIONS: [Activation; 3] =
    [Activation::None, Activation::Relu, Activation::Leaky(0.01)];

/// `[channels × height × width]` to twice the size, corners aligned.
pub fn doubled(x: &[f64], height: usize, width: usize) -> Vec<f64> {
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

pub fn split_channels<T: Copy>(
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

/// A dense 3 × 3 convolution of planes side by side, zero beyond the edge, with bias.
pub fn convolved(
    planes: &[f64],
    width: usize,
    n_plane: usize,
    weight: &[f32],
    bias: &[f32],
) -> Vec<f64> {
    let mut y = Vec::new();
    for (kernels, &bias) in weight.chunks_exact(weight.len() / bias.len()).zip(bias) {
        for i in 0..n_plane {
            let (row, column) = ((i / width) as isize, (i % width) as isize);
            let mut sum = f64::from(bias);
            for (plane, kernel) in planes.chunks_exact(n_plane).zip(kernels.chunks(9)) {
                for (k, &weight) in kernel.iter().enumerate() {
                    let (dy, dx) = (k as isize / 3 - 1, k as isize % 3 - 1);
                    sum += f64::from(weight) * at(plane, width, row + dy, column + dx);
                }
            }
            y.push(sum);
        }
    }
    y
}
