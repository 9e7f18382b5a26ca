use std::io::{Cursor, Read as _};
use std::path::Path;

use serde_json::Value;
use stormlens_data::card::{Citation, ModelCard};
use stormlens_data::outcome::{Axis, Outcome, Role};

use super::*;
use crate::mutation::{Random, corpus, mutate};
use stormlens_plot::testing::{self, outcome, scene_outcome};
use stormlens_plot::{Figure, Overlay, Polarity, RainPalette, Style, draw};

mod archive;

const N_MUTATIONS: usize = 10_000;

fn figure_of(outcome: &Outcome, name: &str, style: &Style) -> (String, Recipe) {
    let figure: Figure = name.parse().expect("the figure exists");
    let svg = draw(outcome, &figure, style).expect("the figure can be drawn");
    (svg, Recipe::new(outcome, &figure, style))
}

fn figure(name: &str) -> (String, Recipe) {
    figure_of(&outcome(), name, &Style::default())
}

fn source<'a>(outcome: &'a Outcome, card: &'a ModelCard, style: &'a Style) -> Source<'a> {
    Source { outcome, card, methods: testing::methods(), layers: &[], style, extra: &[] }
}

fn json(bytes: &[u8]) -> Value {
    serde_json::from_slice(bytes).expect("JSON")
}

#[test]
fn every_format_carries_its_recipe() {
    // With letters outside ASCII, and signs that XML and PDF write otherwise.
    let (drawn, mut recipe) = figure("map-prediction");
    recipe.provenance.data_source = "Météo «radar» <a & b> \"c\" (d) \\e ≥ 1".into();
    let files = [
        svg(&drawn, &recipe).expect("an SVG"),
        png(&drawn, 72, &recipe).expect("a PNG"),
        pdf(&drawn, &recipe).expect("a PDF"),
    ];
    for file in files {
        assert_eq!(Recipe::from_file_bytes(&file).as_ref(), Ok(&recipe));
    }
}

#[test]
fn every_figure_of_a_scene_carries_its_recipe() {
    let outcome = scene_outcome();
    let style = Style { polarity: Polarity::Positive, outline: true, ..Style::default() };
    let grid = "grid-grad_cam/activation_8,grad_cam/activation_14";
    for name in ["map-scene", grid, "map-integrated_gradients"] {
        let (drawn, recipe) = figure_of(&outcome, name, &style);
        let files = [svg(&drawn, &recipe), png(&drawn, 72, &recipe), pdf(&drawn, &recipe)];
        for file in files {
            let found = Recipe::from_file_bytes(&file.expect("a file"));
            assert_eq!(found.as_ref(), Ok(&recipe), "{name}");
        }
    }
}

#[test]
fn recipes_of_another_version_are_refused_in_words() {
    let (drawn, recipe) = figure("map-prediction");
    let file = String::from_utf8(svg(&drawn, &recipe).expect("an SVG")).expect("text");
    let check = |version: &str, expected: &str| {
        let other = file.replace("\"version\":1,", version);
        assert_ne!(other, file);
        let error = Recipe::from_file_bytes(other.as_bytes()).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    };
    check("\"version\":2,", "it is of version 2, and this program reads version 1");
    check("\"version\":\"1\",", "its version is no whole number");
    check("", "it has no version");
    let other = file.replace("\"task\":\"nowcast\"", "\"task\":\"tides\"");
    let error = Recipe::from_file_bytes(other.as_bytes()).unwrap_err().to_string();
    assert!(error.contains("unknown variant `tides`"), "{error}");
}

#[test]
fn foreign_and_damaged_files_are_refused_in_words() {
    let check = |bytes: &[u8], expected: &str| {
        let error = Recipe::from_file_bytes(bytes).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    };
    let (drawn, recipe) = figure("strip-integrated_gradients");
    let png_file = png(&drawn, 72, &recipe).expect("a PNG");
    check(b"", "no PNG, SVG or PDF figure");
    check(b"hello", "no PNG, SVG or PDF figure");
    check(b"\xff\xfe\x00", "no PNG, SVG or PDF figure");
    check(b"<html><body/></html>", "no PNG, SVG or PDF figure");
    check(&png_file[..20], "the PNG file can't be read");
    check(drawn.as_bytes(), "the SVG file holds no recipe");
    check(&drawn.as_bytes()[..400], "the SVG file can't be read");
    check(b"%PDF-1.7\n", "the PDF file holds no recipe");
    let lying = String::from_utf8(svg(&drawn, &recipe).expect("an SVG")).expect("text");
    check(lying.replace("\"figure\":", "\"picture\":").as_bytes(), "missing field `figure`");
}

