//! What a result holds of what a figure shows, or why it does not.

use stormlens_data::field::Field;
use stormlens_data::outcome::{
    Forecast, GradCam, IntegratedGradients, LayerMap, NowcastOutcome, Target,
};

use super::PlotError;

pub fn input(forecast: &Forecast, index: usize) -> Result<&Field, PlotError> {
    let last = forecast.inputs_mm_h.len().saturating_sub(1);
    forecast.inputs_mm_h.get(index).ok_or(PlotError::UnknownFrame { index, last })
}

pub fn observation(forecast: &Forecast) -> Result<&Field, PlotError> {
    forecast.observation_mm_h.as_ref().ok_or(PlotError::NoObservation)
}

pub fn grad_cam(outcome: &NowcastOutcome) -> Result<&GradCam, PlotError> {
    outcome.grad_cam.as_ref().ok_or(PlotError::NotAsked { what: "Grad-CAM" })
}

pub fn gradients(outcome: &NowcastOutcome) -> Result<&IntegratedGradients, PlotError> {
    let asked = outcome.integrated_gradients.as_ref();
    asked.ok_or(PlotError::NotAsked { what: "integrated gradients" })
}

pub fn layer_map<'a>(
    outcome: &'a NowcastOutcome,
    layer: &str,
) -> Result<(&'a GradCam, &'a LayerMap), PlotError> {
    let grad_cam = grad_cam(outcome)?;
    let map = grad_cam.layers.iter().find(|l| l.layer == layer).ok_or_else(|| {
        let known: Vec<&str> = grad_cam.layers.iter().map(|l| l.layer.as_str()).collect();
        PlotError::UnknownLayer { layer: layer.to_owned(), known: known.join(", ") }
    })?;
    Ok((grad_cam, map))
}

pub fn frame_gradients(
    outcome: &NowcastOutcome,
    index: usize,
) -> Result<(&IntegratedGradients, &Field), PlotError> {
    let gradients = gradients(outcome)?;
    let last = gradients.frames.len().saturating_sub(1);
    let field = gradients.frames.get(index).ok_or(PlotError::UnknownFrame { index, last })?;
    Ok((gradients, field))
}

/// The target of whichever explanation was asked for.
pub fn target(outcome: &NowcastOutcome) -> Result<&Target, PlotError> {
    match (&outcome.grad_cam, &outcome.integrated_gradients) {
        (Some(grad_cam), _) => Ok(&grad_cam.target),
        (None, Some(gradients)) => Ok(&gradients.target),
        (None, None) => Err(PlotError::NotAsked { what: "explanation" }),
    }
}

/// `a` minus `b`, missing where either is; both cover the same domain at the same size.
pub fn subtract(a: &Field, b: &Field) -> Field {
    let values = a.values.iter().zip(&b.values).map(|(a, b)| a - b);
    Field::new(a.height, a.width, values.collect())
}

/// Mean and root mean square of what was measured.
pub fn moments(field: &Field) -> (f64, f64) {
    let n = field.finite().count().max(1) as f64;
    let sum: f64 = field.finite().map(f64::from).sum();
    let squares: f64 = field.finite().map(|v| f64::from(v).powi(2)).sum();
    (sum / n, (squares / n).sqrt())
}

/// Smallest and largest value that is not missing; `None` where all are.
///
/// Pages ask for this of every figure, so it runs in lanes that the compiler can vectorise.
/// Comparisons with NaN are false, which passes over it.
pub fn extremes(field: &Field) -> Option<(f32, f32)> {
    const LANES: usize = 16;
    let (mut lows, mut highs) = ([f32::INFINITY; LANES], [f32::NEG_INFINITY; LANES]);
    for chunk in field.values.chunks(LANES) {
        for ((low, high), &value) in lows.iter_mut().zip(&mut highs).zip(chunk) {
            *low = if value < *low { value } else { *low };
            *high = if value > *high { value } else { *high };
        }
    }
    let low = lows.into_iter().fold(f32::INFINITY, f32::min);
    let high = highs.into_iter().fold(f32::NEG_INFINITY, f32::max);
    (low <= high).then_some((low, high))
}

pub fn is_zero(field: &Field) -> bool {
    field.values.iter().all(|&v| v == 0.0)
}

/// Whether any pixel is missing; without an early end, which would keep it from being vectorised.
pub fn has_missing(field: &Field) -> bool {
    field.values.iter().fold(false, |any, v| any | v.is_nan())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn extremes_pass_over_what_is_missing() {
        let check = |values: Vec<f32>, expected| {
            assert_eq!(extremes(&Field::new(1, values.len(), values)), expected);
        };
        check(vec![], None);
        check(vec![f32::NAN; 20], None);
        check(vec![f32::NAN, 2.0, -1.0], Some((-1.0, 2.0)));
        check((0..100).map(|i| i as f32).collect(), Some((0.0, 99.0)));
    }
}
