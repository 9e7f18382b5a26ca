//! One picture of a scene with its axes.

use stormlens_data::outcome::SceneOutcome;

use super::words::remark;
use super::{Polarity, SceneFigure, SceneStyle, contents, headings, sheet};
use crate::plot::PlotError;
use crate::plot::canvas::{Frame, sheet as draw_sheet};
use crate::plot::legend::Run;
use crate::plot::map::say;
use crate::plot::parts::{Footer, Heading, Looks, MARGIN_MM};

const BAR_MM: f64 = 2.5;

/// Where everything of a picture stands.
pub struct Layout {
    looks: Looks,
    heading: Heading,
    footer: Footer,
    map: Frame,
    bar: Frame,
    footer_top: f64,
    pub height_mm: f64,
}

impl Layout {
    /// # Errors
    /// If the outcome does not hold what the figure shows.
    pub fn new(
        outcome: &SceneOutcome,
        figure: &SceneFigure,
        style: &SceneStyle,
    ) -> Result<Self, PlotError> {
        let looks = Looks::of(style.width_mm, style.theme);
        let text_width = style.width_mm - 2.0 * MARGIN_MM;
        let headings::Heading { title, details } = headings::of(outcome, figure, style)?;
        let heading = Heading::new(&title, &details, text_width, &looks);
        let footer = Footer::new(&outcome.provenance, text_width, &looks, false)
            .with_remark(&remark(outcome), text_width);

        let numbers = looks.text.width_mm("0,000");
        let left = MARGIN_MM + looks.text.line_mm() + numbers + 1.8;
        // The number of the last column stands half beyond the picture.
        let width = style.width_mm - left - MARGIN_MM - numbers / 2.0;
        let top = MARGIN_MM + heading.height_mm() + 1.5;
        let map = sheet::fit(outcome, left, top, width);
        let axes_bottom = map.bottom() + 1.2 + 2.0 * looks.text.line_mm() + 1.0;
        let bar = Frame { left, top: axes_bottom + 0.5, width: width.min(110.0), height: BAR_MM };
        let footer_top = match has_legend(figure, style) {
            true => bar.bottom() + 1.8 + 2.0 * looks.text.line_mm(),
            false => axes_bottom + 0.5,
        };
        let height_mm = footer_top + footer.height_mm() + MARGIN_MM;
        Ok(Self { looks, heading, footer, map, bar, footer_top, height_mm })
    }
}

fn has_legend(figure: &SceneFigure, style: &SceneStyle) -> bool {
    match figure {
        SceneFigure::Scene => false,
        SceneFigure::Gradients => !style.outline || style.polarity == Polarity::Signed,
        _ => true,
    }
}

/// Draws one picture.
pub fn draw(
    outcome: &SceneOutcome,
    figure: &SceneFigure,
    style: &SceneStyle,
    alt: &str,
) -> Result<String, PlotError> {
    let Layout { looks, heading, footer, map, bar, footer_top, height_mm } =
        Layout::new(outcome, figure, style)?;
    let mut contents = contents::of(outcome, figure, style)?;
    let (legend, message) = (contents.legend.take(), contents.message.take());
    draw_sheet((style.width_mm, height_mm), style.theme, alt, |pen| {
        heading.draw(pen, MARGIN_MM, MARGIN_MM)?;
        sheet::draw(pen, map, outcome, contents, style)?;
        sheet::axes(pen, map, outcome, looks.text)?;
        if style.crop_rectangle {
            sheet::label_centre(pen, map, outcome, looks.small)?;
        }
        if let Some(message) = &message {
            say(pen, map, message, looks.text)?;
        }
        if let Some(legend) = &legend {
            legend.draw(pen, bar, Run::Right, looks.text)?;
        }
        footer.draw(pen, footer_top)
    })
}
