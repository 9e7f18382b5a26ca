//! A frame with two axes: where a diagram stands on its sheet.

use std::borrow::Cow;

use crate::canvas::{Anchor, Frame, Pen};
use crate::lettering::Type;
use crate::parts::{Letterings, MARGIN_MM};
use crate::scale::{nice_above, ticks_within};
use crate::words::{number, superscript};
use crate::{PlotError, Style};

/// Sheets from this width on have the legend beside the diagram.
const WIDE_MM: f64 = 130.0;

/// Decades from which on numbers of an axis are powers of ten.
const MANY_DECADES: f64 = 4.5;

/// One axis. The lower end may be the larger number.
#[derive(Clone, Debug)]
pub struct Axis {
    pub low: f64,
    pub high: f64,
    pub is_logarithmic: bool,
    pub ticks: Vec<f64>,
    /// What stands at the ticks; empty: their numbers.
    pub words: Vec<String>,
    pub label: Cow<'static, str>,
    /// Empty where the label says it, or there is none.
    pub unit: String,
}

impl Axis {
    pub fn linear(low: f64, high: f64, label: impl Into<Cow<'static, str>>) -> Self {
        let ticks = ticks_within(low, high, 6);
        let (label, words, unit) = (label.into(), Vec::new(), String::new());
        Self { low, high, is_logarithmic: false, ticks, words, label, unit }
    }

    /// From 0 to 1 in fifths.
    pub fn unit(label: impl Into<Cow<'static, str>>) -> Self {
        let ticks = (0..=5).map(|i| f64::from(i) / 5.0).collect();
        Self { ticks, ..Self::linear(0.0, 1.0, label) }
    }

    /// As many whole steps as values between `low` and `high` take.
    pub fn around(low: f64, high: f64, label: impl Into<Cow<'static, str>>) -> Self {
        let (low, high) = if high > low { (low, high) } else { (low.min(0.0), high.max(0.0)) };
        let step = nice_above(if high > low { (high - low) / 5.0 } else { 0.2 });
        let (first, last) = ((low / step + 1e-9).floor(), (high / step - 1e-9).ceil());
        Self::linear(first * step, last.max(first + 1.0) * step, label)
    }

    /// Between two positive numbers, the larger of which may be at the lower end.
    pub fn logarithmic(low: f64, high: f64, label: impl Into<Cow<'static, str>>) -> Self {
        let ticks = logarithmic_ticks(low.min(high), low.max(high));
        Self { is_logarithmic: true, ticks, ..Self::linear(low, high, label) }
    }

    /// The same axis, its unit behind the label.
    pub fn in_unit(self, unit: impl Into<String>) -> Self {
        Self { unit: unit.into(), ..self }
    }

    /// What stands at a tick.
    fn word(&self, tick: usize) -> String {
        let value = self.ticks[tick];
        let decades = (self.high / self.low).log10().abs();
        match self.words.get(tick) {
            Some(word) => word.clone(),
            None if self.is_logarithmic && decades > MANY_DECADES => {
                format!("10{}", superscript(value.log10().round() as i32))
            }
            None => number(value),
        }
    }

    fn words(&self) -> impl Iterator<Item = (f64, String)> {
        self.ticks.iter().enumerate().map(|(tick, &value)| (value, self.word(tick)))
    }

    /// Label and unit, or the unit alone where there is no room for both: the title says the rest.
    fn label_within(&self, room_mm: f64, lettering: Type) -> String {
        if self.unit.is_empty() {
            return self.label.to_string();
        }
        let whole = format!("{}, {}", self.label, self.unit);
        if lettering.width_mm(&whole) <= room_mm { whole } else { self.unit.clone() }
    }

    /// The share of the way from the lower to the upper end, beyond which nothing is drawn.
    pub fn share(&self, value: f64) -> f64 {
        let on = |v: f64| if self.is_logarithmic { v.log10() } else { v };
        (on(value) - on(self.low)) / (on(self.high) - on(self.low))
    }
}

/// 1, 2 and 5 times powers of ten; over more than two decades some powers alone.
fn logarithmic_ticks(low: f64, high: f64) -> Vec<f64> {
    let (first, last) = (low.log10().floor() as i32, high.log10().ceil() as i32);
    let decades = (high / low).log10();
    let factors: &[f64] = if decades < 2.2 { &[1.0, 2.0, 5.0] } else { &[1.0] };
    let every = if decades < 6.5 { 1 } else { (decades / 6.0).ceil() as usize };
    let powers = (first..=last).filter(|power| power.rem_euclid(every as i32) == 0);
    let all = powers.flat_map(|power| factors.iter().map(move |f| f * 10_f64.powi(power)));
    all.filter(|tick| (low * (1.0 - 1e-9)..=high * (1.0 + 1e-9)).contains(tick)).collect()
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
        for (value, word) in self.up.words() {
            let y = self.at(self.across.low, value).1;
            pen.line(&[(frame.left, y), (frame.right(), y)], 0.1, pen.inks.text, 0.16)?;
            pen.text((frame.left - 1.2, y), &word, Anchor::End, text)?;
        }
        let beside = MARGIN_MM + text.line_mm() / 2.0;
        let label = self.up.label_within(frame.height, text);
        pen.text_upwards((beside, frame.top + frame.height / 2.0), &label, text)?;
        for &value in &self.across.ticks {
            let x = self.at(value, self.up.low).0;
            pen.line(&[(x, frame.top), (x, frame.bottom())], 0.1, pen.inks.text, 0.16)?;
        }
        if self.has_labels_below { self.below(pen, frame, &letterings) } else { Ok(()) }
    }

    /// Numbers and words of the lower axis, beneath this frame.
    pub fn below(&self, pen: &Pen, frame: Frame, letterings: &Letterings) -> Result<(), PlotError> {
        let text = letterings.text;
        for (value, word) in self.across.words() {
            let x = self.at(value, self.up.low).0;
            let at = (x, frame.bottom() + 1.0 + text.line_mm() / 2.0);
            pen.text(at, &word, Anchor::Middle, text)?;
        }
        let middle = frame.left + frame.width / 2.0;
        let at = (middle, frame.bottom() + 1.0 + 1.5 * text.line_mm());
        pen.text(at, &self.across.label_within(frame.width, text), Anchor::Middle, text)
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
    let numbers = axes.up.words().map(|(_, word)| text.width_mm(&word));
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
