//! Interpolation of a map to the input's size.

/// Bilinear with half-pixel centres, clamped at the borders: OpenCV's `INTER_LINEAR` for `float32`,
/// which the reference uses for its maps (unlike the network's upsampling, corners do not align).
///
/// `values` is row-major `from.0 × from.1`; the answer `to.0 × to.1`.
pub fn resize_bilinear(values: &[f32], from: (usize, usize), to: (usize, usize)) -> Vec<f32> {
    if from == to {
        return values.to_vec();
    }
    let columns: Vec<_> = (0..to.1).map(|x| source(x, from.1, to.1)).collect();
    let row_of = |y: usize| &values[y * from.1..(y + 1) * from.1];
    let mut resized = Vec::with_capacity(to.0 * to.1);
    for y in 0..to.0 {
        let (top, bottom, down) = source(y, from.0, to.0);
        let (top, bottom) = (row_of(top), row_of(bottom));
        resized.extend(columns.iter().map(|&(left, right, along)| {
            let across = |row: &[f32]| row[left] * (1.0 - along) + row[right] * along;
            across(top) * (1.0 - down) + across(bottom) * down
        }));
    }
    resized
}

/// The two source indices around a target index and the weight of the second.
fn source(target: usize, from: usize, to: usize) -> (usize, usize, f32) {
    let position = (target as f64 + 0.5) * from as f64 / to as f64 - 0.5;
    if position < 0.0 {
        return (0, 0, 0.0);
    }
    let low = position as usize;
    if low + 1 >= from {
        return (from - 1, from - 1, 0.0);
    }
    (low, low + 1, (position - low as f64) as f32)
}
