//! One map with its axes and its legend: beside it on the Earth, below it for a scene.

use super::PlotError;
use super::canvas::{Frame, Pen};
use super::key;
use super::legend::{Legend, Run};
use super::lookup::Shown;
use super::marks::Marks;
use super::page::Body;
use super::panel;
use super::parts::{Letterings, MARGIN_MM};
use super::rendering::{self, Rendering};
use super::titles;
use super::view::{Coordinate, View};
use super::words::number;

const BESIDE_MM: f64 = 3.0;
const BELOW_MM: f64 = 2.5;

/// A map; frames count from the upper edge of the body.
pub struct Map<'a> {
    view: View<'a>,
    shown: Shown<'a>,
    letterings: Letterings,
    frame: Frame,
    bar: Frame,
    run: Run,
    height_mm: f64,
    /// Made beforehand only where the legend takes room from the map.
    rendering: Option<Rendering>,
}

impl<'a> Map<'a> {
    pub fn new(
        view: View<'a>,
        shown: Shown<'a>,
        letterings: Letterings,
    ) -> Result<Self, PlotError> {
        let is_beside = view.scene().is_none();
        let common = rendering::common(&shown);
        let mut made =
            is_beside.then(|| rendering::of(&view, &shown, common.as_ref())).transpose()?;
        if let Some(legend) = made.as_mut().and_then(|rendering| rendering.legend.as_mut()) {
            say_once(legend, &view, &shown);
        }
        let legend = made.as_ref().and_then(|rendering| rendering.legend.as_ref());
        let room = legend.map_or(0.0, |legend| 2.5 + BESIDE_MM + legend.room_mm(letterings.text));

        let (line, width_mm) = (letterings.text.line_mm(), view.style.width_mm);
        let longest = |side: Coordinate| match view.has_degrees() {
            true if is_beside => "112.5° W".to_owned(),
            _ => number(side.high.round()),
        };
        let [across, up] = view.coordinates().map(|side| letterings.text.width_mm(&longest(side)));
        let left = MARGIN_MM + line + up + 1.8;
        // The number of the last column stands half beyond the map.
        let width = width_mm - left - MARGIN_MM - room.max(across / 2.0);
        let frame = view.fit(left, 1.5, width);
        let axes_bottom = frame.bottom() + 1.2 + 2.0 * line + 1.5;
        let (bar, height_mm) = match is_beside {
            true => (Frame { left: frame.right() + 2.5, width: BESIDE_MM, ..frame }, axes_bottom),
            false => {
                let width = width.min(110.0);
                let bar = Frame { left, top: axes_bottom, width, height: BELOW_MM };
                let more_mm = key::more_mm(&shown.quantity().classes, bar, letterings.text);
                let bottom = bar.bottom() + 1.8 + 2.0 * line + more_mm;
                (bar, if rendering::has_legend(&view, &shown) { bottom } else { axes_bottom })
            }
        };
        let run = if is_beside { Run::Up } else { Run::Right };
        Ok(Self { view, shown, letterings, frame, bar, run, height_mm, rendering: made })
    }
}

/// A key of classes says what they are of where the title above the map does not: patches with names need no more.
fn say_once(legend: &mut Legend, view: &View, shown: &Shown) {
    let title = || titles::long(view.outcome, shown, view.style).to_lowercase();
    let is_key = !legend.scale.names.is_empty();
    if is_key && view.style.title && title().contains(&legend.label.to_lowercase()) {
        legend.label.clear();
    }
}

impl Body for Map<'_> {
    fn height_mm(&self) -> f64 {
        self.height_mm
    }

    fn has_missing(&self) -> bool {
        self.rendering.as_ref().is_some_and(|rendering| rendering.has_missing)
    }

    fn map(&self) -> Option<Frame> {
        Some(self.frame)
    }

    fn draw(self: Box<Self>, pen: &Pen, top: f64) -> Result<(), PlotError> {
        let Self { view, shown, letterings, frame, bar, run, rendering, .. } = *self;
        let mut rendering = match rendering {
            Some(rendering) => rendering,
            None => rendering::of(&view, &shown, None)?,
        };
        let (frame, legend) = (frame.down(top), rendering.legend.take());
        panel::draw(pen, frame, &view, rendering, &panel::coast(&view)?, letterings.text)?;
        // Dots over the map as it is, not over what follows from it.
        let marks = Marks::of(view.outcome, shown.variable).filter(|_| shown.other.is_none());
        marks.map_or(Ok(()), |marks| marks.draw(pen, frame, &view))?;
        panel::axes(pen, frame, &view, letterings.text)?;
        if view.style.crop_rectangle {
            panel::label_centre(pen, frame, &view, letterings.small)?;
        }
        legend.map_or(Ok(()), |legend| legend.draw(pen, bar.down(top), run, letterings.text))
    }
}
