//! Coastlines and borders beneath the rain.

use std::sync::LazyLock;

use proj4rs::Proj;
use proj4rs::transform::transform;
use stormlens_data::field::Grid;

use super::PlotError;
use super::place::size_km;

/// What a line of the map separates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Coast,
    Border,
}

/// A polyline in kilometres east and north of the domain's south-west corner.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    pub kind: Kind,
    pub points_km: Points,
}

/// Cells of this size and more, kilometres, show no more than the coarse lines.
const COARSE_KM: f64 = 5.0;

/// West, south, east and north of the fine lines, degrees.
const NORTH_SEA_DEG: [f64; 4] = [-3.0, 47.5, 13.0, 57.5];

/// The coastlines and borders within the domain of a grid: fine ones where all of it lies around the North Sea, else those
/// of the world to about 5 km. None where the grid lies nowhere.
pub fn lines(grid: &Grid) -> Result<Vec<Line>, PlotError> {
    if !grid.is_somewhere() {
        return Ok(Vec::new());
    }
    let planes = (plane(grid)?, degrees(grid)?);
    let (width_km, height_km) = size_km(grid);
    let place = |&point: &(f64, f64)| project(&planes, grid, point);
    let within = |world: &[(Kind, Points)]| -> Vec<Line> {
        let cut = |(kind, points_deg): &(Kind, Points)| {
            let points_km: Points = points_deg.iter().map(place).collect();
            let pieces = clip(&points_km, width_km, height_km);
            let line = |points_km| Line { kind: *kind, points_km };
            pieces.into_iter().map(line).collect::<Vec<_>>()
        };
        world.iter().flat_map(cut).collect()
    };
    let is_fine = cell_km(grid) < COARSE_KM && is_around_north_sea(&planes, grid);
    Ok(within(if is_fine { &NORTH_SEA } else { &WORLD }))
}

/// The side of a cell, on a plane of degrees that along a meridian.
fn cell_km(grid: &Grid) -> f64 {
    const KM_IN_DEGREE: f64 = 111.195;
    grid.spacing_km * if grid.is_geographic() { KM_IN_DEGREE } else { 1.0 }
}

/// Whether the fine lines reach over all corners of a grid.
fn is_around_north_sea((plane, degrees): &(Proj, Proj), grid: &Grid) -> bool {
    let [west, south, east, north] = NORTH_SEA_DEG;
    let (width, height) = size_km(grid);
    let corners = [(0.0, 0.0), (width, 0.0), (0.0, height), (width, height)];
    corners.into_iter().all(|(right, down)| {
        let (x, y) = (grid.west_km + right, grid.north_km - down);
        let mut point = match grid.is_geographic() {
            true => (x.to_radians(), y.to_radians(), 0.0),
            false => (x, y, 0.0),
        };
        let is_known = transform(plane, degrees, &mut point).is_ok();
        let (longitude, latitude) = (point.0.to_degrees(), point.1.to_degrees());
        is_known && (west..=east).contains(&longitude) && (south..=north).contains(&latitude)
    })
}

/// The plane of a grid.
///
/// # Errors
/// For one that is not known.
pub fn plane(grid: &Grid) -> Result<Proj, PlotError> {
    Proj::from_proj_string(&grid.proj4).map_err(|error| refuse(grid, &error))
}

/// Longitude and latitude.
///
/// # Errors
/// Never.
pub fn degrees(grid: &Grid) -> Result<Proj, PlotError> {
    let longlat = Proj::from_proj_string("+proj=longlat +ellps=WGS84 +no_defs");
    longlat.map_err(|error| refuse(grid, &error))
}

fn refuse(grid: &Grid, error: &proj4rs::errors::Error) -> PlotError {
    PlotError::Projection { proj4: grid.proj4.clone(), reason: error.to_string() }
}

