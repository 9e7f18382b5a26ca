//! Colour bars, and keys of classes.

use stormlens_data::outcome::Quantity;

use super::PlotError;
use super::canvas::{Anchor, Frame, Pen};
use super::key::{self, Key};
use super::lettering::Type;
use super::parts::shortened;
use super::raster;
use super::scale::{Rgba, Scale, mixed};
use super::words::number;

/// A scale and what it measures.
#[derive(Clone, Debug)]
pub struct Legend {
    pub scale: Scale,
    /// The quantity and its unit, e.g. `rain rate (mm/h)`.
    pub label: String,
}

/// Which way a colour bar runs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Run {
    /// Upwards, its numbers and its label to the right.
    Up,
    /// To the right, its numbers and its label below.
    Right,
}

const TICK_MM: f64 = 0.8;

impl Legend {
    /// Of a quantity; classes have their names.
    pub fn of(scale: Scale, quantity: &Quantity) -> Self {
        Self { scale: scale.named(&quantity.classes), label: quantity.label() }
    }

    /// Draws the bar, or the patches of classes, into `frame`; numbers, names and label stand outside.
    pub fn draw(
        &self,
        pen: &Pen,
        frame: Frame,
        run: Run,
        lettering: Type,
    ) -> Result<(), PlotError> {
        if !self.scale.names.is_empty() {
            let key = Key { scale: &self.scale, label: &self.label, frame, lettering };
            return key.draw(pen, run);
        }
        let bar = Bar { pen, frame, run, lettering, beyond: self.scale.beyond };
        match self.scale.classes() {
            Some(bounds) => bar.classes(&self.scale, bounds)?,
            None => bar.steps(&self.scale)?,
        }
        bar.label(&self.label, self.numbers_mm(lettering))
    }

    /// The room beside an upright bar for its numbers and its label, in millimetres.
    pub fn room_mm(&self, lettering: Type) -> f64 {
        let label_mm = if self.label.is_empty() { 0.0 } else { lettering.line_mm() };
        self.numbers_mm(lettering) + label_mm
    }

    fn numbers_mm(&self, lettering: Type) -> f64 {
        if !self.scale.names.is_empty() {
            return key::names_mm(&self.scale, lettering);
        }
        let labels = match self.scale.classes() {
            Some(bounds) => bounds.iter().map(|&b| class_label(b)).collect::<Vec<_>>(),
            None => self.scale.ticks().into_iter().map(|(v, _)| number(v)).collect(),
        };
        labels.iter().map(|l| lettering.width_mm(l)).fold(0.0, f64::max) + TICK_MM + 1.0
    }
}

/// A bar being drawn. Along it, 0 is its start and 1 its end, without the arrowheads.
struct Bar<'a, 'b> {
    pen: &'a Pen<'b>,
    frame: Frame,
    run: Run,
    lettering: Type,
    beyond: [bool; 2],
}

impl Bar<'_, '_> {
    fn classes(&self, scale: &Scale, bounds: &[f32]) -> Result<(), PlotError> {
        let first = usize::from(scale.hides_first);
        let colours = &scale.colours[first..];
        let [below, above] = self.beyond.map(usize::from);
        let n_boxes = colours.len() - below - above;
        for (i, &colour) in colours[below..below + n_boxes].iter().enumerate() {
            let (from, to) = (i as f64 / n_boxes as f64, (i + 1) as f64 / n_boxes as f64);
            self.pen.fill(self.stretch(from, to), mixed(colour, self.pen.inks.ground), 1.0)?;
        }
        self.heads(colours[0], colours[colours.len() - 1])?;
        self.border()?;
        // In a short bar every other number must do.
        let spacing = self.body_mm() / n_boxes as f64;
        let widest = bounds.iter().map(|&b| self.label_extent(&class_label(b))).fold(0.0, f64::max);
        let every = ((widest / spacing).ceil() as usize).max(1);
        for (i, &bound) in bounds.iter().enumerate().step_by(every) {
            self.tick(i as f64 / n_boxes as f64, &class_label(bound))?;
        }
        Ok(())
    }

    fn steps(&self, scale: &Scale) -> Result<(), PlotError> {
        let n = scale.colours.len();
        let up: Vec<u8> = (0..n).rev().map(|i| i as u8).collect();
        let right: Vec<u8> = (0..n).map(|i| i as u8).collect();
        let png = match self.run {
            Run::Up => raster::indexed(n, 1, &up, &scale.colours)?,
            Run::Right => raster::indexed(1, n, &right, &scale.colours)?,
        };
        let body = self.stretch(0.0, 1.0);
        self.pen.ground(body, self.pen.inks.ground);
        self.pen.picture(body, &png);
        self.heads(scale.colours[0], scale.colours[n - 1])?;
        self.border()?;
        scale.ticks().into_iter().try_for_each(|(value, at)| self.tick(at, &number(value)))
    }

