//! Charts of how good several forecasts of one data set are, as an [`EventReport`] counts them.
//!
//! They stand on the same sheet as diagrams of probabilities. Undefined scores are left out: a line has a gap there.

mod chosen;
mod fractions;
mod intensity;
mod lead_time;
mod lines;
mod performance;
mod spectra;

use std::fmt;
use std::str::FromStr;

use stormlens_data::score::events::EventReport;

use super::Plan;
use super::alt::with_remark;
use super::axes::{Axes, Frames};
use super::sheet::{Content, Sheet};
use crate::canvas::Pen;
use crate::words::{count, sentence};
use crate::{PlotError, Style, Theme};

/// Which chart. Its name stands in addresses and file names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SkillChart {
    LeadTime,
    FractionsSkill,
    Performance,
    Spectra,
    Intensity,
}

impl SkillChart {
    pub const ALL: [Self; 5] =
        [Self::LeadTime, Self::FractionsSkill, Self::Performance, Self::Spectra, Self::Intensity];

    pub fn name(self) -> &'static str {
        match self {
            Self::LeadTime => "lead-time",
            Self::FractionsSkill => "fractions-skill",
            Self::Performance => "performance",
            Self::Spectra => "spectra",
            Self::Intensity => "intensity",
        }
    }

    /// For people.
    pub fn title(self) -> &'static str {
        match self {
            Self::LeadTime => "Score by lead time",
            Self::FractionsSkill => "Fractions Skill Score",
            Self::Performance => "Performance diagram",
            Self::Spectra => "Power spectra",
            Self::Intensity => "Mean error by intensity",
        }
    }

    /// What it shows and how it is read, in a sentence or two.
    pub fn meaning(self) -> &'static str {
        match self {
            Self::LeadTime => {
                "A score of each forecast, from lead time to lead time. Forecasts whose intervals overlap may still differ \
                 beyond chance, since all of them are scored on the same pixels."
            }
            Self::FractionsSkill => {
                "How well the share of pixels with an event is forecast within neighbourhoods: 1 is perfect, 0 no skill. \
                 A line that rises late is of a forecast that is right in amount but displaced."
            }
            Self::Performance => {
                "Detection against success at each threshold; the best corner is the upper right one. Curved lines: CSI; \
                 straight ones: frequency bias."
            }
            Self::Spectra => {
                "How much structure maps have at each wavelength. A forecast below the observation at short wavelengths is \
                 too smooth there."
            }
            Self::Intensity => {
                "Mean of forecast minus observation where so much was observed. Below zero too little is forecast, above it \
                 too much."
            }
        }
    }
}

impl fmt::Display for SkillChart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for SkillChart {
    type Err = PlotError;

    fn from_str(text: &str) -> Result<Self, PlotError> {
        let found = Self::ALL.into_iter().find(|chart| chart.name() == text);
        found.ok_or_else(|| PlotError::UnknownChart { name: text.to_owned() })
    }
}

/// What a chart shows.
#[derive(Clone, Debug, PartialEq)]
pub struct Skill<'a> {
    pub report: &'a EventReport,
    /// The forecasts that are drawn, in this order.
    pub forecasts: Vec<ShownForecast>,
    /// Of [`SkillChart::LeadTime`]: a name in [`SCORES`](stormlens_data::score::SCORES), or `structure`, `amount` or
    /// `location` of SAL.
    pub score: &'a str,
    /// One of the report, in the unit of its field.
    pub threshold: f64,
    /// One of the report; `None`: all lead times together. [`SkillChart::LeadTime`] shows all of them.
    pub lead_time_min: Option<u32>,
    /// Whose forecasts and data these are, for the small print; parts are set apart by ` · `.
    pub credit: String,
    /// What has to be said of them, such as that they were simulated; empty for nothing.
    pub remark: String,
}

/// A forecast of the report, and what it is called on the chart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShownForecast {
    pub name: String,
    pub title: String,
}

impl<'a> Skill<'a> {
    /// All forecasts of the report by titles for people: CSI, at the lowest threshold, all lead times together.
    pub fn new(report: &'a EventReport, title: impl Fn(&str) -> String) -> Self {
        let shown = |name: &String| ShownForecast { name: name.clone(), title: title(name) };
        Self {
            report,
            forecasts: report.settings.forecasts.iter().map(shown).collect(),
            score: "csi",
            threshold: report.settings.thresholds.first().copied().unwrap_or_default(),
            lead_time_min: None,
            credit: String::new(),
            remark: String::new(),
        }
    }
}

