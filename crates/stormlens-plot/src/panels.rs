//! Several small maps with one legend: all maps of a variable, or the first ones of several.

use stormlens_data::field::Field;
use stormlens_data::outcome::{Colours, Outcome};

use super::basemap::{Kind, Line};
use super::canvas::{Anchor, Frame, Pen};
use super::key;
use super::legend::Run;
use super::lookup::{Shown, n_shown, variable};
use super::page::Body;
use super::panel;
use super::parts::{Letterings, MARGIN_MM, with_ellipsis};
use super::rendering;
use super::view::{View, extent};
use super::{PlotError, Style, entries, titles};

const GAP_MM: f64 = 1.5;
const BAR_MM: f64 = 2.5;

/// Small maps; frames count from the upper edge of the body.
pub struct Panels<'a> {
    /// What all of them look at.
    view: View<'a>,
    items: Vec<(String, Shown<'a>)>,
    letterings: Letterings,
    /// The room of each map; one narrower than that stands in the middle of it.
    slots: Vec<Frame>,
    bar: Frame,
    height_mm: f64,
}

impl<'a> Panels<'a> {
    pub fn strip(
        outcome: &'a Outcome,
        name: &str,
        style: &'a Style,
        letterings: Letterings,
    ) -> Result<Self, PlotError> {
        let shown = |index| Shown::of(outcome, name, index);
        Self::all(outcome, name, style, letterings, shown)
    }

    /// All maps of a variable minus those of another.
    pub fn differences(
        outcome: &'a Outcome,
        names: [&str; 2],
        style: &'a Style,
        letterings: Letterings,
    ) -> Result<Self, PlotError> {
        let shown = |index| Shown::difference(outcome, names, index);
        Self::all(outcome, names[0], style, letterings, shown)
    }

    /// A map for each of a variable, as `shown` says.
    fn all(
        outcome: &'a Outcome,
        name: &str,
        style: &'a Style,
        letterings: Letterings,
        shown: impl Fn(usize) -> Result<Shown<'a>, PlotError>,
    ) -> Result<Self, PlotError> {
        let n = n_shown(variable(outcome, name)?).max(1);
        let item = |index| {
            let shown = shown(index)?;
            Ok((entries::label(shown.variable, index), shown))
        };
        let items = (0..n).map(item).collect::<Result<_, PlotError>>()?;
        Self::new(outcome, items, style, letterings, [4, 6])
    }

    pub fn grid(
        outcome: &'a Outcome,
        names: &[String],
        style: &'a Style,
        letterings: Letterings,
    ) -> Result<Self, PlotError> {
        let items = comparable(outcome, names)?.into_iter();
        let items = items.map(|shown| (titles::short(&shown, style), shown)).collect();
        Self::new(outcome, items, style, letterings, [3, 4])
    }

