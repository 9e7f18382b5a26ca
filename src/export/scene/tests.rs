use std::io::{Cursor, Read as _};

use super::*;
use crate::export::{self, Look, Recipe};
use crate::plot::scene::{SceneFigure, draw};
use crate::testing::{scene_card, scene_outcome};

/// The arrays of an `.npz` file: what stands in their headers, and their bytes.
fn arrays(bytes: Vec<u8>) -> impl FnMut(&str) -> (String, Vec<u8>) {
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).expect("a ZIP file");
    move |name| {
        let mut file = archive.by_name(&format!("{name}.npy")).expect(name);
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).expect("it can be read");
        let length = usize::from(u16::from_le_bytes([bytes[8], bytes[9]]));
        let values = bytes.split_off(10 + length);
        (String::from_utf8_lossy(&bytes[10..]).into_owned(), values)
    }
}

#[test]
fn arrays_have_the_shapes_of_the_published_program() {
    let outcome = scene_outcome();
    let mut array = arrays(npz(&outcome).expect("an archive"));
    let mut check = |name: &str, kind: &str, shape: &str| {
        let (header, values) = array(name);
        assert!(header.contains(kind), "{name}: {header}");
        assert!(header.contains(&format!("'shape': {shape}")), "{name}: {header}");
        values
    };
    check("logits", "<f8", "(2,)");
    let probabilities = check("probs", "<f8", "(2,)");
    let second = probabilities.as_chunks::<8>().0[1];
    assert_eq!(f64::from_le_bytes(second), outcome.classes[1].probability);
    assert_eq!(check("input_rgb", "|u1", "(800, 800, 3)"), outcome.view.rgb);
    let crop = check("crop", "<u4", "(3,)");
    let crop: Vec<u32> =
        crop.as_chunks::<4>().0.iter().map(|&bytes| u32::from_le_bytes(bytes)).collect();
    assert_eq!(crop, [144, 144, 512]);
    check("activation_14/weights", "<f4", "(16,)");
    check("activation_14/raw", "<f4", "(4, 4)");
    check("activation_14/cam", "<f4", "(4, 4)");
    check("path_outputs", "<f8", "(51,)");
    let pixels = check("integrated_gradients", "<f4", "(512, 512, 3)");
    let gradients = outcome.integrated_gradients.as_ref().expect("they were asked for");
    let (row, column, channel) = (200, 300, 2);
    let value = pixels.as_chunks::<4>().0[(row * 512 + column) * 3 + channel];
    let expected = gradients.attribution[(channel * 512 + row) * 512 + column];
    assert_eq!(f32::from_le_bytes(value), expected);
}

#[test]
fn the_archive_holds_everything() {
    let (outcome, card, style) = (scene_outcome(), scene_card(), SceneStyle::default());
    let figures: Vec<SceneFigure> =
        ["scene", "cam-activation_14", "path"].map(|f| f.parse().expect("a figure")).into();
    let parts =
        SceneBundle { outcome: &outcome, card: &card, figures: &figures, style: &style, dpi: 72 };
    let bytes = bundle(&parts).expect("an archive");
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).expect("a ZIP file");
    let names: Vec<String> =
        archive.file_names().map(|name| name.expect("it is text").into_owned()).collect();
    let mut text = |name: &str| {
        let mut text = String::new();
        let mut file = archive.by_name(name).expect("it is there");
        file.read_to_string(&mut text).expect("it is text");
        text
    };
    let readme = text("README.txt");
    for name in names.iter().filter(|n| *n != "README.txt") {
        assert!(readme.contains(&format!("\n{name}\n")), "README.txt says what {name} is");
    }
    for figure in &figures {
        for kind in ["svg", "png", "pdf"] {
            assert!(names.contains(&format!("figures/{figure}.{kind}")), "{figure}.{kind}");
        }
    }
    assert!(names.contains(&"arrays.npz".to_owned()));
    let table = text("probabilities.csv");
    assert!(table.starts_with("class,label,logit,probability\nneg,no polar low,-1.21,0.0"));
    let json: serde_json::Value = serde_json::from_str(&text("probabilities.json")).expect("JSON");
    assert_eq!(json[1]["logit"], 0.99);
    let citations = text("CITATIONS.bib");
    for key in ["selvaraju2017gradcam", "sundararajan2017axiomatic", "grahn2022", "@misc{data"] {
        assert_eq!(citations.matches(key).count(), 1, "{key}");
    }
}

