//! Axes in every order, values between nodes, and arrays of which all is stated.

use super::*;
use crate::files::npy::write_npy_f32;

fn grid(latitudes: &[f64], longitudes: &[f64]) -> LatLonGrid {
    LatLonGrid::new(latitudes, longitudes).unwrap()
}

#[test]
fn longitudes_of_every_kind_go_from_west_to_east() {
    let check = |longitudes: &[f64], expected: &[f64], is_global: bool| {
        let found = grid(&[0.0, 1.0], longitudes);
        assert_eq!(
            (found.longitudes.as_slice(), found.is_global),
            (expected, is_global),
            "{longitudes:?}"
        );
    };
    check(&[230.0, 231.0, 232.0], &[-130.0, -129.0, -128.0], false);
    check(&[-130.0, -129.0], &[-130.0, -129.0], false);
    check(&[358.0, 359.0, 0.0, 1.0], &[-2.0, -1.0, 0.0, 1.0], false);
    check(&[3.0, 2.0, 1.0], &[1.0, 2.0, 3.0], false);
    // Across the date line a region stays whole.
    check(&[178.0, 180.0, 182.0], &[178.0, 180.0, 182.0], false);
    check(&[178.0, 180.0, -178.0], &[178.0, 180.0, 182.0], false);
    check(&[0.0, 90.0, 180.0, 270.0], &[-180.0, -90.0, 0.0, 90.0], true);
    check(&[0.0, 90.0, 180.0, 270.0, 360.0], &[-180.0, -90.0, 0.0, 90.0], true);
    check(&[180.0, 270.0, 0.0, 90.0], &[-180.0, -90.0, 0.0, 90.0], true);
    check(&[45.0, 135.0, 225.0, 315.0], &[-135.0, -45.0, 45.0, 135.0], true);
    check(&[7.5], &[7.5], false);
    // A region across Greenwich, sorted by its numbers: the gap is no step.
    check(&[0.0, 1.0, 2.0, 358.0, 359.0], &[-2.0, -1.0, 0.0, 1.0, 2.0], false);
    check(&[0.0, 1.0, 359.0], &[-1.0, 0.0, 1.0], false);
    let quarters = [0.0, 2.5, 5.0, 345.0, 347.5, 350.0, 352.5, 355.0, 357.5];
    let expected = [-15.0, -12.5, -10.0, -7.5, -5.0, -2.5, 0.0, 2.5, 5.0];
    check(&quarters, &expected, false);
    // Steps that are not equal, and no circle.
    check(&[0.0, 1.0, 2.0, 10.0], &[0.0, 1.0, 2.0, 10.0], false);
}

#[test]
fn axes_that_are_none_are_refused() {
    let check = |latitudes: &[f64], longitudes: &[f64], what: &str| {
        let error = LatLonGrid::new(latitudes, longitudes).unwrap_err();
        assert!(error.contains(what), "{error}");
    };
    check(&[], &[1.0], "latitudes");
    check(&[1.0, f64::NAN], &[1.0], "latitudes");
    check(&[1.0, 91.0], &[1.0], "between -90 and 90");
    check(&[1.0, 3.0, 2.0], &[1.0], "neither up nor down");
    check(&[1.0], &[], "longitudes");
    check(&[1.0], &[1.0, 1.0], "one twice");
    check(&[1.0], &[1.0, f64::INFINITY], "between -720 and 720");
    check(&[1.0], &[0.0, 170.0, 340.0, 510.0, 680.0, 850.0], "between -720");
    check(&[1.0], &[0.0, 170.0, 340.0, 510.0, 680.0], "more than once");
}

/// Value `10 row + column` on latitudes 0, 1, 2 and longitudes −180, −90, 0, 90.
fn around_the_earth() -> GriddedField {
    let longitudes = [0.0, 90.0, 180.0, 270.0];
    let values: Vec<f32> =
        (0..3).rev().flat_map(|row| [2, 3, 0, 1].map(|c| (10 * row + c) as f32)).collect();
    let (grid, values) = GriddedField::of_axes([&[2.0, 1.0, 0.0], &longitudes], &values).unwrap();
    GriddedField {
        storage_ends: Vec::new(),
        variable: "tp".to_owned(),
        unit: "mm".to_owned(),
        interval: None,
        reference_time: None,
        grid,
        values,
        source: "test".to_owned(),
    }
}

