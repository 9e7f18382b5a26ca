use super::super::golden::{self, Operations};
use super::super::resample::taps;
use super::super::{Samples, Variant};
use super::*;
use crate::hash;

fn picture(width: usize, height: usize, value: impl Fn(usize, usize, usize) -> u8) -> Picture {
    let value = |i: usize| value(i / 3 % width, i / 3 / width, i % 3);
    Picture { width, height, rgb: Samples::U8((0..width * height * 3).map(value).collect()) }
}

/// A ramp that tells rows, columns and channels apart.
fn ramp(width: usize, height: usize) -> Picture {
    picture(width, height, |x, y, channel| (10 * x + 50 * y + channel) as u8)
}

fn stretched(picture: &Picture, side_px: usize, resampling: Resampling) -> Vec<f32> {
    resize(picture, side_px, resampling, Fit::Stretch).rgb
}

#[test]
fn the_right_size_is_left_alone() {
    let picture = ramp(6, 6);
    let expected: Vec<f32> = (0..108).map(|i| picture.rgb.at(i)).collect();
    for &resampling in Resampling::ALL {
        for &fit in Fit::ALL {
            let prepared = resize(&picture, 6, resampling, fit);
            assert_eq!(prepared.rgb, expected, "{resampling} {fit}");
            assert_eq!(prepared.content, Rectangle { left: 0, top: 0, width: 6, height: 6 });
        }
    }
}

#[test]
fn the_nearest_pixel_holds_the_centre() {
    let check = |n_in, n_out, expected: &[usize]| {
        let found: Vec<_> =
            taps(Resampling::Nearest, n_in, n_out).iter().map(|tap| tap.low).collect();
        assert_eq!(found, expected, "{n_in} to {n_out}");
    };
    check(2, 4, &[0, 0, 1, 1]);
    check(4, 2, &[1, 3]);
    check(3, 5, &[0, 0, 1, 2, 2]);
    check(5, 3, &[0, 2, 4]);
    check(1, 3, &[0, 0, 0]);
}

#[test]
fn bilinear_is_linear_between_centres() {
    let line = picture(2, 1, |x, _, _| [0, 200][x]);
    let found: Vec<f32> = stretched(&line, 4, Resampling::Bilinear);
    let row: Vec<f32> = found[..12].iter().copied().step_by(3).collect();
    assert_eq!(row, [0.0, 50.0, 150.0, 200.0]);
    // No antialiasing: a pixel between the centres is not looked at.
    let line = picture(6, 1, |x, _, _| if x == 0 || x == 2 { 255 } else { 0 });
    assert_eq!(stretched(&line, 2, Resampling::Bilinear)[0], 0.0);
}

#[test]
fn a_letterbox_keeps_the_shape_and_adds_no_data() {
    let check = |width, height, content: [usize; 4]| {
        let prepared =
            resize(&picture(width, height, |_, _, _| 9), 8, Resampling::Bilinear, Fit::Letterbox);
        let [left, top, width, height] = content;
        assert_eq!(prepared.content, Rectangle { left, top, width, height });
        for (i, &value) in prepared.rgb.iter().enumerate() {
            let (x, y) = (i / 3 % 8, i / 24);
            let is_inside = (left..left + width).contains(&x) && (top..top + height).contains(&y);
            assert_eq!(value, if is_inside { 9.0 } else { 0.0 }, "{x} {y}");
        }
    };
    check(4, 4, [0, 0, 8, 8]);
    check(16, 8, [0, 2, 8, 4]);
    check(8, 16, [2, 0, 4, 8]);
    check(1000, 1, [0, 3, 8, 1]);
    check(7, 5, [0, 1, 8, 6]);
}

#[test]
fn a_crop_is_planes_of_the_centre() {
    let prepared = resize(&ramp(5, 5), 5, Resampling::Nearest, Fit::Stretch);
    let expected = |x: usize, y: usize, channel: usize| (10 * x + 50 * y + channel) as f32 / 255.0;
    let crop = prepared.crop(2);
    assert_eq!(crop.len(), 12);
    for (i, value) in crop.iter().enumerate() {
        let (channel, y, x) = (i / 4, i / 2 % 2, i % 2);
        let difference = (value - expected(1 + x, 1 + y, channel)).abs();
        assert!(difference < 1e-7, "{i}: {difference}");
    }
}

#[test]
fn variants_crop_as_published() {
    let offset = |variant: &Variant| Rectangle::centre(variant.input_px, variant.crop_px).left;
    assert_eq!(Variant::ALL.each_ref().map(offset), [256, 144, 32]);
    assert_eq!(Variant::ALL.map(|variant| variant.name()), ["1536", "800", "192"]);
    assert_eq!(Variant::named("800"), Some(Variant::LR_512));
    assert_eq!(Variant::named("801"), None);
}

