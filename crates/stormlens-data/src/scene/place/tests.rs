use super::*;

fn tags() -> Tags {
    Tags {
        scale: vec![1000.0, 500.0, 0.0],
        tie_points: vec![0.0, 0.0, 0.0, -1_500_000.0, 200_000.0, 0.0],
        directory: vec![1, 1, 0, 3, 1024, 0, 1, 1, 1025, 0, 1, 1, 3072, 0, 1, 3575],
        text: "WGS 84 / North Pole LAEA Europe|WGS 84|".to_owned(),
        ..Tags::default()
    }
}

#[test]
fn a_scale_and_a_tie_point_are_a_place() {
    let place = Place::of(tags()).unwrap();
    assert_eq!(place.at(2.0, 4.0), Some([-1_498_000.0, 198_000.0]));
    assert_eq!(place.epsg(), Some(3575));
    let words = place.in_words([10, 10]);
    assert!(words.contains("EPSG:3575 (WGS 84 / North Pole LAEA Europe)"), "{words}");
}

/// The middle of the first pixel lies where a file of areas has its corner.
#[test]
fn points_lie_in_the_middle_of_pixels() {
    let mut of_points = tags();
    of_points.directory[11] = 2;
    let place = Place::of(of_points).unwrap();
    assert_eq!(place.at(0.5, 0.5), Some([-1_500_000.0, 200_000.0]));
    assert_eq!(place.directory[11], 1, "what is passed on says areas");
}

#[test]
fn a_matrix_and_points_are_places_too() {
    let mut matrix = vec![0.0; 16];
    (matrix[0], matrix[1], matrix[3]) = (2.0, 1.0, 10.0);
    (matrix[4], matrix[5], matrix[7]) = (1.0, -2.0, 20.0);
    let turned = Tags { transformation: matrix, ..Tags::default() };
    assert_eq!(Place::of(turned).unwrap().at(1.0, 1.0), Some([13.0, 19.0]));
    let points: Vec<f64> = (0..4).flat_map(|i| [f64::from(i), 0.0, 0.0, 5.0, 60.0, 0.0]).collect();
    let place = Place::of(Tags { tie_points: points, ..Tags::default() }).unwrap();
    assert_eq!(place.at(0.0, 0.0), None);
    let Position::Points(moved) = place.moved([1.0, 0.0], [2.0, 1.0]).position else { panic!() };
    assert_eq!(moved[3], [1.0, 0.0, 5.0, 60.0, 0.0]);
}

#[test]
fn other_pixels_lie_at_the_same_place() {
    let place = Place::of(tags()).unwrap();
    let moved = place.moved([3.0, -2.0], [0.5, 2.0]);
    assert_eq!(moved.at(4.0, 3.0), place.at(3.0 + 0.5 * 4.0, -2.0 + 2.0 * 3.0));
}

#[test]
fn numbers_that_are_none_are_no_place() {
    let check = |change: fn(&mut Tags)| {
        let mut tags = tags();
        change(&mut tags);
        assert_eq!(Place::of(tags), None);
    };
    check(|tags| tags.scale[0] = f64::NAN);
    check(|tags| tags.scale[0] = 0.0);
    check(|tags| tags.tie_points.clear());
    check(|tags| tags.tie_points[3] = f64::INFINITY);
}