#[test]
fn values_lie_linearly_between_nodes_and_across_the_date_line() {
    let mut field = around_the_earth();
    assert_eq!(field.values[..4], [0.0, 1.0, 2.0, 3.0]);
    for (latitude, longitude, expected) in [
        (0.0, -180.0, 0.0),
        (0.0, 180.0, 0.0),
        (0.5, -135.0, 5.5),
        (2.0, 45.0, 22.5),
        (0.0, 135.0, 1.5),
    ] {
        assert!(
            (field.linear(latitude, longitude) - expected).abs() < 1e-9,
            "{latitude} {longitude}"
        );
    }
    assert!(field.linear(2.1, 0.0).is_nan() && field.linear(-0.1, 0.0).is_nan());
    // A node that is missing spoils what it has a share in, and nothing else.
    field.values[1] = f32::NAN;
    assert!(field.linear(0.5, -135.0).is_nan());
    assert_eq!(field.linear(0.0, -180.0), 0.0);
    assert_eq!(field.linear(1.0, -135.0), 10.5);
}

/// As interpolation takes them: a node that has no share is not read.
#[test]
fn nodes_that_are_taken_have_a_share() {
    let field = around_the_earth();
    assert_eq!(field.nodes_taken(&[0.5], &[-135.0]), [0, 1, 4, 5]);
    assert_eq!(field.nodes_taken(&[1.0], &[0.0, 135.0]), [4, 6, 7]);
    assert_eq!(field.nodes_taken(&[2.0, 5.0], &[-90.0]), [9]);
    for place in 0..12 {
        let mut missing = around_the_earth();
        missing.values[place] = f32::NAN;
        let is_taken = field.nodes_taken(&[0.5, 1.0], &[-135.0, 0.0]).contains(&place);
        let is_spoilt =
            missing.linear_nodes(&[0.5, 1.0], &[-135.0, 0.0]).iter().any(|v| v.is_nan());
        assert_eq!(is_taken, is_spoilt, "{place}");
    }
}

#[test]
fn of_two_nearest_nodes_the_lower_index_is_taken() {
    let field = around_the_earth();
    assert_eq!(field.nearest_nodes(&[0.5, 0.51], &[-135.0, -134.9]), [0.0, 1.0, 10.0, 11.0]);
    assert!(field.nearest_nodes(&[3.0], &[0.0])[0].is_nan());
}

#[test]
fn blocks_have_their_mean_in_their_middle() {
    let mut field = around_the_earth();
    let blocks = field.block_mean(2).unwrap();
    assert_eq!(
        (blocks.grid.latitudes.as_slice(), blocks.values.as_slice()),
        (&[0.5][..], &[5.5, 7.5][..])
    );
    assert_eq!(blocks.grid.longitudes, [-135.0, 45.0]);
    field.values[0] = f32::NAN;
    assert!(field.block_mean(2).unwrap().values[0].is_nan());
    assert!(field.block_mean(7).is_err() && field.block_mean(0).is_err());
}

#[test]
fn a_domain_beyond_the_field_is_refused_in_numbers() {
    let part = grid(&[30.0, 51.0], &[-126.0, -102.0]);
    part.check_covers("rain", [33.0, 51.0, -126.0, -103.0]).unwrap();
    part.check_covers("rain", [33.0, 51.0, 234.0, 257.0]).unwrap();
    for domain in
        [[29.0, 40.0, -120.0, -110.0], [30.0, 40.0, -127.0, -110.0], [30.0, 40.0, -120.0, -101.0]]
    {
        let error = part.check_covers("rain", domain).unwrap_err().to_string();
        assert!(
            error.contains("rain goes from 30 to 51° N, -126 to -102° E, which does not cover"),
            "{error}"
        );
    }
    around_the_earth().grid.check_covers("rain", [0.0, 1.0, 170.0, 190.0]).unwrap();
}

#[test]
fn an_array_takes_unit_and_grid_from_what_is_stated() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rain.npy");
    write_npy_f32(&path, &[2, 3], &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]).unwrap();
    let stated = Stated {
        variable: "tp".to_owned(),
        unit: "mm".to_owned(),
        interval: None,
        latitudes: vec![41.0, 40.0],
        longitudes: vec![10.0, 11.0, 12.0],
    };
    assert_eq!(npy_field(&path, &stated).unwrap().values, [4.0, 5.0, 6.0, 1.0, 2.0, 3.0]);
    let other = Stated { latitudes: vec![41.0], ..stated };
    let error = npy_field(&path, &other).unwrap_err().to_string();
    assert!(error.contains("the shape [2, 3], and 1 latitudes and 3 longitudes"), "{error}");
}
