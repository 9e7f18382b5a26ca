//! Meridians and parallels of a grid, and where they meet its southern and western edges.

use proj4rs::Proj;
use proj4rs::transform::transform;
use stormlens_data::field::Grid;

use super::PlotError;
use super::basemap::{Points, clip, degrees, plane, project};
use super::place::size_km;
use super::scale::ticks_within;

/// A line of constant longitude or latitude, in kilometres east and north of the south-west corner.
pub struct Parallel {
    pub pieces: Vec<Points>,
    /// Where it meets the edge that has its numbers: the southern one of a meridian, the western one of a
    /// parallel; kilometres along that edge.
    pub at_km: Option<f64>,
    /// `5° E`, `52.5° N`
    pub label: String,
}

/// Points along an edge of the grid where its degrees are looked up, and along each line.
const N_POINTS: usize = 90;
const N_LINES: usize = 5;

/// Meridians, then parallels.
///
/// # Errors
/// For a projection that is not known.
pub fn lines(grid: &Grid) -> Result<[Vec<Parallel>; 2], PlotError> {
    let planes = (plane(grid)?, degrees(grid)?);
    let (width_km, height_km) = size_km(grid);
    let around = perimeter(grid, &planes);
    let range = |of: fn(&(f64, f64)) -> f64| {
        let values = || around.iter().map(of).filter(|value| value.is_finite());
        (values().fold(f64::INFINITY, f64::min), values().fold(f64::NEG_INFINITY, f64::max))
    };
    let (longitudes, latitudes) = (range(|point| point.0), range(|point| point.1));
    let share = |(low, high): (f64, f64), i: usize| low + (high - low) * i as f64 / N_POINTS as f64;
    let place = |point: (f64, f64)| project(&planes, grid, point);
    let line = |points: Points, is_meridian: bool, label| {
        let pieces = clip(&points, width_km, height_km);
        let meets = |&&(x, y): &&(f64, f64)| if is_meridian { y < 1e-6 } else { x < 1e-6 };
        let at_km = {
            let mut ends = pieces.iter().flat_map(|piece| [piece.first(), piece.last()]).flatten();
            ends.find(meets).map(|&(x, y)| if is_meridian { x } else { y })
        };
        Parallel { pieces, at_km, label }
    };
    let meridian = |&at: &f64| {
        let points = (0..=N_POINTS).map(|i| place((at, share(latitudes, i)))).collect();
        line(points, true, label(at, ["E", "W"]))
    };
    let parallel = |&at: &f64| {
        let points = (0..=N_POINTS).map(|i| place((share(longitudes, i), at))).collect();
        line(points, false, label(at, ["N", "S"]))
    };
    let ticks = |(low, high): (f64, f64)| match low < high {
        true => ticks_within(low, high, N_LINES),
        false => Vec::new(),
    };
    Ok([
        ticks(longitudes).iter().map(meridian).collect(),
        ticks(latitudes).iter().map(parallel).collect(),
    ])
}

/// Longitude and latitude in degrees around the grid and through its middle.
fn perimeter(grid: &Grid, (plane, degrees): &(Proj, Proj)) -> Vec<(f64, f64)> {
    let (width_km, height_km) = size_km(grid);
    let south_km = grid.north_km - height_km;
    let at = |across: f64, up: f64| {
        let (x, y) = (grid.west_km + across * width_km, south_km + up * height_km);
        if grid.is_geographic() {
            return (x, y);
        }
        let mut point = (x, y, 0.0);
        match transform(plane, degrees, &mut point) {
            Ok(()) => (point.0.to_degrees(), point.1.to_degrees()),
            Err(_) => (f64::NAN, f64::NAN),
        }
    };
    let along = (0..=N_POINTS).map(|i| i as f64 / N_POINTS as f64);
    along.flat_map(|s| [at(s, 0.0), at(s, 1.0), at(0.0, s), at(1.0, s), at(s, 0.5)]).collect()
}

fn label(degrees: f64, [plus, minus]: [&str; 2]) -> String {
    // Multiples of a step have few digits, but not in binary.
    let rounded = (degrees * 1e6).round() / 1e6;
    match rounded {
        0.0 => "0°".to_owned(),
        value if value > 0.0 => format!("{value}° {plus}"),
        value => format!("{}° {minus}", -value),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The crop of the Dutch composite that the networks see.
    fn grid() -> Grid {
        Grid {
            height: 288,
            width: 288,
            spacing_km: 1.0,
            west_km: 225.0,
            north_km: -3880.0,
            proj4: "+proj=stere +lat_0=90 +lon_0=0 +lat_ts=60 +a=6378.137 +b=6356.752".into(),
        }
    }

    #[test]
    fn lines_are_named_and_meet_the_edges_where_they_are() {
        let [meridians, parallels] = lines(&grid()).expect("the plane is known");
        for (lines, letter) in [(&meridians, " E"), (&parallels, " N")] {
            assert!((2..=7).contains(&lines.len()), "{}", lines.len());
            assert!(lines.iter().all(|line| line.label.ends_with(letter)));
            assert!(lines.iter().filter(|line| line.at_km.is_some()).count() >= 2);
        }
        // 5° E of the polar stereographic plane is a straight line through the pole: x = −y tan 5°.
        let five = meridians.iter().find(|line| line.label == "5° E").expect("it is there");
        let south_km = -3880.0_f64 - 288.0;
        let expected = -south_km * 5f64.to_radians().tan() - 225.0;
        assert!((five.at_km.expect("it meets the edge") - expected).abs() < 0.5);
    }

    #[test]
    fn degrees_have_a_direction() {
        assert_eq!(label(2.5, ["E", "W"]), "2.5° E");
        assert_eq!(label(-40.0, ["N", "S"]), "40° S");
        assert_eq!(label(-0.0, ["E", "W"]), "0°");
        assert_eq!(label(0.300_000_000_4, ["E", "W"]), "0.3° E");
    }
}
