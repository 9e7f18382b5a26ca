//! Where the nodes of a tile lie that was moved, or is seen in a mirror.

use stormlens_data::downscale::{Domain, Geometry, Tile};
use stormlens_data::field::GriddedField;

use super::options::TileAugmentation;
use crate::random::Random;

/// A tile somewhere. In a mirror, nodes are counted from the other side, so that every eighth fine node from the first
/// on is a coarse one there, too.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Place {
    /// Of the first fine node seen from the south and the west.
    corner: [f64; 2],
    /// Rows and columns are counted from the north and from the east.
    is_mirrored: [bool; 2],
    /// Distances between nodes are so many times those of the grid.
    zoom: f64,
}

/// Rain of a tile, mm, and its terrain as the network takes it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Seen {
    /// `[n_coarse, n_coarse]`
    pub coarse_mm: Vec<f32>,
    /// `[size, size]`
    pub fine_mm: Vec<f32>,
    /// `[size, size]`
    pub elevation: Vec<f32>,
}

impl Seen {
    pub fn coarse(&self) -> Vec<f64> {
        self.coarse_mm.iter().map(|&mm| f64::from(mm)).collect()
    }

    /// The same with so many times the rain.
    pub fn multiplied(mut self, factor: f32) -> Self {
        self.coarse_mm.iter_mut().chain(&mut self.fine_mm).for_each(|mm| *mm *= factor);
        self
    }
}

impl Place {
    pub fn of(tile: &Tile) -> Self {
        Self { corner: [tile.min_lat, tile.min_lon], is_mirrored: [false; 2], zoom: 1.0 }
    }

    #[cfg(test)]
    pub fn mirrored(tile: &Tile, is_mirrored: [bool; 2]) -> Self {
        Self { is_mirrored, ..Self::of(tile) }
    }

    /// Latitudes and longitudes of nodes: the coarse ones, and the fine ones.
    fn nodes(&self, geometry: &Geometry) -> [[Vec<f64>; 2]; 2] {
        let along = |axis: usize, of: fn(&Geometry, f64) -> Vec<f64>| -> Vec<f64> {
            let minimum = self.corner[axis];
            let turned = |at: f64| match self.is_mirrored[axis] {
                true => 2.0 * minimum + geometry.tile_deg() - at,
                false => at,
            };
            let zoomed = |at: f64| match self.zoom {
                1.0 => at,
                zoom => minimum + zoom * (at - minimum),
            };
            of(geometry, minimum).into_iter().map(|at| zoomed(turned(at))).collect()
        };
        let both = |of: fn(&Geometry, f64) -> Vec<f64>| [along(0, of), along(1, of)];
        [both(Geometry::coarse_nodes), both(Geometry::fine_nodes)]
    }

    /// What is there; missing rain stays missing.
    pub fn see(&self, rain: &GriddedField, terrain: &GriddedField, geometry: &Geometry) -> Seen {
        let [coarse, fine] = self.nodes(geometry);
        let rain = |nodes: &[Vec<f64>; 2]| -> Vec<f32> {
            let values = rain.linear_nodes(&nodes[0], &nodes[1]);
            values.into_iter().map(|mm| mm as f32).collect()
        };
        let elevation = stormlens_data::downscale::elevation_at(terrain, &fine);
        Seen { coarse_mm: rain(&coarse), fine_mm: rain(&fine), elevation }
    }
}

/// Where tiles may be moved: their corners.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Area {
    /// South and west, north and east of the corners.
    corners: [[f64; 2]; 2],
    geometry: Geometry,
}

impl Area {
    /// Inside a domain, to the west of a longitude.
    pub fn new(domain: &Domain, longitude: f64, geometry: Geometry) -> Self {
        let side = geometry.tile_deg();
        let last = [domain.north - side, domain.east.min(longitude) - side];
        Self { corners: [[domain.south, domain.west], last], geometry }
    }

