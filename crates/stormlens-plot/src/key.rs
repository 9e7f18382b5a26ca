//! The key of a map of classes: one patch a class, with its name.

use super::PlotError;
use super::canvas::{Anchor, Frame, Pen};
use super::legend::Run;
use super::lettering::Type;
use super::parts::{shortened, with_ellipsis};
use super::scale::{Scale, mixed};

/// Between a patch and its name.
const GAP_MM: f64 = 0.8;
/// The distance of two patches, in lines.
const SPACING: f64 = 1.4;
/// Between a name and the next patch, or the label.
const BEHIND_MM: f64 = 1.0;
/// Longer names beside upright patches are cut: they take their room from the map.
const MOST_MM: f64 = 32.0;

/// What is written beside a key, and the room of its patches.
pub struct Key<'a> {
    pub scale: &'a Scale,
    pub label: &'a str,
    pub frame: Frame,
    pub lettering: Type,
}

/// The room beside upright patches for the names of the classes, in millimetres.
pub fn names_mm(scale: &Scale, lettering: Type) -> f64 {
    widest_mm(&scale.names, lettering).min(MOST_MM) + GAP_MM + BEHIND_MM
}

/// What a key to the right needs below its frame beyond what one row does, in millimetres; nothing for no classes.
pub fn more_mm(names: &[String], frame: Frame, lettering: Type) -> f64 {
    let n_rows = names.len().div_ceil(n_columns(names, frame, lettering));
    n_rows.saturating_sub(1) as f64 * lettering.line_mm() * SPACING
}

/// How many patches stand beside each other: all of them if there is room for their names, else as few as fill equal rows.
fn n_columns(names: &[String], frame: Frame, lettering: Type) -> usize {
    let n = names.len().max(1);
    let needed = side_mm(frame, lettering) + GAP_MM + widest_mm(names, lettering) + BEHIND_MM;
    let n_fitting = ((frame.width / needed) as usize).clamp(1, n);
    n.div_ceil(n.div_ceil(n_fitting))
}

fn widest_mm(names: &[String], lettering: Type) -> f64 {
    names.iter().map(|name| lettering.width_mm(name)).fold(0.0, f64::max)
}

/// Of a patch in a row.
fn side_mm(frame: Frame, lettering: Type) -> f64 {
    frame.height.max(lettering.line_mm() * 0.8)
}

impl Key<'_> {
    /// Upwards the patches stand in a column, the first class at the foot, the label beside; to the right they stand in
    /// rows, as many as their names need, the label below.
    pub fn draw(&self, pen: &Pen, run: Run) -> Result<(), PlotError> {
        for (class, name) in self.scale.names.iter().enumerate() {
            let name =
                with_ellipsis(name, |name| self.lettering.width_mm(name) <= self.room_mm(run));
            self.patch(pen, self.place(class, run), (class, &name))?;
        }
        self.write_label(pen, run)
    }

    /// For a name beside its patch.
    fn room_mm(&self, run: Run) -> f64 {
        match run {
            Run::Up => MOST_MM,
            Run::Right => {
                let n_columns = n_columns(&self.scale.names, self.frame, self.lettering) as f64;
                let side = side_mm(self.frame, self.lettering);
                self.frame.width / n_columns - side - GAP_MM - BEHIND_MM
            }
        }
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
                let n_columns = n_columns(&self.scale.names, self.frame, self.lettering);
                let (row, column) = (class / n_columns, class % n_columns);
                let left = left + column as f64 * width / n_columns as f64;
                let top = top + row as f64 * line * SPACING;
                let side = side_mm(self.frame, self.lettering);
                Frame { left, top, width: side, height: side }
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
        if self.label.is_empty() {
            return Ok(());
        }
        let (Frame { left, top, width, height }, line) = (self.frame, self.lettering.line_mm());
        match run {
            Run::Up => {
                let names_mm = names_mm(self.scale, self.lettering);
                let beside = self.frame.right() + names_mm + line / 2.0;
                let label = shortened(self.label, height + 2.0 * line, self.lettering);
                pen.text_upwards((beside, top + height / 2.0), &label, self.lettering)
            }
            Run::Right => {
                let more_mm = more_mm(&self.scale.names, self.frame, self.lettering);
                let below = self.frame.bottom() + GAP_MM + line * 1.5 + more_mm;
                pen.text((left + width / 2.0, below), self.label, Anchor::Middle, self.lettering)
            }
        }
    }
}
