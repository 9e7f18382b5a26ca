use super::super::{Samples, golden};
use super::*;

fn of(pixels: &[[u8; 3]]) -> Statistics {
    let rgb = Samples::U8(pixels.concat());
    Statistics::of(&Picture { width: pixels.len(), height: 1, rgb })
}

#[test]
fn only_exact_black_is_no_data() {
    let check = |pixels: &[[u8; 3]], no_data_share, n_valid| {
        let found = of(pixels);
        assert_eq!((found.no_data_share, found.n_valid), (no_data_share, n_valid), "{pixels:?}");
    };
    check(&[[0; 3], [0, 0, 1], [1; 3], [0, 1, 0]], 0.25, 3);
    check(&[[0; 3]], 1.0, 0);
    check(&[], 0.0, 0);
}

#[test]
fn moments_leave_no_data_out() {
    let found = of(&[[0; 3], [51, 102, 255], [153, 102, 0]]);
    let close = |a: [f64; 3], b: [f64; 3]| a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-12);
    assert!(close(found.mean, [0.4, 0.4, 0.5]), "{:?}", found.mean);
    assert!(close(found.std, [0.2, 0.0, 0.5]), "{:?}", found.std);
}

#[test]
fn an_empty_scene_has_numbers_all_the_same() {
    let found = of(&[[0; 3]; 4]);
    assert_eq!((found.mean, found.std), ([0.0; 3], [0.0; 3]));
    assert_eq!((found.red_equals_green_share, found.grey_share), (0.0, 0.0));
}

#[test]
fn colours_are_compared_exactly_where_there_is_data() {
    let found = of(&[[0; 3], [5, 5, 9], [5, 5, 5], [5, 6, 5], [0, 0, 7]]);
    assert_eq!((found.red_equals_green_share, found.grey_share), (0.75, 0.25));
}

#[test]
fn the_sample_scene_has_the_no_data_that_was_counted_in_it() {
    let found = Statistics::of(&golden::sample("tokyo_bay_20191012_380px.png"));
    assert!((found.no_data_share - 0.425).abs() < 5e-4, "{}", found.no_data_share);
    assert_eq!(found.red_equals_green_share, 1.0);
    assert!(found.grey_share < 0.1, "{}", found.grey_share);
}
