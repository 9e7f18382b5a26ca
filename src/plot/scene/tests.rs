use std::path::Path;

use resvg::usvg::roxmltree::{Document, Node};
use serde::Deserialize;
use stormlens_data::attribution::{self, Visualiser};
use stormlens_data::field::Field;
use stormlens_data::request::ClassOutput;
use stormlens_data::scene::resize;
use stormlens_data::scene::{Fit, Picture, Rectangle, Resampling, Samples, Variant};

use super::place::{on_sheet, visible_crop};
use super::published::{JET, cam_overlay, gradients_overlay};
use super::*;
use crate::plot::canvas::Frame;
use crate::plot::lettering::Type;
use crate::plot::{Style, Theme};
use crate::testing::{
    EMPTY_SCENE_LAYER, SCENE_LAYERS, scene_outcome, scene_outcome_of, scene_picture,
};

const COLUMN: f64 = Style::WIDTHS_MM[0];

fn parsed(figure: &str) -> SceneFigure {
    figure.parse().expect("the figure exists")
}

fn drawn(outcome: &SceneOutcome, figure: &str, style: &SceneStyle) -> String {
    draw(outcome, &parsed(figure), style).expect("the figure can be drawn")
}

/// All texts of a figure, in drawing order.
fn texts(svg: &str) -> Vec<String> {
    let document = Document::parse(svg).expect("the figure is well-formed");
    let texts = document.descendants().filter(|n| n.has_tag_name("text"));
    texts.filter_map(|n| n.text()).map(|t| t.trim().to_owned()).collect()
}

fn says(outcome: &SceneOutcome, figure: &str, style: &SceneStyle, expected: &[&str]) {
    let wide = SceneStyle { width_mm: 170.0, ..style.clone() };
    // A long line is broken into several.
    let all = texts(&drawn(outcome, figure, &wide)).join(" ");
    for text in expected {
        assert!(all.contains(text), "{figure} says {text:?} in {all:?}");
    }
}

/// A picture of one colour, its left half without data.
fn plain(width: usize, height: usize, colour: [u8; 3]) -> Picture {
    let pixel = |i: usize| if i % width < width / 2 { [0; 3] } else { colour };
    Picture { width, height, rgb: Samples::U8((0..width * height).flat_map(pixel).collect()) }
}

#[test]
fn figures_name_class_answer_quantity_and_unit() {
    let (outcome, style) = (scene_outcome(), SceneStyle::default());
    let check = |figure: &str, expected: &[&str]| says(&outcome, figure, &style, expected);
    let answer = "polar low: probability 0.900, logit +0.99";
    check("scene", &["Typhoon south of Tokyo", "polar low 0.900, no polar low 0.100"]);
    check("scene", &["381 × 381 px, stretched to 800 × 800 (nearest)", "column (px)", "row (px)"]);
    check("scene", &["the centre of 512 × 512 that the network sees", "seen by the network"]);
    check("scene", &["black: no data (43 % of the picture)", "300", "Copernicus Sentinel data"]);
    check("cam-activation_14", &["Grad-CAM, activation_14", answer, "share of the maximum"]);
    check("cam-activation_14", &["beneath, in grey: Typhoon south of Tokyo", "0.2"]);
    check("cam-raw-activation_12", &["before rectification", answer, "8 × 8 cells", "weighted"]);
    check("gradients", &["Integrated gradients for “polar low”", answer, "50 steps from black"]);
    check("gradients", &["completeness gap −1.4\u{a0}% of +0.853", "largest 1 % of the sum"]);
    check("gradients", &["mean of channels (10⁻⁵ probability a pixel)"]);
    check("path", &["Probability of “polar low” from black to the scene", "difference +0.853"]);
    check("path", &["sum +0.841", "−1.4\u{a0}%", "share of the way from black to the scene"]);
    check("cams-activation_8,activation_14", &["activation_8", "activation_14", answer]);
}