/// Whether there is something to draw.
///
/// # Errors
/// As [`draw_skill`], but for the style.
pub fn check_skill(chart: SkillChart, skill: &Skill<'_>) -> Result<(), PlotError> {
    skill.check(chart)
}

/// Draws a chart as an SVG document of `style.width_mm` millimetres, whose height follows.
///
/// # Errors
/// If there is no forecast or there are too many, the report has no such forecast, score, threshold or lead time, no
/// value of it is defined, or the style is out of range.
pub fn draw_skill(
    chart: SkillChart,
    skill: &Skill<'_>,
    style: &Style,
) -> Result<String, PlotError> {
    style.check()?;
    skill.check(chart)?;
    Sheet::new(&OfSkill { chart, skill }, style).draw()
}

/// Width and height in CSS pixels, as [`diagram_size_px`](super::diagram_size_px).
pub fn skill_size_px(chart: SkillChart, skill: &Skill<'_>, style: &Style) -> (u32, u32) {
    let is_drawn = skill.check(chart).is_ok() && style.check().is_ok();
    super::size_px(is_drawn, &OfSkill { chart, skill }, style)
}

/// The finding of a chart: one sentence a forecast. Of one that cannot be drawn: why.
pub fn skill_alt_text(chart: SkillChart, skill: &Skill<'_>) -> String {
    if let Err(error) = skill.check(chart) {
        return format!("No chart: {error}.");
    }
    let finding = |name: &str| match chart {
        SkillChart::LeadTime => lead_time::finding(skill, name),
        SkillChart::FractionsSkill => fractions::finding(skill, name),
        SkillChart::Performance => performance::finding(skill, name),
        SkillChart::Spectra => spectra::finding(skill, name),
        SkillChart::Intensity => intensity::finding(skill, name),
    };
    let of = |shown: &ShownForecast| {
        let said = finding(&shown.name);
        let said = if said.is_empty() { "no value is defined" } else { &said };
        format!("{}: {said}.", sentence(&shown.title))
    };
    let words: Vec<String> = skill.forecasts.iter().map(of).collect();
    let words = format!("{}: {}. {}", chart.title(), skill.subject(chart), words.join(" "));
    with_remark(words, &skill.remark)
}

/// A chart of a report as the content of a sheet. It was checked.
struct OfSkill<'a> {
    chart: SkillChart,
    skill: &'a Skill<'a>,
}

impl Content for OfSkill<'_> {
    fn title(&self) -> String {
        format!("{}: {}", self.chart.title(), self.skill.subject(self.chart))
    }

    /// `1,200 samples in 30 parts`
    fn details(&self) -> String {
        let EventReport { n_samples, parts, .. } = self.skill.report;
        format!("{} samples in {} parts", count(*n_samples), count(parts.len()))
    }

    fn alt(&self) -> String {
        skill_alt_text(self.chart, self.skill)
    }

    fn small_print(&self) -> [&str; 2] {
        [&self.skill.credit, &self.skill.remark]
    }

    fn plan(&self) -> Plan {
        match self.chart {
            SkillChart::LeadTime => lead_time::plan(self.skill),
            SkillChart::FractionsSkill => fractions::plan(self.skill),
            SkillChart::Performance => performance::plan(self.skill),
            SkillChart::Spectra => spectra::plan(self.skill),
            SkillChart::Intensity => intensity::plan(self.skill),
        }
    }

    fn draw(
        &self,
        pen: &Pen,
        axes: &Axes,
        _: Option<&Frames>,
        theme: Theme,
    ) -> Result<(), PlotError> {
        match self.chart {
            SkillChart::LeadTime => lead_time::draw(pen, axes, self.skill, theme),
            SkillChart::FractionsSkill => fractions::draw(pen, axes, self.skill, theme),
            SkillChart::Performance => performance::draw(pen, axes, self.skill, theme),
            SkillChart::Spectra => spectra::draw(pen, axes, self.skill, theme),
            SkillChart::Intensity => intensity::draw(pen, axes, self.skill, theme),
        }
    }
}
