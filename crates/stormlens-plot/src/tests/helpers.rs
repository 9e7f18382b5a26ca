//! Looking into drawn figures.

use base64::Engine as _;
use resvg::usvg::roxmltree::{Document, Node};
use stormlens_data::outcome::{Note, Outcome, Values, Variable};
use stormlens_data::scene::{Picture, Samples};

use crate::lettering::Type;
use crate::{Figure, Style, draw};

pub fn parsed(figure: &str) -> Figure {
    figure.parse().expect("the figure's name is well-formed")
}

pub fn drawn(outcome: &Outcome, figure: &str, style: &Style) -> String {
    draw(outcome, &parsed(figure), style).expect("the figure can be drawn")
}

/// All texts of a figure, in drawing order.
pub fn texts(svg: &str) -> Vec<String> {
    let document = Document::parse(svg).expect("the figure is well-formed");
    let texts = document.descendants().filter(|n| n.has_tag_name("text"));
    texts.filter_map(|n| n.text()).map(|t| t.trim().to_owned()).collect()
}

pub fn says(outcome: &Outcome, figure: &str, style: &Style, expected: &[&str]) {
    let wide = Style { width_mm: 170.0, ..style.clone() };
    // A long line is broken into several.
    let all = texts(&drawn(outcome, figure, &wide)).join(" ");
    for text in expected {
        assert!(all.contains(text), "{figure} says {text:?} in {all:?}");
    }
}

pub fn variable<'a>(outcome: &'a mut Outcome, name: &str) -> &'a mut Variable {
    outcome.variables.iter_mut().find(|v| v.name == name).expect("the variable exists")
}

/// The numbers of a variable that are stored as `f32`.
pub fn values<'a>(outcome: &'a mut Outcome, name: &str) -> &'a mut Vec<f32> {
    match &mut variable(outcome, name).values {
        Values::F32(values) => values,
        _ => panic!("{name} is stored otherwise"),
    }
}

pub fn number<'a>(outcome: &'a mut Outcome, name: &str) -> &'a mut f64 {
    let number = outcome.numbers.iter_mut().find(|number| number.name == name);
    &mut number.expect("the number exists").value
}

pub fn remark(name: &str, text: &str) -> Note {
    Note::new(name, text, true)
}

/// A picture of one colour, its left half without data.
pub fn plain(width: usize, height: usize, colour: [u8; 3]) -> Picture {
    let pixel = |i: usize| if i % width < width / 2 { [0; 3] } else { colour };
    Picture { width, height, rgb: Samples::U8((0..width * height).flat_map(pixel).collect()) }
}

/// Where pictures stand on a sheet, in millimetres, in drawing order.
pub fn pictures(svg: &str) -> Vec<[f64; 4]> {
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

/// The pictures of a figure, decoded, in drawing order.
pub fn decoded(svg: &str) -> Vec<image::RgbaImage> {
    let document = Document::parse(svg).expect("well-formed");
    let images = document.descendants().filter(|n| n.has_tag_name("image"));
    let bytes = images.map(|n| {
        let data = n.attribute("href").and_then(|h| h.strip_prefix("data:image/png;base64,"));
        base64::engine::general_purpose::STANDARD.decode(data.expect("a PNG")).expect("base64")
    });
    bytes.map(|b| image::load_from_memory(&b).expect("a PNG").to_rgba8()).collect()
}

/// Width and height of a document in CSS pixels.
pub fn size_of(svg: &str) -> (u32, u32) {
    let document = Document::parse(svg).expect("well-formed");
    let px = |name| {
        let text = document.root_element().attribute(name).expect("a size");
        let mm: f64 = text.trim_end_matches("mm").parse().expect("a number");
        (mm / 25.4 * 96.0).round() as u32
    };
    (px("width"), px("height"))
}

/// Whether all text stands on the sheet.
pub fn inside(svg: &str, width_mm: f64, height_mm: f64, name: &str) {
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

/// The smallest text of a figure, in points.
pub fn smallest_pt(svg: &str) -> f64 {
    let document = Document::parse(svg).expect("the figure is well-formed");
    let texts = document.descendants().filter(|n| n.has_tag_name("text"));
    let sizes = texts.filter_map(|n| n.attribute("font-size")?.parse::<f64>().ok());
    sizes.fold(f64::INFINITY, f64::min) / 100.0 * 72.0 / 25.4
}