    fn new(
        outcome: &'a Outcome,
        items: Vec<(String, Shown<'a>)>,
        style: &'a Style,
        letterings: Letterings,
        [narrow, wide]: [usize; 2],
    ) -> Result<Self, PlotError> {
        let (_, first) = items.first().ok_or(PlotError::UnknownFigure { name: "grid-".into() })?;
        let view = View::new(outcome, first.variable, style)?;
        let most = if style.width_mm < 120.0 { narrow } else { wide };
        let n_columns = most.min(items.len()).max(1);
        // A lone map would be as tall as the sheet is wide.
        let n_slots = n_columns.max(2) as f64;
        let text_width = style.width_mm - 2.0 * MARGIN_MM;
        let width = (text_width - GAP_MM * (n_slots - 1.0)) / n_slots;
        let (height, label_mm) = (view.fit(0.0, 0.0, width).height, letterings.small.line_mm());
        let row_mm = label_mm + height + GAP_MM;
        let slot = |i: usize| {
            let left = MARGIN_MM + (i % n_columns) as f64 * (width + GAP_MM);
            Frame { left, top: 1.0 + (i / n_columns) as f64 * row_mm + label_mm, width, height }
        };
        let bottom = 1.0 + items.len().div_ceil(n_columns) as f64 * row_mm;
        let (left, width) = (MARGIN_MM + 2.0, (text_width - 4.0).min(110.0));
        let bar = Frame { left, top: bottom + 1.5, width, height: BAR_MM };
        let more_mm = |(_, shown): &(String, Shown)| {
            key::more_mm(&shown.quantity().classes, bar, letterings.text)
        };
        let more_mm = items.iter().map(more_mm).fold(0.0, f64::max);
        let height_mm = match rendering::has_legend(&view, first) {
            true => bar.bottom() + 1.8 + 2.0 * letterings.text.line_mm() + more_mm,
            false => bottom,
        };
        let slots = (0..items.len()).map(slot).collect();
        Ok(Self { view, items, letterings, slots, bar, height_mm })
    }

    /// The values of all maps, where their scale follows from them.
    fn common(&self) -> Option<Field> {
        let is_common = |(_, shown): &(String, Shown)| {
            matches!(shown.colours(), Colours::Signed | Colours::Sizes)
        };
        let all = self.items.iter().all(is_common) && self.items.len() > 1;
        let values = || self.items.iter().flat_map(|(_, shown)| shown.field().values);
        all.then(|| values().collect::<Vec<f32>>()).map(|all| Field::new(1, all.len(), all))
    }
}

/// The first maps of variables that can share a legend.
pub fn comparable<'a>(outcome: &'a Outcome, names: &[String]) -> Result<Vec<Shown<'a>>, PlotError> {
    let shown = names.iter().map(|name| Shown::of(outcome, name, 0));
    let shown = shown.collect::<Result<Vec<_>, _>>()?;
    let Some((first, others)) = shown.split_first() else { return Ok(shown) };
    // Attributions of pixels have ranges of their own.
    let fits = |other: &&Shown| {
        let place = |shown: &Shown| extent(&shown.variable.domain);
        let lettering = |shown: &Shown| (shown.colours(), shown.quantity().unit);
        place(other) == place(first)
            && lettering(other) == lettering(first)
            && !other.is_of_pixels()
    };
    match others.iter().find(|other| !fits(other)) {
        None => Ok(shown),
        Some(other) => {
            let [name, other] = [first, other].map(|shown| shown.variable.name.clone());
            Err(PlotError::Incomparable { name, other })
        }
    }
}

impl Body for Panels<'_> {
    fn height_mm(&self) -> f64 {
        self.height_mm
    }

    fn has_missing(&self) -> bool {
        let is_missing = |(_, shown): &(String, Shown)| super::lookup::has_missing(&shown.field());
        self.view.square.is_none() && self.items.iter().any(is_missing)
    }

    fn draw(self: Box<Self>, pen: &Pen, top: f64) -> Result<(), PlotError> {
        let (view, letterings, common) = (&self.view, &self.letterings, self.common());
        let km_per_mm = {
            let [across, _] = view.coordinates();
            self.slots.first().map_or(1.0, |slot| (across.high - across.low) / slot.width)
        };
        let coast = simple(panel::coast(view)?, km_per_mm);
        let mut legend = None;
        for ((label, shown), slot) in self.items.iter().zip(&self.slots) {
            let slot = slot.down(top);
            let label = with_ellipsis(label, |text| letterings.small.width_mm(text) <= slot.width);
            let middle = slot.top - letterings.small.line_mm() / 2.0;
            pen.text((slot.left, middle), &label, Anchor::Start, letterings.small)?;
            let mut rendering = rendering::of(view, shown, common.as_ref())?;
            legend = rendering.legend.take().or(legend);
            let map = view.fit(slot.left, slot.top, slot.width);
            let left = slot.left + (slot.width - map.width) / 2.0;
            panel::draw(pen, Frame { left, ..map }, view, rendering, &coast, letterings.small)?;
        }
        let bar = self.bar.down(top);
        legend.map_or(Ok(()), |legend| legend.draw(pen, bar, Run::Right, letterings.text))
    }
}

/// Lines with no more points than a small map can show: one every quarter of a millimetre, and no
/// islands below that.
fn simple(lines: Vec<Line>, km_per_mm: f64) -> Vec<Line> {
    let step_km = 0.25 * km_per_mm;
    let thin = |line: Line| {
        let mut points_km: Vec<(f64, f64)> = Vec::new();
        for (i, &point) in line.points_km.iter().enumerate() {
            let far =
                points_km.last().is_none_or(|l| (l.0 - point.0).hypot(l.1 - point.1) >= step_km);
            if far || i + 1 == line.points_km.len() {
                points_km.push(point);
            }
        }
        (points_km.len() > 3 || line.kind == Kind::Border).then_some(Line { points_km, ..line })
    };
    lines.into_iter().filter_map(thin).collect()
}
