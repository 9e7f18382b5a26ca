//! Latitudes and longitudes of a field, brought into one order.

use super::FieldError;

/// A circle of latitude, degrees.
const CIRCLE: f64 = 360.0;
/// Places nearer than that are one: axes in files have five to six decimals.
const TOLERANCE: f64 = 1e-5;

/// The nodes of a field: every latitude with every longitude, degrees.
///
/// Latitudes go from south to north, longitudes from west to east without a jump; the first longitude lies in
/// [−180, 180). A grid around the Earth begins at the first longitude from −180 on.
#[derive(Clone, Debug, PartialEq)]
pub struct LatLonGrid {
    pub latitudes: Vec<f64>,
    pub longitudes: Vec<f64>,
    /// Whether the last longitude has the first as its neighbour in the east.
    pub is_global: bool,
}

/// How the axes of a file become those of a [`LatLonGrid`]: which row and which column each comes from.
pub(super) struct Order {
    rows: Vec<usize>,
    columns: Vec<usize>,
    width: usize,
}

impl LatLonGrid {
    /// A grid from axes in any order that files have: latitudes either way, longitudes of 0…360 or
    /// −180…180, also across the end of their range, a repeated circle left out.
    ///
    /// # Errors
    /// In words that follow the name of the file, for axes that are none.
    pub fn new(latitudes: &[f64], longitudes: &[f64]) -> Result<Self, String> {
        Self::ordered(latitudes, longitudes).map(|(grid, _)| grid)
    }

    /// The same, and how values are brought into this order.
    pub(super) fn ordered(latitudes: &[f64], longitudes: &[f64]) -> Result<(Self, Order), String> {
        let rows = rows(latitudes)?;
        let (columns, longitudes_east, is_global) = columns(longitudes)?;
        let sorted = rows.iter().map(|&row| latitudes[row]).collect();
        let grid = Self { latitudes: sorted, longitudes: longitudes_east, is_global };
        Ok((grid, Order { rows, columns, width: longitudes.len() }))
    }

    pub fn height(&self) -> usize {
        self.latitudes.len()
    }

    pub fn width(&self) -> usize {
        self.longitudes.len()
    }

    /// Mean distance of latitudes and of longitudes, degrees; 0 for a single one.
    pub fn spacing_deg(&self) -> [f64; 2] {
        [&self.latitudes, &self.longitudes].map(|axis| {
            let n = axis.len().saturating_sub(1).max(1) as f64;
            (axis[axis.len() - 1] - axis[0]) / n
        })
    }

    /// Whether both axes have equal steps, to a thousandth of a step.
    pub fn is_regular(&self) -> bool {
        let spacing = self.spacing_deg();
        let is_even = |(axis, step): (&Vec<f64>, f64)| {
            axis.windows(2).all(|pair| (pair[1] - pair[0] - step).abs() < 1e-3 * step)
        };
        [&self.latitudes, &self.longitudes].into_iter().zip(spacing).all(is_even)
    }

    /// South-west and north-east node: `[south, north, west, east]`, degrees.
    pub fn bounds(&self) -> [f64; 4] {
        let (lat, lon) = (&self.latitudes, &self.longitudes);
        [lat[0], lat[lat.len() - 1], lon[0], lon[lon.len() - 1]]
    }

    /// A longitude as this grid counts it, which may begin anywhere.
    fn unwrapped(&self, longitude: f64) -> f64 {
        let from_first = (longitude - self.longitudes[0] + TOLERANCE).rem_euclid(CIRCLE);
        self.longitudes[0] + from_first - TOLERANCE
    }

    /// Two rows and the weight of the second between them; `None` outside.
    pub(crate) fn between_rows(&self, latitude: f64) -> Option<(usize, usize, f64)> {
        between(&self.latitudes, latitude)
    }

    /// Two columns and the weight of the second; across the end where the grid goes around the Earth.
    pub(crate) fn between_columns(&self, longitude: f64) -> Option<(usize, usize, f64)> {
        let (axis, longitude) = (&self.longitudes, self.unwrapped(longitude));
        let last = axis.len() - 1;
        between(axis, longitude).or_else(|| {
            let gap = axis[0] + CIRCLE - axis[last];
            (self.is_global && longitude > axis[last])
                .then(|| (last, 0, (longitude - axis[last]) / gap))
        })
    }

