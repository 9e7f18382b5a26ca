//! Corners that can be followed: where both directions of a picture's gradient are strong (Shi and Tomasi, CVPR
//! 1994), picked by the rules and parameters with which pysteps asks OpenCV's `goodFeaturesToTrack`.
//!
//! A corner is a local maximum of the smaller eigenvalue of the sums of `∂x²`, `∂x ∂y` and `∂y²` over a block.

use super::picture::Picture;

/// Side of the block that gradients are summed over.
const BLOCK_PX: usize = 5;
/// Share of the largest eigenvalue that a corner has at least.
const QUALITY: f32 = 0.01;
const LEAST_DISTANCE_PX: f32 = 10.0;
const MAX_CORNERS: usize = 1000;

/// Column and row of corners, the strongest first.
pub(super) fn corners(picture: &Picture) -> Vec<[f32; 2]> {
    let strength = smaller_eigenvalues(picture);
    let allowed = strength.iter().zip(&picture.may_have_corners);
    let strongest = allowed.filter(|(_, may)| **may).map(|(s, _)| *s).fold(0.0, f32::max);
    let mut found: Vec<(f32, usize)> = local_maxima(picture, &strength, strongest * QUALITY);
    // Of equals the later one, as there.
    found.sort_by(|a, b| b.0.total_cmp(&a.0).then(b.1.cmp(&a.1)));
    let mut kept: Vec<[f32; 2]> = Vec::new();
    for (_, i) in found {
        let corner = [(i % picture.width) as f32, (i / picture.width) as f32];
        let is_far = |other: &[f32; 2]| {
            let (dx, dy) = (corner[0] - other[0], corner[1] - other[1]);
            dx * dx + dy * dy >= LEAST_DISTANCE_PX * LEAST_DISTANCE_PX
        };
        if kept.iter().all(is_far) {
            kept.push(corner);
        }
        if kept.len() == MAX_CORNERS {
            break;
        }
    }
    kept
}

/// Strengths above `least` that no neighbour exceeds, and where; not on the border.
fn local_maxima(picture: &Picture, strength: &[f32], least: f32) -> Vec<(f32, usize)> {
    let (height, width) = (picture.height, picture.width);
    let inner = (1..height - 1).flat_map(|row| (1..width - 1).map(move |c| row * width + c));
    let is_peak = |&i: &usize| {
        let rows = [i - width, i, i + width];
        let mut around = rows.iter().flat_map(|&j| &strength[j - 1..=j + 1]);
        strength[i] > least && picture.may_have_corners[i] && around.all(|&s| s <= strength[i])
    };
    inner.filter(is_peak).map(|i| (strength[i], i)).collect()
}

/// The smaller eigenvalue around each pixel.
fn smaller_eigenvalues(picture: &Picture) -> Vec<f32> {
    let (height, width) = (picture.height, picture.width);
    let products = gradient_products(picture);
    let across: Vec<[f64; 3]> = (0..height * width)
        .map(|i| block_sum(|c| products[i / width * width + c], i % width, width))
        .collect();
    let sums = (0..height * width)
        .map(|i| block_sum(|r| across[r * width + i % width], i / width, height));
    let eigenvalue = |[xx, xy, yy]: [f64; 3]| {
        let (a, b, c) = (xx as f32 * 0.5, xy as f32, yy as f32 * 0.5);
        (a + c) - ((a - c) * (a - c) + b * b).sqrt()
    };
    sums.map(eigenvalue).collect()
}

/// Sum over a block's side, mirrored at the border.
fn block_sum(at: impl Fn(usize) -> [f64; 3], middle: usize, length: usize) -> [f64; 3] {
    let reach = BLOCK_PX as isize / 2;
    (-reach..=reach)
        .map(|k| at(mirrored(middle as isize + k, length)))
        .fold([0.0; 3], |sum, value| std::array::from_fn(|k| sum[k] + value[k]))
}

/// Products of the derivatives by Sobel's filter, of a picture from 0 to 1 and for a block as a unit.
fn gradient_products(picture: &Picture) -> Vec<[f64; 3]> {
    let (height, width) = (picture.height, picture.width);
    let scale = 1.0 / (4.0 * BLOCK_PX as f32 * 255.0);
    let rows = (0..height).flat_map(|row| {
        let line = |r: isize| &picture.pixels[mirrored(r, height) * width..][..width];
        let row = row as isize;
        let (above, here, below) = (line(row - 1), line(row), line(row + 1));
        (0..width).map(move |column| {
            let (west, east) =
                (mirrored(column as isize - 1, width), mirrored(column as isize + 1, width));
            let down =
                |c: usize| i32::from(above[c]) + 2 * i32::from(here[c]) + i32::from(below[c]);
            let along =
                |l: &[u8]| i32::from(l[west]) + 2 * i32::from(l[column]) + i32::from(l[east]);
            let dx = (down(east) - down(west)) as f32 * scale;
            let dy = (along(below) - along(above)) as f32 * scale;
            [f64::from(dx * dx), f64::from(dx * dy), f64::from(dy * dy)]
        })
    });
    rows.collect()
}

/// An index beyond the border of `length` values, mirrored at the centre of the border's pixel.
pub(super) fn mirrored(index: isize, length: usize) -> usize {
    let last = length as isize - 1;
    if last == 0 {
        return 0;
    }
    let folded = index.rem_euclid(2 * last);
    folded.min(2 * last - folded) as usize
}