#[test]
fn a_png_knows_its_resolution() {
    let (drawn, recipe) = figure("map-prediction");
    for (dpi, width_px) in [(96, 321), (300, 1004)] {
        let file = png(&drawn, dpi, &recipe).expect("a PNG");
        let reader = ::png::Decoder::new(Cursor::new(&file)).read_info().expect("a PNG");
        let info = reader.info();
        assert_eq!(info.width, width_px, "85 mm at {dpi} dots per inch");
        let dims = info.pixel_dims.expect("a resolution");
        assert_eq!((f64::from(dims.xppu) * 0.0254).round() as u32, dpi);
    }
    assert!(matches!(png(&drawn, 5, &recipe), Err(ExportError::Resolution { dpi: 5 })));
}

/// Eight of them at once would take all memory of a small machine.
#[test]
fn a_picture_that_is_too_large_is_refused_with_what_can_be_had() {
    let style = Style { width_mm: 400.0, ..Style::default() };
    let (drawn, recipe) = figure_of(&outcome(), "map-prediction", &style);
    let error = png(&drawn, 1200, &recipe).expect_err("it has hundreds of millions of pixels");
    let text = error.to_string();
    let ExportError::TooLarge { max_dpi, .. } = error else { panic!("{text}") };
    assert!(
        text.contains("400 mm") && text.contains(&format!("choose {max_dpi} at most")),
        "{text}"
    );
    let next = png(&drawn, max_dpi + 1, &recipe);
    assert!(matches!(next, Err(ExportError::TooLarge { .. })), "it is the largest");
    let file = png(&drawn, max_dpi, &recipe).expect("a PNG");
    let info = ::png::Decoder::new(Cursor::new(&file)).read_info().expect("a PNG");
    let n_pixels = u64::from(info.info().width) * u64::from(info.info().height);
    assert!((39_000_000..=40_000_000).contains(&n_pixels), "{n_pixels}");
}

#[test]
fn a_rendered_map_shows_the_rain() {
    let outcome = outcome();
    let style = Style { coastline: false, ..Style::default() };
    let (drawn, recipe) = figure_of(&outcome, "map-input@11", &style);
    let file = png(&drawn, 300, &recipe).expect("a PNG");
    let picture = image::load_from_memory(&file).expect("a PNG").to_rgb8();
    let [left, top, width, height] = usvg_image(&drawn).map(|mm| mm / 25.4 * 300.0);
    let field = outcome.variable("input").expect("it is there").map(11);
    let classes = style.palette.classes(stormlens_plot::Theme::Light);
    let colour = |rain: f32| match classes.levels_mm_h.partition_point(|&l| l <= rain) {
        0 => [0xFB, 0xFC, 0xFD],
        class => classes.colours[class - 1],
    };
    // Grid lines stand every 50 km from the south-western corner, and cover a pixel or two.
    let is_near_line = |km: f64| (km / 50.0 - (km / 50.0).round()).abs() * 50.0 < 2.0;
    let (mut n, mut others) = (0, Vec::new());
    for row in (4..284).step_by(4) {
        for column in (4..284).step_by(4) {
            let (x_km, y_km) = (column as f64 + 0.5, 288.0 - row as f64 - 0.5);
            if is_near_line(x_km) || is_near_line(y_km) {
                continue;
            }
            let x = left + (column as f64 + 0.5) / 288.0 * width;
            let y = top + (row as f64 + 0.5) / 288.0 * height;
            let pixel = picture.get_pixel(x as u32, y as u32).0;
            n += 1;
            if pixel != colour(field.at(row, column)) {
                others.push((row, column, pixel));
            }
        }
    }
    assert!(n > 4000 && others.is_empty(), "{} of {n}: {others:?}", others.len());
}

#[test]
fn a_coarse_layer_keeps_its_pixels() {
    let (drawn, recipe) = figure("map-grad_cam/cbam5/raw");
    let file = png(&drawn, 300, &recipe).expect("a PNG");
    let picture = image::load_from_memory(&file).expect("a PNG").to_rgb8();
    let [left, top, width, height] = usvg_image(&drawn).map(|mm| mm / 25.4 * 300.0);
    // Well within the pixel in row 10, column 3 of 18, clear of grid lines.
    let at = |row: f64, column: f64| {
        let (x, y) = (left + column / 18.0 * width, top + row / 18.0 * height);
        picture.get_pixel(x as u32, y as u32).0
    };
    assert_eq!(at(10.15, 3.45), at(10.85, 3.95), "a pixel has one colour");
}

/// Where the picture stands on the sheet, in millimetres.
fn usvg_image(svg: &str) -> [f64; 4] {
    let document = resvg::usvg::roxmltree::Document::parse(svg).expect("well-formed");
    let image = document.descendants().find(|n| n.has_tag_name("image")).expect("one picture");
    ["x", "y", "width", "height"].map(|a| {
        let text = image.attribute(a).expect("a place");
        text.parse::<f64>().expect("a number") / 100.0
    })
}

