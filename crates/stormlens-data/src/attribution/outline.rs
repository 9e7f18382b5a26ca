//! The border of the regions that hold most of an attribution.

use crate::choice::choice;

/// A map is binarised here.
const THRESHOLD: f32 = 0.001;
/// Regions are kept, the largest first, until they hold this share of all …
const KEPT_SHARE: f64 = 0.9;
/// … and no more than this many.
const MAX_REGIONS: usize = 3;

choice! {
    /// What makes a region large.
    Ranking("ranking") {
        /// The attribution in it.
        #[default]
        Attribution = "attribution",
        /// Its pixels, as in the published program: it means to sum the attribution, but sums a
        /// map that is 0 or 1 by then.
        Area = "area",
    }
}

/// The main regions of a map `[side_px × side_px]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outline {
    /// Pixels of the regions with a neighbour outside: `[side_px × side_px]`.
    pub border: Vec<bool>,
    /// All pixels of the regions: `[side_px × side_px]`.
    pub inside: Vec<bool>,
    pub n_regions: usize,
}

/// The border pixels of the main regions of a map `[side_px × side_px]`, as in [`Outline::of`]; none
/// where the map is zero.
///
/// # Panics
/// For a map of another size.
pub fn outline(map: &[f32], side_px: usize, ranking: Ranking) -> Vec<bool> {
    Outline::of(map, side_px, ranking).border
}

impl Outline {
    /// The regions of a map `[side_px × side_px]`, the largest first, until they hold 90 % of what all
    /// regions hold, and no more than three. Three may hold far less: [`Self::share_of`] says how much.
    ///
    /// Values above 0.001 make the regions, holes in them are filled, and pixels that touch at a
    /// corner belong together.
    ///
    /// # Panics
    /// For a map of another size.
    pub fn of(map: &[f32], side_px: usize, ranking: Ranking) -> Self {
        let (kept, n_regions) = kept_regions(map, side_px, ranking);
        let side = side_px + 2;
        let at_border = |pixel: usize| kept[pixel] && cross(pixel, side).iter().any(|&n| !kept[n]);
        let inner = || (0..side_px * side_px).map(|i| framed(i, side_px));
        let border = inner().map(at_border).collect();
        let inside = inner().map(|pixel| kept[pixel]).collect();
        Self { border, inside, n_regions }
    }

    /// The share, 0 to 1, of the sum of `values` (one a pixel, none negative) that lies in the regions;
    /// 0 where the sum is 0.
    pub fn share_of(&self, values: &[f32]) -> f64 {
        let sum = |values: &mut dyn Iterator<Item = f32>| values.map(f64::from).sum::<f64>();
        let within = values.iter().zip(&self.inside).filter(|(_, inside)| **inside);
        let (held, total) =
            (sum(&mut within.map(|(value, _)| *value)), sum(&mut values.iter().copied()));
        if total > 0.0 { held / total } else { 0.0 }
    }
}

/// Where a pixel of a map lies in the same map within a frame of one pixel.
fn framed(pixel: usize, side_px: usize) -> usize {
    (pixel / side_px + 1) * (side_px + 2) + pixel % side_px + 1
}

/// The regions that are kept, as one mask within a frame of one pixel, and how many they are.
fn kept_regions(map: &[f32], side_px: usize, ranking: Ranking) -> (Vec<bool>, usize) {
    assert_eq!(map.len(), side_px * side_px, "a map has {side_px} × {side_px} pixels");
    let side = side_px + 2;
    let mut mask = vec![false; side * side];
    let mut values = vec![0.0; side * side];
    for (i, &value) in map.iter().enumerate() {
        let pixel = framed(i, side_px);
        (mask[pixel], values[pixel]) = (value > THRESHOLD, value);
    }
    fill_holes(&mut mask, side);
    let weight = |pixel: usize| match ranking {
        Ranking::Area => 1.0,
        Ranking::Attribution => f64::from(values[pixel]),
    };
    largest(&mask, side, weight)
}

