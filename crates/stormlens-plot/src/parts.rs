//! What all figures have: a title, sizes of text, and the small print.

use super::canvas::{Anchor, Frame, Pen};
use super::lettering::Type;
use super::{PlotError, Style};

/// The smallest text of a figure: fonts are rounded to a hundredth of a millimetre, which must not take it
/// below 7 pt.
const MIN_PT: f64 = 7.02;

/// White space around a figure.
pub const MARGIN_MM: f64 = 2.0;

/// Text sizes for a width: 7 pt in a column of a journal, 8 pt on its page.
#[derive(Clone, Copy)]
pub struct Letterings {
    pub title: Type,
    pub text: Type,
    pub muted: Type,
    pub small: Type,
}

impl Letterings {
    pub fn new(style: &Style) -> Self {
        let size_pt = MIN_PT + ((style.width_mm - 85.0) / 85.0).clamp(0.0, 1.0);
        let inks = super::palette::inks(style.theme);
        let text = Type { size_pt, bold: false, colour: inks.text };
        Self {
            title: Type { size_pt: size_pt + 1.0, bold: true, ..text },
            text,
            muted: Type { colour: inks.muted, ..text },
            // Journals print nothing below 7 pt.
            small: Type { size_pt: (size_pt - 1.0).max(MIN_PT), colour: inks.muted, ..text },
        }
    }
}

/// Title and details of a figure, wrapped to its width.
pub struct Heading {
    lines: Vec<(String, Type)>,
}

impl Heading {
    pub fn none() -> Self {
        Self { lines: Vec::new() }
    }

    pub fn new(title: &str, details: &[String], width_mm: f64, letterings: &Letterings) -> Self {
        let wrapped = |text: &str, lettering: Type| {
            lettering
                .wrap(text, width_mm)
                .into_iter()
                .map(move |l| (l, lettering))
                .collect::<Vec<_>>()
        };
        let mut lines = wrapped(title, letterings.title);
        lines.extend(details.iter().flat_map(|d| wrapped(d, letterings.muted)));
        Self { lines }
    }

    pub fn height_mm(&self) -> f64 {
        self.lines.iter().map(|(_, lettering)| lettering.line_mm()).sum()
    }

    pub fn draw(&self, pen: &Pen, left: f64, top: f64) -> Result<(), PlotError> {
        let mut y = top;
        for (line, lettering) in &self.lines {
            pen.text((left, y + lettering.line_mm() / 2.0), line, Anchor::Start, *lettering)?;
            y += lettering.line_mm();
        }
        Ok(())
    }
}

/// The small print: what grey means, and whose network and data these are.
pub struct Footer {
    lines: Vec<String>,
    lettering: Type,
    /// What pixels without a value are called, where there are some.
    missing: Option<String>,
}

impl Footer {
    pub fn new(
        credit: String,
        width_mm: f64,
        letterings: &Letterings,
        missing: Option<String>,
    ) -> Self {
        // On one line if that is wide enough, else network and data each on their own.
        let lines = match letterings.small.width_mm(&credit) <= width_mm {
            true if credit.is_empty() => Vec::new(),
            true => vec![credit],
            false => {
                credit.split(" · ").flat_map(|part| letterings.small.wrap(part, width_mm)).collect()
            }
        };
        Self { lines, lettering: letterings.small, missing }
    }

    /// With a remark above the credit.
    pub fn with_remark(mut self, remark: &str, width_mm: f64) -> Self {
        if !remark.is_empty() {
            self.lines.splice(0..0, self.lettering.wrap(remark, width_mm));
        }
        self
    }

    pub fn height_mm(&self) -> f64 {
        (self.lines.len() + usize::from(self.missing.is_some())) as f64 * self.lettering.line_mm()
    }

    pub fn draw(&self, pen: &Pen, top: f64) -> Result<(), PlotError> {
        let mut middle = top + self.lettering.line_mm() / 2.0;
        if let Some(words) = &self.missing {
            missing_key(pen, middle, words, self.lettering)?;
            middle += self.lettering.line_mm();
        }
        for line in &self.lines {
            pen.text((MARGIN_MM, middle), line, Anchor::Start, self.lettering)?;
            middle += self.lettering.line_mm();
        }
        Ok(())
    }
}

fn missing_key(pen: &Pen, middle: f64, words: &str, lettering: Type) -> Result<(), PlotError> {
    let size = lettering.line_mm() * 0.55;
    let swatch = Frame { left: MARGIN_MM, top: middle - size / 2.0, width: size, height: size };
    pen.fill(swatch, pen.inks.missing, 1.0)?;
    pen.text((MARGIN_MM + size + 1.0, middle), words, Anchor::Start, lettering)
}

/// What stands along an axis or a colour bar, of `name (unit)`: all of it, or without what follows a comma in the name, or
/// the unit alone, whichever has room first.
pub fn shortened(label: &str, room_mm: f64, lettering: Type) -> String {
    let (name, unit) = match label.rsplit_once(" (") {
        Some((name, unit)) => (name, unit.trim_end_matches(')')),
        None => (label, label),
    };
    let start = name.split(',').next().unwrap_or_default();
    let without = if unit == label { start.to_owned() } else { format!("{start} ({unit})") };
    let fits = |label: &String| lettering.width_mm(label) <= room_mm;
    [label.to_owned(), without].into_iter().find(fits).unwrap_or_else(|| unit.to_owned())
}

/// The text, its middle replaced by an ellipsis where it is too long.
pub fn with_ellipsis(text: &str, fits: impl Fn(&str) -> bool) -> String {
    let letters: Vec<char> = text.chars().collect();
    let shorter = |n_cut: usize| {
        let kept = letters.len() - n_cut;
        let (head, tail) = (&letters[..kept.div_ceil(2)], &letters[letters.len() - kept / 2..]);
        match n_cut {
            0 => text.to_owned(),
            _ => head.iter().chain(&['…']).chain(tail).collect(),
        }
    };
    (0..letters.len()).map(shorter).find(|shorter| fits(shorter)).unwrap_or_default()
}