#[test]
fn white_is_one_and_display_rounds() {
    let white = resize(&picture(1, 1, |_, _, _| 255), 2, Resampling::Nearest, Fit::Stretch);
    assert_eq!(white.crop(2), [1.0; 12]);
    let line = picture(2, 1, |x, _, _| [10, 13][x]);
    let prepared = resize(&line, 4, Resampling::Bilinear, Fit::Stretch);
    let row: Vec<u8> = prepared.to_rgb8()[..12].iter().copied().step_by(3).collect();
    assert_eq!(row, [10, 11, 12, 13]);
}

// Against Pillow and TensorFlow.

/// SHA-256 of the square and of the centre crop, as bytes.
fn hashes(picture: &Picture, variant: Variant) -> [String; 2] {
    let prepared = resize(picture, variant.input_px, Resampling::Nearest, Fit::Stretch);
    let planes = prepared.crop(variant.crop_px);
    let n = planes.len() / 3;
    let byte = |i: usize| (planes[i % 3 * n + i / 3] * 255.0).round() as u8;
    let crop: Vec<u8> = (0..3 * n).map(byte).collect();
    [hash::sha256(&prepared.to_rgb8()), hash::sha256(&crop)]
}

#[test]
fn the_sample_scene_becomes_the_bytes_that_pillow_makes_of_it() {
    let scene = golden::sample("tokyo_bay_20191012_380px.png");
    let check = |variant, expected: [&str; 2]| {
        assert_eq!(hashes(&scene, variant), expected, "{variant:?}");
    };
    check(
        Variant::LR_128,
        [
            "267f7843f2aaeb2d3f2cab5489a90126bcfbdef93caa4caa8695de6419ef75f9",
            "d76ea43a821b942b3e99275a5a903b06f22127fb06b223017afbb56b91c46185",
        ],
    );
    check(
        Variant::LR_512,
        [
            "49a1a9c72543d1daabd6f06b55a9fb8d9b1bb51bb939b94eae412d70a0fb9755",
            "14e2b32512848c226a61e908f82cd4658bd3121e09607679f8c0035e9a2ccc81",
        ],
    );
    check(
        Variant::HR,
        [
            "dca5afbc25f9a172a4e2486232e7ff3fc305e1b514dcd523b2e557140a708e70",
            "fdeb5ed6d3d90846a27f198024c94b89432bbb4910b28b60ce6df03acfca1a8d",
        ],
    );
}

#[test]
fn all_reference_inputs_have_their_hashes() {
    let mut n = 0;
    for variant in Variant::ALL {
        for name in ["tokyo", "synthetic"] {
            let size = variant.crop_px;
            let Some(path) = golden::path(&format!("polar_low_{size}_{name}.json")) else { return };
            let facts: serde_json::Value =
                serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
            let scene = match name {
                "tokyo" => golden::sample("tokyo_bay_20191012_380px.png"),
                _ => {
                    let path = golden::path("synthetic_700x620.png").unwrap();
                    super::super::read(&path, &Default::default()).unwrap()
                }
            };
            let expected = ["input_rgb_sha256", "crop_rgb_sha256"].map(|key| facts[key].as_str());
            let found = hashes(&scene, variant);
            assert_eq!(found.each_ref().map(|hash| Some(hash.as_str())), expected, "{size} {name}");
            n += 1;
        }
    }
    assert_eq!(n, 6);
}

#[test]
fn pillow_takes_the_same_pixels() {
    let Some(operations) = Operations::open() else { return };
    let names = operations.names("nearest_index.");
    assert_eq!(names.len(), 8);
    for name in names {
        let (n_in, n_out) = name["nearest_index.".len()..].split_once("_to_").unwrap();
        let found: Vec<_> =
            taps(Resampling::Nearest, n_in.parse().unwrap(), n_out.parse().unwrap())
                .iter()
                .map(|tap| tap.low as i32)
                .collect();
        assert_eq!(found, operations.i32(&name), "{name}");
    }
}

#[test]
fn tensorflow_interpolates_to_the_same_bits() {
    let Some(operations) = Operations::open() else { return };
    let [height, width, _] = operations.shape("bilinear.input").try_into().unwrap();
    let rgb = Samples::U8(operations.bytes("bilinear.input"));
    let picture = Picture { width, height, rgb };
    let names: Vec<_> =
        operations.names("bilinear.").into_iter().filter(|n| n.contains('x')).collect();
    assert_eq!(names.len(), 4);
    for name in names {
        let [height, width, _] = operations.shape(&name).try_into().unwrap();
        let mut found = vec![0.0; height * width * 3];
        resample(&picture, Resampling::Bilinear, [width, height], &mut found, [0, width]);
        assert_eq!(found, operations.f32(&name), "{name}");
    }
}
