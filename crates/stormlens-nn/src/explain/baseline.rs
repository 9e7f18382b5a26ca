//! Where the path of integrated gradients begins.

use stormlens_data::request::Baseline;

/// A baseline of a scene, `[3 × side × side]` as the scene itself.
///
/// Pixels without data (all channels zero) are zero in every baseline, so that they never receive
/// attribution: the path does not move there.
pub fn baseline(kind: Baseline, scene: &[f32], side: usize) -> Vec<f32> {
    let n = side * side;
    let planes: Vec<&[f32]> = scene.chunks_exact(n).collect();
    let has_data: Vec<bool> = (0..n).map(|i| planes.iter().any(|plane| plane[i] != 0.0)).collect();
    planes.iter().flat_map(|plane| of_channel(kind, plane, &has_data, side)).collect()
}

fn of_channel(kind: Baseline, plane: &[f32], has_data: &[bool], side: usize) -> Vec<f32> {
    let filled = match kind {
        Baseline::Black => return vec![0.0; plane.len()],
        Baseline::Mean => vec![mean(plane, has_data); plane.len()],
        Baseline::Blurred => blur(plane, has_data, side),
    };
    filled.into_iter().zip(has_data).map(|(v, &has)| if has { v } else { 0.0 }).collect()
}

fn mean(plane: &[f32], has_data: &[bool]) -> f32 {
    let with_data = || plane.iter().zip(has_data).filter(|(_, has)| **has);
    let n = with_data().count().max(1) as f64;
    (with_data().map(|(&v, _)| f64::from(v)).sum::<f64>() / n) as f32
}

/// The share of the side over which one of the three boxes averages to either side of a pixel: a
/// scene of 270 km is blurred over about 50 km, the radius of a large polar low's core.
const REACH: usize = 12;

/// Three box averages after each other, which is nearly a Gaussian; only pixels with data count.
fn blur(plane: &[f32], has_data: &[bool], side: usize) -> Vec<f32> {
    let mut weight: Vec<f32> = has_data.iter().map(|&has| f32::from(u8::from(has))).collect();
    let mut value: Vec<f32> = plane.iter().zip(&weight).map(|(v, w)| v * w).collect();
    let radius = (side / REACH).max(1);
    for _ in 0..3 {
        for field in [&mut value, &mut weight] {
            *field = transpose(&box_rows(field, side, radius), side);
            *field = transpose(&box_rows(field, side, radius), side);
        }
    }
    let divide = |(v, w): (&f32, &f32)| if *w > 0.0 { v / w } else { 0.0 };
    value.iter().zip(&weight).map(divide).collect()
}

/// Running sums along each row; beyond the edge there is nothing.
fn box_rows(plane: &[f32], side: usize, radius: usize) -> Vec<f32> {
    let row_sums = |row: &[f32]| {
        let mut sums = vec![0f64; side + 1];
        for (i, &v) in row.iter().enumerate() {
            sums[i + 1] = sums[i] + f64::from(v);
        }
        let between = |i: usize| sums[(i + radius + 1).min(side)] - sums[i.saturating_sub(radius)];
        (0..side).map(|i| (between(i) / (2 * radius + 1) as f64) as f32).collect::<Vec<_>>()
    };
    plane.chunks_exact(side).flat_map(row_sums).collect()
}

fn transpose(plane: &[f32], side: usize) -> Vec<f32> {
    (0..side * side).map(|i| plane[(i % side) * side + i / side]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A ramp in each channel with a corner that holds no data.
    fn scene(side: usize) -> Vec<f32> {
        let channel = |c: usize| {
            (0..side * side).map(move |i| {
                let (row, column) = (i / side, i % side);
                let has_data = row + column >= side / 2;
                if has_data { 0.1 + (row + c) as f32 / side as f32 } else { 0.0 }
            })
        };
        (0..3).flat_map(channel).collect()
    }

    #[test]
    fn no_data_stays_zero_and_the_level_is_kept() {
        let side = 32;
        let scene = scene(side);
        let n_data = scene[..side * side].iter().filter(|&&v| v != 0.0).count();
        let level = |s: &[f32]| s[..side * side].iter().map(|&v| f64::from(v)).sum::<f64>();
        for kind in [Baseline::Mean, Baseline::Blurred] {
            let found = baseline(kind, &scene, side);
            for (v, b) in scene.iter().zip(&found) {
                assert_eq!(*v == 0.0, *b == 0.0, "{kind}");
            }
            let drift = (level(&found) - level(&scene)).abs() / n_data as f64;
            assert!(drift < 0.06, "{kind}: {drift}");
        }
        assert!(baseline(Baseline::Black, &scene, side).iter().all(|&v| v == 0.0));
    }

    #[test]
    fn a_blurred_scene_has_no_sharp_structure_left() {
        let side = 48;
        let checked: Vec<f32> =
            (0..3 * side * side).map(|i| 0.5 + 0.4 * (((i % side) % 2) as f32 - 0.5)).collect();
        let found = baseline(Baseline::Blurred, &checked, side);
        let (low, high) = found.iter().fold((1f32, 0f32), |(l, h), &v| (l.min(v), h.max(v)));
        assert!(high - low < 0.05, "{low} to {high}");
    }
}
