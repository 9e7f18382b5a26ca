//! Which of the numbers of a comparison are looked at.

use stormlens_data::score::{SCORES, Score};

use crate::parameters::{Parameters, QuestionError, encode};
use crate::tasks::nowcast::study::Found;

const LEAD: &str = "show-lead";
const THRESHOLD: &str = "show-threshold";
const SCORE: &str = "show-score";
const FORECAST: &str = "show-forecast";
pub const NAMES: [&str; 4] = [LEAD, THRESHOLD, SCORE, FORECAST];

/// Until somebody chooses: rain that is felt, where it is among the thresholds.
const USUAL_THRESHOLD_MM_H: f64 = 0.5;
const USUAL_SCORE: &str = "csi";

#[derive(Clone, Debug)]
pub struct View {
    /// `None`: all lead times together.
    pub lead_time_min: Option<u32>,
    /// mm/h
    pub threshold: f64,
    pub score: &'static Score,
    /// Place of the forecast whose cases are listed.
    pub forecast: usize,
}

impl View {
    pub fn read(parameters: &Parameters, found: &Found) -> Result<Self, QuestionError> {
        let settings = &found.report.settings;
        let leads = &settings.lead_times_min;
        let lead = parameters.number(LEAD, "a lead time in minutes", |_| true)?;
        if let Some(other) = lead.filter(|lead| !leads.contains(lead)) {
            let known = leads.iter().map(u32::to_string);
            return Err(QuestionError::unknown("lead time", &other.to_string(), known));
        }
        let thresholds = &settings.thresholds;
        let threshold = parameters.number(THRESHOLD, "a threshold in mm/h", |_| true)?;
        if let Some(other) = threshold.filter(|threshold| !thresholds.contains(threshold)) {
            let known = thresholds.iter().map(f64::to_string);
            return Err(QuestionError::unknown("threshold", &other.to_string(), known));
        }
        let usual = [USUAL_THRESHOLD_MM_H].into_iter().find(|usual| thresholds.contains(usual));
        let first = thresholds.first().copied().unwrap_or(USUAL_THRESHOLD_MM_H);
        Ok(Self {
            // With one lead time there is nothing to put together.
            lead_time_min: lead.or(if leads.len() == 1 { leads.first().copied() } else { None }),
            threshold: threshold.or(usual).unwrap_or(first),
            score: score(parameters)?,
            forecast: forecast(parameters, found)?,
        })
    }

    /// What follows the plan in an address.
    pub fn query(&self, found: &Found) -> String {
        let lead = self.lead_time_min.map_or(String::new(), |lead| format!("&{LEAD}={lead}"));
        let name = &found.report.settings.forecasts[self.forecast];
        format!(
            "{lead}&{THRESHOLD}={}&{SCORE}={}&{FORECAST}={}",
            self.threshold,
            self.score.name,
            encode(name)
        )
    }
}

fn score(parameters: &Parameters) -> Result<&'static Score, QuestionError> {
    let wanted = parameters.one(SCORE)?.unwrap_or(USUAL_SCORE);
    let known = || scores().map(|score| score.name);
    let unknown = || QuestionError::unknown("score", wanted, known());
    scores().find(|score| score.name == wanted).ok_or_else(unknown)
}

/// Those of rain.
pub fn scores() -> impl Iterator<Item = &'static Score> {
    const ALL: &[Score] = &SCORES;
    use stormlens_data::card::NowcastField::Precipitation;
    ALL.iter().filter(|score| score.is_of(Precipitation))
}

fn forecast(parameters: &Parameters, found: &Found) -> Result<usize, QuestionError> {
    let Some(wanted) = parameters.one(FORECAST)? else { return Ok(0) };
    let known = || found.report.settings.forecasts.iter().map(String::as_str);
    found.place(wanted).ok_or_else(|| QuestionError::unknown("forecast", wanted, known()))
}
