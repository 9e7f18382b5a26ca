//! Scales, places and numbers by themselves.

use stormlens_data::field::{Field, Grid};
use stormlens_data::outcome::{Colours, Domain};

use crate::lookup::extremes;
use crate::palette::N_CONTINUOUS;
use crate::pixels::reduced;
use crate::scale::{nice_above, ticks_within};
use crate::{RainPalette, Style, Theme, place, scales, thumbnail};

#[test]
fn a_class_starts_at_its_level() {
    let style = Style { palette: RainPalette::StepsBe, ..Style::default() };
    let scale = scales::rain(&style);
    for (value, expected) in
        [(f32::NAN, 0), (-0.2, 1), (0.0, 1), (0.0999, 1), (0.1, 2), (0.25, 3), (1000.0, 16)]
    {
        assert_eq!(scale.index(value), expected, "{value} mm/h");
    }
    assert_eq!(scale.table().len(), 17);
}

#[test]
fn a_signed_scale_has_zero_in_its_middle() {
    let field = Field::new(1, 4, vec![-3.0, 0.0, 0.5, 1.0]);
    let scale = scales::signed(Theme::Light, &field);
    assert_eq!(scale.index(0.0) as usize, 1 + N_CONTINUOUS / 2);
    assert_eq!(scale.index(-9.0), 1);
    assert_eq!(scale.ticks().first(), Some(&(-5.0, 0.0)));
}

#[test]
fn sizes_end_where_rare_ones_begin() {
    let mut values: Vec<f32> = (0..10_000).map(|i| i as f32 / 10_000.0).collect();
    values.push(50.0);
    assert!((scales::size_of_most(&values, 99.9) - 0.999).abs() < 2e-3);
    assert_eq!(scales::size_of_most(&[0.0, f32::NAN], 99.9), 0.0);
}

#[test]
fn the_middle_of_a_difference_is_the_ground() {
    let scale = scales::difference(Theme::Dark);
    assert_eq!(scale.table()[usize::from(scale.index(0.0))], [0; 4]);
    assert_ne!(scale.index(0.6), scale.index(-0.6));
}

#[test]
fn ticks_are_nice() {
    assert_eq!(ticks_within(0.0, 288.0, 6), [0.0, 50.0, 100.0, 150.0, 200.0, 250.0]);
    assert_eq!(ticks_within(-1.0, 1.0, 5), [-1.0, -0.5, 0.0, 0.5, 1.0]);
    assert_eq!(nice_above(0.21), 0.5);
}

#[test]
fn the_compass_knows_that_row_0_is_north() {
    let (height, width) = (100, 100);
    let (west_km, north_km, proj4) = (0.0, 0.0, String::new());
    let grid = Grid { height, width, spacing_km: 2.0, west_km, north_km, proj4 };
    let check = |row: f64, column: f64, expected: &str| {
        assert_eq!(place::words(&Domain::Earth(grid.clone()), [100, 100], [row, column]), expected);
    };
    check(49.5, 49.5, "within 10 km of the centre of the domain");
    check(9.5, 49.5, "80 km north of the centre of the domain");
    check(49.5, 9.5, "80 km west of the centre of the domain");
    check(79.5, 79.5, "85 km south-east of the centre of the domain");
}

#[test]
fn extremes_pass_over_what_is_missing() {
    let check = |values: Vec<f32>, expected| {
        assert_eq!(extremes(&Field::new(1, values.len(), values)), expected);
    };
    check(vec![], None);
    check(vec![f32::NAN; 20], None);
    check(vec![f32::NAN, 2.0, -1.0], Some((-1.0, 2.0)));
    check((0..100).map(|i| i as f32).collect(), Some((0.0, 99.0)));
}

#[test]
fn a_pixel_is_the_mean_of_what_it_covers() {
    let field = Field::new(2, 4, vec![1.0, 3.0, f32::NAN, 8.0, 1.0, 3.0, f32::NAN, f32::NAN]);
    assert_eq!(reduced(&field, (2, 1), f32::MIN_POSITIVE).values, [2.0, 8.0]);
    assert!(reduced(&field, (2, 1), 0.5).values[1].is_nan(), "most of it is missing");
    assert_eq!(reduced(&field, (8, 4), 0.5).values[..4], [1.0, 1.0, 3.0, 3.0]);
}

#[test]
fn the_longer_side_of_a_thumbnail_has_the_size() {
    let field = Field::new(20, 40, vec![5.0; 800]);
    let png = thumbnail(&field, None, Colours::Rain, RainPalette::Uniform, Theme::Light, 10);
    let picture = image::load_from_memory(&png).expect("it is a PNG").to_rgb8();
    assert_eq!(picture.dimensions(), (10, 5));
    let colours = RainPalette::Uniform.classes(Theme::Light).colours;
    assert_eq!(picture.get_pixel(3, 3).0, colours[4], "5 mm/h starts the fifth class");
}

#[test]
fn a_thumbnail_of_a_place_has_its_coast() {
    let proj4 = "+proj=stere +lat_0=90 +lon_0=0 +lat_ts=60 +a=6378.137 +b=6356.752".to_owned();
    let (west_km, north_km) = (225.0, -3880.0);
    let grid = Grid { height: 288, width: 288, spacing_km: 1.0, west_km, north_km, proj4 };
    let field = Field::new(288, 288, vec![0.0; 288 * 288]);
    let colours = |grid| {
        let palette = RainPalette::default();
        let png = thumbnail(&field, grid, Colours::Rain, palette, Theme::Light, 288);
        let picture = image::load_from_memory(&png).expect("it is a PNG").to_rgb8();
        picture.pixels().map(|pixel| pixel.0).collect::<std::collections::BTreeSet<_>>().len()
    };
    assert_eq!((colours(None), colours(Some(&grid))), (1, 2), "the ground, and the coast on it");
}
