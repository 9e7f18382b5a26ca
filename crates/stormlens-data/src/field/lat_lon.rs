//! Latitudes and longitudes of a field, brought into one order.

mod order;

pub(super) use order::Order;
use order::{columns, rows};

use std::collections::BTreeSet;

use super::FieldError;
use super::words::degrees;

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
        Ok((grid, Order::new(rows, columns, longitudes.len())))
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

    /// `6 × 9 nodes, 35 to 47.5° N, -15 to 5° E`
    pub fn in_words(&self) -> String {
        format!("{} × {} nodes, {}", self.height(), self.width(), rectangle(self.bounds()))
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

    /// Rows and columns that have a share in what lies at every latitude with every longitude, ascending.
    pub(crate) fn shares(&self, latitudes: &[f64], longitudes: &[f64]) -> [Vec<usize>; 2] {
        let rows = latitudes.iter().filter_map(|&latitude| self.between_rows(latitude));
        let columns = longitudes.iter().filter_map(|&longitude| self.between_columns(longitude));
        [with_a_share(rows), with_a_share(columns)]
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
pub(crate) fn rectangle(bounds: [f64; 4]) -> String {
    let [south, north, west, east] = bounds.map(degrees);
    format!("{south} to {north}° N, {west} to {east}° E")
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

/// Of two nodes and the weight of the second, those whose weight is not 0; each once.
fn with_a_share(between: impl Iterator<Item = (usize, usize, f64)>) -> Vec<usize> {
    let both = between.flat_map(|(low, high, weight)| [(low, weight < 1.0), (high, weight > 0.0)]);
    let nodes: BTreeSet<usize> = both.filter(|(_, counts)| *counts).map(|(node, _)| node).collect();
    nodes.into_iter().collect()
}

/// A share this near to one half is a tie that decimals of the axis moved.
const TIE: f64 = 1e-6;

fn nearest((low, high, weight): (usize, usize, f64)) -> usize {
    if weight > 0.5 + TIE { high } else { low }
}
