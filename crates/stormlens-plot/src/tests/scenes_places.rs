//! Where pictures and attributions of a scene lie, and what they hide.

use stormlens_data::outcome::{Outcome, Values};
use stormlens_data::scene::{Fit, Picture, Rectangle, Samples, Variant};

use super::helpers::*;
use crate::canvas::Frame;
use crate::testing::{scene_outcome, scene_outcome_of, scene_picture};
use crate::view::View;
use crate::{
    EvidencePalette, Interpolation, Overlay, Polarity, Style, alt_text, picture_thumbnail, place,
};

fn half_empty() -> Outcome {
    scene_outcome_of(&plain(192, 192, [90; 3]), Variant::LR_128, Fit::Stretch)
}

#[test]
fn a_picture_keeps_its_aspect_ratio_and_attributions_lie_on_the_centre() {
    let check = |(width, height), fit, expected: [f64; 4]| {
        let outcome = scene_outcome_of(&plain(width, height, [90; 3]), Variant::LR_128, fit);
        let svg = drawn(&outcome, "map-grad_cam/activation_8", &Style::default());
        let [[left, top, across, down], [x, y, w, h]] = pictures(&svg)[..2] else { panic!() };
        assert!((down / across - height as f64 / width as f64).abs() < 1e-3, "{across} {down}");
        let shares = [(x - left) / across, (y - top) / down, w / across, h / down];
        let near = shares.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-3);
        assert!(near, "{width} × {height} {fit}: {shares:?}");
    };
    let (sixth, two_thirds) = (1.0 / 6.0, 2.0 / 3.0);
    check((192, 192), Fit::Stretch, [sixth, sixth, two_thirds, two_thirds]);
    check((300, 200), Fit::Stretch, [sixth, sixth, two_thirds, two_thirds]);
    // Of 192 rows the picture covers 128, which are the centre's.
    check((300, 200), Fit::Letterbox, [sixth, 0.0, two_thirds, 1.0]);
    // … or 96, and the centre reaches beyond.
    check((400, 200), Fit::Letterbox, [sixth, 0.0, two_thirds, 1.0]);
    check((200, 300), Fit::Letterbox, [0.0, sixth, 1.0, two_thirds]);
}

#[test]
fn the_centre_is_cut_where_a_letterboxed_picture_ends() {
    let outcome = scene_outcome_of(&plain(400, 200, [90; 3]), Variant::LR_128, Fit::Letterbox);
    let (scene, style) = (outcome.variable("scene").expect("it is there"), Style::default());
    let view = View::new(&outcome, scene, &style).expect("it is a map");
    let centre = view.centre().expect("it is seen");
    assert_eq!(centre, Rectangle { left: 32, top: 48, width: 128, height: 96 });
    let frame = Frame { left: 10.0, top: 20.0, width: 40.0, height: 20.0 };
    let centre = view.on_sheet(frame, &centre);
    assert_eq!((centre.top, centre.height), (20.0, 20.0));
    says(&outcome, "map-scene", &style, &["400 × 200 px, fitted into 192 × 192 (nearest)"]);
}

#[test]
fn places_without_data_are_never_coloured() {
    let outcome = half_empty();
    let one = Style { polarity: Polarity::Positive, ..Style::default() };
    let styles = [
        Style::default(),
        Style { interpolation: Interpolation::Smooth, ..one.clone() },
        Style { evidence: EvidencePalette::Jet, ..one.clone() },
        Style { outline: true, ..one },
    ];
    let figures = [
        "map-grad_cam/activation_8",
        "map-grad_cam/activation_8/raw",
        "map-integrated_gradients",
        "map-saliency",
    ];
    for style in styles {
        for figure in figures {
            let images = decoded(&drawn(&outcome, figure, &style));
            let [base, overlay] = &images[..2] else { panic!("{figure}: {} images", images.len()) };
            assert!(base.enumerate_pixels().all(|(x, _, p)| x >= 96 || p.0[..3] == [0; 3]));
            // The centre begins at column 32.
            assert_eq!(overlay.dimensions(), (128, 128));
            let is_dark = |(x, _, p): (u32, u32, &image::Rgba<u8>)| x >= 64 || p.0[3] == 0;
            assert!(overlay.enumerate_pixels().all(is_dark), "{figure} {style:?}");
            let coloured = overlay.pixels().filter(|p| p.0[3] > 0).count();
            assert!(coloured > 0, "{figure} {style:?}");
        }
    }
}