#[test]
fn styles_are_said() {
    let outcome = scene_outcome();
    let default = SceneStyle::default();
    let published = SceneStyle { registration: Registration::Published, ..default.clone() };
    let stretched = "as published: the map of the centre stretched over the whole scene";
    says(&outcome, "cam-activation_14", &published, &[stretched]);
    says(&outcome, "cams-activation_8,activation_14", &published, &[stretched]);
    says(&outcome, "gradients", &published, &["as published: added to the scene at half"]);
    let negative = SceneStyle { polarity: Polarity::Negative, ..default.clone() };
    says(&outcome, "gradients", &negative, &["against “polar low”", "mean of channels (10⁻", "−"]);
    let signed = SceneStyle { polarity: Polarity::Signed, ..default.clone() };
    says(
        &outcome,
        "gradients",
        &signed,
        &["for and against", "channels summed", "attribution (10⁻", "strongest 1 % of the pixels"],
    );
    let clean = SceneStyle { below: 45.0, cleanup: true, ..default.clone() };
    says(&outcome, "gradients", &clean, &["the weakest 45 % are left out; specks below 3 × 3"]);
    let outline = SceneStyle { outline: true, ..clean };
    says(&outcome, "gradients", &outline, &["outlined: 1 region with 59 % of it"]);
    let layer_labels = [("activation_14".to_owned(), "Block 7".to_owned())].into();
    let named = SceneStyle { layer_labels, crop_rectangle: false, ..default };
    says(&outcome, "cam-activation_14", &named, &["Grad-CAM, Block 7"]);
    let svg = drawn(&outcome, "scene", &named);
    assert!(!svg.contains("stroke-dasharray") && !svg.contains("seen by the network"));
}

#[test]
fn what_limits_an_answer_stands_in_every_figure() {
    let mut outcome = scene_outcome();
    let remark = "weights trained on simulated scenes; the scene is unlike the training scenes";
    for figure in SceneFigure::of(&outcome, &[]) {
        let svg = drawn(&outcome, &figure.to_string(), &SceneStyle::default());
        assert!(!svg.contains("simulated") && !svg.contains("unlike"), "{figure}");
    }
    outcome.trained_on_simulation = true;
    outcome.familiarity.is_familiar = false;
    for figure in SceneFigure::of(&outcome, &[]) {
        says(&outcome, &figure.to_string(), &SceneStyle::default(), &[remark]);
        let alt = alt_text(&outcome, &figure);
        assert!(alt.contains("Weights trained on simulated scenes; the scene is unlike"), "{alt}");
    }
}

#[test]
fn emptiness_is_said() {
    let (mut outcome, style) = (scene_outcome(), SceneStyle::default());
    let cam = format!("cam-{EMPTY_SCENE_LAYER}");
    let published = SceneStyle { registration: Registration::Published, ..style.clone() };
    says(&outcome, &cam, &style, &["no positive evidence in this layer"]);
    says(&outcome, &cam, &published, &["no positive evidence in this layer"]);
    let gradients = outcome.integrated_gradients.as_mut().expect("they were asked for");
    gradients.attribution.iter_mut().for_each(|v| *v = -v.abs());
    says(&outcome, "gradients", &style, &["nothing speaks for “polar low”"]);
    let gradients = outcome.integrated_gradients.as_mut().expect("they were asked for");
    gradients.attribution.fill(0.0);
    for outline in [false, true] {
        let negative = SceneStyle { polarity: Polarity::Negative, outline, ..style.clone() };
        says(&outcome, "gradients", &negative, &["nothing speaks against “polar low”"]);
    }
    let signed = SceneStyle { polarity: Polarity::Signed, ..style.clone() };
    says(&outcome, "gradients", &signed, &["no pixel has any influence"]);
    says(&outcome, "gradients", &published, &["nothing speaks for “polar low”"]);
    let alt = alt_text(&outcome, &SceneFigure::Gradients);
    assert!(alt.contains("No pixel has any influence"), "{alt}");
    let raw = &mut outcome.grad_cam.as_mut().expect("it was asked for").layers[0].raw;
    *raw = raw.map(|_| 0.0);
    says(&outcome, "cam-raw-activation_8", &style, &["zero everywhere in this layer"]);
}

#[test]
fn an_answer_against_the_explained_class_names_the_predicted_one() {
    let mut outcome = scene_outcome();
    outcome.request.class = 0;
    let expected = "no polar low: probability 0.100, logit −1.21; predicted: polar low (0.900)";
    says(&outcome, "cam-activation_14", &SceneStyle::default(), &[expected]);
    outcome.classes[1].probability = 0.999_99;
    says(&outcome, "scene", &SceneStyle::default(), &["polar low above 0.999"]);
}

