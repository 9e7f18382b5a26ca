//! Diagrams of how good probabilities are, of one or several forecasts of the same event.
//!
//! They are no figures of an outcome: what they show lies in an `evaluation.json`. Sheet, lettering, colours of the
//! theme, small print and style are those of all figures.

mod alt;
mod axes;
mod histogram;
mod legend;
mod murphy;
mod performance;
mod reliability;
mod roc;
mod series;
mod value;

use std::fmt;
use std::str::FromStr;

use stormlens_data::score::probability::ProbabilityVerification;

use super::canvas::{Pen, sheet};
use super::parts::{Footer, Heading, Letterings, MARGIN_MM};
use super::words::{count, percent};
use super::{PlotError, Style};
use axes::Axes;
use legend::{Entry, Legend};

pub use alt::alt_text as diagram_alt_text;
#[cfg(test)]
pub(super) use series::colour;

/// The most forecasts in one diagram: as many as there are colours and dashes.
pub const MAX_FORECASTS: usize = series::N;

/// Which diagram. Its name stands in addresses and file names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Diagram {
    Reliability,
    Roc,
    Value,
    Murphy,
    Performance,
}

impl Diagram {
    pub const ALL: [Self; 5] =
        [Self::Reliability, Self::Roc, Self::Value, Self::Murphy, Self::Performance];

    pub fn name(self) -> &'static str {
        match self {
            Self::Reliability => "reliability",
            Self::Roc => "roc",
            Self::Value => "value",
            Self::Murphy => "murphy",
            Self::Performance => "performance",
        }
    }

    /// For people.
    pub fn title(self) -> &'static str {
        match self {
            Self::Reliability => "Reliability",
            Self::Roc => "ROC curve",
            Self::Value => "Relative economic value",
            Self::Murphy => "Murphy diagram",
            Self::Performance => "Performance diagram",
        }
    }

    /// What it shows and how it is read, in a sentence or two.
    pub fn meaning(self) -> &'static str {
        match self {
            Self::Reliability => {
                "How often the event came when a probability was said. On the diagonal it came as often as said; within \
                 the shaded band a reliable forecast would lie, too."
            }
            Self::Roc => {
                "The share of events that are forecast when one acts from a probability on, against the share of false alarms. The further up and left, \
                 the better cases are told apart; it says nothing about calibration."
            }
            Self::Value => {
                "What a user gains who can protect something at a cost: 1 is what perfect forecasts would save, 0 what \
                 the base rate alone saves. Thick: acting from the cost–loss ratio on. Thin: the best probability to \
                 act from, known only afterwards."
            }
            Self::Murphy => {
                "The mean loss for each decision threshold; the area beneath is the Brier score. A forecast that is nowhere above \
                 another one is at least as good for every user."
            }
            Self::Performance => {
                "Detection against success when one acts from a probability on; the best corner is the upper right one. \
                 Curved lines: CSI; straight ones: frequency bias."
            }
        }
    }
}

impl fmt::Display for Diagram {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Diagram {
    type Err = PlotError;

    fn from_str(text: &str) -> Result<Self, PlotError> {
        let found = Self::ALL.into_iter().find(|diagram| diagram.name() == text);
        found.ok_or_else(|| PlotError::UnknownDiagram { name: text.to_owned() })
    }
}

/// What a diagram shows.
#[derive(Clone, Debug, PartialEq)]
pub struct Verified<'a> {
    /// All of one event; the first is the one that matters most.
    pub forecasts: Vec<&'a ProbabilityVerification>,
    /// The ratio of cost to loss that is marked in [`Diagram::Value`].
    pub cost_loss: Option<f64>,
    /// Whose forecasts and data these are, for the small print; parts are set apart by ` · `.
    pub credit: String,
    /// What has to be said of them, such as that they were simulated; empty for nothing.
    pub remark: String,
}

impl<'a> Verified<'a> {
    pub fn new(forecasts: Vec<&'a ProbabilityVerification>) -> Self {
        Self { forecasts, cost_loss: None, credit: String::new(), remark: String::new() }
    }

    fn check(&self) -> Result<(), PlotError> {
        let Some(first) = self.forecasts.first() else { return Err(PlotError::NoForecasts) };
        if self.forecasts.len() > MAX_FORECASTS {
            return Err(PlotError::ManyForecasts { n: self.forecasts.len() });
        }
        match self.forecasts.iter().find(|other| other.event != first.event) {
            Some(other) => Err(PlotError::OtherEvent {
                event: first.event.clone(),
                other: other.event.clone(),
            }),
            None => Ok(()),
        }
    }

    /// `600 scenes of 151 footprints, base rate 50 %`.
    fn details(&self) -> String {
        let first = self.forecasts[0];
        let missing = match first.n_missing {
            0 => String::new(),
            n => format!(" ({} more are missing)", count(n)),
        };
        format!(
            "{} {}{missing} of {} {}; base rate {}",
            count(first.n_cases),
            first.cases,
            count(first.n_events),
            first.drawn,
            percent(first.base_rate),
        )
    }
}