    /// Arrowheads for what lies beyond the ends.
    fn heads(&self, lowest: Rgba, highest: Rgba) -> Result<(), PlotError> {
        for (beyond, end, colour) in [(self.beyond[0], 0.0, lowest), (self.beyond[1], 1.0, highest)]
        {
            if beyond {
                self.pen.polygon(&self.head(end), mixed(colour, self.pen.inks.ground), 1.0)?;
            }
        }
        Ok(())
    }

    /// The three corners of the arrowhead at an end.
    fn head(&self, end: f64) -> [(f64, f64); 3] {
        let (length, across) = self.size_mm();
        let tip = self.point(end * length, across / 2.0);
        [self.at(end, 0.0), tip, self.at(end, 1.0)]
    }

    fn border(&self) -> Result<(), PlotError> {
        let edge = |end: f64, beyond: bool| match beyond {
            true => self.head(end).to_vec(),
            false => vec![self.at(end, 0.0), self.at(end, 1.0)],
        };
        let mut around = edge(0.0, self.beyond[0]);
        around.extend(edge(1.0, self.beyond[1]).into_iter().rev());
        around.push(around[0]);
        self.pen.line(&around, 0.12, self.pen.inks.text, 1.0)
    }

    fn tick(&self, at: f64, label: &str) -> Result<(), PlotError> {
        let (x, y) = self.at(at, 1.0);
        match self.run {
            Run::Up => {
                self.pen.line(&[(x, y), (x + TICK_MM, y)], 0.12, self.pen.inks.text, 1.0)?;
                self.pen.text((x + TICK_MM + 0.6, y), label, Anchor::Start, self.lettering)
            }
            Run::Right => {
                self.pen.line(&[(x, y), (x, y + TICK_MM)], 0.12, self.pen.inks.text, 1.0)?;
                let below = y + TICK_MM + self.lettering.line_mm() * 0.55;
                self.pen.text((x, below), label, Anchor::Middle, self.lettering)
            }
        }
    }

    fn label(&self, label: &str, numbers_mm: f64) -> Result<(), PlotError> {
        let Frame { left, top, width, height } = self.frame;
        match self.run {
            Run::Up => {
                let beside = self.frame.right() + numbers_mm + self.lettering.line_mm() / 2.0;
                // A little beyond both ends there is room.
                let label =
                    shortened(label, height + 2.0 * self.lettering.line_mm(), self.lettering);
                self.pen.text_upwards((beside, top + height / 2.0), &label, self.lettering)
            }
            Run::Right => {
                let below = self.frame.bottom() + TICK_MM + self.lettering.line_mm() * 1.5;
                self.pen.text((left + width / 2.0, below), label, Anchor::Middle, self.lettering)
            }
        }
    }

    /// How long and how wide it is, arrowheads among it.
    fn size_mm(&self) -> (f64, f64) {
        match self.run {
            Run::Up => (self.frame.height, self.frame.width),
            Run::Right => (self.frame.width, self.frame.height),
        }
    }

    /// A point by millimetres along and across.
    fn point(&self, along_mm: f64, across_mm: f64) -> (f64, f64) {
        match self.run {
            Run::Up => (self.frame.left + across_mm, self.frame.bottom() - along_mm),
            Run::Right => (self.frame.left + along_mm, self.frame.top + across_mm),
        }
    }

    /// A point by shares of what is between the arrowheads, which are as long as the bar is wide.
    fn at(&self, along: f64, across: f64) -> (f64, f64) {
        let (_, across_mm) = self.size_mm();
        let first = if self.beyond[0] { across_mm } else { 0.0 };
        self.point(first + along * self.body_mm(), across * across_mm)
    }

    fn body_mm(&self) -> f64 {
        let (length, across) = self.size_mm();
        length - across * self.beyond.iter().filter(|&&beyond| beyond).count() as f64
    }

    fn stretch(&self, from: f64, to: f64) -> Frame {
        let ((x, y), (x_to, y_to)) = (self.at(from, 0.0), self.at(to, 1.0));
        let (width, height) = ((x_to - x).abs(), (y_to - y).abs());
        Frame { left: x.min(x_to), top: y.min(y_to), width, height }
    }

    /// How much of the bar's length a number takes up.
    fn label_extent(&self, label: &str) -> f64 {
        match self.run {
            Run::Up => self.lettering.line_mm() * 0.9,
            Run::Right => self.lettering.width_mm(label) + 1.0,
        }
    }
}

fn class_label(bound: f32) -> String {
    // Through text, so that 0.1 does not become 0.10000000149.
    number(bound.to_string().parse().unwrap_or(f64::from(bound)))
}
