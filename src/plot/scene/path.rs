//! The output on the way from the baseline to the scene: where integrated gradients come from.

use stormlens_data::outcome::{ClassAttribution, SceneOutcome};
use stormlens_data::request::ClassOutput;

use super::lookup::gradients;
use super::words::{baseline, remark};
use super::{SceneFigure, SceneStyle, headings};
use crate::plot::PlotError;
use crate::plot::canvas::{Anchor, Frame, Pen, sheet};
use crate::plot::lettering::Type;
use crate::plot::palette::{N_CONTINUOUS, signed};
use crate::plot::parts::{Footer, Heading, Looks, MARGIN_MM};
use crate::plot::scale::{nice_above, ticks_within};
use crate::plot::words::number;

/// Where everything of the chart stands.
pub struct Layout {
    looks: Looks,
    heading: Heading,
    footer: Footer,
    chart: Frame,
    footer_top: f64,
    pub height_mm: f64,
}

impl Layout {
    /// # Errors
    /// If the outcome holds no integrated gradients.
    pub fn new(outcome: &SceneOutcome, style: &SceneStyle) -> Result<Self, PlotError> {
        let range = Range::of(gradients(outcome)?);
        let looks = Looks::of(style.width_mm, style.theme);
        let text_width = style.width_mm - 2.0 * MARGIN_MM;
        let headings::Heading { title, details } =
            headings::of(outcome, &SceneFigure::Path, style)?;
        let heading = Heading::new(&title, &details, text_width, &looks);
        let footer = Footer::new(&outcome.provenance, text_width, &looks, false)
            .with_remark(&remark(outcome), text_width);

        let widths = range.ticks().into_iter().map(|v| looks.text.width_mm(&number(v)));
        let left = MARGIN_MM + looks.text.line_mm() + widths.fold(0.0, f64::max) + 1.8;
        let top = MARGIN_MM + heading.height_mm() + 2.5;
        let width = style.width_mm - left - MARGIN_MM - looks.text.width_mm("0") - 0.5;
        let chart = Frame { left, top, width, height: width * 0.5 };
        let footer_top = chart.bottom() + 1.2 + 2.0 * looks.text.line_mm() + 1.5;
        let height_mm = footer_top + footer.height_mm() + MARGIN_MM;
        Ok(Self { looks, heading, footer, chart, footer_top, height_mm })
    }
}

/// Draws the chart.
pub fn draw(outcome: &SceneOutcome, style: &SceneStyle, alt: &str) -> Result<String, PlotError> {
    let Layout { looks, heading, footer, chart, footer_top, height_mm } =
        Layout::new(outcome, style)?;
    let gradients = gradients(outcome)?;
    let range = Range::of(gradients);
    sheet((style.width_mm, height_mm), style.theme, alt, |pen| {
        heading.draw(pen, MARGIN_MM, MARGIN_MM)?;
        outputs(pen, chart, &range, gradients.options.output, looks.text)?;
        shares(pen, chart, gradients, looks.text)?;
        curve(pen, chart, &range, &gradients.path, style)?;
        footer.draw(pen, footer_top)
    })
}

/// The outputs that the vertical axis covers.
struct Range {
    low: f64,
    high: f64,
}

impl Range {
    /// All of a probability's; of a logit's those that occur.
    fn of(gradients: &ClassAttribution) -> Self {
        if gradients.options.output == ClassOutput::Probability {
            return Self { low: 0.0, high: 1.0 };
        }
        let finite = || gradients.path.iter().copied().filter(|v| v.is_finite());
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

    fn y(&self, chart: Frame, value: f64) -> f64 {
        chart.bottom() - (value - self.low) / (self.high - self.low) * chart.height
    }
}

fn outputs(
    pen: &Pen,
    chart: Frame,
    range: &Range,
    output: ClassOutput,
    look: Type,
) -> Result<(), PlotError> {
    for value in range.ticks() {
        let y = range.y(chart, value);
        pen.line(&[(chart.left, y), (chart.right(), y)], 0.1, pen.inks.text, 0.18)?;
        pen.text((chart.left - 1.4, y), &number(value), Anchor::End, look)?;
    }
    let beside = MARGIN_MM + look.line_mm() / 2.0;
    pen.text_upwards((beside, chart.top + chart.height / 2.0), output.name(), look)
}

fn shares(
    pen: &Pen,
    chart: Frame,
    gradients: &ClassAttribution,
    look: Type,
) -> Result<(), PlotError> {
    let (ink, bottom) = (pen.inks.text, chart.bottom());
    for share in ticks_within(0.0, 1.0, 5) {
        let x = chart.left + share * chart.width;
        pen.line(&[(x, bottom), (x, bottom + 0.9)], 0.15, ink, 1.0)?;
        let middle = bottom + 1.2 + look.line_mm() / 2.0;
        pen.text((x, middle), &number(share), Anchor::Middle, look)?;
    }
    let from = baseline(gradients.options.baseline);
    let what = format!("share of the way from {from} to the scene");
    let below = bottom + 1.2 + look.line_mm() * 1.5;
    pen.text((chart.left + chart.width / 2.0, below), &what, Anchor::Middle, look)
}

fn curve(
    pen: &Pen,
    chart: Frame,
    range: &Range,
    path: &[f64],
    style: &SceneStyle,
) -> Result<(), PlotError> {
    let colour = signed(style.theme)[N_CONTINUOUS / 6];
    let last = path.len().saturating_sub(1).max(1) as f64;
    let at = |(i, &value): (usize, &f64)| {
        (chart.left + i as f64 / last * chart.width, range.y(chart, value))
    };
    let points: Vec<(f64, f64)> =
        path.iter().enumerate().filter(|(_, v)| v.is_finite()).map(at).collect();
    pen.line(&points, 0.35, colour, 1.0)?;
    // Every point where the output was computed, as far as they can be told apart.
    if chart.width / last >= 1.0 {
        for &(x, y) in &points {
            let dot = Frame { left: x - 0.35, top: y - 0.35, width: 0.7, height: 0.7 };
            pen.fill(dot, colour, 1.0)?;
        }
    }
    pen.outline(chart, 0.15, pen.inks.text)
}