    /// The nearest row; of two equally near the lower index. `None` where the axis ends before.
    pub(crate) fn nearest_row(&self, latitude: f64) -> Option<usize> {
        self.between_rows(latitude).map(nearest)
    }

    /// The nearest column; of two equally near the lower index, where the axis begins in the west.
    pub(crate) fn nearest_column(&self, longitude: f64) -> Option<usize> {
        self.between_columns(longitude).map(nearest)
    }

    /// Checks that a rectangle `[south, north, west, east]` lies between the nodes.
    ///
    /// # Errors
    /// [`FieldError::Domain`] says from where to where the field goes.
    pub fn check_covers(
        &self,
        name: &str,
        [south, north, west, east]: [f64; 4],
    ) -> Result<(), FieldError> {
        let rows = self.between_rows(south).and(self.between_rows(north));
        let width = east - west;
        let columns = match self.is_global {
            true => Some(()),
            false => {
                let (from, last) = (self.unwrapped(west), self.longitudes[self.width() - 1]);
                (from + width <= last + TOLERANCE).then_some(())
            }
        };
        if rows.is_some() && columns.is_some() && width > 0.0 && north > south {
            return Ok(());
        }
        let [own_south, own_north, own_west, own_east] = self.bounds();
        Err(FieldError::Domain {
            name: name.to_owned(),
            own: rectangle([own_south, own_north, own_west, own_east]),
            needed: rectangle([south, north, west, east]),
        })
    }
}

/// A rectangle in words.
pub(crate) fn rectangle([south, north, west, east]: [f64; 4]) -> String {
    format!("{south} to {north}° N, {west} to {east}° E")
}

impl Order {
    /// Values of a file, row by row, in the order of the grid.
    pub fn apply(&self, values: &[f32]) -> Vec<f32> {
        let row = |&row: &usize| {
            let of_row = &values[row * self.width..(row + 1) * self.width];
            self.columns.iter().map(|&column| of_row[column])
        };
        self.rows.iter().flat_map(row).collect()
    }
}

fn rows(latitudes: &[f64]) -> Result<Vec<usize>, String> {
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
fn columns(longitudes: &[f64]) -> Result<(Vec<usize>, Vec<f64>, bool), String> {
    if longitudes.is_empty() || !longitudes.iter().all(|l| l.is_finite() && l.abs() <= 2.0 * CIRCLE)
    {
        return Err("its longitudes are not all between -720 and 720".to_owned());
    }
    let (mut order, mut east) = unrolled(longitudes)?;
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

/// Columns from west to east, and their longitudes without a jump: whole circles are added, so that nothing is
/// rounded where there is none.
fn unrolled(longitudes: &[f64]) -> Result<(Vec<usize>, Vec<f64>), String> {
    let mut order: Vec<usize> = (0..longitudes.len()).collect();
    let first_step = longitudes.get(1).map_or(0.0, |second| second - longitudes[0]);
    if (first_step + CIRCLE / 2.0).rem_euclid(CIRCLE) < CIRCLE / 2.0 {
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

fn between(axis: &[f64], place: f64) -> Option<(usize, usize, f64)> {
    let last = axis.len() - 1;
    if place.is_nan() || place < axis[0] - TOLERANCE || place > axis[last] + TOLERANCE {
        return None;
    }
    let upper = axis.partition_point(|&node| node <= place);
    match upper {
        0 => Some((0, 0, 0.0)),
        upper if upper > last => Some((last, last, 0.0)),
        upper => {
            let (low, high) = (axis[upper - 1], axis[upper]);
            Some((upper - 1, upper, (place - low) / (high - low)))
        }
    }
}

/// A share this near to one half is a tie that decimals of the axis moved.
const TIE: f64 = 1e-6;

fn nearest((low, high, weight): (usize, usize, f64)) -> usize {
    if weight > 0.5 + TIE { high } else { low }
}
