//! What a figure shows, in words, for those who can't see it: computed from the data.

use stormlens_data::field::Field;
use stormlens_data::outcome::{Forecast, IntegratedGradients, LayerMap, NowcastOutcome};

use super::lookup::{
    frame_gradients, gradients, input, layer_map, moments, observation, subtract, target,
};
use super::place::Place;
use super::words::{
    count, frame_words, minutes_before_last, number, percent, signed, target_words, time, valid,
};
use super::{Figure, PlotError};

/// The finding of a figure in a sentence or two: how much, how widespread, where.
///
/// Directions are those of the map. Where the figure can't be drawn, the reason is said.
pub fn alt_text(outcome: &NowcastOutcome, figure: &Figure) -> String {
    describe(outcome, figure).unwrap_or_else(|error| format!("No figure: {error}."))
}

fn describe(outcome: &NowcastOutcome, figure: &Figure) -> Result<String, PlotError> {
    let forecast = &outcome.forecast;
    let rain = |what: String, field: &Field| format!("{what}: {}.", rain_words(forecast, field));
    Ok(match figure {
        Figure::Prediction => {
            rain(format!("Predicted rain rate, {}", valid(forecast)), &forecast.prediction_mm_h)
        }
        Figure::Observation => {
            let what = format!("Observed rain rate, {}", time(forecast.valid_time));
            rain(what, observation(forecast)?)
        }
        Figure::Persistence => {
            rain(format!("Persistence forecast, {}", valid(forecast)), forecast.persistence_mm_h())
        }
        Figure::Difference => difference_words(forecast)?,
        Figure::Input(frame) => {
            let what = format!("Input frame {}, {}", frame + 1, frame_words(forecast, *frame));
            rain(what, input(forecast, *frame)?)
        }
        Figure::Inputs => inputs_words(forecast),
        Figure::Attribution(layer) => {
            let (grad_cam, map) = layer_map(outcome, layer)?;
            let words = target_words(&grad_cam.target);
            format!("Grad-CAM of layer {layer}, {words}: {}.", evidence_words(outcome, map))
        }
        Figure::AttributionRaw(layer) => {
            let (_, map) = layer_map(outcome, layer)?;
            let words = signed_words(forecast, &map.raw, "");
            format!("Grad-CAM of layer {layer} before rectification: {words}.")
        }
        Figure::FrameAttribution(frame) => {
            let (gradients, field) = frame_gradients(outcome, *frame)?;
            let sum = gradients.frame_sums_mm_h.get(*frame).copied().unwrap_or(f64::NAN);
            format!(
                "Integrated gradients of input frame {}, {}: in sum {} mm/h; {}.",
                frame + 1,
                frame_words(forecast, *frame),
                signed(sum),
                signed_words(forecast, field, " mm/h"),
            )
        }
        Figure::FrameSums => frame_sums_words(forecast, gradients(outcome)?),
        Figure::Mask => mask_words(outcome)?,
        Figure::LayerGrid(layers) => {
            let words = layers.iter().map(|layer| {
                let (_, map) = layer_map(outcome, layer)?;
                Ok(format!("{layer}: {}", evidence_words(outcome, map)))
            });
            let words: Vec<String> = words.collect::<Result<_, PlotError>>()?;
            format!("Grad-CAM of {} layers. {}.", layers.len(), words.join(". "))
        }
    })
}

/// Maximum, place and extent of rain.
fn rain_words(forecast: &Forecast, field: &Field) -> String {
    let Some((row, column, maximum)) = field.argmax() else {
        return "nothing was measured".into();
    };
    if maximum < 0.1 {
        return "no rain of 0.1 mm/h or more".into();
    }
    let place = Place::of_pixel(&forecast.grid, field, row as f64, column as f64);
    let share = |from: f32| {
        let n = field.finite().filter(|&v| v >= from).count();
        percent(n as f64 / field.finite().count().max(1) as f64)
    };
    format!(
        "maximum {} mm/h, {}; 0.1 mm/h or more on {} of the domain, 5 mm/h or more on {}",
        number(f64::from(maximum)),
        place.words(),
        share(0.1),
        share(5.0),
    )
}

fn difference_words(forecast: &Forecast) -> Result<String, PlotError> {
    let difference = subtract(&forecast.prediction_mm_h, observation(forecast)?);
    let (mean, root_mean_square) = moments(&difference);
    let words = signed_words(forecast, &difference, " mm/h");
    Ok(format!(
        "Prediction minus observation, {}: mean {} mm/h, root mean square {} mm/h; {words}.",
        valid(forecast),
        signed(mean),
        number(root_mean_square),
    ))
}

