//! Where the path of integrated gradients begins.

/// What a baseline holds in place of the input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Baseline {
    /// The input itself, blurred until no structure of a weather system is left.
    Blurred,
    /// The mean of each channel.
    Mean,
}

/// A baseline of an input, `[channels × height × width]` as the input itself.
///
/// Pixels that are zero in all channels (without data, or without any rain) stay zero, so that they
/// never receive attribution: the path does not move there. A missing value counts nowhere; what stands in its place is
/// of no meaning.
pub fn baseline(kind: Baseline, input: &[f32], [_, height, width]: [usize; 3]) -> Vec<f32> {
    let n = height * width;
    let planes: Vec<&[f32]> = input.chunks_exact(n).collect();
    let has_data: Vec<bool> = (0..n).map(|i| planes.iter().any(|plane| plane[i] != 0.0)).collect();
    let of_channel = |plane: &&[f32]| -> Vec<f32> {
        let is_there = |(&has, v): (&bool, &f32)| has && !v.is_nan();
        let has_data: Vec<bool> = has_data.iter().zip(*plane).map(is_there).collect();
        let filled = match kind {
            Baseline::Mean => vec![mean(plane, &has_data); n],
            Baseline::Blurred => blur(plane, &has_data, [height, width]),
        };
        filled.into_iter().zip(&has_data).map(|(v, &has)| if has { v } else { 0.0 }).collect()
    };
    planes.iter().flat_map(of_channel).collect()
}

fn mean(plane: &[f32], has_data: &[bool]) -> f32 {
    let with_data = || plane.iter().zip(has_data).filter(|(_, has)| **has);
    let n = with_data().count().max(1) as f64;
    (with_data().map(|(&v, _)| f64::from(v)).sum::<f64>() / n) as f32
}

/// The share of height and width over which one of the three boxes averages to either side of a
/// pixel: a scene of 270 km is blurred over about 50 km, the radius of a large polar low's core.
const REACH: usize = 12;

/// Three box averages after each other, which is nearly a Gaussian; only pixels with data count.
fn blur(plane: &[f32], has_data: &[bool], [height, width]: [usize; 2]) -> Vec<f32> {
    let mut weight: Vec<f32> = has_data.iter().map(|&has| f32::from(u8::from(has))).collect();
    let own = |(&v, &has): (&f32, &bool)| if has { v } else { 0.0 };
    let mut value: Vec<f32> = plane.iter().zip(has_data).map(own).collect();
    for _ in 0..3 {
        for field in [&mut value, &mut weight] {
            *field = transpose(&box_rows(field, width), width);
            *field = transpose(&box_rows(field, height), height);
        }
    }
    let divide = |(v, w): (&f32, &f32)| if *w > 0.0 { v / w } else { 0.0 };
    value.iter().zip(&weight).map(divide).collect()
}

/// Running sums along each row; beyond the edge there is nothing.
fn box_rows(plane: &[f32], width: usize) -> Vec<f32> {
    let radius = (width / REACH).max(1);
    let row_sums = |row: &[f32]| {
        let mut sums = vec![0f64; width + 1];
        for (i, &v) in row.iter().enumerate() {
            sums[i + 1] = sums[i] + f64::from(v);
        }
        let between = |i: usize| sums[(i + radius + 1).min(width)] - sums[i.saturating_sub(radius)];
        (0..width).map(|i| (between(i) / (2 * radius + 1) as f64) as f32).collect::<Vec<_>>()
    };
    plane.chunks_exact(width).flat_map(row_sums).collect()
}

/// Columns of a plane of that width as rows.
fn transpose(plane: &[f32], width: usize) -> Vec<f32> {
    let height = plane.len() / width;
    (0..plane.len()).map(|i| plane[(i % height) * width + i / height]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHAPE: [usize; 3] = [5, 32, 48];

    /// A ramp in each channel with a corner that holds no data.
    fn input() -> Vec<f32> {
        let [n_channels, height, width] = SHAPE;
        let channel = |c: usize| {
            (0..height * width).map(move |i| {
                let (row, column) = (i / width, i % width);
                let has_data = row + column >= height / 2;
                if has_data { 0.1 + (row + c) as f32 / height as f32 } else { 0.0 }
            })
        };
        (0..n_channels).flat_map(channel).collect()
    }

    #[test]
    fn no_data_stays_zero_and_the_level_is_kept() {
        let (input, n) = (input(), SHAPE[1] * SHAPE[2]);
        let n_data = input[..n].iter().filter(|&&v| v != 0.0).count();
        let level = |s: &[f32]| s.iter().map(|&v| f64::from(v)).sum::<f64>();
        for kind in [Baseline::Mean, Baseline::Blurred] {
            let found = baseline(kind, &input, SHAPE);
            for (v, b) in input.iter().zip(&found) {
                assert_eq!(*v == 0.0, *b == 0.0, "{kind:?}");
            }
            for (before, after) in input.chunks_exact(n).zip(found.chunks_exact(n)) {
                let drift = (level(after) - level(before)).abs() / n_data as f64;
                assert!(drift < 0.06, "{kind:?}: {drift}");
            }
        }
    }

    /// Where rain falls in one frame only, the others are filled there too; where none ever falls,
    /// nothing is.
    #[test]
    fn a_pixel_is_filled_where_any_channel_has_a_value() {
        let input = [0.0, 2.0, 0.0, 4.0, 0.0, 0.0, 0.0, 3.0];
        let expected = [0.0, 3.0, 0.0, 3.0, 0.0, 1.5, 0.0, 1.5];
        assert_eq!(baseline(Baseline::Mean, &input, [2, 2, 2]), expected);
    }

    #[test]
    fn a_missing_value_counts_nowhere() {
        let input = [1.0, f32::NAN, 3.0, 2.0, 5.0, 5.0, 5.0, 5.0];
        let found = baseline(Baseline::Mean, &input, [2, 2, 2]);
        assert_eq!(found, [2.0, 0.0, 2.0, 2.0, 5.0, 5.0, 5.0, 5.0]);
        let found = baseline(Baseline::Blurred, &input, [2, 2, 2]);
        assert!(found.iter().all(|v| v.is_finite() && *v <= 5.0), "{found:?}");
    }

    #[test]
    fn a_blurred_input_has_no_sharp_structure_left() {
        let [n_channels, height, width] = SHAPE;
        for of_row in [false, true] {
            let stripe = |i: usize| if of_row { i / width % 2 } else { i % width % 2 };
            let striped: Vec<f32> = (0..n_channels * height * width)
                .map(|i| 0.5 + 0.4 * (stripe(i % (height * width)) as f32 - 0.5))
                .collect();
            let found = baseline(Baseline::Blurred, &striped, SHAPE);
            let (low, high) = found.iter().fold((1f32, 0f32), |(l, h), &v| (l.min(v), h.max(v)));
            assert!(high - low < 0.05, "{low} to {high}");
        }
    }
}
