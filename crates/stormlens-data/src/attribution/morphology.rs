//! Grey morphology with a square of 3 × 3 pixels.

/// How far one closing and one opening look: four times one pixel.
const REACH_PX: usize = 4;

/// A grey closing, then a grey opening, of a map that is zero around its border.
pub(super) fn clean(map: &[f32], side_px: usize) -> Vec<f32> {
    if side_px == 0 {
        return Vec::new();
    }
    let side = side_px + 2 * REACH_PX;
    let mut wide = vec![0.0; side * side];
    for (row, line) in map.chunks_exact(side_px).enumerate() {
        let start = (row + REACH_PX) * side + REACH_PX;
        wide[start..start + side_px].copy_from_slice(line);
    }
    let closed = filter(&filter(&wide, side, f32::max), side, f32::min);
    let opened = filter(&filter(&closed, side, f32::min), side, f32::max);
    let inner = opened.chunks_exact(side).skip(REACH_PX).take(side_px);
    inner.flat_map(|line| &line[REACH_PX..REACH_PX + side_px]).copied().collect()
}

/// What `pick` chooses among each pixel and its eight neighbours. At the border the pixel itself
/// stands for the missing neighbour, which for a maximum or minimum is a reflected border.
fn filter(map: &[f32], side: usize, pick: impl Fn(f32, f32) -> f32) -> Vec<f32> {
    let mut across = Vec::with_capacity(map.len());
    for line in map.chunks_exact(side) {
        let column = |c: usize| {
            let pair = pick(line[c.saturating_sub(1)], line[c]);
            pick(pair, line[(c + 1).min(side - 1)])
        };
        across.extend((0..side).map(column));
    }
    let line = |row: usize| &across[row * side..(row + 1) * side];
    let mut all = Vec::with_capacity(map.len());
    for row in 0..side {
        let (above, below) = (line(row.saturating_sub(1)), line((row + 1).min(side - 1)));
        let lines = above.iter().zip(line(row)).zip(below);
        all.extend(lines.map(|((&a, &b), &c)| pick(pick(a, b), c)));
    }
    all
}
