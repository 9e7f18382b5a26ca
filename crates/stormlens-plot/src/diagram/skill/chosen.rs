//! What was chosen of a report: whether it has that, and what it is called.

use stormlens_data::score::events::{Cell, Interval};
use stormlens_data::score::{SCORES, Score};

use super::{ShownForecast, Skill, SkillChart};
use super::{fractions, intensity, lead_time, performance, spectra};
use crate::PlotError;
use crate::diagram::MAX_FORECASTS;
use crate::diagram::legend::Entry;
use crate::words::{in_unit, number};

/// The components of SAL: their names in reports and for people.
const STRUCTURE: [(&str, &str); 3] =
    [("structure", "Structure (SAL)"), ("amount", "Amount (SAL)"), ("location", "Location (SAL)")];

impl Skill<'_> {
    pub fn check(&self, chart: SkillChart) -> Result<(), PlotError> {
        self.check_forecasts()?;
        let of_threshold = match chart {
            SkillChart::LeadTime => self.is_score_of_threshold()?,
            SkillChart::FractionsSkill | SkillChart::Performance => true,
            SkillChart::Spectra | SkillChart::Intensity => false,
        };
        if of_threshold {
            self.check_threshold()?;
        }
        if chart != SkillChart::LeadTime {
            self.check_lead_time()?;
        }
        let is_empty = match chart {
            SkillChart::LeadTime => lead_time::lines(self).is_empty(),
            SkillChart::FractionsSkill => fractions::lines(self).is_empty(),
            SkillChart::Performance => performance::is_empty(self),
            SkillChart::Spectra => spectra::is_empty(self),
            SkillChart::Intensity => intensity::is_empty(self),
        };
        let nothing = || PlotError::NothingToDraw { chart, of: self.subject(chart) };
        if is_empty { Err(nothing()) } else { Ok(()) }
    }

    fn check_forecasts(&self) -> Result<(), PlotError> {
        let known = &self.report.settings.forecasts;
        match self.forecasts.len() {
            0 => return Err(PlotError::NoForecasts),
            n if n > MAX_FORECASTS => return Err(PlotError::ManyForecasts { n }),
            _ => {}
        }
        match self.forecasts.iter().find(|shown| !known.contains(&shown.name)) {
            Some(ShownForecast { name, .. }) => {
                Err(PlotError::UnknownForecast { name: name.clone(), known: known.join(", ") })
            }
            None => Ok(()),
        }
    }

    /// Whether the chosen score depends on the threshold.
    fn is_score_of_threshold(&self) -> Result<bool, PlotError> {
        let field = self.report.settings.field;
        if STRUCTURE.iter().any(|(name, _)| *name == self.score) {
            return Ok(false);
        }
        if let Some(score) = Score::find(self.score).filter(|score| score.is_of(field)) {
            return Ok(score.depends_on_threshold());
        }
        let all = SCORES.iter().filter(|score| score.is_of(field)).map(|score| score.name);
        let all: Vec<&str> = all.chain(STRUCTURE.map(|(name, _)| name)).collect();
        Err(PlotError::UnknownScore { name: self.score.to_owned(), known: all.join(", ") })
    }

    fn check_threshold(&self) -> Result<(), PlotError> {
        let known = &self.report.settings.thresholds;
        if known.contains(&self.threshold) {
            return Ok(());
        }
        let known = known.iter().map(f64::to_string).collect::<Vec<_>>().join(", ");
        Err(PlotError::UnknownThreshold { threshold: self.threshold, known })
    }

    fn check_lead_time(&self) -> Result<(), PlotError> {
        let known = &self.report.settings.lead_times_min;
        match self.lead_time_min.filter(|minutes| !known.contains(minutes)) {
            Some(minutes) => Err(PlotError::UnknownLeadTime {
                minutes,
                known: known.iter().map(u32::to_string).collect::<Vec<_>>().join(", "),
            }),
            None => Ok(()),
        }
    }

    /// As it stands in the report, which has no row for all lead times together where there is one alone.
    pub fn lead(&self) -> Option<u32> {
        match self.report.settings.lead_times_min[..] {
            [only] => Some(only),
            _ => self.lead_time_min,
        }
    }

    /// The cells of a score of a forecast that are of the chosen threshold or of none.
    pub fn cells<'a>(
        &'a self,
        forecast: &'a str,
        score: &'a str,
        lead: Option<u32>,
    ) -> impl Iterator<Item = &'a Cell> {
        self.cells_at(forecast, score, lead, self.threshold)
    }

    /// The cells of a score of a forecast that are of a threshold or of none.
    pub fn cells_at<'a>(
        &'a self,
        forecast: &'a str,
        score: &'a str,
        lead: Option<u32>,
        threshold: f64,
    ) -> impl Iterator<Item = &'a Cell> {
        self.report.cells.iter().filter(move |cell| {
            let of = (cell.forecast.as_str(), cell.score.as_str(), cell.lead_time_min);
            of == (forecast, score, lead) && cell.threshold.is_none_or(|of| of == threshold)
        })
    }

    /// The legend: an entry for each forecast, which says where there is nothing to draw.
    pub fn legend(&self, numbers: impl Fn(&str) -> Vec<String>) -> Vec<Entry> {
        let entry = |shown: &ShownForecast| {
            let numbers = numbers(&shown.name);
            let nothing = numbers.is_empty().then(|| "not defined".to_owned());
            Entry::new(&shown.title, numbers.into_iter().chain(nothing))
        };
        self.forecasts.iter().map(entry).collect()
    }

    /// `CSI, more than 1 mm/h`: what a chart shows.
    pub fn subject(&self, chart: SkillChart) -> String {
        let more = || format!("more than {}", self.amount(self.threshold));
        match chart {
            SkillChart::LeadTime => match self.is_score_of_threshold() {
                Ok(true) => format!("{}, {}", self.score_label(), more()),
                _ => self.score_label().to_owned(),
            },
            // Here the threshold itself is an event, too.
            SkillChart::FractionsSkill => {
                format!("{} and more, {}", self.amount(self.threshold), self.lead_words())
            }
            SkillChart::Performance => self.lead_words(),
            SkillChart::Spectra | SkillChart::Intensity => {
                format!("{}, {}", self.report.settings.field.quantity().name, self.lead_words())
            }
        }
    }

    fn lead_words(&self) -> String {
        let minutes = |minutes: u32| format!("{minutes} min ahead");
        self.lead().map_or_else(|| "all lead times".to_owned(), minutes)
    }

    pub fn score_label(&self) -> &str {
        let of_structure = STRUCTURE.iter().find(|(name, _)| *name == self.score);
        let label = Score::find(self.score).map(|score| score.label);
        label.or(of_structure.map(|(_, label)| *label)).unwrap_or(self.score)
    }

    /// The unit of the field; empty where it has none.
    pub fn unit(&self) -> &'static str {
        match self.report.settings.field.unit() {
            "1" => "",
            unit => unit,
        }
    }

    /// `0.5 mm/h`
    pub fn amount(&self, value: f64) -> String {
        format!("{}{}", number(value), in_unit(self.unit()))
    }
}

/// `0.521 (0.49 to 0.552)`
pub fn with_interval(value: f64, interval: Option<Interval>) -> String {
    let ends = interval.map(|Interval { low, high }| [low, high].map(number).join(" to "));
    format!("{}{}", number(value), ends.map(|ends| format!(" ({ends})")).unwrap_or_default())
}
