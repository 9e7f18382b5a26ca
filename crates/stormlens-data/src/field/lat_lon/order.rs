//! From the axes of a file to axes from south to north and from west to east.

use super::{CIRCLE, TOLERANCE};

/// How the axes of a file become those of a [`LatLonGrid`]: which row and which column each comes from.
pub(in super::super) struct Order {
    rows: Vec<usize>,
    columns: Vec<usize>,
    width: usize,
}

impl Order {
    pub(super) fn new(rows: Vec<usize>, columns: Vec<usize>, width: usize) -> Self {
        Self { rows, columns, width }
    }

    /// Values of a file, row by row, in the order of the grid.
    pub fn apply(&self, values: &[f32]) -> Vec<f32> {
        let row = |&row: &usize| {
            let of_row = &values[row * self.width..(row + 1) * self.width];
            self.columns.iter().map(|&column| of_row[column])
        };
        self.rows.iter().flat_map(row).collect()
    }
}

/// Rows from south to north.
pub(super) fn rows(latitudes: &[f64]) -> Result<Vec<usize>, String> {
    let n = latitudes.len();
    let is_place = |l: &f64| l.abs() <= 90.0 + TOLERANCE;
    if n == 0 || !latitudes.iter().all(is_place) {
        return Err("its latitudes are not all between -90 and 90".to_owned());
    }
    let rises = |axis: &mut dyn Iterator<Item = &f64>| {
        let axis: Vec<_> = axis.copied().collect();
        axis.windows(2).all(|pair| pair[1] > pair[0])
    };
    match (rises(&mut latitudes.iter()), rises(&mut latitudes.iter().rev())) {
        (true, _) => Ok((0..n).collect()),
        (_, true) => Ok((0..n).rev().collect()),
        _ => Err("its latitudes go neither up nor down".to_owned()),
    }
}

/// Columns in the order from west to east, their longitudes, and whether they go around the Earth.
pub(super) fn columns(longitudes: &[f64]) -> Result<(Vec<usize>, Vec<f64>, bool), String> {
    if longitudes.is_empty() || !longitudes.iter().all(|l| l.is_finite() && l.abs() <= 2.0 * CIRCLE)
    {
        return Err("its longitudes are not all between -720 and 720".to_owned());
    }
    let (mut order, mut east) = unrolled(longitudes)?;
    begin_behind_the_gap(&mut order, &mut east);
    // A repeated circle is one to a tenth of a step: axes in float32 have no better.
    let mean_step = (east[east.len() - 1] - east[0]) / (east.len().max(2) - 1) as f64;
    let circle_end = east[0] + CIRCLE - mean_step / 10.0 - TOLERANCE;
    let n = east.partition_point(|&longitude| longitude < circle_end).max(1);
    let repeats = |(again, first): (&f64, &f64)| {
        (again - CIRCLE - first).abs() <= mean_step / 10.0 + TOLERANCE
    };
    if east.len() > 2 * n || !east[n..].iter().zip(&east).all(repeats) {
        return Err("its longitudes go around the Earth more than once".to_owned());
    }
    east.truncate(n);
    order.truncate(n);
    let step = (east[n - 1] - east[0]) / (n.saturating_sub(1).max(1)) as f64;
    let is_global = n > 2 && east[n - 1] + 1.5 * step > east[0] + CIRCLE;
    let shift = ((east[0] + CIRCLE / 2.0 + TOLERANCE) / CIRCLE).floor() * CIRCLE;
    east.iter_mut().for_each(|longitude| *longitude -= shift);
    if is_global {
        let begin = east.partition_point(|&longitude| longitude < CIRCLE / 2.0 - TOLERANCE);
        if begin < n {
            east.rotate_left(begin);
            order.rotate_left(begin);
            east[..n - begin].iter_mut().for_each(|longitude| *longitude -= CIRCLE);
        }
    }
    Ok((order, east, is_global))
}

/// A region across the end of a file's range, `0, 1, …, 10, 350, …, 359`, begins behind its gap and is no circle.
fn begin_behind_the_gap(order: &mut [usize], east: &mut [f64]) {
    let n = east.len();
    let steps: Vec<f64> = east.windows(2).map(|pair| pair[1] - pair[0]).collect();
    let mut sorted = steps.clone();
    sorted.sort_by(f64::total_cmp);
    let (Some(&widest), Some(&median)) =
        (sorted.last(), sorted.get(sorted.len().saturating_sub(1) / 2))
    else {
        return;
    };
    let around = east[0] + CIRCLE - east[n - 1];
    let Some(gap) = steps.iter().position(|&step| step == widest) else { return };
    if around > TOLERANCE && widest > around + TOLERANCE && widest > 1.5 * median {
        east[..=gap].iter_mut().for_each(|longitude| *longitude += CIRCLE);
        east.rotate_left(gap + 1);
        order.rotate_left(gap + 1);
    }
}

/// Columns from west to east, and their longitudes without a jump: whole circles are added, so that nothing is
/// rounded where there is none.
fn unrolled(longitudes: &[f64]) -> Result<(Vec<usize>, Vec<f64>), String> {
    let mut order: Vec<usize> = (0..longitudes.len()).collect();
    let first_step = longitudes.get(1).map_or(0.0, |second| second - longitudes[0]);
    // Half a circle is a step to the east as well as to the west: the order of the file is kept.
    let turned = (first_step + CIRCLE / 2.0).rem_euclid(CIRCLE);
    if turned > 0.0 && turned < CIRCLE / 2.0 {
        order.reverse();
    }
    let mut east: Vec<f64> = Vec::with_capacity(longitudes.len());
    for &column in &order {
        let longitude = longitudes[column];
        let behind = east.last().map_or(0.0, |previous| previous - longitude);
        east.push(longitude + (behind / CIRCLE).ceil() * CIRCLE);
    }
    match east.windows(2).any(|pair| pair[1] - pair[0] < TOLERANCE / 10.0) {
        true => Err("its longitudes hold one twice".to_owned()),
        false => Ok((order, east)),
    }
}
