//! Where something is, in words: kilometres and compass from the centre of the domain.

use stormlens_data::field::{Field, Grid};

/// Kilometres east and north of the domain's centre.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Place {
    pub east_km: f64,
    pub north_km: f64,
}

impl Place {
    /// The middle of a pixel of a field that covers the whole domain, whatever its own resolution.
    pub fn of_pixel(grid: &Grid, field: &Field, row: f64, column: f64) -> Self {
        let (width_km, height_km) = size_km(grid);
        Self {
            east_km: ((column + 0.5) / field.width as f64 - 0.5) * width_km,
            north_km: (0.5 - (row + 0.5) / field.height as f64) * height_km,
        }
    }

    /// The middle of a field's positive values, each weighing as much as it is large.
    pub fn of_weight(grid: &Grid, field: &Field) -> Option<Self> {
        let (mut total, mut rows, mut columns) = (0.0, 0.0, 0.0);
        for (i, &value) in field.values.iter().enumerate() {
            if value > 0.0 {
                let weight = f64::from(value);
                total += weight;
                rows += weight * (i / field.width) as f64;
                columns += weight * (i % field.width) as f64;
            }
        }
        (total > 0.0).then(|| Self::of_pixel(grid, field, rows / total, columns / total))
    }

    /// `92 km south-east of the centre of the domain`
    pub fn words(self) -> String {
        let distance_km = self.east_km.hypot(self.north_km);
        if distance_km < 10.0 {
            return "within 10 km of the centre of the domain".into();
        }
        format!("{distance_km:.0} km {} of the centre of the domain", self.sector())
    }

    /// One of the eight points of the compass, along the grid: its north is that of the map.
    pub fn sector(self) -> &'static str {
        const SECTORS: [&str; 8] = [
            "east",
            "north-east",
            "north",
            "north-west",
            "west",
            "south-west",
            "south",
            "south-east",
        ];
        let eighths = self.north_km.atan2(self.east_km).to_degrees() / 45.0;
        SECTORS[(eighths.round() as i32).rem_euclid(8) as usize]
    }
}

/// Width and height of the domain.
pub fn size_km(grid: &Grid) -> (f64, f64) {
    (grid.width as f64 * grid.spacing_km, grid.height as f64 * grid.spacing_km)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(row: f64, column: f64, expected: &str) {
        let grid = Grid {
            height: 100,
            width: 100,
            spacing_km: 2.0,
            west_km: 0.0,
            north_km: 0.0,
            proj4: String::new(),
        };
        let field = Field::new(100, 100, vec![0.0; 10_000]);
        assert_eq!(Place::of_pixel(&grid, &field, row, column).words(), expected);
    }

    #[test]
    fn the_compass_knows_that_row_0_is_north() {
        check(49.5, 49.5, "within 10 km of the centre of the domain");
        check(9.5, 49.5, "80 km north of the centre of the domain");
        check(49.5, 9.5, "80 km west of the centre of the domain");
        check(79.5, 79.5, "85 km south-east of the centre of the domain");
    }
}