/// A place in degrees of longitude and latitude, in kilometres east and north of the grid's south-west
/// corner. What the plane does not reach lies outside, as what is not a number does.
pub fn project(
    (plane, degrees): &(Proj, Proj),
    grid: &Grid,
    (longitude, latitude): (f64, f64),
) -> (f64, f64) {
    let south_km = grid.north_km - size_km(grid).1;
    let mut point = (longitude.to_radians(), latitude.to_radians(), 0.0);
    match transform(degrees, plane, &mut point) {
        Ok(()) if grid.is_geographic() => {
            (point.0.to_degrees() - grid.west_km, point.1.to_degrees() - south_km)
        }
        Ok(()) => (point.0 - grid.west_km, point.1 - south_km),
        Err(_) => (f64::NAN, f64::NAN),
    }
}

/// Pairs of east and north, in kilometres or degrees.
pub type Points = Vec<(f64, f64)>;

/// The bundled lines in degrees of longitude and latitude.
static NORTH_SEA: LazyLock<Vec<(Kind, Points)>> = LazyLock::new(|| {
    include_str!("../../../data/basemap/north-sea.txt").lines().filter_map(parse).collect()
});
static WORLD: LazyLock<Vec<(Kind, Points)>> = LazyLock::new(|| {
    include_str!("../../../data/basemap/world.txt").lines().filter_map(parse).collect()
});

fn parse(line: &str) -> Option<(Kind, Points)> {
    let (kind, points) = line.split_once(' ')?;
    let kind = match kind {
        "coast" => Kind::Coast,
        "border" => Kind::Border,
        _ => return None,
    };
    let point = |text: &str| {
        let (longitude, latitude) = text.split_once(',')?;
        Some((longitude.parse().ok()?, latitude.parse().ok()?))
    };
    Some((kind, points.split(' ').map(point).collect::<Option<_>>()?))
}

/// The parts of a polyline within a rectangle that starts at the origin.
pub fn clip(points: &[(f64, f64)], width: f64, height: f64) -> Vec<Points> {
    let mut pieces: Vec<Points> = Vec::new();
    for pair in points.windows(2) {
        if !pair.iter().all(|(x, y)| x.is_finite() && y.is_finite()) {
            continue;
        }
        let Some((from, to)) = clip_segment(pair[0], pair[1], width, height) else { continue };
        match pieces.last_mut() {
            Some(piece) if piece.last() == Some(&from) => piece.push(to),
            _ => pieces.push(vec![from, to]),
        }
    }
    pieces
}

