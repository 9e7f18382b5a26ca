//! A frame with two axes: where a diagram stands on its sheet.

use crate::canvas::{Anchor, Frame, Pen};
use crate::parts::{Letterings, MARGIN_MM};
use crate::words::number;
use crate::{PlotError, Style};

/// Sheets from this width on have the legend beside the diagram.
const WIDE_MM: f64 = 130.0;

/// One axis.
#[derive(Clone, Debug)]
pub struct Axis {
    pub low: f64,
    pub high: f64,
    pub is_logarithmic: bool,
    pub ticks: Vec<f64>,
    pub label: &'static str,
}

impl Axis {
    /// From 0 to 1 in fifths.
    pub fn unit(label: &'static str) -> Self {
        let ticks = (0..=5).map(|i| f64::from(i) / 5.0).collect();
        Self { low: 0.0, high: 1.0, is_logarithmic: false, ticks, label }
    }

    /// The share of the way from the lower to the upper end, beyond which nothing is drawn.
    pub fn share(&self, value: f64) -> f64 {
        let on = |v: f64| if self.is_logarithmic { v.log10() } else { v };
        (on(value) - on(self.low)) / (on(self.high) - on(self.low))
    }
}

/// Both axes of a diagram, and its frame once it has a place.
#[derive(Clone)]
pub struct Axes {
    pub across: Axis,
    pub up: Axis,
    /// Height over width of the frame.
    pub aspect: f64,
    pub frame: Frame,
    letterings: Option<Letterings>,
    /// Whether ticks and label stand below; they do not where a histogram does.
    has_labels_below: bool,
}

impl Axes {
    pub fn new(across: Axis, up: Axis, aspect: f64) -> Self {
        let frame = Frame { left: 0.0, top: 0.0, width: 1.0, height: 1.0 };
        Self { across, up, aspect, frame, letterings: None, has_labels_below: true }
    }

    pub fn at(&self, x: f64, y: f64) -> (f64, f64) {
        let Frame { left, width, height, .. } = self.frame;
        let (across, up) = (self.across.share(x), self.up.share(y));
        (left + across * width, self.frame.bottom() - up * height)
    }

    /// A curve on the sheet, in the parts of it that lie within the frame.
    pub fn curve(&self, points: &[(f64, f64)]) -> Vec<Vec<(f64, f64)>> {
        let inside = |share: f64| (-1e-9..=1.0 + 1e-9).contains(&share);
        let is_in = |(x, y): (f64, f64)| inside(self.across.share(x)) && inside(self.up.share(y));
        let (mut parts, mut part, mut before) = (Vec::new(), Vec::new(), None);
        for &point in points {
            if let Some(last) = before.filter(|&last| is_in(last) != is_in(point)) {
                part.extend(self.crossing(last, point));
            }
            match is_in(point) {
                true => part.push(self.at(point.0, point.1)),
                false => parts.push(std::mem::take(&mut part)),
            }
            before = Some(point);
        }
        parts.push(part);
        parts.retain(|part| part.len() > 1);
        parts
    }

    /// Where the way between two points leaves the frame upwards or downwards.
    fn crossing(&self, from: (f64, f64), to: (f64, f64)) -> Option<(f64, f64)> {
        let (a, b) = (self.at(from.0, from.1), self.at(to.0, to.1));
        let edge = match a.1.max(b.1) > self.frame.bottom() {
            true => self.frame.bottom(),
            false => self.frame.top,
        };
        let share = (edge - a.1) / (b.1 - a.1);
        (0.0..=1.0).contains(&share).then_some((a.0 + share * (b.0 - a.0), edge))
    }

    /// The lowest thing of it.
    pub fn bottom_mm(&self) -> f64 {
        let lines = if self.has_labels_below { 2.0 } else { 0.0 };
        let line = self.letterings.map_or(0.0, |l| l.text.line_mm());
        self.frame.bottom() + lines * line + if self.has_labels_below { 1.6 } else { 0.0 }
    }

