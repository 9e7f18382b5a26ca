//! Looking at a part of a domain.

use stormlens_data::outcome::Outcome;

use super::helpers::*;
use crate::testing::{outcome, scene_outcome, scene_outcome_of, scene_picture};
use crate::{Figure, Region, Style, draw, plane_frame, size_px};
use stormlens_data::scene::{Fit, Variant};

fn style(region: &str) -> Style {
    Style { region: Some(region.parse().expect("a region")), ..Style::default() }
}

fn first(outcome: &Outcome, figure: &str, style: &Style) -> image::RgbaImage {
    decoded(&drawn(outcome, figure, style)).remove(0)
}

#[test]
fn a_region_shows_its_pixels_and_its_axes() {
    let (outcome, whole) = (outcome(), Style::default());
    let zoomed = style("40,100,60,80");
    let all = first(&outcome, "map-prediction", &whole);
    let part = first(&outcome, "map-prediction", &zoomed);
    assert_eq!(part.dimensions(), (80, 60));
    assert!(part.enumerate_pixels().all(|(x, y, p)| p == all.get_pixel(100 + x, 40 + y)));
    let texts = texts(&drawn(&outcome, "map-prediction", &zoomed));
    // Of 288 rows of 1 km, those from 188 to 248 km north of the lower edge.
    for tick in ["120", "160", "200", "240"] {
        assert!(texts.iter().any(|text| text == tick), "{tick} in {texts:?}");
    }
    assert!(!texts.iter().any(|text| text == "250" || text == "80"), "{texts:?}");
    let [_, _, width, height] = pictures(&drawn(&outcome, "map-prediction", &zoomed))[0];
    assert!((height / width - 0.75).abs() < 1e-3, "its own aspect ratio");
}

#[test]
fn cells_and_ground_follow() {
    let (outcome, zoomed) = (outcome(), style("40,100,60,80"));
    let [grey, cam, _] = &decoded(&drawn(&outcome, "map-grad_cam/cbam3", &zoomed))[..] else {
        panic!("the map, what lies beneath it, and the legend's bar")
    };
    assert_eq!((grey.dimensions(), cam.dimensions()), ((80, 60), (80, 60)));
    let raw = first(&outcome, "map-grad_cam/cbam3/raw", &zoomed);
    // Cells of 4 pixels, of which both edges of the region are multiples.
    assert_eq!(raw.dimensions(), (80, 60));
    assert!(raw.enumerate_pixels().all(|(x, y, p)| p == raw.get_pixel(x / 4 * 4, y / 4 * 4)));
}

#[test]
fn the_centre_of_a_scene_is_cut_by_a_region() {
    let outcome = scene_outcome();
    let zoomed = style("100,100,300,300");
    let svg = drawn(&outcome, "map-grad_cam/activation_8", &zoomed);
    let [[left, top, across, down], [x, y, w, h]] = pictures(&svg)[..2] else { panic!() };
    // The centre begins at pixel 144 of 800.
    let shares = [(x - left) / across, (y - top) / down, w / across, h / down];
    let wanted = [44.0 / 300.0, 44.0 / 300.0, 256.0 / 300.0, 256.0 / 300.0];
    assert!(shares.iter().zip(wanted).all(|(a, b)| (a - b).abs() < 1e-3), "{shares:?}");
    let inner = drawn(&outcome, "map-scene", &style("200,200,100,100"));
    assert!(!inner.contains("stroke-dasharray"), "all of it is seen by the network");
    let outer = drawn(&outcome, "map-integrated_gradients", &style("0,0,100,100"));
    assert_eq!(pictures(&outer).len(), 2, "of the scene and of the legend's bar");
}

#[test]
fn every_figure_can_be_zoomed() {
    let scene = scene_outcome_of(&scene_picture(), Variant::LR_128, Fit::Stretch);
    for (outcome, region) in [(outcome(), "10,20,33,57"), (scene, "61,45,19,50")] {
        for figure in Figure::all(&outcome, &["cbam5".into(), "activation_12".into()]) {
            let style = style(region);
            let svg = draw(&outcome, &figure, &style).expect("it can be drawn");
            // The document's height is written in hundredths of a millimetre.
            let (told, drawn) = (size_px(&outcome, &figure, &style), size_of(&svg));
            assert!(told.0 == drawn.0 && told.1.abs_diff(drawn.1) <= 1, "{figure}");
        }
    }
    let frame = |style: &Style| plane_frame(&outcome(), &parsed("map-prediction"), style);
    assert_ne!(frame(&style("40,100,60,80")), frame(&Style::default()));
}

#[test]
fn regions_that_can_not_be_shown_are_refused() {
    for text in ["", "1,2,3", "1,2,3,x", "1,2,3,4,5", "-1,0,9,9"] {
        let error = text.parse::<Region>().unwrap_err().to_string();
        assert!(error.contains("TOP,LEFT,HEIGHT,WIDTH"), "{error}");
    }
    let huge = format!("0,{},20,20", usize::MAX);
    for region in ["0,0,289,288", "200,0,100,100", "0,0,7,100", "0,0,0,0", &huge] {
        let error = draw(&outcome(), &parsed("map-prediction"), &style(region)).unwrap_err();
        let error = error.to_string();
        assert!(error.contains("within the 288 × 288 pixels"), "{error}");
    }
    let region: Region = "1,2,30,40".parse().expect("a region");
    assert_eq!(region.to_string(), "1,2,30,40");
}