/// The part of a segment within the rectangle (Liang and Barsky 1984).
fn clip_segment(
    from: (f64, f64),
    to: (f64, f64),
    width: f64,
    height: f64,
) -> Option<((f64, f64), (f64, f64))> {
    let (dx, dy) = (to.0 - from.0, to.1 - from.1);
    let (mut enter, mut leave) = (0.0f64, 1.0f64);
    for (step, room) in [(-dx, from.0), (dx, width - from.0), (-dy, from.1), (dy, height - from.1)]
    {
        match step {
            0.0 if room < 0.0 => return None,
            0.0 => {}
            s if s < 0.0 => enter = enter.max(room / s),
            s => leave = leave.min(room / s),
        }
    }
    let at = |t: f64| match t {
        0.0 => from,
        1.0 => to,
        t => (from.0 + t * dx, from.1 + t * dy),
    };
    (enter < leave).then(|| (at(enter), at(leave)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The whole Dutch radar composite, as the headers of its files describe it.
    fn knmi() -> Grid {
        Grid {
            height: 765,
            width: 700,
            spacing_km: 1.0,
            west_km: 0.0,
            north_km: -3649.98,
            proj4: "+proj=stere +lat_0=90 +lon_0=0 +lat_ts=60 +a=6378.137 +b=6356.752".into(),
        }
    }

    #[test]
    fn every_line_is_read() {
        let check = |text: &str, found: usize| assert_eq!(found, text.lines().count());
        check(include_str!("../../../data/basemap/north-sea.txt"), NORTH_SEA.len());
        check(include_str!("../../../data/basemap/world.txt"), WORLD.len());
    }

    #[test]
    fn lines_stay_in_the_domain() {
        let lines = lines(&knmi()).expect("the plane of the radar is known");
        assert!(lines.iter().any(|l| l.kind == Kind::Border));
        for (x, y) in lines.iter().flat_map(|l| &l.points_km) {
            assert!((-1e-6..=700.0 + 1e-6).contains(x) && (-1e-6..=765.0 + 1e-6).contains(y));
        }
    }

    /// Fine lines end at 47.5° N: a map that reaches beyond them has the coarse ones everywhere. Its cells are degrees.
    #[test]
    fn a_map_that_the_fine_lines_do_not_cover_has_all_its_coasts() {
        let iberia = |step: f64| Grid {
            height: (13.0 / step) as usize,
            width: (20.0 / step) as usize,
            spacing_km: step,
            west_km: -15.0,
            north_km: 48.0,
            proj4: "+proj=longlat +R=6371.229".into(),
        };
        for step in [0.5, 0.01] {
            let lines = lines(&iberia(step)).expect("a plane of degrees");
            // The Cape of São Vicente, 37.02° N, 8.99° W, counted from the south-western corner.
            let (x, y) = (-8.99 + 15.0, 37.02 - 35.0);
            let points = lines.iter().flat_map(|line| &line.points_km);
            let nearest = points.map(|p| (p.0 - x).hypot(p.1 - y)).fold(f64::INFINITY, f64::min);
            assert!(nearest < 0.1, "{step}: {nearest}°");
        }
    }

    #[test]
    fn the_hook_of_holland_is_where_it_is() {
        // The mole of Hoek van Holland lies at 4.05° E, 51.99° N: in the projection of Snyder (1987),
        // polar stereographic, 290.1 km east and 317.8 km north of the south-west corner.
        let lines = lines(&knmi()).expect("the plane of the radar is known");
        let nearest = lines
            .iter()
            .filter(|l| l.kind == Kind::Coast)
            .flat_map(|l| &l.points_km)
            .map(|&(x, y)| (x - 290.1_f64).hypot(y - 317.8))
            .fold(f64::INFINITY, f64::min);
        assert!(nearest < 3.0, "the coast passes {nearest:.1} km from it");
    }

    /// Of a grid of coarse cells, and of fine ones where there are no fine lines.
    #[test]
    fn the_rest_of_the_world_has_coasts_too() {
        let around = |lon_0: f64, spacing_km: f64| {
            let proj4 = format!("+proj=stere +lat_0=90 +lat_ts=50 +lon_0={lon_0} +R=6371");
            Grid { height: 200, width: 200, spacing_km, west_km: -500.0, north_km: -4000.0, proj4 }
        };
        for (lon_0, spacing_km) in [(5.0, 18.0), (-52.0, 2.0), (140.0, 6.0)] {
            let lines = lines(&around(lon_0, spacing_km)).expect("the plane is known");
            assert!(lines.iter().any(|line| line.kind == Kind::Coast), "{lon_0} {spacing_km}");
            assert!(
                lines
                    .iter()
                    .flat_map(|l| &l.points_km)
                    .all(|(x, y)| x.is_finite() && y.is_finite())
            );
        }
    }

    #[test]
    fn segments_are_cut_at_the_edge() {
        let check = |from, to, expected| assert_eq!(clip_segment(from, to, 10.0, 10.0), expected);
        check((1.0, 1.0), (2.0, 2.0), Some(((1.0, 1.0), (2.0, 2.0))));
        check((-5.0, 5.0), (5.0, 5.0), Some(((0.0, 5.0), (5.0, 5.0))));
        check((5.0, 5.0), (5.0, 15.0), Some(((5.0, 5.0), (5.0, 10.0))));
        check((-5.0, -1.0), (15.0, -1.0), None);
    }

    #[test]
    fn a_foreign_plane_is_named() {
        let grid = Grid { proj4: "+proj=nowhere".into(), ..knmi() };
        assert!(lines(&grid).unwrap_err().to_string().contains("+proj=nowhere"));
    }
}
