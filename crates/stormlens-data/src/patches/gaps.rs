//! Gaps of a map filled from what surrounds them: the simple rival of a network that rebuilds hidden rain.

/// Each missing value as the mean of the nearest known ones to its left and right, above and below, each weighted by one
/// over its distance in pixels (inverse distance weighting, Shepard 1968, of four neighbours). Where there is none in any of
/// the four directions it stays missing.
///
/// # Panics
/// For another number of values than height × width.
pub fn filled_from_around(map: &[f32], [height, width]: [usize; 2]) -> Vec<f32> {
    assert_eq!(map.len(), height * width, "a map of that size");
    let mut sums = vec![[0.0; 2]; map.len()];
    for row in 0..height {
        let line = row * width..(row + 1) * width;
        carry(map, &mut sums, line.clone());
        carry(map, &mut sums, line.rev());
    }
    for column in 0..width {
        let line = (column..map.len()).step_by(width);
        carry(map, &mut sums, line.clone());
        carry(map, &mut sums, line.rev());
    }
    let fill = |(&value, &[sum, weight]): (&f32, &[f64; 2])| match value.is_nan() {
        true if weight > 0.0 => (sum / weight) as f32,
        _ => value,
    };
    map.iter().zip(&sums).map(fill).collect()
}

/// Carries the last known value along a line of places, into the weighted sums of those that miss one.
fn carry(map: &[f32], sums: &mut [[f64; 2]], line: impl Iterator<Item = usize>) {
    let mut last = None;
    for (step, place) in line.enumerate() {
        if !map[place].is_nan() {
            last = Some((step, map[place]));
        } else if let Some((from, value)) = last {
            let weight = 1.0 / (step - from) as f64;
            sums[place][0] += weight * f64::from(value);
            sums[place][1] += weight;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GAP: f32 = f32::NAN;

    #[test]
    fn a_gap_takes_the_nearest_values_by_their_distance() {
        let row = filled_from_around(&[1.0, GAP, GAP, 4.0], [1, 4]);
        assert_eq!(row, [1.0, 2.0, 3.0, 4.0]);
        let map = [0.0, 5.0, 0.0, 1.0, GAP, 3.0, 0.0, 7.0, 0.0];
        assert_eq!(filled_from_around(&map, [3, 3])[4], 4.0);
        let corner = filled_from_around(&[GAP, 2.0, 6.0, 9.0], [2, 2]);
        assert_eq!(corner, [4.0, 2.0, 6.0, 9.0]);
    }

    #[test]
    fn nothing_comes_from_nothing() {
        assert!(filled_from_around(&[GAP; 6], [2, 3]).iter().all(|value| value.is_nan()));
        let crossed = filled_from_around(&[GAP, GAP, GAP, 8.0], [2, 2]);
        assert!(crossed[0].is_nan() && crossed[1..] == [8.0; 3]);
    }
}
