//! What a report says of one lead time, or of all of them together.

use super::statistics::{Statistic, statistics};
use super::{Cell, IntensityCell, SpectrumCurve};
use crate::score::events::{
    EventVerification, ForecastSums, INTENSITY_EDGES_MM_H, Interval, PartSums, Settings,
};
use crate::score::list::ratio;
use crate::score::resampling::together;

/// Sums at one lead time.
pub struct AtLead<'a> {
    settings: &'a Settings,
    lead_time_min: Option<u32>,
    /// By forecast, then part.
    parts: Vec<Vec<ForecastSums>>,
    /// By forecast, all parts together.
    all: Vec<ForecastSums>,
}

/// Values of the statistics when the parts were drawn again: by round, forecast and statistic.
struct Again(Vec<Vec<Vec<Option<f64>>>>);

impl Again {
    fn interval(&self, forecast: usize, statistic: usize) -> Option<Interval> {
        Interval::of(self.0.iter().filter_map(|round| round[forecast][statistic]).collect())
    }

    /// By how much one forecast is farther from the best value than another.
    fn worse_by(
        &self,
        [forecast, other]: [usize; 2],
        (place, statistic): (usize, &Statistic),
    ) -> Option<Interval> {
        let by = |round: &Vec<Vec<Option<f64>>>| {
            let [one, other] = [forecast, other].map(|f| round[f][place]);
            Some(statistic.distance(one?) - statistic.distance(other?))
        };
        Interval::of(self.0.iter().filter_map(by).collect())
    }
}

impl<'a> AtLead<'a> {
    /// `None`: all lead times together.
    pub fn of(verification: &'a EventVerification, lead: Option<usize>) -> Self {
        let settings = &verification.settings;
        let n_leads = settings.lead_times_min.len();
        let whole =
            |found: Option<ForecastSums>| found.unwrap_or_else(|| ForecastSums::new(settings));
        let of_part = |part: &PartSums, forecast: usize| {
            let by_lead = &part.sums[forecast * n_leads..][..n_leads];
            lead.map_or_else(|| whole(together(by_lead.iter())), |lead| by_lead[lead].clone())
        };
        let of_forecast =
            |forecast: usize| verification.parts.values().map(|p| of_part(p, forecast)).collect();
        let parts: Vec<Vec<ForecastSums>> =
            (0..settings.forecasts.len()).map(of_forecast).collect();
        let all = parts.iter().map(|parts| whole(together(parts.iter()))).collect();
        Self { settings, lead_time_min: lead.map(|i| settings.lead_times_min[i]), parts, all }
    }

    /// Every score of every forecast.
    pub fn cells(&self, drawn: &[Vec<usize>]) -> Vec<Cell> {
        let statistics = statistics(self.settings);
        let again = self.again(drawn, &statistics);
        let cells = statistics.iter().enumerate();
        cells.flat_map(|(place, statistic)| self.of_statistic((place, statistic), &again)).collect()
    }

    fn again(&self, drawn: &[Vec<usize>], statistics: &[Statistic]) -> Again {
        let values = |sums: Option<ForecastSums>| {
            let value = |statistic: &Statistic| sums.as_ref().and_then(|sums| (statistic.of)(sums));
            statistics.iter().map(value).collect()
        };
        let round = |round: &Vec<usize>| {
            let sums = |parts: &Vec<ForecastSums>| together(round.iter().map(|&i| &parts[i]));
            self.parts.iter().map(|parts| values(sums(parts))).collect()
        };
        Again(drawn.iter().map(round).collect())
    }

    /// A cell for each forecast.
    fn of_statistic(&self, of: (usize, &Statistic), again: &Again) -> Vec<Cell> {
        let (place, statistic) = of;
        let values: Vec<Option<f64>> = self.all.iter().map(&statistic.of).collect();
        let distances = values.iter().map(|value| value.map(|v| statistic.distance(v)));
        let there = distances.enumerate().filter_map(|(i, distance)| Some((i, distance?)));
        let best = there.min_by(|a, b| a.1.total_cmp(&b.1)).map(|(i, _)| i);
        let cell = |(forecast, &value): (usize, &Option<f64>)| {
            let is_best = best == Some(forecast);
            let other = best.filter(|_| !is_best && value.is_some());
            let worse_by = other.and_then(|best| again.worse_by([forecast, best], of));
            Cell {
                forecast: self.settings.forecasts[forecast].clone(),
                lead_time_min: self.lead_time_min,
                score: statistic.name.to_owned(),
                threshold: statistic.threshold,
                scale_km: statistic.scale_km,
                value,
                interval: again.interval(forecast, place).filter(|_| value.is_some()),
                is_best,
                is_worse: worse_by.map(|by| by.low > 0.0),
            }
        };
        values.iter().enumerate().map(cell).collect()
    }

    fn by_forecast(&self) -> impl Iterator<Item = (&String, &ForecastSums)> {
        self.settings.forecasts.iter().zip(&self.all)
    }

    pub fn spectra(&self) -> impl Iterator<Item = SpectrumCurve> {
        self.by_forecast().map(|(name, all)| {
            let side_km = all.spectrum.size as f64 * self.settings.spacing_km;
            let means = all.spectrum.means().into_iter();
            SpectrumCurve {
                forecast: name.clone(),
                lead_time_min: self.lead_time_min,
                points: means.map(|[waves, f, o]| [side_km / waves, f, o]).collect(),
                n_left_out: all.spectrum.n_left_out,
            }
        })
    }

    pub fn intensity(&self) -> impl Iterator<Item = IntensityCell> {
        self.by_forecast().flat_map(|(name, all)| {
            all.by_intensity.iter().enumerate().map(|(class, moments)| IntensityCell {
                forecast: name.clone(),
                lead_time_min: self.lead_time_min,
                from: class.checked_sub(1).map(|i| INTENSITY_EDGES_MM_H[i]),
                n_pixels: moments.n,
                bias: ratio(moments.forecast - moments.observation, moments.n as f64),
                mean_squared_error: ratio(moments.error_squared, moments.n as f64),
            })
        })
    }
}