#[test]
fn a_pdf_has_text_in_the_font_of_the_project() {
    let (drawn, recipe) = figure("map-prediction");
    let file = pdf(&drawn, &recipe).expect("a PDF");
    let text = String::from_utf8_lossy(&file);
    // A font with a map back to letters is what makes text selectable.
    assert!(text.contains("/ToUnicode") && text.contains("+Inter"), "a font is embedded");
    assert!(text.contains("/MediaBox[0 0 240.9"), "85 mm are 240.94 pt");
}

#[test]
fn an_svg_file_stands_alone() {
    let (drawn, recipe) = figure("map-prediction");
    let file = String::from_utf8(svg(&drawn, &recipe).expect("an SVG")).expect("text");
    assert!(file.contains("@font-face{font-family:Inter"));
    assert!(file.contains(&format!("<title>{}", recipe.description.replace('&', "&amp;"))));
    assert!(tree(&file).is_ok());
    assert!(svg("<p>no</p>", &recipe).is_err());
}

#[test]
fn a_repeated_picture_is_drawn_every_time() {
    // Two equal panels: their pixels must be equal too, though the second only refers to the first.
    let outcome = scene_outcome();
    let style = Style { crop_rectangle: false, ..Style::default() };
    let grid = "grid-grad_cam/activation_8,grad_cam/activation_8";
    let (drawn, recipe) = figure_of(&outcome, grid, &style);
    let file = png(&drawn, 254, &recipe).expect("a PNG");
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

/// The smallest files that carry a recipe, by their names in the corpus for fuzzing.
fn carriers() -> [(&'static str, Vec<u8>); 3] {
    let recipe = figure("map-prediction").1;
    let empty = r#"<svg xmlns="http://www.w3.org/2000/svg" width="1mm" height="1mm" viewBox="0 0 1 1"></svg>"#;
    [
        ("recipe.svg", svg(empty, &recipe).expect("an SVG")),
        ("recipe.png", png(empty, 72, &recipe).expect("a PNG")),
        ("recipe.pdf", pdf(empty, &recipe).expect("a PDF")),
    ]
}

/// `STORMLENS_WRITE_CORPUS=1` writes them anew after a change of recipes.
#[test]
fn the_corpus_for_fuzzing_holds_recipes() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus/recipe");
    for (name, bytes) in carriers() {
        let file = folder.join(name);
        if std::env::var_os("STORMLENS_WRITE_CORPUS").is_some() {
            std::fs::create_dir_all(&folder).expect("a folder");
            std::fs::write(&file, &bytes).expect("a file");
        }
        let stored = std::fs::read(&file).expect("the corpus has it");
        assert_eq!(Recipe::from_file_bytes(&stored), Recipe::from_file_bytes(&bytes), "{name}");
        assert!(Recipe::from_file_bytes(&stored).is_ok(), "{name}");
    }
}

#[test]
fn damaged_figures_have_a_recipe_or_are_refused() {
    let seeds: Vec<_> = corpus(&["recipe"]).into_iter().map(|(_, bytes)| bytes).collect();
    let (mut random, mut n_read) = (Random(20_100_826), 0);
    for i in 0..N_MUTATIONS {
        let bytes = mutate(&seeds[i % seeds.len()], &seeds, &mut random);
        if let Ok(recipe) = Recipe::from_file_bytes(&bytes) {
            let again: Recipe = serde_json::from_str(&recipe.to_json()).expect("we wrote it");
            assert_eq!(again.to_json(), recipe.to_json());
            n_read += 1;
        }
    }
    assert!(n_read > N_MUTATIONS / 100 && n_read < N_MUTATIONS, "{n_read}");
}

#[test]
fn a_diagram_is_no_figure_that_is_rendered_again() {
    let recipe = DiagramRecipe {
        diagram: "roc".into(),
        description: "ROC curve".into(),
        model: "m".into(),
        checkpoint: "c".into(),
        weights_sha256: String::new(),
        evaluation_sha256: String::new(),
        event: "e".into(),
        forecasts: vec!["f".into()],
        cost_loss: None,
        style: Style::default(),
        program: "stormlens".into(),
    };
    let (drawn, _) = figure("map-prediction");
    let files = [svg(&drawn, &recipe), png(&drawn, 72, &recipe), pdf(&drawn, &recipe)];
    for file in files {
        let error = Recipe::from_file_bytes(&file.expect("a file")).expect_err("no figure");
        assert!(error.to_string().contains("the diagram `roc` of an evaluation"), "{error}");
    }
}
