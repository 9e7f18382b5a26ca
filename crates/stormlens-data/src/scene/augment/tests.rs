use super::super::golden::Operations;
use super::super::prepare::Rectangle;
use super::*;

/// A picture of 3 × 3 pixels in which all channels are the same.
const NINE: [f32; 9] = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0];

fn check(draw: Draw, expected: [f32; 9]) {
    let rgb: Vec<f32> = NINE.iter().flat_map(|&value| [value; 3]).collect();
    let moved = draw.apply(&rgb, 3, 3);
    for (i, pixel) in moved.as_chunks::<3>().0.iter().enumerate() {
        let is_close = pixel.iter().all(|value| (value - expected[i]).abs() < 1e-5);
        assert!(is_close, "{draw:?}, pixel {i}: {pixel:?} instead of {}", expected[i]);
    }
}

#[test]
fn nothing_drawn_changes_nothing() {
    check(Draw::default(), NINE);
}

#[test]
fn absurd_draws_move_everything_out() {
    let nothing = [0.0; 9];
    for far in [1e4, 1e30, -1e30] {
        check(Draw { shift_right: far, ..Draw::default() }, nothing);
    }
    assert!(Draw::default().apply(&[], 0, 0).is_empty());
}

#[test]
fn each_step_moves_as_it_says() {
    let draw = Draw::default();
    let third = 1.0 / 3.0;
    check(Draw { shift_right: third, ..draw }, [0.0, 1.0, 2.0, 0.0, 4.0, 5.0, 0.0, 7.0, 8.0]);
    check(Draw { shift_down: third, ..draw }, [0.0, 0.0, 0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
    check(Draw { flip_left_right: true, ..draw }, [3.0, 2.0, 1.0, 6.0, 5.0, 4.0, 9.0, 8.0, 7.0]);
    check(Draw { flip_up_down: true, ..draw }, [7.0, 8.0, 9.0, 4.0, 5.0, 6.0, 1.0, 2.0, 3.0]);
    check(Draw { rotation_turns: 0.25, ..draw }, [3.0, 6.0, 9.0, 2.0, 5.0, 8.0, 1.0, 4.0, 7.0]);
    check(Draw { rotation_turns: 0.5, ..draw }, [9.0, 8.0, 7.0, 6.0, 5.0, 4.0, 3.0, 2.0, 1.0]);
    check(Draw { zoom: -0.5, ..draw }, [3.0, 3.5, 4.0, 4.5, 5.0, 5.5, 6.0, 6.5, 7.0]);
}

#[test]
fn borders_fade() {
    let sixth = Draw { shift_right: 1.0 / 6.0, ..Draw::default() };
    check(sixth, [0.5, 1.5, 2.5, 2.0, 4.5, 5.5, 3.5, 7.5, 8.5]);
    let double = Draw { zoom: 1.0, ..Draw::default() };
    check(double, [0.0, 0.0, 0.0, 0.0, 5.0, 0.0, 0.0, 0.0, 0.0]);
}

#[test]
fn shifts_come_before_flips_and_flips_before_rotations() {
    let draw = Draw { shift_right: 1.0 / 3.0, flip_left_right: true, ..Draw::default() };
    check(draw, [2.0, 1.0, 0.0, 5.0, 4.0, 0.0, 8.0, 7.0, 0.0]);
    let draw = Draw { flip_up_down: true, rotation_turns: 0.25, ..Draw::default() };
    check(draw, [9.0, 6.0, 3.0, 8.0, 5.0, 2.0, 7.0, 4.0, 1.0]);
}

#[test]
fn tensorflow_moves_the_same_way() {
    let Some(operations) = Operations::open() else { return };
    let [height, width, _] = operations.shape("augment.input").try_into().unwrap();
    let input = operations.f32("augment.input");
    let draw = Draw::default();
    let cases = [
        ("translate_w0.1_h-0.1", Draw { shift_right: 0.1, shift_down: -0.1, ..draw }),
        ("translate_w-0.037_h0.081", Draw { shift_right: -0.037, shift_down: 0.081, ..draw }),
        ("rotate_0.4", Draw { rotation_turns: 0.4, ..draw }),
        ("rotate_-0.13", Draw { rotation_turns: -0.13, ..draw }),
        ("rotate_0.25", Draw { rotation_turns: 0.25, ..draw }),
        ("zoom_-0.15", Draw { zoom: -0.15, ..draw }),
        ("zoom_0.15", Draw { zoom: 0.15, ..draw }),
        ("zoom_0.0421", Draw { zoom: 0.0421, ..draw }),
    ];
    for (name, draw) in cases {
        let found = draw.apply(&input, width, height);
        check_close(name, &found, &operations.f32(&format!("augment.{name}")), 2e-2);
    }
    let chain = Draw {
        shift_right: 0.06,
        shift_down: -0.04,
        flip_left_right: true,
        flip_up_down: true,
        rotation_turns: 0.31,
        zoom: -0.07,
    };
    let moved = chain.apply(&input, width, height);
    let [crop_height, crop_width, _] = operations.shape("augment.chain").try_into().unwrap();
    let left = Rectangle::centre(width, crop_width).left;
    let top = Rectangle::centre(height, crop_height).left;
    let row = |y: usize| &moved[3 * ((top + y) * width + left)..][..3 * crop_width];
    let crop: Vec<f32> = (0..crop_height).flat_map(|y| row(y).iter().map(|v| v / 255.0)).collect();
    check_close("chain", &crop, &operations.f32("augment.chain"), 2e-2 / 255.0);
}

fn check_close(name: &str, found: &[f32], expected: &[f32], tolerance: f32) {
    assert_eq!(found.len(), expected.len(), "{name}");
    // Not a maximum, which would pass over values that are no numbers.
    let is_close = |(a, b): (&f32, &f32)| (a - b).abs() <= tolerance;
    let far = found.iter().zip(expected).find(|&pair| !is_close(pair));
    assert_eq!(far, None, "{name}");
}
