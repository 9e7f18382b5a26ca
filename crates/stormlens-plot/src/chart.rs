//! Numbers along one axis, as bars or as a curve.

use stormlens_data::outcome::{Axis, Coordinates, Outcome, Variable};

use super::canvas::{Anchor, Frame, Pen};
use super::lettering::Type;
use super::page::Body;
use super::palette::{N_CONTINUOUS, signed};
use super::panel::say;
use super::parts::{Letterings, MARGIN_MM, shortened, with_ellipsis};
use super::scale::{nice_above, ticks_within};
use super::words::number;
use super::{PlotError, Style, target};

#[derive(Clone, Copy, PartialEq)]
pub enum Kind {
    Bars,
    Curve,
}

/// A chart; frames count from the upper edge of the body.
pub struct Chart<'a> {
    style: &'a Style,
    axis: &'a Axis,
    values: Vec<f64>,
    kind: Kind,
    range: Range,
    /// What the vertical and the horizontal axis show.
    labels: [String; 2],
    entries: Entries,
    letterings: Letterings,
    frame: Frame,
}

impl<'a> Chart<'a> {
    pub fn new(
        outcome: &Outcome,
        variable: &'a Variable,
        kind: Kind,
        style: &'a Style,
        letterings: Letterings,
    ) -> Result<Self, PlotError> {
        let Variable { axes, plane, quantity, .. } = variable;
        let is_number = |axis: &Axis| matches!(axis.coordinates, Coordinates::Numbers { .. });
        let axis = match axes.as_slice() {
            [axis] if plane.is_none() && (kind == Kind::Bars || is_number(axis)) => axis,
            _ => return Err(PlotError::NotASeries { name: variable.name.clone() }),
        };
        let values = variable.to_f64();
        // Along a path a probability stands among all that there are; bars may be changes of one.
        let range = match (quantity.unit.as_str(), kind) {
            ("probability" | "membership", Kind::Curve) => Range { low: 0.0, high: 1.0 },
            _ => Range::of(&values),
        };
        let across = match &axis.coordinates {
            Coordinates::Times { .. } => "minutes before the last input frame".to_owned(),
            _ if axis.name == "path" => {
                let from = target::baseline(outcome, variable);
                format!("share of the way from {from} to {}", target::input(outcome))
            }
            _ => axis.name.replace('_', " "),
        };
        let widths = range.ticks().into_iter().map(|v| letterings.text.width_mm(&number(v)));
        let left = MARGIN_MM + letterings.text.line_mm() + widths.fold(0.0, f64::max) + 1.8;
        let beyond = if kind == Kind::Curve { letterings.text.width_mm("0") + 0.5 } else { 0.0 };
        let width = style.width_mm - left - MARGIN_MM - beyond;
        let frame = Frame { left, top: 2.5, width, height: width * 0.5 };
        let up = shortened(&quantity.label(), width * 0.5, letterings.text);
        let labels = [up, across];
        let entries = match kind {
            Kind::Bars => Entries::of(axis, frame, letterings),
            Kind::Curve => Entries::row(1, letterings.text, letterings),
        };
        Ok(Self { style, axis, values, kind, range, labels, entries, letterings, frame })
    }

    fn y(&self, chart: Frame, value: f64) -> f64 {
        let Range { low, high } = self.range;
        chart.bottom() - (value - low) / (high - low) * chart.height
    }

    /// Numbers beside the chart with grid lines, and what both axes show.
    fn axes(&self, pen: &Pen, chart: Frame) -> Result<(), PlotError> {
        let lettering = self.letterings.text;
        for value in self.range.ticks() {
            let y = self.y(chart, value);
            pen.line(&[(chart.left, y), (chart.right(), y)], 0.1, pen.inks.text, 0.18)?;
            pen.text((chart.left - 1.4, y), &number(value), Anchor::End, lettering)?;
        }
        let [up, across] = &self.labels;
        let beside = MARGIN_MM + lettering.line_mm() / 2.0;
        pen.text_upwards((beside, chart.top + chart.height / 2.0), up, lettering)?;
        let below = chart.bottom() + 1.2 + self.entries.height_mm + lettering.line_mm() * 0.5;
        pen.text((chart.left + chart.width / 2.0, below), across, Anchor::Middle, lettering)
    }

    fn below(&self, pen: &Pen, chart: Frame, x: f64, label: &str) -> Result<(), PlotError> {
        let Entries { lettering, is_upright, .. } = self.entries;
        let top = chart.bottom() + 1.2;
        if is_upright {
            let label = cut(label, chart.height, lettering);
            let middle = top + lettering.width_mm(&label) / 2.0;
            return pen.text_upwards((x, middle), &label, lettering);
        }
        let y = top + self.letterings.text.line_mm() / 2.0;
        pen.text((x, y), label, Anchor::Middle, lettering)
    }

    fn bars(&self, pen: &Pen, chart: Frame) -> Result<(), PlotError> {
        let map = signed(self.style.theme);
        let (negative, positive) =
            (map[N_CONTINUOUS / 5], map[N_CONTINUOUS - 1 - N_CONTINUOUS / 5]);
        let n = self.values.len();
        let slot = chart.width / n.max(1) as f64;
        let zero = self.y(chart, 0.0);
        for (i, &value) in self.values.iter().enumerate().filter(|(_, value)| value.is_finite()) {
            let end = self.y(chart, value);
            let left = chart.left + (i as f64 + 0.15) * slot;
            let height = (zero - end).abs();
            let bar = Frame { left, top: zero.min(end), width: 0.7 * slot, height };
            pen.fill(bar, if value < 0.0 { negative } else { positive }, 1.0)?;
        }
        pen.line(&[(chart.left, zero), (chart.right(), zero)], 0.2, pen.inks.text, 1.0)?;
        // From the last backwards, as many as there is room for.
        for i in (0..n).rev().step_by(self.entries.every) {
            let x = chart.left + (i as f64 + 0.5) * slot;
            self.below(pen, chart, x, &entry(self.axis, i))?;
        }
        if self.values.iter().all(|&v| v == 0.0) {
            let message = match self.axis.name == Axis::INPUT_TIME {
                true => "no input frame has any influence on the target",
                false => "zero everywhere",
            };
            say(pen, chart, message, self.letterings.text)?;
        }
        Ok(())
    }

