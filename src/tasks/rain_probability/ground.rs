//! Where a network's grid lies on the Earth, and which of its nodes are meant.

use std::ops::Range;

use stormlens_data::card::FieldStatement;
use stormlens_data::field::Grid;
use stormlens_data::outcome::{Axis, Domain, Quantity, Role, Values, Variable};
use stormlens_data::request::EventPlace;

/// The Earth of weather models.
const SPHERE: &str = "+R=6371.229";
/// Steps of a regular grid differ by less, as shares of a step.
const REGULAR: f64 = 1e-3;

/// The grid of a statement.
#[derive(Clone, Copy)]
pub struct Ground<'a>(pub &'a FieldStatement);

impl Ground<'_> {
    /// Each node in the middle of its cell; nowhere, where the weights do not say where, or where cells are no squares of
    /// one size in degrees.
    pub fn domain(&self) -> Domain {
        self.grid().map_or(Domain::None, Domain::Earth)
    }

    fn grid(&self) -> Option<Grid> {
        let FieldStatement { latitudes, longitudes, .. } = self.0;
        let step = latitudes.first()? - latitudes.get(1)?;
        let is_step = |other: f64| (other - step).abs() < REGULAR * step;
        let is_regular = latitudes.windows(2).all(|pair| is_step(pair[0] - pair[1]))
            && longitudes.windows(2).all(|pair| is_step(pair[1] - pair[0]));
        is_regular.then(|| Grid {
            height: latitudes.len(),
            width: longitudes.len(),
            spacing_km: step,
            west_km: longitudes[0] - step / 2.0,
            north_km: latitudes[0] + step / 2.0,
            proj4: format!("+proj=longlat {SPHERE}"),
        })
    }

    /// Maps with an axis in front of them, or a single one.
    pub fn variable(
        &self,
        name: &str,
        role: Role,
        quantity: Quantity,
        (axis, values): (Option<Axis>, Vec<f32>),
    ) -> Variable {
        Variable {
            name: name.to_owned(),
            role,
            quantity,
            axes: axis.into_iter().collect(),
            plane: Some(self.0.size),
            domain: self.domain(),
            values: Values::F32(values),
        }
    }

    /// Row and column of the node nearest to a place, degrees; `None` beyond the outer cells, and on a grid that lies
    /// nowhere.
    pub fn node(&self, latitude: f64, longitude: f64) -> Option<[usize; 2]> {
        Some([nearest(&self.0.latitudes, latitude)?, nearest(&self.0.longitudes, longitude)?])
    }

    /// Rows and columns of a place.
    ///
    /// # Errors
    /// In words, where no node lies there.
    pub fn part(&self, place: EventPlace) -> Result<[Range<usize>; 2], String> {
        let [height, width] = self.0.size;
        if place != EventPlace::All && !self.0.has_grid() {
            return Err(
                "these weights do not say where their grid lies: explain all of it".to_owned()
            );
        }
        match place {
            EventPlace::All => Ok([0..height, 0..width]),
            EventPlace::Node([latitude, longitude]) => {
                let node = self.node(latitude, longitude);
                let [row, column] = node.ok_or_else(|| self.beyond(latitude, longitude))?;
                Ok([row..row + 1, column..column + 1])
            }
            EventPlace::Box([west, south, east, north]) => {
                let rows = within(&self.0.latitudes, south, north);
                let columns = within(&self.0.longitudes, west, east);
                match rows.is_empty() || columns.is_empty() {
                    true => Err(format!(
                        "no node lies in {west},{south},{east},{north}: choose a larger box on the grid, {}",
                        self.words()
                    )),
                    false => Ok([rows, columns]),
                }
            }
        }
    }

    fn beyond(&self, latitude: f64, longitude: f64) -> String {
        format!(
            "{latitude},{longitude} lies beyond the grid: choose a node on it, {}",
            self.words()
        )
    }

    /// `35 to 47.5° N, -15 to 4.2° E`
    pub fn words(&self) -> String {
        let ends = |axis: &[f64]| {
            let [first, last] = [axis.first(), axis.last()].map(|end| end.copied().unwrap_or(0.0));
            [first.min(last), first.max(last)].map(|degrees| (degrees * 100.0).round() / 100.0)
        };
        let ([south, north], [west, east]) = (ends(&self.0.latitudes), ends(&self.0.longitudes));
        format!("{south} to {north}° N, {west} to {east}° E")
    }
}

/// `41.333° N, 5.5° W`
pub fn place_words([latitude, longitude]: [f64; 2]) -> String {
    let degrees = |value: f64, [plus, minus]: [char; 2]| {
        let size = (value.abs() * 1000.0).round() / 1000.0;
        format!("{size}° {}", if value < 0.0 { minus } else { plus })
    };
    format!("{}, {}", degrees(latitude, ['N', 'S']), degrees(longitude, ['E', 'W']))
}

/// The nearest node of an axis that rises or falls; `None` farther than half a step beyond its ends.
fn nearest(axis: &[f64], place: f64) -> Option<usize> {
    let away = |i: &usize| (axis[*i] - place).abs();
    let found = (0..axis.len()).min_by(|a, b| away(a).total_cmp(&away(b)))?;
    let step = (axis.get(1)? - axis.first()?).abs();
    (away(&found) <= step / 2.0 * (1.0 + REGULAR)).then_some(found)
}

/// The nodes of an axis between two places.
fn within(axis: &[f64], low: f64, high: f64) -> Range<usize> {
    let is_in = |i: &usize| (low..=high).contains(&axis[*i]);
    let found: Vec<usize> = (0..axis.len()).filter(is_in).collect();
    match (found.first(), found.last()) {
        (Some(&first), Some(&last)) => first..last + 1,
        _ => 0..0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn statement() -> FieldStatement {
        FieldStatement {
            size: [3, 4],
            latitudes: vec![45.0, 42.5, 40.0],
            longitudes: vec![-5.0, -2.5, 0.0, 2.5],
            ..FieldStatement::published()
        }
    }

    #[test]
    fn places_are_rows_from_the_north() {
        let statement = statement();
        let ground = Ground(&statement);
        let check = |text: &str, expected: [Range<usize>; 2]| {
            let place = text.parse().expect("a place");
            assert_eq!(ground.part(place).expect("on the grid"), expected, "{text}");
        };
        check("all", [0..3, 0..4]);
        check("node:41.4,-2.6", [1..2, 1..2]);
        check("node:46.2,3.7", [0..1, 3..4]);
        check("box:-3,39,1,43", [1..3, 1..3]);
        for beyond in ["node:47,0", "node:41,-9", "box:-4,41,-3,42"] {
            let place = beyond.parse().expect("a place");
            let error = ground.part(place).expect_err(beyond);
            assert!(error.contains("40 to 45° N, -5 to 2.5° E"), "{error}");
        }
        let Domain::Earth(grid) = ground.domain() else { panic!("on the Earth") };
        assert_eq!((grid.spacing_km, grid.west_km, grid.north_km), (2.5, -6.25, 46.25));
    }

    #[test]
    fn a_grid_that_lies_nowhere_is_explained_as_a_whole() {
        let published = FieldStatement::published();
        let ground = Ground(&published);
        assert_eq!(ground.domain(), Domain::None);
        assert_eq!(ground.part(EventPlace::All), Ok([0..224, 0..128]));
        let error = ground.part(EventPlace::Node([37.0, 127.0])).expect_err("nowhere");
        assert!(error.contains("do not say where"), "{error}");
    }
}
