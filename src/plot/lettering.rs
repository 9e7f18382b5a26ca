//! The font of the figures, and how much room its text takes.

use std::sync::Once;

use plotters::style::{FontDesc, FontFamily, FontStyle, register_font};

use super::canvas::UNITS_PER_MM;
use super::colour::Rgb;

/// The font of figures and pages.
pub const FONT_FAMILY: &str = "Inter, sans-serif";
pub const FONT_REGULAR: &[u8] = include_bytes!("../../static/fonts/Inter-Regular.ttf");
pub const FONT_SEMI_BOLD: &[u8] = include_bytes!("../../static/fonts/Inter-SemiBold.ttf");

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

    /// The text in lines that fit a width, broken at spaces.
    pub fn wrap(&self, text: &str, width_mm: f64) -> Vec<String> {
        let mut lines: Vec<String> = Vec::new();
        for word in text.split(' ') {
            match lines.last_mut() {
                Some(line) if self.width_mm(&format!("{line} {word}")) <= width_mm => {
                    line.push(' ');
                    line.push_str(word);
                }
                _ => lines.push(word.to_owned()),
            }
        }
        lines
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