    /// Grid lines, numbers, and what the axes are.
    pub fn draw(&self, pen: &Pen) -> Result<(), PlotError> {
        let Some(letterings) = self.letterings else { return Ok(()) };
        let (frame, text) = (self.frame, letterings.text);
        for &value in &self.up.ticks {
            let y = self.at(self.across.low, value).1;
            pen.line(&[(frame.left, y), (frame.right(), y)], 0.1, pen.inks.text, 0.16)?;
            pen.text((frame.left - 1.2, y), &number(value), Anchor::End, text)?;
        }
        let beside = MARGIN_MM + text.line_mm() / 2.0;
        pen.text_upwards((beside, frame.top + frame.height / 2.0), self.up.label, text)?;
        for &value in &self.across.ticks {
            let x = self.at(value, self.up.low).0;
            pen.line(&[(x, frame.top), (x, frame.bottom())], 0.1, pen.inks.text, 0.16)?;
        }
        if self.has_labels_below { self.below(pen, frame, &letterings) } else { Ok(()) }
    }

    /// Numbers and words of the lower axis, beneath this frame.
    pub fn below(&self, pen: &Pen, frame: Frame, letterings: &Letterings) -> Result<(), PlotError> {
        let text = letterings.text;
        for &value in &self.across.ticks {
            let x = self.at(value, self.up.low).0;
            let at = (x, frame.bottom() + 1.0 + text.line_mm() / 2.0);
            pen.text(at, &number(value), Anchor::Middle, text)?;
        }
        let middle = frame.left + frame.width / 2.0;
        let at = (middle, frame.bottom() + 1.0 + 1.5 * text.line_mm());
        pen.text(at, self.across.label, Anchor::Middle, text)
    }

    /// A word within the frame, on the colour of the paper.
    pub fn write(&self, pen: &Pen, at: (f64, f64), words: &str) -> Result<(), PlotError> {
        let Some(letterings) = self.letterings else { return Ok(()) };
        let (width, height) =
            (letterings.small.width_mm(words) + 0.8, letterings.small.line_mm() * 0.8);
        let ground = Frame { left: at.0 - width / 2.0, top: at.1 - height / 2.0, width, height };
        pen.fill(ground, pen.inks.paper, 1.0)?;
        pen.text(at, words, Anchor::Middle, letterings.small)
    }

    pub fn outline(&self, pen: &Pen) -> Result<(), PlotError> {
        pen.outline(self.frame, 0.15, pen.inks.text)
    }
}

/// The frame of a histogram below a diagram.
pub struct Frames {
    pub frame: Frame,
    pub letterings: Letterings,
    /// The lowest thing of it.
    pub bottom_mm: f64,
}

/// What has its place.
pub struct Placed {
    pub axes: Axes,
    pub histogram: Option<Frames>,
    /// Left, top and width of the legend.
    pub legend: (f64, f64, f64),
}

/// Places a diagram from `top` on: across the whole sheet with the legend below, or on a wide sheet with the legend at
/// its side.
pub fn place(
    axes: Axes,
    has_histogram: bool,
    style: &Style,
    letterings: &Letterings,
    top: f64,
) -> Placed {
    let text = letterings.text;
    let numbers = axes.up.ticks.iter().map(|&v| text.width_mm(&number(v)));
    let numbers = numbers.fold(text.width_mm("100 %"), f64::max);
    let left = MARGIN_MM + text.line_mm() + numbers + 1.8;
    // The last number of the lower axis stands half beyond the frame.
    let room = style.width_mm - left - MARGIN_MM - text.width_mm("0.8") / 2.0;
    let is_wide = style.width_mm >= WIDE_MM;
    let width = if is_wide { room * 0.58 } else { room };
    let frame = Frame { left, top: top + text.line_mm() / 2.0, width, height: width * axes.aspect };
    let lines_below = 2.0 * text.line_mm() + 1.6;
    let axes =
        Axes { frame, letterings: Some(*letterings), has_labels_below: !has_histogram, ..axes };
    let histogram = has_histogram.then(|| {
        let frame = Frame { top: frame.bottom() + 2.5, height: (width * 0.2).max(10.0), ..frame };
        Frames { frame, letterings: *letterings, bottom_mm: frame.bottom() + lines_below }
    });
    let bottom = histogram.as_ref().map_or(axes.bottom_mm(), |frames| frames.bottom_mm);
    let legend = match is_wide {
        true => (frame.right() + 6.0, frame.top, style.width_mm - frame.right() - 6.0 - MARGIN_MM),
        false => (MARGIN_MM, bottom + 1.2, style.width_mm - 2.0 * MARGIN_MM),
    };
    Placed { axes, histogram, legend }
}