#[test]
fn evidence_on_no_data_is_said() {
    // The left half of the picture, so that of the centre, holds no data.
    let base = half_empty();
    let check = |cam: [f32; 4], message: Option<&str>, alt: &[&str], never: &str| {
        let mut outcome = base.clone();
        let layer = variable(&mut outcome, "grad_cam/activation_8");
        (layer.plane, layer.values) = (Some([2, 2]), Values::F32(cam.to_vec()));
        for &overlay in Overlay::ALL {
            let style = Style { overlay, width_mm: 170.0, ..Style::default() };
            let all = texts(&drawn(&outcome, "map-grad_cam/activation_8", &style)).join(" ");
            let said = all.contains("positive evidence").then_some(());
            assert_eq!(said.is_some(), message.is_some(), "{cam:?}: {all}");
            assert!(message.is_none_or(|message| all.contains(message)), "{all}");
        }
        let words = alt_text(&outcome, &parsed("map-grad_cam/activation_8"));
        assert!(alt.iter().all(|part| words.contains(part)) && !words.contains(never), "{words}");
    };
    let hidden = "ositive evidence only where the scene holds no data";
    check([1.0, 0.0, 0.5, 0.0], Some(hidden), &[hidden], "trongest");
    let none = "o positive evidence in this layer";
    check([0.0; 4], Some(none), &[none], "no data");
    let upper = "Strongest at 75 % across, 25 % down (upper right)";
    check(
        [1.0, 0.6, 0.0, 0.4],
        None,
        &[upper, "on 25 % of that part; 50 % of the evidence lies"],
        hidden,
    );
    check([0.0, 1.0, 0.0, 0.2], None, &[upper, "on 25 % of that part."], "holds no data");
}

#[test]
fn places_are_those_of_the_part_that_the_network_sees() {
    let outcome = half_empty();
    let domain = &outcome.variable("saliency").expect("it is there").domain;
    let check = |size, cell, expected: &str| {
        let expected = format!("at {expected} of the part that the network sees");
        assert_eq!(place::words(domain, size, cell), expected);
    };
    check([4, 4], [2.0, 1.0], "38 % across, 62 % down (centre)");
    check([2, 8], [0.0, 7.0], "94 % across, 25 % down (upper right)");
    check([1, 1], [0.0, 0.0], "50 % across, 50 % down (centre)");
}

#[test]
fn cells_keep_their_edges_unless_smooth() {
    let outcome = half_empty();
    let colours = |interpolation| {
        let style = Style { interpolation, ..Style::default() };
        let overlay = decoded(&drawn(&outcome, "map-grad_cam/activation_14", &style)).remove(1);
        let line: Vec<_> = (64..128).map(|x| overlay.get_pixel(x, 40).0).collect();
        line.windows(2).filter(|pair| pair[0] != pair[1]).count()
    };
    // Two of four cells are seen: one edge.
    assert_eq!(colours(Interpolation::Cells), 1);
    assert!(colours(Interpolation::Smooth) > 10);
}

#[test]
fn rasters_have_no_more_pixels_than_the_picture_or_print() {
    let size = |picture: &Picture, width_mm| {
        let outcome = scene_outcome_of(picture, Variant::LR_512, Fit::Stretch);
        let style = Style { width_mm, ..Style::default() };
        decoded(&drawn(&outcome, "map-scene", &style)).remove(0).dimensions()
    };
    let column = Style::WIDTHS_MM[0];
    assert_eq!(size(&plain(70, 62, [90; 3]), column), (70, 62), "the picture's own pixels");
    assert_eq!(size(&plain(900, 900, [90; 3]), column), (800, 800), "those of the square");
    let (width, height) = size(&plain(900, 900, [90; 3]), 40.0);
    assert!((400..600).contains(&width) && width == height, "{width}: 600 to the inch");
}

#[test]
fn the_pixels_of_a_stretched_picture_are_shown_again() {
    let shown = decoded(&drawn(&scene_outcome(), "map-scene", &Style::default())).remove(0);
    let rgb: Vec<u8> = shown.pixels().flat_map(|p| [p.0[0], p.0[1], p.0[2]]).collect();
    assert_eq!(Samples::U8(rgb), scene_picture().rgb);
}

#[test]
fn thumbnails_are_small_and_keep_the_aspect_ratio() {
    let check = |width, height, side_px, expected| {
        let png = picture_thumbnail(&plain(width, height, [100, 100, 200]), side_px);
        let picture = image::load_from_memory(&png).expect("a PNG").to_rgb8();
        assert_eq!(picture.dimensions(), expected, "{width} × {height} in {side_px}");
        assert_eq!(picture.get_pixel(expected.0 - 1, 0).0, [100, 100, 200]);
        assert_eq!(picture.get_pixel(0, 0).0, [0; 3]);
    };
    check(400, 200, 100, (100, 50));
    check(200, 400, 100, (50, 100));
    check(60, 40, 100, (60, 40));
    check(4000, 2, 100, (100, 1));
    let fine =
        Picture { width: 2, height: 1, rgb: Samples::F32(vec![0.0, 0.0, 9.6, 10.0, 0.0, 0.0]) };
    let png = picture_thumbnail(&fine, 1);
    let picture = image::load_from_memory(&png).expect("a PNG").to_rgb8();
    assert_eq!(picture.get_pixel(0, 0).0, [5, 0, 5]);
}
