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

/// The border pixels of the regions of a map `[side_px × side_px]` that hold 90 % of it, at most
/// three; none where the map is zero.
///
/// Values above 0.001 make the regions, holes in them are filled, and pixels that touch at a corner
/// belong together.
///
/// # Panics
/// For a map of another size.
pub fn outline(map: &[f32], side_px: usize, ranking: Ranking) -> Vec<bool> {
    assert_eq!(map.len(), side_px * side_px, "a map has {side_px} × {side_px} pixels");
    let side = side_px + 2;
    let mut mask = vec![false; side * side];
    let mut values = vec![0.0; side * side];
    for (i, &value) in map.iter().enumerate() {
        let framed = (i / side_px + 1) * side + i % side_px + 1;
        (mask[framed], values[framed]) = (value > THRESHOLD, value);
    }
    fill_holes(&mut mask, side);
    let weight = |pixel: usize| match ranking {
        Ranking::Area => 1.0,
        Ranking::Attribution => f64::from(values[pixel]),
    };
    let kept = largest(&mask, side, weight);
    let at_border = |pixel: usize| kept[pixel] && cross(pixel, side).iter().any(|&n| !kept[n]);
    let inner = (0..side_px).flat_map(|row| (0..side_px).map(move |c| (row + 1) * side + c + 1));
    inner.map(at_border).collect()
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

/// The regions that are kept, as one mask.
fn largest(mask: &[bool], side: usize, weight: impl Fn(usize) -> f64) -> Vec<bool> {
    let sum = |region: &Vec<usize>| region.iter().map(|&pixel| weight(pixel)).sum::<f64>();
    let mut regions: Vec<(f64, Vec<usize>)> =
        regions(mask, side).into_iter().map(|region| (sum(&region), region)).collect();
    // The sort is stable: of two equal regions the upper one comes first, as in the published program.
    regions.sort_by(|a, b| b.0.total_cmp(&a.0));
    let total: f64 = regions.iter().map(|(sum, _)| sum).sum();
    let (mut kept, mut held) = (vec![false; mask.len()], 0.0);
    for (sum, region) in regions.into_iter().take(MAX_REGIONS) {
        region.into_iter().for_each(|pixel| kept[pixel] = true);
        held += sum;
        if held >= KEPT_SHARE * total {
            break;
        }
    }
    kept
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