    fn curve(&self, pen: &Pen, chart: Frame) -> Result<(), PlotError> {
        let Coordinates::Numbers { values: along, .. } = &self.axis.coordinates else {
            return Ok(());
        };
        let (first, last) = along
            .iter()
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), &v| (l.min(v), h.max(v)));
        let span = if last > first { last - first } else { 1.0 };
        let x = |value: f64| chart.left + (value - first) / span * chart.width;
        for value in ticks_within(first, first + span, 5) {
            let (x, bottom) = (x(value), chart.bottom());
            pen.line(&[(x, bottom), (x, bottom + 0.9)], 0.15, pen.inks.text, 1.0)?;
            self.below(pen, chart, x, &number(value))?;
        }
        let colour = signed(self.style.theme)[N_CONTINUOUS / 6];
        let pairs = along.iter().zip(&self.values).filter(|(_, value)| value.is_finite());
        let points: Vec<_> = pairs.map(|(&at, &value)| (x(at), self.y(chart, value))).collect();
        pen.line(&points, 0.35, colour, 1.0)?;
        // Every point where the output was computed, as far as they can be told apart.
        if chart.width / points.len().saturating_sub(1).max(1) as f64 >= 1.0 {
            for &(x, y) in &points {
                let dot = Frame { left: x - 0.35, top: y - 0.35, width: 0.7, height: 0.7 };
                pen.fill(dot, colour, 1.0)?;
            }
        }
        pen.outline(chart, 0.15, pen.inks.text)
    }
}

impl Body for Chart<'_> {
    fn height_mm(&self) -> f64 {
        self.frame.bottom() + 1.2 + self.entries.height_mm + self.letterings.text.line_mm() + 1.5
    }

    fn draw(self: Box<Self>, pen: &Pen, top: f64) -> Result<(), PlotError> {
        let chart = self.frame.down(top);
        self.axes(pen, chart)?;
        match self.kind {
            Kind::Bars => self.bars(pen, chart),
            Kind::Curve => self.curve(pen, chart),
        }
    }
}

/// How entries of the axis are written below the chart.
#[derive(Clone, Copy)]
struct Entries {
    lettering: Type,
    /// One of this number is written.
    every: usize,
    /// Whether they read from the bottom to the top.
    is_upright: bool,
    height_mm: f64,
}

impl Entries {
    /// In a row, in small letters if all have room only then. Names that have no room so stand upright: none of them follows
    /// from its neighbours, as a moment or a number does.
    fn of(axis: &Axis, chart: Frame, letterings: Letterings) -> Self {
        let Letterings { text, small, .. } = letterings;
        let slot = chart.width / axis.len().max(1) as f64;
        let entries: Vec<String> = (0..axis.len()).map(|i| entry(axis, i)).collect();
        let widest = |lettering: Type| {
            entries.iter().map(|entry| lettering.width_mm(entry)).fold(0.0, f64::max)
        };
        let every = |size_mm: f64| (size_mm / slot).ceil().max(1.0) as usize;
        let in_row = |lettering: Type| every(widest(lettering) + 1.0);
        let are_names = matches!(axis.coordinates, Coordinates::Names { .. })
            && entries.iter().any(|entry| entry.parse::<f64>().is_err());
        match (in_row(text), in_row(small)) {
            (1, _) => Self::row(1, text, letterings),
            (_, 1) => Self::row(1, small, letterings),
            _ if are_names => Self {
                lettering: small,
                every: every(small.line_mm()),
                is_upright: true,
                height_mm: widest(small).min(chart.height),
            },
            (every, _) => Self::row(every, text, letterings),
        }
    }

    fn row(every: usize, lettering: Type, letterings: Letterings) -> Self {
        Self { lettering, every, is_upright: false, height_mm: letterings.text.line_mm() }
    }
}

/// An entry of the axis of bars.
fn entry(axis: &Axis, i: usize) -> String {
    match axis.minutes_before_last(i) {
        Some(minutes) => number(-(minutes as f64)),
        None => axis.label(i),
    }
}

/// A name that is too long for its room, without its middle.
fn cut(name: &str, room_mm: f64, lettering: Type) -> String {
    with_ellipsis(name, |shorter| lettering.width_mm(shorter) <= room_mm)
}

/// The values that the vertical axis covers, zero among them.
struct Range {
    low: f64,
    high: f64,
}

impl Range {
    fn of(values: &[f64]) -> Self {
        let finite = || values.iter().copied().filter(|v| v.is_finite());
        let (low, high) = (finite().fold(0.0, f64::min), finite().fold(0.0, f64::max));
        if low == high {
            return Self { low: 0.0, high: 1.0 };
        }
        let step = nice_above((high - low) / 5.0);
        Self { low: (low / step).floor() * step, high: (high / step).ceil() * step }
    }

    fn ticks(&self) -> Vec<f64> {
        ticks_within(self.low, self.high, 6)
    }
}
