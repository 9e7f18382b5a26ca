//! What is explained, in words.

use stormlens_data::outcome::{Forecast, Target};

use crate::web::format;

/// The target of an explanation as a page describes it.
pub struct TargetView {
    pub threshold_mm_h: f64,
    pub pixels: String,
    pub share: String,
    pub score_mm_h: String,
    pub score: String,
    /// Said plainly where the threshold selects nothing or everything.
    pub notice: Option<String>,
}

impl TargetView {
    pub fn new(target: &Target, forecast: &Forecast) -> Self {
        let n_all = target.mask.values.len();
        Self {
            threshold_mm_h: target.threshold_mm_h,
            pixels: format::plural(target.n_pixels, "pixel"),
            share: format::percent(target.n_pixels as f64 / n_all.max(1) as f64),
            score_mm_h: format::number(target.score_mm_h),
            score: format::number(target.score),
            notice: notice(target, forecast, n_all),
        }
    }
}

fn notice(target: &Target, forecast: &Forecast, n_all: usize) -> Option<String> {
    let threshold = target.threshold_mm_h;
    match target.n_pixels {
        0 => {
            let (_, maximum) = forecast.prediction_mm_h.range().unwrap_or_default();
            let maximum = format::number(maximum.into());
            Some(format!(
                "The forecast exceeds {threshold} mm/h nowhere, so there is nothing to explain and \
                 every map is empty. Its maximum is {maximum} mm/h: choose a threshold below"
            ))
        }
        n if n == n_all => Some(format!(
            "The forecast exceeds {threshold} mm/h everywhere, so the whole field is explained. \
             Choose a higher threshold to ask about the rain alone"
        )),
        _ => None,
    }
}
