//! Grad-CAM of several layers, side by side.

use stormlens_data::outcome::{SceneCamLayer, SceneOutcome};

use super::words::remark;
use super::{SceneFigure, SceneStyle, contents, headings, lookup, sheet};
use crate::plot::PlotError;
use crate::plot::canvas::{Anchor, Frame, Pen, sheet as draw_sheet};
use crate::plot::legend::{Legend, Run};
use crate::plot::map::say;
use crate::plot::panels::shorten;
use crate::plot::parts::{Footer, Heading, Looks, MARGIN_MM};

const GAP_MM: f64 = 1.5;
const BAR_MM: f64 = 2.5;

/// Where everything of the small pictures stands.
pub struct Layout {
    looks: Looks,
    heading: Heading,
    footer: Footer,
    /// A picture narrower than its slot stands in the middle of it.
    slots: Vec<Frame>,
    bar: Frame,
    footer_top: f64,
    pub height_mm: f64,
}

impl Layout {
    /// # Errors
    /// If the outcome does not hold one of the layers.
    pub fn new(
        outcome: &SceneOutcome,
        layers: &[String],
        style: &SceneStyle,
    ) -> Result<Self, PlotError> {
        layers.iter().try_for_each(|name| lookup::layer(outcome, name).map(|_| ()))?;
        let looks = Looks::of(style.width_mm, style.theme);
        let text_width = style.width_mm - 2.0 * MARGIN_MM;
        let figure = SceneFigure::LayerGrid(Vec::new());
        let headings::Heading { title, details } = headings::of(outcome, &figure, style)?;
        let heading = Heading::new(&title, &details, text_width, &looks);
        let footer = Footer::new(&outcome.provenance, text_width, &looks, false)
            .with_remark(&remark(outcome), text_width);

        let top = MARGIN_MM + heading.height_mm() + 1.0;
        let (slots, slots_bottom) = grid(outcome, layers.len(), style, &looks, top);
        let bar = Frame {
            left: MARGIN_MM + 2.0,
            top: slots_bottom + 1.5,
            width: (text_width - 4.0).min(110.0),
            height: BAR_MM,
        };
        let footer_top = bar.bottom() + 1.8 + looks.text.line_mm() * 2.0;
        let height_mm = footer_top + footer.height_mm() + MARGIN_MM;
        Ok(Self { looks, heading, footer, slots, bar, footer_top, height_mm })
    }
}

/// The room of each picture, and where the last row ends.
fn grid(
    outcome: &SceneOutcome,
    n: usize,
    style: &SceneStyle,
    looks: &Looks,
    top: f64,
) -> (Vec<Frame>, f64) {
    let most = if style.width_mm < 120.0 { 3 } else { 4 };
    let n_columns = most.min(n).max(1);
    // A lone picture would be as tall as the sheet is wide.
    let n_slots = n_columns.max(2) as f64;
    let width = (style.width_mm - 2.0 * MARGIN_MM - GAP_MM * (n_slots - 1.0)) / n_slots;
    let label_mm = looks.small.line_mm();
    let height = sheet::fit(outcome, 0.0, 0.0, width).height;
    let row_mm = label_mm + height + GAP_MM;
    let place = |i: usize| {
        let left = MARGIN_MM + (i % n_columns) as f64 * (width + GAP_MM);
        Frame { left, top: top + (i / n_columns) as f64 * row_mm + label_mm, width, height }
    };
    let n_rows = n.div_ceil(n_columns);
    ((0..n).map(place).collect(), top + n_rows as f64 * row_mm)
}

/// Draws the small pictures.
pub fn draw(
    outcome: &SceneOutcome,
    layers: &[String],
    style: &SceneStyle,
    alt: &str,
) -> Result<String, PlotError> {
    let Layout { looks, heading, footer, slots, bar, footer_top, height_mm } =
        Layout::new(outcome, layers, style)?;
    draw_sheet((style.width_mm, height_mm), style.theme, alt, |pen| {
        heading.draw(pen, MARGIN_MM, MARGIN_MM)?;
        let mut legend = None;
        for (name, &slot) in layers.iter().zip(&slots) {
            legend = panel(pen, slot, outcome, lookup::layer(outcome, name)?, style, &looks)?;
        }
        if let Some(legend) = legend {
            legend.draw(pen, bar, Run::Right, looks.text)?;
        }
        footer.draw(pen, footer_top)
    })
}

/// One small picture; gives the legend that it shares with the others.
fn panel(
    pen: &Pen,
    slot: Frame,
    outcome: &SceneOutcome,
    layer: &SceneCamLayer,
    style: &SceneStyle,
    looks: &Looks,
) -> Result<Option<Legend>, PlotError> {
    let name = style.layer_label(&layer.layer);
    let label = shorten(name, |text| looks.small.width_mm(text) <= slot.width);
    let middle = slot.top - looks.small.line_mm() / 2.0;
    pen.text((slot.left, middle), &label, Anchor::Start, looks.small)?;
    let mut contents = contents::cam(outcome, layer, style);
    let (legend, message) = (contents.legend.take(), contents.message.take());
    let picture = sheet::fit(outcome, slot.left, slot.top, slot.width);
    let left = slot.left + (slot.width - picture.width) / 2.0;
    sheet::draw(pen, Frame { left, ..picture }, outcome, contents, style)?;
    if let Some(message) = &message {
        say(pen, slot, message, looks.small)?;
    }
    Ok(legend)
}
