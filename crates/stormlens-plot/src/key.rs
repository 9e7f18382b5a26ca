//! The key of a map of classes: one patch a class, with its name.

use super::PlotError;
use super::canvas::{Anchor, Frame, Pen};
use super::legend::Run;
use super::lettering::Type;
use super::parts::shortened;
use super::scale::{Scale, mixed};

/// Between a patch and its name.
const GAP_MM: f64 = 0.8;
/// The distance of two patches, in lines.
const SPACING: f64 = 1.4;

/// What is written beside a key, and the room of its patches.
pub struct Key<'a> {
    pub scale: &'a Scale,
    pub label: &'a str,
    pub frame: Frame,
    pub lettering: Type,
}

/// The room beside upright patches for the names of the classes, in millimetres.
pub fn names_mm(scale: &Scale, lettering: Type) -> f64 {
    scale.names.iter().map(|name| lettering.width_mm(name)).fold(0.0, f64::max) + GAP_MM + 1.0
}

impl Key<'_> {
    /// Upwards the patches stand in a column, the first class at the foot, the label beside; to the right they stand in
    /// a row, the label below.
    pub fn draw(&self, pen: &Pen, run: Run) -> Result<(), PlotError> {
        for (class, name) in self.scale.names.iter().enumerate() {
            self.patch(pen, self.place(class, run), (class, name))?;
        }
        self.write_label(pen, run)
    }

    /// The patch of a class.
    fn place(&self, class: usize, run: Run) -> Frame {
        let Frame { left, top, width, height } = self.frame;
        let n = self.scale.names.len().max(1) as f64;
        let line = self.lettering.line_mm();
        let side = line * 0.8;
        match run {
            Run::Up => {
                let step = (line * SPACING).min(height / n);
                let first = top + height / 2.0 + step * (n / 2.0 - 1.0);
                let above = first - class as f64 * step + (step - side.min(step)) / 2.0;
                Frame { left, top: above, width, height: side.min(step) }
            }
            Run::Right => {
                let left = left + class as f64 * width / n;
                Frame { left, top, width: height.max(side), height: height.max(side) }
            }
        }
    }

    fn patch(
        &self,
        pen: &Pen,
        place: Frame,
        (class, name): (usize, &str),
    ) -> Result<(), PlotError> {
        pen.fill(place, mixed(self.scale.colours[class], pen.inks.ground), 1.0)?;
        pen.outline(place, 0.12, pen.inks.text)?;
        let at = (place.right() + GAP_MM, place.top + place.height / 2.0);
        pen.text(at, name, Anchor::Start, self.lettering)
    }

    fn write_label(&self, pen: &Pen, run: Run) -> Result<(), PlotError> {
        let (Frame { left, top, width, height }, line) = (self.frame, self.lettering.line_mm());
        match run {
            Run::Up => {
                let names_mm = names_mm(self.scale, self.lettering);
                let beside = self.frame.right() + names_mm + line / 2.0;
                let label = shortened(self.label, height + 2.0 * line, self.lettering);
                pen.text_upwards((beside, top + height / 2.0), &label, self.lettering)
            }
            Run::Right => {
                let below = self.frame.bottom() + GAP_MM + line * 1.5;
                pen.text((left + width / 2.0, below), self.label, Anchor::Middle, self.lettering)
            }
        }
    }
}