#[test]
fn provenance_says_what_limits_the_answer() {
    let mut outcome = scene_outcome();
    outcome.trained_on_simulation = true;
    let json: serde_json::Value =
        serde_json::from_slice(&origin(&outcome).expect("JSON")).expect("JSON");
    assert_eq!(json["trained_on_simulation"], true);
    assert_eq!(json["familiarity"]["is_familiar"], true);
    assert_eq!(json["request"]["class"], 1);
    assert_eq!(json["scene"]["crop"]["left"], 144);
    assert_eq!(json["scene"]["variant"]["crop_px"], 512);
    assert!(json["statistics"]["no_data_share"].as_f64().is_some_and(|share| share > 0.4));
    let relative = json["integrated_gradients"]["relative_delta"].as_f64();
    assert!(relative.is_some_and(|share| (share + 0.014).abs() < 1e-4), "{relative:?}");
}

#[test]
fn the_network_is_cited_once() {
    let (outcome, mut card) = (scene_outcome(), scene_card());
    let text = "";
    let url = "";
    let (key, bibtex_of_card) = ("grahn2022polarlows", super::GRAHN);
    let citation = stormlens_data::card::Citation { key, bibtex: bibtex_of_card, text, url };
    card.citations = Box::leak(Box::new([citation]));
    let style = SceneStyle::default();
    assert_eq!(bibtex(&outcome, &card, &style).matches(key).count(), 1);
    let signed = SceneStyle { polarity: Polarity::Signed, ..style };
    let of_others = bibtex(&outcome, &scene_card(), &signed);
    assert!(!of_others.contains(key), "nothing of theirs is shown");
}

#[test]
fn every_format_carries_its_recipe() {
    let outcome = scene_outcome();
    let style = SceneStyle { polarity: Polarity::Signed, ..SceneStyle::default() };
    for figure in ["scene", "cams-activation_8,activation_14", "gradients"] {
        let figure: SceneFigure = figure.parse().expect("the figure exists");
        let drawn = draw(&outcome, &figure, &style).expect("it can be drawn");
        let recipe = Recipe::of_scene(&outcome, &figure, &style);
        let files = [
            export::svg(&drawn, &recipe).expect("an SVG"),
            export::png(&drawn, 72, &recipe).expect("a PNG"),
            export::pdf(&drawn, &recipe).expect("a PDF"),
        ];
        for file in files {
            let found = Recipe::from_file_bytes(&file).expect("it holds a recipe");
            assert_eq!(found, recipe);
            assert_eq!(found.style, Look::Scene(style.clone()));
        }
    }
}

#[test]
fn a_repeated_picture_is_drawn_every_time() {
    // Two equal panels: their pixels must be equal too, though the second only refers to the first.
    let outcome = scene_outcome();
    let figure: SceneFigure = "cams-activation_8,activation_8".parse().expect("a figure");
    let style = SceneStyle { crop_rectangle: false, ..SceneStyle::default() };
    let drawn = draw(&outcome, &figure, &style).expect("it can be drawn");
    let recipe = Recipe::of_scene(&outcome, &figure, &style);
    let file = export::png(&drawn, 254, &recipe).expect("a PNG");
    let picture = image::load_from_memory(&file).expect("a PNG").to_rgb8();
    // At 10 dots to the millimetre: panels of 39.75 mm from 2 mm and from 43.25 mm.
    let shift = 412;
    let near = |a: [u8; 3], b: [u8; 3]| a.iter().zip(b).all(|(a, b)| a.abs_diff(b) < 90);
    let (mut n_near, mut n) = (0, 0);
    for y in (200..500).step_by(3) {
        for x in (40..400).step_by(3) {
            n += 1;
            let pair = [picture.get_pixel(x, y).0, picture.get_pixel(x + shift, y).0];
            n_near += usize::from(near(pair[0], pair[1]));
        }
    }
    assert!(n_near * 10 > n * 9, "{n_near} of {n}");
}
