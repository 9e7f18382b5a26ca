//! Forecasts with the distribution of the last frame: autoregression and interpolation make rain weaker and wider
//! than it is (probability matching; Ebert, Mon. Weather Rev. 129, 2001).

/// Rain of the last frame, ranked.
#[derive(Clone, Debug, PartialEq)]
pub struct Ranked {
    /// Ascending.
    values: Vec<f64>,
}

impl Ranked {
    /// # Panics
    /// Without values.
    pub fn new(observed: &[f64]) -> Self {
        assert!(!observed.is_empty(), "values to match");
        let mut values = observed.to_vec();
        values.sort_unstable_by(f64::total_cmp);
        Self { values }
    }

    /// Puts in place of each value of a forecast, of as many pixels, the observed one of the same rank. The lowest
    /// values, those of dry pixels, all become the lowest observed one; where more of the observed pixels are wet,
    /// the weakest of those count as dry.
    ///
    /// # Panics
    /// If there are more pixels of one.
    pub fn impose(&self, forecast: &mut [f64]) {
        let n = self.values.len();
        assert_eq!(n, forecast.len(), "as many pixels");
        let lowest = forecast.iter().copied().fold(f64::INFINITY, f64::min);
        let dry = self.values[0];
        let mut wet: Vec<(f64, usize)> =
            forecast.iter().copied().zip(0..).filter(|(value, _)| *value > lowest).collect();
        wet.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
        let n_wet_observed = n - self.values.partition_point(|value| *value <= dry);
        let least = match n_wet_observed > wet.len() {
            true => self.quantile(1.0 - wet.len() as f64 / n as f64),
            false => dry,
        };
        forecast.fill(dry);
        for ((_, pixel), &value) in wet.iter().zip(&self.values[n - wet.len()..]) {
            forecast[*pixel] = if value < least { dry } else { value };
        }
    }

    /// Interpolated between ranks.
    fn quantile(&self, share: f64) -> f64 {
        let place = share * (self.values.len() - 1) as f64;
        let below = place.floor() as usize;
        let above = (below + 1).min(self.values.len() - 1);
        let (low, high) = (self.values[below], self.values[above]);
        low + (high - low) * (place - below as f64)
    }
}

/// Sets all but the `n` largest values, and those equal to the least of them, to `dry`; gives what is left.
///
/// # Panics
/// If there are not as many values, or `n` is 0.
pub fn keep_largest(values: &mut [f64], n: usize, dry: f64) -> Vec<bool> {
    let mut sorted = values.to_vec();
    let rank = sorted.len() - n;
    let (_, &mut least, _) = sorted.select_nth_unstable_by(rank, f64::total_cmp);
    let is_kept: Vec<bool> = values.iter().map(|&value| value >= least).collect();
    values.iter_mut().zip(&is_kept).filter(|(_, kept)| !**kept).for_each(|(v, _)| *v = dry);
    is_kept
}
