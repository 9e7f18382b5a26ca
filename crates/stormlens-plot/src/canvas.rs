//! A sheet to draw on, in millimetres, over plotters' SVG backend.
//!
//! Plotters counts in whole units, so a unit is a hundredth of a millimetre. Its backend has no image
//! element that viewers accept, so pictures are written here, beneath everything that is drawn.

use std::cell::RefCell;
use std::fmt::Write as _;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{FontDesc, FontTransform, TextStyle};

use super::colour::Rgb;
use super::lettering::{Type, register};
use super::palette::{Inks, inks};
use super::{PlotError, Theme};

/// Plotters' whole units.
pub const UNITS_PER_MM: f64 = 100.0;

/// A rectangle in millimetres from the top left corner of the sheet.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Frame {
    pub left: f64,
    pub top: f64,
    pub width: f64,
    pub height: f64,
}

impl Frame {
    pub fn right(&self) -> f64 {
        self.left + self.width
    }

    pub fn bottom(&self) -> f64 {
        self.top + self.height
    }

    /// The same frame, so many millimetres further down.
    pub fn down(self, mm: f64) -> Self {
        Self { top: self.top + mm, ..self }
    }
}

/// Which end of a text its position is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Anchor {
    Start,
    Middle,
    End,
}

/// What draws on a sheet.
pub struct Pen<'a> {
    area: DrawingArea<SVGBackend<'a>, Shift>,
    pictures: RefCell<String>,
    pub inks: Inks,
}

/// Draws a sheet and returns it as an SVG document, its meaning said in `alt`.
pub fn sheet(
    (width_mm, height_mm): (f64, f64),
    theme: Theme,
    alt: &str,
    draw: impl FnOnce(&Pen) -> Result<(), PlotError>,
) -> Result<String, PlotError> {
    register();
    let (width, height) = (units(width_mm), units(height_mm));
    let mut drawn = String::new();
    let area =
        SVGBackend::with_string(&mut drawn, (width as u32, height as u32)).into_drawing_area();
    let pen = Pen { area, pictures: RefCell::default(), inks: inks(theme) };
    draw(&pen)?;
    pen.area.present().map_err(drawing)?;
    let (pictures, paper) = (pen.pictures.take(), pen.inks.paper);
    drop(pen);
    let body = drawn.split_once('\n').map_or("", |(_, body)| body);
    Ok(format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width_mm:.2}mm\" \
         height=\"{height_mm:.2}mm\" viewBox=\"0 0 {width} {height}\" role=\"img\" \
         aria-label=\"{}\">\n<rect class=\"figure-background\" width=\"{width}\" \
         height=\"{height}\" fill=\"{}\"/>\n{}{body}",
        escape(alt),
        hex(paper),
        pictures,
    ))
}