fn inputs_words(forecast: &Forecast) -> String {
    let maximum = |field: &Field| field.range().map_or(f64::NAN, |(_, high)| f64::from(high));
    let ends = [forecast.inputs_mm_h.first(), forecast.inputs_mm_h.last()];
    let [first, last] = ends.map(|f| f.map_or_else(String::new, |f| number(maximum(f))));
    let until = forecast.input_times.last().map_or_else(String::new, |&t| time(t));
    format!(
        "The {} input frames up to {until}: the maximum goes from {first} to {last} mm/h.",
        forecast.inputs_mm_h.len(),
    )
}

/// The largest and the smallest value of a signed field, and where.
fn signed_words(forecast: &Forecast, field: &Field, unit: &str) -> String {
    let end = |field: &Field| {
        let (row, column, value) = field.argmax()?;
        Some((value, Place::of_pixel(&forecast.grid, field, row as f64, column as f64)))
    };
    let (Some((high, high_at)), Some((low, low_at))) = (end(field), end(&field.map(|v| -v))) else {
        return "nothing was measured".into();
    };
    let (high, low) = (f64::from(high), f64::from(-low));
    if high == 0.0 && low == 0.0 {
        return "zero everywhere".into();
    }
    format!(
        "largest {}{unit}, {}; smallest {}{unit}, {}",
        signed(high),
        high_at.words(),
        signed(low),
        low_at.words(),
    )
}

/// Where the evidence of a layer lies.
fn evidence_words(outcome: &NowcastOutcome, map: &LayerMap) -> String {
    let grid = &outcome.forecast.grid;
    let (Some((row, column, _)), Some(middle)) =
        (map.cam.argmax(), Place::of_weight(grid, &map.cam))
    else {
        return super::maps::NO_EVIDENCE.into();
    };
    let strongest = Place::of_pixel(grid, &map.cam, row as f64, column as f64);
    let mut words = format!(
        "strongest {}, its middle {}; above half of the maximum on {} of the domain",
        strongest.words(),
        middle.words(),
        percent(map.cam.share_above(0.5)),
    );
    if let Some(share) = share_on_target(outcome, map) {
        words.push_str(&format!("; {} of it on target pixels", percent(share)));
    }
    words
}

/// How much of a layer's evidence lies on the pixels it is meant to explain.
fn share_on_target(outcome: &NowcastOutcome, map: &LayerMap) -> Option<f64> {
    let mask = &outcome.grad_cam.as_ref()?.target.mask;
    if mask.values.len() != map.cam.values.len() {
        return None;
    }
    let total: f64 = map.cam.values.iter().map(|&v| f64::from(v)).sum();
    let pairs = map.cam.values.iter().zip(&mask.values);
    let on: f64 = pairs.filter(|(_, m)| **m > 0.0).map(|(&v, _)| f64::from(v)).sum();
    (total > 0.0).then_some(on / total)
}

/// Which minutes matter most.
fn frame_sums_words(forecast: &Forecast, gradients: &IntegratedGradients) -> String {
    let sums = &gradients.frame_sums_mm_h;
    let total: f64 = sums.iter().map(|v| v.abs()).sum();
    let Some((most, sum)) = sums.iter().enumerate().max_by(|a, b| a.1.abs().total_cmp(&b.1.abs()))
    else {
        return "Integrated gradients summed per input frame: there is no frame.".into();
    };
    if total == 0.0 {
        return "Integrated gradients summed per input frame: no frame has any influence.".into();
    }
    let recent = |(i, v): (usize, &f64)| {
        if minutes_before_last(forecast, i) < 15 { v.abs() } else { 0.0 }
    };
    let share_recent: f64 = sums.iter().enumerate().map(recent).sum::<f64>() / total;
    let which = match minutes_before_last(forecast, most) {
        0 => "the last input frame".to_owned(),
        minutes => format!("the frame {minutes} min before the last"),
    };
    format!(
        "Integrated gradients summed per input frame, {}: {which} matters most ({} mm/h, {} of the \
         absolute sum); the last 15 minutes hold {}.",
        target_words(&gradients.target),
        signed(*sum),
        percent(sum.abs() / total),
        percent(share_recent),
    )
}

fn mask_words(outcome: &NowcastOutcome) -> Result<String, PlotError> {
    let target = target(outcome)?;
    let threshold = number(target.threshold_mm_h);
    let Some(middle) = Place::of_weight(&outcome.forecast.grid, &target.mask) else {
        return Ok(format!("Target: no pixel is predicted above {threshold} mm/h."));
    };
    let n = target.mask.values.len().max(1);
    Ok(format!(
        "Target: {} pixels ({} of the domain) are predicted above {threshold} mm/h, their middle {}; \
         their rain adds up to {} mm/h.",
        count(target.n_pixels),
        percent(target.n_pixels as f64 / n as f64),
        middle.words(),
        number(target.score_mm_h),
    ))
}