#[test]
fn a_large_gap_is_pointed_out() {
    let mut outcome = scene_outcome();
    let advice = "more steps would make it smaller";
    assert!(!drawn(&outcome, "path", &SceneStyle::default()).contains(advice));
    let gradients = outcome.integrated_gradients.as_mut().expect("they were asked for");
    gradients.sum *= 0.9;
    let style = SceneStyle { width_mm: 170.0, ..SceneStyle::default() };
    assert!(drawn(&outcome, "path", &style).contains(advice));
    gradients_of(&mut outcome).n_steps = 1600;
    says(&outcome, "path", &style, &["; more steps are not taken"]);
    gradients_of(&mut outcome).options.output = ClassOutput::Logit;
    gradients_of(&mut outcome).path = (0..51).map(|i| 0.1 * f64::from(i) - 2.0).collect();
    says(&outcome, "path", &style, &["Logit of “polar low”", "−2", "3", "difference +5"]);
    gradients_of(&mut outcome).options.output = ClassOutput::Probability;
    gradients_of(&mut outcome).path = vec![0.999_95, 1.0];
    says(&outcome, "path", &style, &["; the logit would tell more"]);
}

fn gradients_of(outcome: &mut SceneOutcome) -> &mut stormlens_data::outcome::ClassAttribution {
    outcome.integrated_gradients.as_mut().expect("they were asked for")
}

/// Where pictures stand on a sheet, in millimetres, in drawing order.
fn pictures(svg: &str) -> Vec<[f64; 4]> {
    let document = Document::parse(svg).expect("well-formed");
    let at = |node: &Node, name| -> f64 {
        node.attribute(name).unwrap_or("0").parse::<f64>().expect("a number") / 100.0
    };
    let is_shown = |node: &Node| match node.tag_name().name() {
        "use" => true,
        "image" => !node.parent().is_some_and(|p| p.has_tag_name("defs")),
        _ => false,
    };
    let place = |node: Node| {
        let id = node.attribute("href").and_then(|href| href.strip_prefix('#'));
        let of_id = document.descendants().find(|n| id.is_some() && n.attribute("id") == id);
        let sized = of_id.unwrap_or(node);
        [at(&node, "x"), at(&node, "y"), at(&sized, "width"), at(&sized, "height")]
    };
    document.descendants().filter(is_shown).map(place).collect()
}

