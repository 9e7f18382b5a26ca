//! The font of the figures, and how much room its text takes.

use std::sync::Once;

use plotters::style::{FontDesc, FontFamily, FontStyle, register_font};

use super::canvas::UNITS_PER_MM;
use super::colour::Rgb;

/// The font of figures and pages.
pub const FONT_FAMILY: &str = "Inter, sans-serif";
pub const FONT_REGULAR: &[u8] = include_bytes!("../../../static/fonts/Inter-Regular.ttf");
pub const FONT_SEMI_BOLD: &[u8] = include_bytes!("../../../static/fonts/Inter-SemiBold.ttf");

const MM_PER_POINT: f64 = 25.4 / 72.0;
/// Plotters divides a font's size by this before it writes it.
const PLOTTERS_SIZE: f64 = 1.24;
/// Ascent and descent of Inter together, in its em: what plotters takes the size for when measuring.
const INTER_HEIGHT: f64 = 1.21;

/// What a text looks like.
#[derive(Clone, Copy, Debug)]
pub struct Type {
    pub size_pt: f64,
    pub bold: bool,
    pub colour: Rgb,
}

impl Type {
    pub fn font(&self) -> FontDesc<'static> {
        let size = self.size_pt * MM_PER_POINT * UNITS_PER_MM * PLOTTERS_SIZE;
        let style = if self.bold { FontStyle::Bold } else { FontStyle::Normal };
        FontDesc::new(FontFamily::Name(FONT_FAMILY), size.round(), style)
    }

    /// How wide a line of text is, in millimetres.
    pub fn width_mm(&self, text: &str) -> f64 {
        register();
        let ((left, _), (right, _)) = self.font().layout_box(text).unwrap_or_default();
        f64::from(right - left) / UNITS_PER_MM * INTER_HEIGHT / PLOTTERS_SIZE
    }

    /// The distance from line to line, in millimetres.
    pub fn line_mm(&self) -> f64 {
        self.size_pt * MM_PER_POINT * 1.3
    }

    /// The text in lines that fit a width, broken at spaces, and within a word that is too long for
    /// a line of its own: file names and addresses have no spaces.
    pub fn wrap(&self, text: &str, width_mm: f64) -> Vec<String> {
        let mut lines: Vec<String> = Vec::new();
        for word in text.split(' ').flat_map(|word| self.pieces(word, width_mm)) {
            match lines.last_mut() {
                Some(line) if self.width_mm(&format!("{line} {word}")) <= width_mm => {
                    line.push(' ');
                    line.push_str(&word);
                }
                _ => lines.push(word),
            }
        }
        lines
    }

    /// A word in pieces that fit a width.
    fn pieces(&self, word: &str, width_mm: f64) -> Vec<String> {
        if self.width_mm(word) <= width_mm {
            return vec![word.to_owned()];
        }
        let mut pieces = vec![String::new()];
        for character in word.chars() {
            let last = pieces.len() - 1;
            let longer = format!("{}{character}", pieces[last]);
            if !pieces[last].is_empty() && self.width_mm(&longer) > width_mm {
                pieces.push(character.to_string());
            } else {
                pieces[last] = longer;
            }
        }
        pieces
    }
}

/// Makes the font known to plotters.
pub fn register() {
    static FONTS: Once = Once::new();
    FONTS.call_once(|| {
        for (style, bytes) in [(FontStyle::Normal, FONT_REGULAR), (FontStyle::Bold, FONT_SEMI_BOLD)]
        {
            let registered = register_font(FONT_FAMILY, style, bytes);
            debug_assert!(registered.is_ok(), "the font in static/fonts is readable");
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_that_fits_no_line_is_broken_and_nothing_is_lost() {
        let lettering = Type { size_pt: 7.0, bold: false, colour: [0; 3] };
        let name = "S1A_EW_GRDM_1SDH_20221130T014342_20221130T014446_046136_0585F7_quick-look";
        let lines = lettering.wrap(&format!("a scene {name} seen"), 30.0);
        assert!(lines.len() > 2);
        assert!(lines.iter().all(|line| lettering.width_mm(line) <= 30.0), "{lines:?}");
        assert_eq!(lines.concat().replace(' ', ""), format!("ascene{name}seen"));
        assert_eq!(lettering.wrap("short words", 30.0), ["short words"]);
    }
}