    /// A place for a tile. Always the same number of draws in a run.
    pub fn draw(&self, tile: &Tile, augmentation: TileAugmentation, random: &mut Random) -> Place {
        let [row, column, mirrors] = [random.unit(), random.unit(), random.unit()];
        let mut place = Place::of(tile);
        if let Some(step) = augmentation.shift.step_deg(&self.geometry) {
            let at = |axis: usize, share: f64| {
                let [first, last] = self.corners.map(|corner| corner[axis]);
                // Decimals of a degree do not decide whether the last place is there.
                let n = ((last - first) / step + 1e-6).floor().max(0.0) + 1.0;
                first + (share * n).floor() * step
            };
            place.corner = [at(0, row), at(1, column)];
        }
        if augmentation.mirror {
            let which = (mirrors * 4.0) as usize;
            place.is_mirrored = [which & 1 == 1, which & 2 == 2];
        }
        if let Some([low, high]) = augmentation.zoom {
            place.zoom = random.between(low, high);
            let room = (1.0 - place.zoom) * self.geometry.tile_deg();
            place.corner = place.corner.map(|corner| corner + random.between(0.0, room));
        }
        place
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::train::tiles::options::Shift;

    const V4: Geometry = Geometry::V4;

    fn tile() -> Tile {
        Tile { id: 0, min_lat: 35.0, min_lon: -121.0, is_secondary: false }
    }

    #[test]
    fn every_eighth_node_is_a_coarse_one_in_a_mirror_too() {
        for is_mirrored in [[false, false], [true, false], [false, true], [true, true]] {
            let [coarse, fine] = Place { is_mirrored, ..Place::of(&tile()) }.nodes(&V4);
            for axis in 0..2 {
                for k in 0..8 {
                    assert_eq!(fine[axis][8 * k], coarse[axis][k + 1], "{is_mirrored:?}");
                }
            }
            let first = if is_mirrored[0] { 37.0 } else { 35.0 };
            assert_eq!(fine[0][0], first);
        }
    }

    /// Every eighth fine node is a coarse one there, too, and the tile stays inside of what it was.
    #[test]
    fn a_nearer_look_takes_a_part_of_the_tile() {
        let whole = Place::of(&tile()).nodes(&V4);
        for is_mirrored in [[false, false], [true, true]] {
            let [coarse, fine] = Place { is_mirrored, zoom: 0.5, ..Place::of(&tile()) }.nodes(&V4);
            for axis in 0..2 {
                let step = if is_mirrored[axis] { -0.015_625 } else { 0.015_625 };
                for k in 0..63 {
                    assert!((fine[axis][k + 1] - fine[axis][k] - step).abs() < 1e-9);
                }
                for k in 0..8 {
                    assert!((fine[axis][8 * k] - coarse[axis][k + 1]).abs() < 1e-9);
                }
                let inside = whole[1][axis][0]..=whole[1][axis][0] + 2.0;
                assert!(fine[axis].iter().all(|at| inside.contains(at)), "{is_mirrored:?}");
            }
        }
    }

    /// Every part of a tile is looked at, and nothing beside it.
    #[test]
    fn a_nearer_look_goes_to_any_part_of_the_tile() {
        let zoomed = TileAugmentation { zoom: Some([0.25, 0.5]), ..Default::default() };
        let domain = Domain { south: 33.0, north: 51.0, west: -126.0, east: -103.0 };
        let (area, mut random) = (Area::new(&domain, -115.0, V4), Random::new(1));
        let places: Vec<Place> =
            (0..2_000).map(|_| area.draw(&tile(), zoomed, &mut random)).collect();
        let ends = |of: &dyn Fn(&Place) -> f64| {
            places.iter().map(of).fold((f64::MAX, f64::MIN), |(a, b), at| (a.min(at), b.max(at)))
        };
        let near = |(low, high): (f64, f64), expected: [f64; 2]| {
            let is_near = (low - expected[0]).abs() < 0.1 && (high - expected[1]).abs() < 0.1;
            assert!(is_near && low >= expected[0] && high <= expected[1], "{low} to {high}");
        };
        near(ends(&|place| place.zoom), [0.25, 0.5]);
        for (axis, first) in [(0, 35.0), (1, -121.0)] {
            near(ends(&|place| place.corner[axis] + 2.0 * place.zoom), [first + 0.5, first + 2.0]);
            near(ends(&|place| place.corner[axis]), [first, first + 1.5]);
        }
    }

    #[test]
    fn tiles_stay_inside_and_reach_every_edge() {
        let domain = Domain { south: 33.0, north: 51.0, west: -126.0, east: -103.0 };
        let area = Area::new(&domain, -115.0, V4);
        let mut random = Random::new(1);
        for (shift, step) in [(Shift::Coarse, 0.25), (Shift::Fine, 0.03125)] {
            let augmentation = TileAugmentation { shift, mirror: true, ..Default::default() };
            let places: Vec<Place> =
                (0..20_000).map(|_| area.draw(&tile(), augmentation, &mut random)).collect();
            let ends = |axis: usize| {
                let at = places.iter().map(|place| place.corner[axis]);
                at.fold((f64::MAX, f64::MIN), |(low, high), at| (low.min(at), high.max(at)))
            };
            assert_eq!((ends(0), ends(1)), ((33.0, 49.0), (-126.0, -117.0)), "{shift:?}");
            assert!(places.iter().all(|p| (p.corner[1] / step).fract() == 0.0));
            let n = places.iter().filter(|p| p.is_mirrored == [true, false]).count();
            assert!((4_500..5_500).contains(&n), "a quarter of 20,000, not {n}");
        }
        let same = area.draw(&tile(), TileAugmentation::default(), &mut random);
        assert_eq!(same, Place::of(&tile()));
    }
}
