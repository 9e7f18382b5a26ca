//! Land that is high for certain: heights in kilometres under the unit of metres are told there, and nowhere else.
//!
//! A file of low land and one in kilometres look alike, so that a limit for all files would refuse the Netherlands.

use crate::field::{FieldError, GriddedField};

/// All land in these `[south, north, west, east]`, degrees, is higher than this, m, the bottoms of its valleys too.
const LEAST_M: f32 = 300.0;
/// The highest mountain has 8.85 km.
const MOST_KM: f32 = 9.0;

/// Parts of plateaus and mountains, far from their edges.
const HIGH_LAND: [(&str, [f64; 4]); 12] = [
    ("the Great Basin", [38.0, 41.0, -117.0, -112.5]),
    ("the Rocky Mountains", [38.0, 43.0, -109.0, -105.0]),
    ("Mexico", [21.5, 24.5, -103.0, -101.0]),
    ("the Altiplano", [-21.0, -17.5, -68.5, -66.5]),
    ("Spain", [40.5, 42.0, -5.5, -3.5]),
    ("the Alps", [46.5, 46.9, 8.0, 10.5]),
    ("Anatolia", [38.0, 39.5, 32.0, 36.0]),
    ("Ethiopia", [8.0, 12.0, 37.5, 39.0]),
    ("South Africa", [-29.0, -26.0, 26.5, 29.5]),
    ("Tibet", [31.0, 35.5, 83.0, 95.0]),
    ("Mongolia", [46.0, 48.0, 97.0, 105.0]),
    ("Antarctica", [-85.0, -76.0, 30.0, 110.0]),
];

/// Checks that heights are not kilometres, where it is known how high the land is.
///
/// # Errors
/// [`FieldError::Domains`] where high land has no height of 9 m or more.
pub fn check(field: &GriddedField) -> Result<(), FieldError> {
    for (name, bounds) in HIGH_LAND {
        // Fillings of a file outside of its own part are 0.
        let land = heights_within(field, bounds).filter(|height| *height > 0.0);
        let highest = land.fold(0.0, f32::max);
        if highest > 0.0 && highest < MOST_KM {
            let what = format!(
                "{} says that its heights are in metres, and the highest in {name} is {highest} m, where all land is higher \
                 than {LEAST_M} m: they seem to be in kilometres; give heights in metres",
                field.source
            );
            return Err(FieldError::Domains { what });
        }
    }
    Ok(())
}

/// The heights of the nodes in `[south, north, west, east]`, without those that are missing.
pub fn heights_within(field: &GriddedField, bounds: [f64; 4]) -> impl Iterator<Item = f32> {
    nodes_within(field, bounds).filter(|height| !height.is_nan())
}

/// The same with `NaN` where heights are missing.
pub fn nodes_within(
    field: &GriddedField,
    [south, north, west, east]: [f64; 4],
) -> impl Iterator<Item = f32> {
    let grid = &field.grid;
    let is_in = move |longitude: f64| (longitude - west).rem_euclid(360.0) <= east - west;
    let columns: Vec<usize> =
        (0..grid.longitudes.len()).filter(|&column| is_in(grid.longitudes[column])).collect();
    let rows = (0..grid.latitudes.len())
        .filter(move |&row| (south..=north).contains(&grid.latitudes[row]));
    rows.flat_map(move |row| {
        columns.iter().map(|&column| field.at(row, column)).collect::<Vec<f32>>()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::downscale::testing::{field, orography};

    /// 1° apart, all of one height.
    fn flat([south, west]: [f64; 2], metres: f32) -> GriddedField {
        field([7, 8], [south, west], 1.0, vec![metres; 56], "m")
    }

    #[test]
    fn kilometres_are_told_where_the_land_is_high() {
        let error = check(&flat([37.0, -115.0], 1.5)).expect_err("kilometres").to_string();
        assert!(error.contains("the highest in the Great Basin is 1.5 m"), "{error}");
        assert!(error.contains("give heights in metres"), "{error}");
        // The same longitudes from 0 to 360.
        assert!(check(&flat([37.0, 245.0], 1.5)).is_err());
        for (corner, metres) in
            [([37.0, -115.0], 1500.0), ([37.0, -115.0], 0.0), ([37.0, -115.0], f32::NAN)]
        {
            assert!(check(&flat(corner, metres)).is_ok(), "{metres} m");
        }
    }

    #[test]
    fn low_land_is_taken_as_it_is() {
        assert!(check(&flat([50.0, 2.0], 1.5)).is_ok(), "the Netherlands");
    }

    #[test]
    fn heights_that_are_shipped_are_metres() {
        if let Some(terrain) = orography() {
            check(&terrain).expect("metres");
            let kilometres = terrain.values.iter().map(|metres| metres / 1000.0).collect();
            assert!(check(&GriddedField { values: kilometres, ..terrain }).is_err());
        }
    }
}