/// Fills all background that does not touch the frame of one empty pixel around the mask.
fn fill_holes(mask: &mut [bool], side: usize) {
    let mut outside = vec![false; mask.len()];
    outside[0] = true;
    let mut open = vec![0];
    while let Some(pixel) = open.pop() {
        for next in cross(pixel, side) {
            if !mask[next] && !outside[next] {
                outside[next] = true;
                open.push(next);
            }
        }
    }
    mask.iter_mut().zip(outside).for_each(|(inside, outside)| *inside = !outside);
}

/// The largest regions, as one mask, and how many they are.
fn largest(mask: &[bool], side: usize, weight: impl Fn(usize) -> f64) -> (Vec<bool>, usize) {
    let sum = |region: &Vec<usize>| region.iter().map(|&pixel| weight(pixel)).sum::<f64>();
    let mut regions: Vec<(f64, Vec<usize>)> =
        regions(mask, side).into_iter().map(|region| (sum(&region), region)).collect();
    // The sort is stable: of two equal regions the upper one comes first, as in the published program.
    regions.sort_by(|a, b| b.0.total_cmp(&a.0));
    let total: f64 = regions.iter().map(|(sum, _)| sum).sum();
    let (mut kept, mut held, mut n_kept) = (vec![false; mask.len()], 0.0, 0);
    for (sum, region) in regions.into_iter().take(MAX_REGIONS) {
        region.into_iter().for_each(|pixel| kept[pixel] = true);
        held += sum;
        n_kept += 1;
        if held >= KEPT_SHARE * total {
            break;
        }
    }
    (kept, n_kept)
}

/// The pixels of every region, the regions in the order of their first pixels.
fn regions(mask: &[bool], side: usize) -> Vec<Vec<usize>> {
    let mut free = mask.to_vec();
    let mut regions = Vec::new();
    for first in 0..mask.len() {
        if !std::mem::take(&mut free[first]) {
            continue;
        }
        let (mut region, mut n_seen) = (vec![first], 0);
        while let Some(&pixel) = region.get(n_seen) {
            n_seen += 1;
            let around = around(pixel, side);
            region.extend(around.into_iter().filter(|&next| std::mem::take(&mut free[next])));
        }
        regions.push(region);
    }
    regions
}

/// The four neighbours of a pixel; for one of the frame, itself where there is none.
fn cross(pixel: usize, side: usize) -> [usize; 4] {
    let (row, column) = (pixel / side, pixel % side);
    [
        row.saturating_sub(1) * side + column,
        (row + 1).min(side - 1) * side + column,
        row * side + column.saturating_sub(1),
        row * side + (column + 1).min(side - 1),
    ]
}

/// The eight neighbours of a pixel within the frame.
fn around(pixel: usize, side: usize) -> [usize; 8] {
    let (above, below) = (pixel - side, pixel + side);
    [above - 1, above, above + 1, pixel - 1, pixel + 1, below - 1, below, below + 1]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_held_share_is_that_of_the_kept_regions() {
        let check = |n_specks: usize, n_regions, share: f64| {
            let mut map = vec![0.0; 81];
            (0..n_specks).for_each(|i| map[i / 4 * 18 + i % 4 * 2] = 0.5);
            for ranking in [Ranking::Area, Ranking::Attribution] {
                let found = Outline::of(&map, 9, ranking);
                assert_eq!(found.n_regions, n_regions, "{n_specks} specks");
                assert!((found.share_of(&map) - share).abs() < 1e-9, "{}", found.share_of(&map));
            }
        };
        check(0, 0, 0.0);
        check(1, 1, 1.0);
        check(3, 3, 1.0);
        check(12, 3, 0.25);
    }

    #[test]
    fn a_filled_hole_lies_inside_and_not_on_the_border() {
        let mut ring = vec![1.0; 25];
        ring[12] = 0.0;
        let found = Outline::of(&ring, 5, Ranking::Area);
        assert_eq!((found.inside[12], found.border[12], found.n_regions), (true, false, 1));
        assert!((found.share_of(&[1.0; 25]) - 1.0).abs() < 1e-9);
    }
}
