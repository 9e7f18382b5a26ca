//! What holds of every file of fields that is read.

use stormlens_data::field::{FieldError, FieldFile, GriddedField, LatLonGrid};

/// Larger fields are only listed: reading them takes long and shows nothing that small ones do not.
const MAX_POINTS: usize = 1 << 18;
/// So many fields of a file are read.
const MAX_FIELDS: usize = 8;

/// Fields are listed and read, or refused in a few words; no decoder panics.
pub fn check(bytes: &[u8]) {
    let file = match FieldFile::from_bytes("field", bytes.to_vec()) {
        Ok(file) => file,
        Err(error) => return check_words(&error),
    };
    assert!(!file.contents().is_empty(), "a file without a field");
    for (place, content) in file.contents().iter().enumerate().take(MAX_FIELDS) {
        let _ = content.to_string();
        let [height, width] = [content.grid.height, content.grid.width];
        if height.saturating_mul(width) > MAX_POINTS {
            continue;
        }
        match file.read(place) {
            Err(error) => check_words(&error),
            Ok(field) => {
                assert_eq!(content.grid.bounds, Some(field.grid.bounds()));
                check_field(&field);
            }
        }
    }
}

fn check_words(error: &FieldError) {
    assert!(!matches!(error, FieldError::Fault { .. }), "{error}");
    let n_chars = error.to_string().chars().count();
    assert!(n_chars < 4000, "a message of {n_chars} characters");
}

fn check_field(field: &GriddedField) {
    let GriddedField { grid, values, .. } = field;
    assert_eq!(values.len(), grid.height() * grid.width());
    assert!(!values.iter().any(|value| value.is_infinite()), "an infinite value");
    check_grid(grid);
    // Any place on the Earth lies on the grid or beside it.
    for latitude in [-90.0, 0.0, grid.latitudes[0], 90.0] {
        for longitude in [-180.0, 0.0, grid.longitudes[0], 359.5] {
            let _ = field.linear(latitude, longitude);
        }
    }
}

fn check_grid(grid: &LatLonGrid) {
    let ascends = |axis: &[f64]| axis.windows(2).all(|pair| pair[0] < pair[1]);
    assert!(ascends(&grid.latitudes) && ascends(&grid.longitudes), "axes that turn");
    let [south, north, west, east] = grid.bounds();
    assert!(south >= -90.0 - 1e-4 && north <= 90.0 + 1e-4, "{south} to {north}");
    assert!((-180.0..180.0).contains(&west) && east - west <= 360.0 + 1e-4, "{west} to {east}");
}
