use std::io::{Cursor, Read as _};

use super::*;
use crate::plot::{Figure, Style, draw};
use crate::testing::outcome;

fn figure(name: &str) -> (String, Recipe) {
    let figure: Figure = name.parse().expect("the figure exists");
    let outcome = outcome();
    let style = Style::default();
    let svg = draw(&outcome, &figure, &style).expect("the figure can be drawn");
    (svg, Recipe::new(&outcome, &figure, &style))
}

#[test]
fn every_format_carries_its_recipe() {
    // With letters outside ASCII, and signs that XML and PDF write otherwise.
    let (drawn, mut recipe) = figure("prediction");
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
fn recipes_without_a_task_are_of_nowcasts() {
    let (drawn, recipe) = figure("prediction");
    let old = recipe.to_json().replace("\"task\":\"nowcast\",", "");
    assert!(!old.contains("task"), "{old}");
    assert_eq!(serde_json::from_str::<Recipe>(&old).ok().as_ref(), Some(&recipe));
    let file = String::from_utf8(svg(&drawn, &recipe).expect("an SVG")).expect("text");
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
    let (drawn, recipe) = figure("ig-frames");
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
    let (drawn, recipe) = figure("prediction");
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

#[test]
fn a_rendered_map_shows_the_rain() {
    let outcome = outcome();
    let (drawn, recipe) = figure("input-11");
    let file = png(&drawn, 300, &recipe).expect("a PNG");
    let picture = image::load_from_memory(&file).expect("a PNG").to_rgb8();
    let [left, top, width, height] = usvg_image(&drawn).map(|mm| mm / 25.4 * 300.0);
    let field = &outcome.forecast.inputs_mm_h[11];
    let classes = Style::default().palette.classes(crate::plot::Theme::Light);
    let colour = |rain: f32| match classes.levels_mm_h.partition_point(|&l| l <= rain) {
        0 => [0xFB, 0xFC, 0xFD],
        class => classes.colours[class - 1],
    };
    let (mut n_equal, mut n) = (0, 0);
    for row in (4..284).step_by(4) {
        for column in (4..284).step_by(4) {
            let x = left + (column as f64 + 0.5) / 288.0 * width;
            let y = top + (row as f64 + 0.5) / 288.0 * height;
            let pixel = picture.get_pixel(x as u32, y as u32).0;
            n_equal += usize::from(pixel == colour(field.at(row, column)));
            n += 1;
        }
    }
    // Coastline and grid lines cover some of the pixels; what they don't cover is exact.
    assert!(n_equal * 10 > n * 9, "{n_equal} of {n} pixels have their colour");
}

#[test]
fn a_coarse_layer_keeps_its_pixels() {
    let (drawn, recipe) = figure("cam-raw-cbam5");
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
    let (drawn, recipe) = figure("prediction");
    let file = pdf(&drawn, &recipe).expect("a PDF");
    let text = String::from_utf8_lossy(&file);
    // A font with a map back to letters is what makes text selectable.
    assert!(text.contains("/ToUnicode") && text.contains("+Inter"), "a font is embedded");
    assert!(text.contains("/MediaBox[0 0 240.9"), "85 mm are 240.94 pt");
}

#[test]
fn an_svg_file_stands_alone() {
    let (drawn, recipe) = figure("prediction");
    let file = String::from_utf8(svg(&drawn, &recipe).expect("an SVG")).expect("text");
    assert!(file.contains("@font-face{font-family:Inter"));
    assert!(file.contains(&format!("<title>{}", recipe.description.replace('&', "&amp;"))));
    assert!(tree(&file).is_ok());
    assert!(svg("<p>no</p>", &recipe).is_err());
}

#[test]
fn the_archive_holds_everything() {
    let outcome = outcome();
    let card = crate::testing::card();
    let layers = ["cbam3".to_owned()];
    let figures: Vec<Figure> =
        ["prediction", "cam-cbam3", "ig-frames"].map(|f| f.parse().unwrap()).into();
    assert!(figures.iter().all(|f| Figure::of(&outcome, &layers).contains(f)));
    let bytes = bundle(&Bundle {
        outcome: &outcome,
        card: &card,
        figures: &figures,
        style: &Style::default(),
        dpi: 72,
        thresholds_mm_h: &[0.5, 5.0],
    })
    .expect("an archive");
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
    assert!(text("scores.csv").lines().count() == 5, "two forecasts at two thresholds");
    let citations = text("CITATIONS.bib");
    for key in ["selvaraju2017gradcam", "sundararajan2017axiomatic", "@misc{data"] {
        assert_eq!(citations.matches(key).count(), 1, "{key}");
    }
    let provenance: serde_json::Value =
        serde_json::from_str(&text("provenance.json")).expect("JSON");
    assert_eq!(provenance["weights_sha256"], outcome.provenance.weights_sha256);
    assert_eq!(provenance["request"]["threshold_mm_h"], 1.5);
    assert!(names.contains(&"result.nc".to_owned()));
}

#[test]
fn arrays_carry_their_provenance() {
    let outcome = outcome();
    let bytes = npz(&outcome).expect("an archive");
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).expect("a ZIP file");
    for name in ["prediction_mm_h", "inputs_mm_h", "cbam3/raw", "cbam3/cam", "score"] {
        let file = archive.by_name(&format!("{name}.npy")).expect("it is there");
        // The header of a .npy file takes less than 128 bytes.
        let n_floats = file.size() / 4;
        assert!(name == "score" || n_floats > 18 * 18, "{name}: {n_floats}");
    }
    let file = archive.by_name("provenance.json").expect("it is there");
    let provenance: serde_json::Value = serde_json::from_reader(file).expect("JSON");
    assert_eq!(provenance["data_sha256"], outcome.provenance.data_sha256);
}
