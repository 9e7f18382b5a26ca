//! Which line is whose, with its numbers: beside or below a diagram, never on it.

use super::axes::Placed;
use super::series::Stroke;
use crate::canvas::{Anchor, Pen};
use crate::lettering::Type;
use crate::parts::Letterings;
use crate::{PlotError, Theme};

/// Length of the line that stands before a name.
const SAMPLE_MM: f64 = 7.0;
const GAP_MM: f64 = 1.6;

/// Of one forecast.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    pub name: String,
    /// Its numbers, each unbroken.
    pub numbers: Vec<String>,
}

impl Entry {
    pub fn new(name: &str, numbers: impl IntoIterator<Item = String>) -> Self {
        Self { name: name.to_owned(), numbers: numbers.into_iter().collect() }
    }
}

enum Line {
    /// A forecast's place, and its name.
    Name(usize, String),
    /// Indented.
    Numbers(String),
    Note(String),
    Gap,
}

pub struct Legend {
    left: f64,
    top: f64,
    lines: Vec<Line>,
    letterings: Letterings,
}

impl Legend {
    pub fn new(
        entries: Vec<Entry>,
        notes: Vec<String>,
        placed: &Placed,
        letterings: &Letterings,
    ) -> Self {
        let (left, top, width) = placed.legend;
        let mut lines = Vec::new();
        for (place, entry) in entries.into_iter().enumerate() {
            let room = width - SAMPLE_MM - GAP_MM;
            let mut named = letterings.text.wrap(&entry.name, room).into_iter();
            lines.extend(named.next().map(|name| Line::Name(place, name)));
            lines.extend(named.map(Line::Numbers));
            lines.extend(
                packed(&entry.numbers, letterings.muted, room).into_iter().map(Line::Numbers),
            );
        }
        if !notes.is_empty() {
            lines.push(Line::Gap);
        }
        for note in notes {
            lines.extend(letterings.small.wrap(&note, width).into_iter().map(Line::Note));
        }
        Self { left, top, lines, letterings: *letterings }
    }

    fn height_of(&self, line: &Line) -> f64 {
        match line {
            Line::Gap => 1.0,
            _ => self.letterings.text.line_mm(),
        }
    }

    pub fn bottom_mm(&self) -> f64 {
        self.top + self.lines.iter().map(|line| self.height_of(line)).sum::<f64>()
    }

    pub fn draw(&self, pen: &Pen, theme: Theme) -> Result<(), PlotError> {
        let mut top = self.top;
        for line in &self.lines {
            let middle = top + self.letterings.text.line_mm() / 2.0;
            let indented = self.left + SAMPLE_MM + GAP_MM;
            let write = |x, text, lettering| pen.text((x, middle), text, Anchor::Start, lettering);
            match line {
                Line::Name(place, name) => {
                    let ends = [(self.left, middle), (self.left + SAMPLE_MM, middle)];
                    Stroke::of(*place, theme).draw(pen, &ends)?;
                    write(indented, name, self.letterings.text)?;
                }
                Line::Numbers(text) => write(indented, text, self.letterings.muted)?,
                Line::Note(text) => write(self.left, text, self.letterings.small)?,
                Line::Gap => {}
            }
            top += self.height_of(line);
        }
        Ok(())
    }
}

/// Numbers in as few lines as there is room for, none of them broken.
fn packed(numbers: &[String], lettering: Type, width_mm: f64) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for text in numbers {
        match lines.last_mut() {
            Some(line) if lettering.width_mm(&format!("{line}, {text}")) <= width_mm => {
                line.push_str(", ");
                line.push_str(text);
            }
            _ => lines.extend(lettering.wrap(text, width_mm)),
        }
    }
    lines
}
