//! What was counted, as numbers with intervals.

use serde::{Deserialize, Serialize};

use super::intervals::{Interval, N_ROUNDS, rounds, together};
use super::{EventVerification, ForecastSums, INTENSITY_EDGES_MM_H, Settings};
use crate::score::list::ratio;
use crate::score::{SCORES, Score};

/// Scores of several forecasts against the same observations.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EventReport {
    pub settings: Settings,
    pub n_samples: usize,
    /// What intervals were drawn from.
    pub parts: Vec<PartSummary>,
    pub n_rounds: usize,
    pub cells: Vec<Cell>,
    pub fractions: Vec<FractionsCell>,
    pub spectra: Vec<SpectrumCurve>,
    pub intensity: Vec<IntensityCell>,
}

/// One part and how many samples it has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartSummary {
    pub name: String,
    pub n_samples: usize,
}

/// One score of one forecast at one lead time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Cell {
    pub forecast: String,
    /// `None`: all lead times together.
    pub lead_time_min: Option<u32>,
    /// Name in [`SCORES`], or `structure`, `amount`, `location` of SAL.
    pub score: String,
    /// `None` of scores that depend on none.
    pub threshold: Option<f64>,
    /// `None` where it is undefined.
    pub value: Option<f64>,
    /// `None` where there are fewer than two parts.
    pub interval: Option<Interval>,
    /// Nearest to the best value among the forecasts.
    pub is_best: bool,
    /// Whether it is worse than the best one by an interval that excludes zero; `None` of the best itself, and where
    /// there is no interval.
    pub is_worse: Option<bool>,
}

/// The Fractions Skill Score of one forecast at one lead time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FractionsCell {
    pub forecast: String,
    pub lead_time_min: Option<u32>,
    pub threshold: f64,
    pub scale_km: f64,
    pub value: Option<f64>,
    pub interval: Option<Interval>,
}

/// Radial power spectra of forecast and observation, means over maps.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SpectrumCurve {
    pub forecast: String,
    pub lead_time_min: Option<u32>,
    /// Wavelength in km, power of the forecast, power of the observation; longest wave first.
    pub points: Vec<[f64; 3]>,
    /// Maps with a pixel that is not known, which no transform can take.
    pub n_left_out: u64,
}

/// Errors where a class of intensity was observed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct IntensityCell {
    pub forecast: String,
    pub lead_time_min: Option<u32>,
    /// Observed from here on; `None` below the first edge.
    pub from: Option<f64>,
    pub n_pixels: u64,
    pub bias: Option<f64>,
    pub mean_squared_error: Option<f64>,
}

/// From sums to a score; `None` where it is undefined.
type Function = dyn Fn(&ForecastSums) -> Option<f64>;

/// A number that sums are made to.
struct Statistic {
    name: String,
    threshold: Option<f64>,
    best: f64,
    of: Box<Function>,
}

impl EventVerification {
    /// Everything with intervals; some seconds for many parts.
    pub fn report(&self) -> EventReport {
        let settings = &self.settings;
        let drawn = rounds(self.parts.len(), N_ROUNDS);
        let part = |(name, part): (&String, &super::PartSums)| PartSummary {
            name: name.clone(),
            n_samples: part.n_samples,
        };
        let mut report = EventReport {
            settings: settings.clone(),
            n_samples: self.n_samples(),
            parts: self.parts.iter().map(part).collect(),
            n_rounds: drawn.len(),
            cells: Vec::new(),
            fractions: Vec::new(),
            spectra: Vec::new(),
            intensity: Vec::new(),
        };
        let n_leads = settings.lead_times_min.len();
        let mut leads: Vec<Option<usize>> = (0..n_leads).map(Some).collect();
        leads.extend((n_leads > 1).then_some(None));
        for lead in leads {
            let at = AtLead::of(self, lead);
            at.scores(&drawn, &mut report);
            at.others(&mut report);
        }
        report
    }
}

/// Sums at one lead time, or at all together: by forecast, then part.
struct AtLead<'a> {
    settings: &'a Settings,
    lead_time_min: Option<u32>,
    sums: Vec<Vec<ForecastSums>>,
    /// By forecast, all parts together.
    all: Vec<ForecastSums>,
}

impl<'a> AtLead<'a> {
    fn of(verification: &'a EventVerification, lead: Option<usize>) -> Self {
        let settings = &verification.settings;
        let n_leads = settings.lead_times_min.len();
        let of_part = |part: &super::PartSums, forecast: usize| match lead {
            Some(lead) => part.sums[forecast * n_leads + lead].clone(),
            None => {
                let by_lead = part.sums[forecast * n_leads..].iter().take(n_leads);
                together(by_lead).unwrap_or_else(|| ForecastSums::new(settings))
            }
        };
        let of_forecast =
            |forecast: usize| verification.parts.values().map(move |p| of_part(p, forecast));
        let sums: Vec<Vec<ForecastSums>> =
            (0..settings.forecasts.len()).map(|forecast| of_forecast(forecast).collect()).collect();
        let all = |parts: &Vec<ForecastSums>| {
            together(parts.iter()).unwrap_or_else(|| ForecastSums::new(settings))
        };
        let all = sums.iter().map(all).collect();
        Self { settings, lead_time_min: lead.map(|i| settings.lead_times_min[i]), sums, all }
    }

