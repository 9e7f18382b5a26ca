//! Where something is, in words.

use stormlens_data::field::{Field, Grid};
use stormlens_data::outcome::Domain;

/// The middle of a cell of a map of `height × width` cells: kilometres and compass from the centre of a
/// grid, or how far across and down in what a network sees of a scene.
pub fn words(domain: &Domain, [height, width]: [usize; 2], [row, column]: [f64; 2]) -> String {
    let (down, across) = ((row + 0.5) / height as f64, (column + 0.5) / width as f64);
    match domain {
        Domain::Earth(grid) => on_earth(grid, down, across),
        Domain::SceneCentre(_) => {
            format!("at {} of the part that the network sees", spot(down, across))
        }
        Domain::Scene(_) | Domain::None => format!("at {}", spot(down, across)),
    }
}

/// `92 km south-east of the centre of the domain`
fn on_earth(grid: &Grid, down: f64, across: f64) -> String {
    let (width, height) = size_km(grid);
    let [east_scale, north_scale] = km_in_unit(grid);
    let east_km = (across - 0.5) * width * east_scale;
    let north_km = (0.5 - down) * height * north_scale;
    let distance_km = east_km.hypot(north_km);
    match distance_km < 10.0 {
        true => "within 10 km of the centre of the domain".into(),
        false => {
            format!("{distance_km:.0} km {} of the centre of the domain", sector(east_km, north_km))
        }
    }
}

/// Kilometres to the east and to the north in a unit of the grid, in its middle.
fn km_in_unit(grid: &Grid) -> [f64; 2] {
    const KM_IN_DEGREE: f64 = 111.195;
    if !grid.is_geographic() {
        return [1.0; 2];
    }
    let latitude = grid.north_km - size_km(grid).1 / 2.0;
    [KM_IN_DEGREE * latitude.to_radians().cos(), KM_IN_DEGREE]
}

/// One of the eight points of the compass, along the grid: its north is that of the map.
fn sector(east_km: f64, north_km: f64) -> &'static str {
    const SECTORS: [&str; 8] =
        ["east", "north-east", "north", "north-west", "west", "south-west", "south", "south-east"];
    let eighths = north_km.atan2(east_km).to_degrees() / 45.0;
    SECTORS[(eighths.round() as i32).rem_euclid(8) as usize]
}

/// `62 % across, 12 % down (upper centre)`
fn spot(down: f64, across: f64) -> String {
    let third = |at: f64, names: [&'static str; 3]| names[((at * 3.0).max(0.0) as usize).min(2)];
    let row = third(down, ["upper", "middle", "lower"]);
    let column = third(across, ["left", "centre", "right"]);
    let zone = match (row, column) {
        ("middle", "centre") => "centre".to_owned(),
        _ => format!("{row} {column}"),
    };
    format!("{:.0} % across, {:.0} % down ({zone})", across * 100.0, down * 100.0)
}

/// The middle of a field's positive values, each weighing as much as it is large: row and column.
pub fn middle(field: &Field) -> Option<[f64; 2]> {
    let (mut total, mut rows, mut columns) = (0.0, 0.0, 0.0);
    for (i, &value) in field.values.iter().enumerate().filter(|(_, value)| **value > 0.0) {
        let weight = f64::from(value);
        total += weight;
        rows += weight * (i / field.width) as f64;
        columns += weight * (i % field.width) as f64;
    }
    (total > 0.0).then(|| [rows / total, columns / total])
}

/// Width and height of the domain.
pub fn size_km(grid: &Grid) -> (f64, f64) {
    (grid.width as f64 * grid.spacing_km, grid.height as f64 * grid.spacing_km)
}
