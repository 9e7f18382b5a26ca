use ttf_parser::{Face, OutlineBuilder};

use super::*;
use crate::export::Recipe;
use stormlens_plot::testing;
use stormlens_plot::{Figure, Style};

/// An outline as text.
#[derive(Default)]
struct Drawn(String);

impl OutlineBuilder for Drawn {
    fn move_to(&mut self, x: f32, y: f32) {
        self.0 += &format!("M{x} {y}");
    }
    fn line_to(&mut self, x: f32, y: f32) {
        self.0 += &format!("L{x} {y}");
    }
    fn quad_to(&mut self, x1: f32, y1: f32, x: f32, y: f32) {
        self.0 += &format!("Q{x1} {y1} {x} {y}");
    }
    fn curve_to(&mut self, x1: f32, y1: f32, x2: f32, y2: f32, x: f32, y: f32) {
        self.0 += &format!("C{x1} {y1} {x2} {y2} {x} {y}");
    }
    fn close(&mut self) {
        self.0 += "Z";
    }
}

/// Advance and outline of a character; `None` where the font has no glyph for it.
fn glyph(font: &[u8], character: char) -> Option<(Option<u16>, String)> {
    let face = Face::parse(font, 0).expect("it is a font");
    let glyph = face.glyph_index(character)?;
    let mut drawn = Drawn::default();
    face.outline_glyph(glyph, &mut drawn);
    Some((face.glyph_hor_advance(glyph), drawn.0))
}

#[test]
fn a_cut_font_draws_its_characters_as_before_and_no_others() {
    let check = |characters: &str, missing: char| {
        for whole in [FONT_REGULAR, FONT_SEMI_BOLD] {
            let cut = font::cut(whole, characters).expect("it is a font of outlines");
            for character in characters.chars() {
                assert_eq!(glyph(&cut, character), glyph(whole, character), "{character:?}");
            }
            assert_eq!(glyph(&cut, missing), None);
            assert!(cut.len() < whole.len() / 3, "{characters}: {} bytes", cut.len());
        }
    };
    check("Rain, mm/h", 'x');
    check("−12.5 °C", 'a');
    // Composite glyphs, and parts of them that are characters themselves.
    check("éeÅöő", 'x');
    check(" ", '.');
}

#[test]
fn a_character_that_the_font_lacks_is_left_out() {
    let cut = font::cut(FONT_REGULAR, "a☃b").expect("it is a font of outlines");
    assert_eq!(glyph(&cut, '☃'), None);
    assert!(glyph(&cut, 'b').is_some());
}

#[test]
fn what_is_no_font_is_not_cut() {
    assert_eq!(font::cut(b"no font", "a"), None);
    for length in [100, FONT_REGULAR.len() / 2, FONT_REGULAR.len() - 5000] {
        // Broken fonts end in nothing or in less, never in a panic.
        let _ = font::cut(&FONT_REGULAR[..length], "abc é");
    }
}

#[test]
fn letters_are_told_by_weight() {
    let check = |svg: &str, regular: &str, bold: &str| {
        let expected = Letters { regular: regular.to_owned(), bold: bold.to_owned() };
        assert_eq!(Letters::of(svg), expected, "{svg}");
    };
    check("<svg><rect/></svg>", "", "");
    check("<text x=\"1\">\na</text><text font-weight=\"bold\">B</text><text>c</text>", "\nac", "B");
    check("<text>a &lt; b</text>", "a &lt; b<>&\"'", "");
}

#[test]
fn a_figure_of_a_page_is_lighter_and_has_its_letters() {
    let (outcome, style) = (testing::outcome(), Style::default());
    let figure = Figure::map("prediction");
    let drawn = stormlens_plot::draw(&outcome, &figure, &style).expect("it can be drawn");
    let recipe = Recipe::new(&outcome, &figure, &style);
    let page = page_svg(&drawn, &recipe).expect("it is an SVG");
    let file = crate::export::svg(&drawn, &recipe).expect("it is an SVG");
    assert!(page.len() + 25_000 < file.len(), "{} and {}", page.len(), file.len());
    let text = String::from_utf8(page).expect("it is text");
    assert!(text.contains("<recipe") && text.contains("data:font/ttf;base64,"));
    assert_eq!(text.matches("@font-face").count(), 2);
}