    fn scores(&self, drawn: &[Vec<usize>], report: &mut EventReport) {
        let scores = scores(self.settings);
        let fractions = fractions(self.settings);
        // By round, forecast and statistic.
        let statistics: Vec<&Statistic> =
            scores.iter().chain(fractions.iter().map(|f| &f.2)).collect();
        let again: Vec<Vec<Vec<Option<f64>>>> = drawn
            .iter()
            .map(|round| {
                let of = |parts: &Vec<ForecastSums>| {
                    let all = together(round.iter().map(|&i| &parts[i]));
                    statistics.iter().map(|s| all.as_ref().and_then(|all| (s.of)(all))).collect()
                };
                self.sums.iter().map(of).collect()
            })
            .collect();
        let interval = |forecast: usize, place: usize| {
            Interval::of(again.iter().filter_map(|round| round[forecast][place]).collect())
        };
        for (place, statistic) in scores.iter().enumerate() {
            let values: Vec<Option<f64>> = self.all.iter().map(&statistic.of).collect();
            let distance = |value: f64| (value - statistic.best).abs();
            let nearest = values.iter().enumerate().filter_map(|(i, v)| Some((i, distance((*v)?))));
            let best = nearest.min_by(|a, b| a.1.total_cmp(&b.1)).map(|(i, _)| i);
            for (forecast, &value) in values.iter().enumerate() {
                let is_best = best == Some(forecast);
                let worse_by = best.filter(|_| !is_best && value.is_some()).and_then(|best| {
                    let by = |round: &Vec<Vec<Option<f64>>>| {
                        Some(distance(round[forecast][place]?) - distance(round[best][place]?))
                    };
                    Interval::of(again.iter().filter_map(by).collect())
                });
                report.cells.push(Cell {
                    forecast: self.settings.forecasts[forecast].clone(),
                    lead_time_min: self.lead_time_min,
                    score: statistic.name.clone(),
                    threshold: statistic.threshold,
                    value,
                    interval: interval(forecast, place).filter(|_| value.is_some()),
                    is_best,
                    is_worse: worse_by.map(|by| by.low > 0.0),
                });
            }
        }
        for (i, (threshold, scale_px, statistic)) in fractions.iter().enumerate() {
            for (forecast, name) in self.settings.forecasts.iter().enumerate() {
                let value = (statistic.of)(&self.all[forecast]);
                report.fractions.push(FractionsCell {
                    forecast: name.clone(),
                    lead_time_min: self.lead_time_min,
                    threshold: *threshold,
                    scale_km: *scale_px as f64 * self.settings.spacing_km,
                    value,
                    interval: interval(forecast, scores.len() + i).filter(|_| value.is_some()),
                });
            }
        }
    }

    fn others(&self, report: &mut EventReport) {
        for (name, all) in self.settings.forecasts.iter().zip(&self.all) {
            let side_km = all.spectrum.size as f64 * self.settings.spacing_km;
            let means = all.spectrum.means();
            report.spectra.push(SpectrumCurve {
                forecast: name.clone(),
                lead_time_min: self.lead_time_min,
                points: means.into_iter().map(|[k, f, o]| [side_km / k, f, o]).collect(),
                n_left_out: all.spectrum.n_left_out,
            });
            for (class, moments) in all.by_intensity.iter().enumerate() {
                let n = moments.n as f64;
                report.intensity.push(IntensityCell {
                    forecast: name.clone(),
                    lead_time_min: self.lead_time_min,
                    from: class.checked_sub(1).map(|i| INTENSITY_EDGES_MM_H[i]),
                    n_pixels: moments.n,
                    bias: ratio(moments.forecast - moments.observation, n),
                    mean_squared_error: ratio(moments.error_squared, n),
                });
            }
        }
    }
}

/// Scores of the list at each threshold, and SAL.
fn scores(settings: &Settings) -> Vec<Statistic> {
    let mut all = Vec::new();
    for score in SCORES.iter().filter(|score| score.is_of(settings.field)) {
        let n = if score.depends_on_threshold() { settings.thresholds.len() } else { 1 };
        all.extend((0..n).map(|place| of_score(settings, score, place)));
    }
    let mean = |sums: &ForecastSums| sums.structure.mean();
    let of_structure = |name: &str, of: Box<Function>| Statistic {
        name: name.to_owned(),
        threshold: None,
        best: 0.0,
        of,
    };
    all.push(of_structure("structure", Box::new(move |sums| Some(mean(sums)?.structure))));
    all.push(of_structure("amount", Box::new(move |sums| Some(mean(sums)?.amount))));
    all.push(of_structure("location", Box::new(move |sums| Some(mean(sums)?.location))));
    all
}

fn of_score(settings: &Settings, score: &'static Score, place: usize) -> Statistic {
    Statistic {
        name: score.name.to_owned(),
        threshold: score.depends_on_threshold().then(|| settings.thresholds[place]),
        best: score.best,
        of: Box::new(move |sums| sums.tallies().nth(place).and_then(|tally| score.of(&tally))),
    }
}

/// Threshold, scale in pixels, and the Fractions Skill Score of both.
fn fractions(settings: &Settings) -> Vec<(f64, usize, Statistic)> {
    let mut all = Vec::new();
    for (i, &threshold) in settings.thresholds.iter().enumerate() {
        for (j, &scale) in settings.scales_px.iter().enumerate() {
            all.push((
                threshold,
                scale,
                Statistic {
                    name: "fss".to_owned(),
                    threshold: Some(threshold),
                    best: 1.0,
                    of: Box::new(move |sums| sums.fractions.score(i, j)),
                },
            ));
        }
    }
    all
}