impl Pen<'_> {
    /// A line of text, `y` being the middle of its small letters.
    pub fn text(
        &self,
        (x, y): (f64, f64),
        text: &str,
        anchor: Anchor,
        lettering: Type,
    ) -> Result<(), PlotError> {
        self.write((x, y), text, anchor, lettering.font(), lettering.colour)
    }

    /// A line of text that reads from the bottom to the top, `x` and `y` being its middle.
    pub fn text_upwards(
        &self,
        at: (f64, f64),
        text: &str,
        lettering: Type,
    ) -> Result<(), PlotError> {
        let font = lettering.font().transform(FontTransform::Rotate270);
        self.write(at, text, Anchor::Middle, font, lettering.colour)
    }

    fn write(
        &self,
        at: (f64, f64),
        text: &str,
        anchor: Anchor,
        font: FontDesc,
        colour: Rgb,
    ) -> Result<(), PlotError> {
        let side = match anchor {
            Anchor::Start => HPos::Left,
            Anchor::Middle => HPos::Center,
            Anchor::End => HPos::Right,
        };
        let colour = ink(colour);
        let style = TextStyle::from(font).color(&colour).pos(Pos::new(side, VPos::Center));
        self.area.draw_text(text, &style, point(at)).map_err(drawing)
    }

    /// A line through points, as wide as `width_mm` and as opaque as `opacity`.
    pub fn line(
        &self,
        points: &[(f64, f64)],
        width_mm: f64,
        colour: Rgb,
        opacity: f64,
    ) -> Result<(), PlotError> {
        let style = ink(colour).mix(opacity).stroke_width(units(width_mm).max(1) as u32);
        let path: Vec<_> = points.iter().map(|&p| point(p)).collect();
        self.area.draw(&PathElement::new(path, style)).map_err(drawing)
    }

    pub fn outline(&self, frame: Frame, width_mm: f64, colour: Rgb) -> Result<(), PlotError> {
        let Frame { left, top, .. } = frame;
        let (right, bottom) = (frame.right(), frame.bottom());
        let corners = [(left, top), (right, top), (right, bottom), (left, bottom), (left, top)];
        // One unit further than the corner, so that it is closed.
        let end = (left + width_mm, top);
        self.line(&[corners.as_slice(), &[end]].concat(), width_mm, colour, 1.0)
    }

    pub fn fill(&self, frame: Frame, colour: Rgb, opacity: f64) -> Result<(), PlotError> {
        let corners = [point((frame.left, frame.top)), point((frame.right(), frame.bottom()))];
        let style = ink(colour).mix(opacity).filled();
        self.area.draw(&Rectangle::new(corners, style)).map_err(drawing)
    }

    /// A disc.
    pub fn dot(
        &self,
        middle: (f64, f64),
        radius_mm: f64,
        colour: Rgb,
        opacity: f64,
    ) -> Result<(), PlotError> {
        let style = ink(colour).mix(opacity).filled();
        let radius = units(radius_mm).max(1);
        self.area.draw(&Circle::new(point(middle), radius, style)).map_err(drawing)
    }

    pub fn polygon(
        &self,
        points: &[(f64, f64)],
        colour: Rgb,
        opacity: f64,
    ) -> Result<(), PlotError> {
        let path: Vec<_> = points.iter().map(|&p| point(p)).collect();
        self.area.draw(&Polygon::new(path, ink(colour).mix(opacity))).map_err(drawing)
    }

    /// A plain rectangle beneath all that is drawn and above the pictures so far.
    pub fn ground(&self, frame: Frame, colour: Rgb) {
        self.beneath("rect", frame, &format!("fill=\"{}\"", hex(colour)));
    }

    /// A rectangle above the pictures so far and beneath all that is drawn, dashed where dashes have a
    /// length.
    pub fn rectangle(&self, frame: Frame, width_mm: f64, colour: Rgb, dash_mm: f64) {
        let (thick, dash) = (units(width_mm), units(dash_mm));
        let dashes = match dash {
            0 => String::new(),
            dash => format!(" stroke-dasharray=\"{dash} {dash}\""),
        };
        let colour = hex(colour);
        let attributes =
            format!("fill=\"none\" stroke=\"{colour}\" stroke-width=\"{thick}\"{dashes}");
        self.beneath("rect", frame, &attributes);
    }

    /// A photograph stretched over the frame, smooth where it has other pixels than the screen, above
    /// the pictures so far. One that is drawn several times at one size is stored once.
    pub fn photograph(&self, frame: Frame, png: &[u8]) {
        let [x, y, width, height] = corners(frame);
        // The name follows from the content, since several sheets may stand in one page.
        let mut hasher = DefaultHasher::new();
        (png, width, height).hash(&mut hasher);
        let name = format!("picture-{:016x}", hasher.finish());
        let mut pictures = self.pictures.borrow_mut();
        if !pictures.contains(&name) {
            let _ = writeln!(
                pictures,
                "<defs><image id=\"{name}\" width=\"{width}\" height=\"{height}\" {}/></defs>",
                data(png),
            );
        }
        let _ = writeln!(pictures, "<use x=\"{x}\" y=\"{y}\" href=\"#{name}\"/>");
    }

    /// A PNG stretched over the frame, its pixels kept sharp, above the pictures so far.
    pub fn picture(&self, frame: Frame, png: &[u8]) {
        self.beneath("image", frame, &format!("image-rendering=\"pixelated\" {}", data(png)));
    }

    fn beneath(&self, tag: &str, frame: Frame, attributes: &str) {
        let [x, y, width, height] = corners(frame);
        // Writing to a string can't fail.
        let _ = writeln!(
            self.pictures.borrow_mut(),
            "<{tag} x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" {attributes}/>",
        );
    }
}

fn data(png: &[u8]) -> String {
    let bytes = STANDARD.encode(png);
    format!("preserveAspectRatio=\"none\" href=\"data:image/png;base64,{bytes}\"")
}

/// Text that may stand in an attribute or between tags.
pub fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

fn corners(frame: Frame) -> [i32; 4] {
    let (left, top) = point((frame.left, frame.top));
    let (right, bottom) = point((frame.right(), frame.bottom()));
    [left, top, right - left, bottom - top]
}

fn point((x, y): (f64, f64)) -> (i32, i32) {
    (units(x), units(y))
}

fn units(mm: f64) -> i32 {
    (mm * UNITS_PER_MM).round() as i32
}

fn ink([r, g, b]: Rgb) -> RGBColor {
    RGBColor(r, g, b)
}

fn hex([r, g, b]: Rgb) -> String {
    format!("#{r:02x}{g:02x}{b:02x}")
}

fn drawing(error: impl std::fmt::Display) -> PlotError {
    PlotError::Drawing(error.to_string())
}