/// What a kind of diagram is made of: what both axes are, one entry of the legend a forecast, and who draws.
struct Plan {
    axes: Axes,
    legend: Vec<Entry>,
    /// Sentences beneath the legend.
    notes: Vec<String>,
    /// Whether room for a histogram is left below.
    has_histogram: bool,
}

/// Draws a diagram as an SVG document of `style.width_mm` millimetres, whose height follows.
///
/// # Errors
/// If there is no forecast, there are too many or not all of one event, or the style is out of range.
pub fn draw_diagram(
    diagram: Diagram,
    verified: &Verified<'_>,
    style: &Style,
) -> Result<String, PlotError> {
    Sheet::new(diagram, verified, style)?.draw()
}

/// Width and height of a diagram in CSS pixels (96 to the inch), without drawing it. One that cannot be drawn has no
/// height.
pub fn diagram_size_px(diagram: Diagram, verified: &Verified<'_>, style: &Style) -> (u32, u32) {
    let pixels = |mm: f64| (mm / 25.4 * 96.0).round() as u32;
    let height = Sheet::new(diagram, verified, style).map_or(0.0, |sheet| sheet.height_mm());
    (pixels(style.width_mm), pixels(height))
}

/// A score with so many decimals, so that scores below each other compare, and a true minus sign.
fn decimals(value: f64, n: usize) -> String {
    let digits = format!("{:.n$}", value.abs());
    let is_zero = digits.bytes().all(|b| matches!(b, b'0' | b'.'));
    if value < 0.0 && !is_zero { format!("−{digits}") } else { digits }
}

struct Sheet<'a> {
    diagram: Diagram,
    verified: &'a Verified<'a>,
    style: &'a Style,
    heading: Heading,
    axes: Axes,
    histogram: Option<axes::Frames>,
    legend: Legend,
    footer: Footer,
}

impl<'a> Sheet<'a> {
    fn new(
        diagram: Diagram,
        verified: &'a Verified<'a>,
        style: &'a Style,
    ) -> Result<Self, PlotError> {
        style.check()?;
        verified.check()?;
        let letterings = Letterings::new(style);
        let plan = match diagram {
            Diagram::Reliability => reliability::plan(verified),
            Diagram::Roc => roc::plan(verified),
            Diagram::Value => value::plan(verified),
            Diagram::Murphy => murphy::plan(verified),
            Diagram::Performance => performance::plan(verified),
        };
        let text_width = style.width_mm - 2.0 * MARGIN_MM;
        let title = format!("{}: {}", diagram.title(), verified.forecasts[0].event);
        let heading = match style.title {
            true => Heading::new(&title, &[verified.details()], text_width, &letterings),
            false => Heading::none(),
        };
        let top = MARGIN_MM + heading.height_mm() + 1.5;
        let placed = axes::place(plan.axes, plan.has_histogram, style, &letterings, top);
        let legend = Legend::new(plan.legend, plan.notes, &placed, &letterings);
        let credit = if style.source { verified.credit.clone() } else { String::new() };
        let footer = Footer::new(credit, text_width, &letterings, None)
            .with_remark(&verified.remark, text_width);
        let (axes, histogram) = (placed.axes, placed.histogram);
        Ok(Self { diagram, verified, style, heading, axes, histogram, legend, footer })
    }

    fn footer_top(&self) -> f64 {
        let below = self.histogram.as_ref().map_or(0.0, |frames| frames.bottom_mm);
        self.axes.bottom_mm().max(below).max(self.legend.bottom_mm()) + 1.2
    }

    fn height_mm(&self) -> f64 {
        self.footer_top() + self.footer.height_mm() + MARGIN_MM
    }

    fn draw(&self) -> Result<String, PlotError> {
        let size = (self.style.width_mm, self.height_mm());
        let alt = alt::alt_text(self.diagram, self.verified);
        sheet(size, self.style.theme, &alt, |pen| {
            self.heading.draw(pen, MARGIN_MM, MARGIN_MM)?;
            self.axes.draw(pen)?;
            self.content(pen)?;
            self.axes.outline(pen)?;
            self.legend.draw(pen, self.style.theme)?;
            self.footer.draw(pen, self.footer_top())
        })
    }

    fn content(&self, pen: &Pen) -> Result<(), PlotError> {
        let Self { axes, verified, style, .. } = self;
        match self.diagram {
            Diagram::Reliability => {
                reliability::draw(pen, axes, self.histogram.as_ref(), verified, style.theme)
            }
            Diagram::Roc => roc::draw(pen, axes, verified, style.theme),
            Diagram::Value => value::draw(pen, axes, verified, style.theme),
            Diagram::Murphy => murphy::draw(pen, axes, verified, style.theme),
            Diagram::Performance => performance::draw(pen, axes, verified, style.theme),
        }
    }
}