#[test]
fn a_picture_keeps_its_aspect_ratio_and_attributions_lie_on_the_centre() {
    let check = |(width, height), fit, expected: [f64; 4]| {
        let outcome = scene_outcome_of(&plain(width, height, [90; 3]), Variant::LR_128, fit);
        let svg = drawn(&outcome, "cam-activation_8", &SceneStyle::default());
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
    let (view, visible) = (&outcome.view, visible_crop(&outcome.view));
    assert_eq!(visible, Rectangle { left: 32, top: 48, width: 128, height: 96 });
    let frame = Frame { left: 10.0, top: 20.0, width: 40.0, height: 20.0 };
    let centre = on_sheet(frame, view, &visible);
    assert_eq!((centre.top, centre.height), (20.0, 20.0));
}

/// The first picture of a figure and its overlay, decoded.
fn decoded(svg: &str) -> Vec<image::RgbaImage> {
    use base64::Engine as _;
    let document = Document::parse(svg).expect("well-formed");
    let images = document.descendants().filter(|n| n.has_tag_name("image"));
    let bytes = images.map(|n| {
        let data = n.attribute("href").and_then(|h| h.strip_prefix("data:image/png;base64,"));
        base64::engine::general_purpose::STANDARD.decode(data.expect("a PNG")).expect("base64")
    });
    bytes.map(|b| image::load_from_memory(&b).expect("a PNG").to_rgba8()).collect()
}

#[test]
fn places_without_data_are_never_coloured() {
    let outcome = scene_outcome_of(&plain(192, 192, [90; 3]), Variant::LR_128, Fit::Stretch);
    let styles = [
        SceneStyle::default(),
        SceneStyle { interpolation: Interpolation::Smooth, ..SceneStyle::default() },
        SceneStyle { palette: CamPalette::Jet, ..SceneStyle::default() },
        SceneStyle { polarity: Polarity::Signed, ..SceneStyle::default() },
        SceneStyle { outline: true, ..SceneStyle::default() },
    ];
    for style in styles {
        for figure in ["cam-activation_8", "cam-raw-activation_8", "gradients"] {
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
    let base = scene_outcome_of(&plain(192, 192, [90; 3]), Variant::LR_128, Fit::Stretch);
    let check = |cam: [f32; 4], message: Option<&str>, alt: &[&str], never: &str| {
        let mut outcome = base.clone();
        outcome.grad_cam.as_mut().expect("it was asked for").layers[0].cam =
            Field::new(2, 2, cam.to_vec());
        for &registration in Registration::ALL {
            let style = SceneStyle { registration, width_mm: 170.0, ..SceneStyle::default() };
            let all = texts(&drawn(&outcome, "cam-activation_8", &style)).join(" ");
            let said = all.contains("positive evidence").then_some(());
            assert_eq!(said.is_some(), message.is_some(), "{cam:?}: {all}");
            assert!(message.is_none_or(|message| all.contains(message)), "{all}");
        }
        let words = alt_text(&outcome, &parsed("cam-activation_8"));
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
    let check = |size, cell, expected: &str| {
        assert_eq!(place::Spot::of_cell(size, cell).words(), expected);
    };
    check((4, 4), (2, 1), "38 % across, 62 % down (centre)");
    check((2, 8), (0, 7), "94 % across, 25 % down (upper right)");
    check((1, 1), (0, 0), "50 % across, 50 % down (centre)");
}

#[test]
fn cells_keep_their_edges_unless_smooth() {
    let outcome = scene_outcome_of(&plain(192, 192, [90; 3]), Variant::LR_128, Fit::Stretch);
    let colours = |interpolation| {
        let style = SceneStyle { interpolation, ..SceneStyle::default() };
        let overlay = decoded(&drawn(&outcome, "cam-activation_14", &style)).remove(1);
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
        let style = SceneStyle { width_mm, ..SceneStyle::default() };
        decoded(&drawn(&outcome, "scene", &style)).remove(0).dimensions()
    };
    assert_eq!(size(&plain(70, 62, [90; 3]), COLUMN), (70, 62), "the picture's own pixels");
    assert_eq!(size(&plain(900, 900, [90; 3]), COLUMN), (800, 800), "those of the square");
    let (width, height) = size(&plain(900, 900, [90; 3]), 40.0);
    assert!((400..600).contains(&width) && width == height, "{width}: 600 to the inch");
}

#[test]
fn the_pixels_of_a_stretched_picture_are_shown_again() {
    let picture = scene_picture();
    let outcome = scene_outcome_of(&picture, Variant::LR_512, Fit::Stretch);
    let shown = decoded(&drawn(&outcome, "scene", &SceneStyle::default())).remove(0);
    let rgb: Vec<u8> = shown.pixels().flat_map(|p| [p.0[0], p.0[1], p.0[2]]).collect();
    assert_eq!(Samples::U8(rgb), picture.rgb);
}

#[test]
fn one_picture_beneath_several_maps_is_stored_once() {
    let outcome = scene_outcome();
    let layers = SCENE_LAYERS.map(|(name, _)| name).join(",");
    let grid = drawn(&outcome, &format!("cams-{layers}"), &SceneStyle::default());
    assert_eq!(grid.matches("<defs>").count(), 1);
    assert_eq!(grid.matches("<use ").count(), 4);
}

#[test]
fn thumbnails_are_small_and_keep_the_aspect_ratio() {
    let check = |width, height, side_px, expected| {
        let png = thumbnail(&plain(width, height, [100, 100, 200]), side_px);
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
    let png = thumbnail(&fine, 1);
    let picture = image::load_from_memory(&png).expect("a PNG").to_rgb8();
    assert_eq!(picture.get_pixel(0, 0).0, [5, 0, 5]);
}

#[test]
fn nothing_is_written_outside_the_sheet() {
    let tall = scene_outcome_of(&plain(100, 500, [90; 3]), Variant::LR_128, Fit::Letterbox);
    let wide = scene_outcome_of(&plain(500, 100, [90; 3]), Variant::LR_128, Fit::Stretch);
    let mut usual = scene_outcome_of(&scene_picture(), Variant::LR_128, Fit::Stretch);
    usual.trained_on_simulation = true;
    for outcome in [usual, tall, wide] {
        for name in SceneFigure::of(&outcome, &[]).iter().map(ToString::to_string) {
            for width_mm in [60.0, COLUMN, 170.0] {
                let style = SceneStyle { width_mm, ..SceneStyle::default() };
                let svg = drawn(&outcome, &name, &style);
                let (_, height_px) = size_px(&outcome, &parsed(&name), &style);
                inside(&svg, width_mm, f64::from(height_px) / 96.0 * 25.4, &name);
            }
        }
    }
}

fn inside(svg: &str, width_mm: f64, height_mm: f64, name: &str) {
    let document = Document::parse(svg).expect("the figure is well-formed");
    let number =
        |n: &Node, a| n.attribute(a).and_then(|v: &str| v.parse::<f64>().ok()).unwrap_or(0.0);
    for text in document.descendants().filter(|n| n.has_tag_name("text")) {
        let size_pt = number(&text, "font-size") / 100.0 * 72.0 / 25.4;
        let look = Type { size_pt, bold: false, colour: [0; 3] };
        let width = look.width_mm(text.text().unwrap_or("").trim());
        let (x, y) = (number(&text, "x") / 100.0, number(&text, "y") / 100.0);
        let (from, to) = match (text.attribute("transform"), text.attribute("text-anchor")) {
            (Some(_), _) => (x, x),
            (_, Some("start")) => (x, x + width),
            (_, Some("end")) => (x - width, x),
            _ => (x - width / 2.0, x + width / 2.0),
        };
        let fits = from > 0.0 && to < width_mm + 0.2 && y > 0.0 && y < height_mm;
        assert!(fits, "{name} at {width_mm} mm: {:?} from {from} to {to} at {y}", text.text());
    }
}

#[test]
fn sizes_are_known_without_drawing() {
    let outcome = scene_outcome();
    for figure in SceneFigure::of(&outcome, &[]) {
        let style = SceneStyle::default();
        let svg = drawn(&outcome, &figure.to_string(), &style);
        let document = Document::parse(&svg).expect("well-formed");
        let px = |name| {
            let text = document.root_element().attribute(name).expect("a size");
            let mm: f64 = text.trim_end_matches("mm").parse().expect("a number");
            (mm / 25.4 * 96.0).round() as u32
        };
        assert_eq!(size_px(&outcome, &figure, &style), (px("width"), px("height")), "{figure}");
    }
    let missing = SceneFigure::Attribution("nowhere".into());
    assert_eq!(size_px(&outcome, &missing, &SceneStyle::default()), (321, 0));
}

#[test]
fn names_of_figures_survive_a_round_trip() {
    let all = SceneFigure::of(&scene_outcome(), &[]);
    assert_eq!(all.len(), 1 + 4 + 4 + 1 + 2);
    for figure in all {
        assert_eq!(figure.to_string().parse(), Ok(figure));
    }
    let some = SceneFigure::of(&scene_outcome(), &["activation_14".to_owned()]);
    assert!(!some.iter().any(|f| matches!(f, SceneFigure::LayerGrid(_))));
    for wrong in ["", "scenes", "cam-", "cam-raw-", "cams-", "cams-a,,b", "gradients-1"] {
        let error = wrong.parse::<SceneFigure>().unwrap_err();
        assert!(error.to_string().contains("scene, cam-LAYER"), "{error}");
    }
}

#[test]
fn refusals_say_what_to_do() {
    let mut outcome = scene_outcome();
    let check = |outcome: &SceneOutcome, figure: &str, style: SceneStyle, expected: &str| {
        let error = draw(outcome, &parsed(figure), &style).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
        let alt = alt_text(outcome, &parsed(figure));
        assert!(!alt.contains("No figure") || alt.contains(&error), "{alt}");
    };
    let style = SceneStyle::default();
    check(&outcome, "cam-nowhere", style.clone(), "it has activation_8, activation_12");
    check(&outcome, "cams-activation_8,nowhere", style.clone(), "no layer `nowhere`");
    check(&outcome, "scene", SceneStyle { width_mm: 4000.0, ..style.clone() }, "40 and 400 mm");
    check(&outcome, "scene", SceneStyle { opacity: f32::NAN, ..style.clone() }, "0 and 1");
    for (below, above) in [(50.0, 50.0), (-1.0, 99.0), (0.0, 101.0), (f64::NAN, 99.0)] {
        let style = SceneStyle { below, above, ..style.clone() };
        check(&outcome, "gradients", style, "choose below and above between 0 and 100");
    }
    outcome.grad_cam = None;
    outcome.integrated_gradients = None;
    check(&outcome, "cam-raw-activation_8", style.clone(), "no Grad-CAM: ask for it");
    check(&outcome, "gradients", style.clone(), "no integrated gradients: ask for it");
    check(&outcome, "path", style, "no integrated gradients: ask for it");
}

#[test]
fn alt_texts_say_the_finding() {
    let outcome = scene_outcome();
    let says = |figure: &str, expected: &[&str]| {
        let alt = alt_text(&outcome, &parsed(figure));
        for part in expected {
            assert!(alt.contains(part), "{figure}: {alt}");
        }
    };
    says("scene", &["381 × 381 pixels. 43 % of it hold no data", "64 % of the width"]);
    says("scene", &["Probabilities: polar low 0.900, no polar low 0.100."]);
    says(
        "cam-activation_8",
        &[
            "Strongest at 48 % across, 48 % down (centre) of the part that the network sees",
            "; above half of the maximum on 8 % of that part; 20 % of the evidence lies where",
        ],
    );
    says(&format!("cam-{EMPTY_SCENE_LAYER}"), &["No positive evidence in this layer."]);
    says("cam-raw-activation_8", &["Largest +0.03", "smallest −0.02", "(upper right)"]);
    says(
        "gradients",
        &[
            "Pixels for it add up to +1.25 probability, pixels against it to −0.41",
            "(centre) of the part that the network sees; smallest −",
            "gap −1.4",
        ],
    );
    says("path", &["from 0.0474 at black to 0.9 at the scene", "half of the way after 42 %"]);
    says("cams-activation_8,activation_15", &["2 layers", "activation_15: no positive evidence"]);
    says("cam-nowhere", &["No figure: this result holds no layer `nowhere`"]);
}

#[test]
fn styles_survive_a_round_trip() {
    let style = SceneStyle {
        theme: Theme::Dark,
        registration: Registration::Published,
        polarity: Polarity::Signed,
        ..SceneStyle::default()
    };
    let json = serde_json::to_string(&style).expect("a style is JSON");
    assert!(json.contains("\"published\"") && json.contains("\"signed\""), "{json}");
    assert_eq!(serde_json::from_str::<SceneStyle>(&json).ok(), Some(style));
    let error = "linear".parse::<Interpolation>().unwrap_err().to_string();
    assert_eq!(error, "`linear` is no interpolation: take one of cells, smooth");
    assert_eq!("jet".parse(), Ok(CamPalette::Jet));
}

#[test]
fn every_figure_can_be_drawn_in_every_look() {
    let outcome = scene_outcome_of(&scene_picture(), Variant::LR_128, Fit::Stretch);
    for &theme in Theme::ALL {
        for &registration in Registration::ALL {
            for &polarity in Polarity::ALL {
                for outline in [false, true] {
                    let default = SceneStyle::default();
                    let style = SceneStyle { theme, registration, polarity, outline, ..default };
                    for figure in SceneFigure::of(&outcome, &[]) {
                        let svg = drawn(&outcome, &figure.to_string(), &style);
                        Document::parse(&svg).expect("the figure is well-formed");
                    }
                }
            }
        }
    }
}

/// What the published program made of a small picture, and its colours.
#[derive(Deserialize)]
struct Overlay {
    jet: Vec<f32>,
    heatmap: Vec<f32>,
}

fn fixture(name: &str) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/plot");
    let picture = image::open(folder.join(name)).expect("the fixture is a PNG");
    picture.to_rgb8().into_raw()
}

/// Mean and largest distance in levels.
fn apart(ours: &[u8], theirs: &[u8]) -> (f64, u8) {
    assert_eq!(ours.len(), theirs.len());
    let distances = || ours.iter().zip(theirs).map(|(a, b)| a.abs_diff(*b));
    let mean = distances().map(f64::from).sum::<f64>() / ours.len() as f64;
    (mean, distances().max().unwrap_or(0))
}

#[test]
fn the_published_overlay_is_that_of_the_published_program() {
    let text = include_str!("../../../tests/fixtures/plot/scene_overlay.json");
    let Overlay { jet, heatmap } = serde_json::from_str(text).expect("the fixture is JSON");
    let ours = JET.iter().flatten();
    assert!(ours.zip(&jet).all(|(a, b)| (a - b).abs() < 1e-6) && jet.len() == 768);
    let cam = Field::new(8, 8, heatmap);
    let drawn = cam_overlay(&fixture("scene_image.png"), 64, &cam);
    let (mean, largest) = apart(&drawn, &fixture("scene_overlay.png"));
    println!("small overlay: mean {mean:.4}, largest {largest}");
    assert!(mean < 0.05 && largest <= 1, "mean {mean}, largest {largest}");
}

/// The tensor of a run of the published program.
fn golden_tensor(name: &str) -> Option<Vec<f32>> {
    let Some(folder) = std::env::var_os("STORMLENS_GOLDEN_DIR") else {
        println!("skipped: STORMLENS_GOLDEN_DIR is not set, so there is no {name}");
        return None;
    };
    let file = Path::new(&folder).join("polar_low/polar_low_512_tokyo.safetensors");
    let bytes = std::fs::read(file).expect("the file can be read");
    // Eight bytes say how long the JSON is that says where each tensor lies behind it.
    let (length, rest) = bytes.split_first_chunk::<8>().expect("a safetensors file");
    let (header, data) = rest.split_at(u64::from_le_bytes(*length) as usize);
    let header: serde_json::Value = serde_json::from_slice(header).expect("JSON");
    let at = |i: usize| header[name]["data_offsets"][i].as_u64().expect("an offset") as usize;
    let floats = data[at(0)..at(1)].as_chunks::<4>().0;
    Some(floats.iter().map(|&b| f32::from_le_bytes(b)).collect())
}

fn golden_picture(name: &str) -> Vec<u8> {
    let folder = std::env::var_os("STORMLENS_GOLDEN_DIR").expect("it was set");
    let file = Path::new(&folder).join("polar_low").join(name);
    image::open(file).expect("the picture can be read").to_rgb8().into_raw()
}

/// The square of 800 × 800 pixels that the published program was given.
fn golden_scene() -> Vec<u8> {
    resize(&scene_picture(), 800, Resampling::Nearest, Fit::Stretch).to_rgb8()
}

#[test]
fn the_published_overlays_of_a_scene_are_those_of_the_published_program() {
    let Some(cam) = golden_tensor("cam.activation_14.class1.final") else { return };
    let cam = Field::new(4, 4, cam);
    let drawn = cam_overlay(&golden_scene(), 800, &cam);
    let (mean, largest) = apart(&drawn, &golden_picture("polar_low_512_tokyo_gradcam_overlay.png"));
    println!("Grad-CAM overlay: mean {mean:.4}, largest {largest}");
    assert!(mean < 0.05 && largest <= 1, "mean {mean}, largest {largest}");

    let pixels = golden_tensor("ig").expect("it is there");
    let plane = |channel| pixels.iter().skip(channel).step_by(3).copied();
    let attribution: Vec<f32> = (0..3).flat_map(plane).collect();
    let map = Visualiser::default().map(&attribution, 512);
    let crop = Rectangle { left: 144, top: 144, width: 512, height: 512 };
    let sign = attribution::Polarity::Positive;
    let drawn = gradients_overlay(&golden_scene(), 800, crop, &map, sign);
    let line = |row: usize| &drawn[3 * ((144 + row) * 800 + 144)..][..3 * 512];
    let centre: Vec<u8> = (0..512).flat_map(line).copied().collect();
    let (mean, largest) =
        apart(&centre, &golden_picture("polar_low_512_tokyo_ig_overlay_crop.png"));
    println!("overlay of integrated gradients: mean {mean:.4}, largest {largest}");
    assert!(mean < 0.05 && largest <= 1, "mean {mean}, largest {largest}");
}
