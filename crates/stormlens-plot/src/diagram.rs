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
mod quantiles;
mod reliability;
mod roc;
mod series;
mod sheet;
mod skill;
mod value;

use std::fmt;
use std::str::FromStr;

use stormlens_data::score::probability::ProbabilityVerification;

use super::canvas::Pen;
use super::words::{count, percent};
use super::{PlotError, Style, Theme};
use axes::{Axes, Frames};
use legend::Entry;
use sheet::{Content, Sheet};

pub use alt::alt_text as diagram_alt_text;
pub use quantiles::Quantiles;
#[cfg(test)]
pub(super) use series::colour;
pub use skill::{
    ShownForecast, Skill, SkillChart, check_skill, draw_skill, skill_alt_text, skill_size_px,
};

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
    style.check()?;
    verified.check()?;
    Sheet::new(&OfProbabilities { diagram, verified }, style).draw()
}

/// Width and height of a diagram in CSS pixels (96 to the inch), without drawing it. One that cannot be drawn has no
/// height.
pub fn diagram_size_px(diagram: Diagram, verified: &Verified<'_>, style: &Style) -> (u32, u32) {
    let is_drawn = verified.check().is_ok() && style.check().is_ok();
    size_px(is_drawn, &OfProbabilities { diagram, verified }, style)
}

fn size_px(is_drawn: bool, content: &dyn Content, style: &Style) -> (u32, u32) {
    let pixels = |mm: f64| (mm / 25.4 * 96.0).round() as u32;
    let height = if is_drawn { Sheet::new(content, style).height_mm() } else { 0.0 };
    (pixels(style.width_mm), pixels(height))
}

/// A score with so many decimals, so that scores below each other compare, and a true minus sign.
fn decimals(value: f64, n: usize) -> String {
    let digits = format!("{:.n$}", value.abs());
    let is_zero = digits.bytes().all(|b| matches!(b, b'0' | b'.'));
    if value < 0.0 && !is_zero { format!("−{digits}") } else { digits }
}

/// A diagram of probabilities as the content of a sheet. It was checked.
struct OfProbabilities<'a> {
    diagram: Diagram,
    verified: &'a Verified<'a>,
}

impl Content for OfProbabilities<'_> {
    fn title(&self) -> String {
        format!("{}: {}", self.diagram.title(), self.verified.forecasts[0].event)
    }

    fn details(&self) -> String {
        self.verified.details()
    }

    fn alt(&self) -> String {
        alt::alt_text(self.diagram, self.verified)
    }

    fn small_print(&self) -> [&str; 2] {
        [&self.verified.credit, &self.verified.remark]
    }

    fn plan(&self) -> Plan {
        match self.diagram {
            Diagram::Reliability => reliability::plan(self.verified),
            Diagram::Roc => roc::plan(self.verified),
            Diagram::Value => value::plan(self.verified),
            Diagram::Murphy => murphy::plan(self.verified),
            Diagram::Performance => performance::plan(self.verified),
        }
    }

    fn draw(
        &self,
        pen: &Pen,
        axes: &Axes,
        below: Option<&Frames>,
        theme: Theme,
    ) -> Result<(), PlotError> {
        let verified = self.verified;
        match self.diagram {
            Diagram::Reliability => reliability::draw(pen, axes, below, verified, theme),
            Diagram::Roc => roc::draw(pen, axes, verified, theme),
            Diagram::Value => value::draw(pen, axes, verified, theme),
            Diagram::Murphy => murphy::draw(pen, axes, verified, theme),
            Diagram::Performance => performance::draw(pen, axes, verified, theme),
        }
    }
}
