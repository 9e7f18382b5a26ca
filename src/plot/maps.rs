//! What each single map shows.

use std::borrow::Cow;

use stormlens_data::field::Field;
use stormlens_data::outcome::{Forecast, NowcastOutcome};

use super::backdrop::{backdrop, backdrop_words};
use super::legend::Legend;
use super::lookup::{
    extremes, frame_gradients, has_missing, input, is_zero, layer_map, moments, observation,
    subtract, target,
};
use super::map::MapFigure;
use super::raster::Picture;
use super::scale::Scale;
use super::words::{count, frame_words, number, percent, signed, target_words, time, valid};
use super::{Figure, Overlay, PlotError, Style};

/// The map of a figure that is one map.
pub fn of<'a>(
    outcome: &'a NowcastOutcome,
    figure: &Figure,
    style: &Style,
) -> Result<MapFigure<'a>, PlotError> {
    let forecast = &outcome.forecast;
    match figure {
        Figure::Prediction => {
            Ok(rain("Predicted rain rate", valid(forecast), &forecast.prediction_mm_h, style))
        }
        Figure::Observation => {
            let details = format!("radar, {}", time(forecast.valid_time));
            Ok(rain("Observed rain rate", details, observation(forecast)?, style))
        }
        Figure::Persistence => {
            let details = format!("the last input frame, unchanged; {}", valid(forecast));
            Ok(rain("Persistence forecast", details, forecast.persistence_mm_h(), style))
        }
        Figure::Difference => difference(forecast, style),
        Figure::Input(frame) => {
            let field = input(forecast, *frame)?;
            let title = format!("Input frame {} of {}", frame + 1, forecast.inputs_mm_h.len());
            Ok(rain(&title, frame_words(forecast, *frame), field, style))
        }
        Figure::Attribution(layer) => match style.overlay {
            Overlay::Map => attribution(outcome, layer, style),
            Overlay::Reference => reference(outcome, layer, style),
        },
        Figure::AttributionRaw(layer) => attribution_raw(outcome, layer, style),
        Figure::FrameAttribution(frame) => frame_attribution(outcome, *frame, style),
        Figure::Mask => mask(outcome, style),
        Figure::FrameSums | Figure::Inputs | Figure::LayerGrid(_) => {
            Err(PlotError::UnknownFigure { name: figure.to_string() })
        }
    }
}

fn rain<'a>(title: &str, detail: String, field: &'a Field, style: &Style) -> MapFigure<'a> {
    let scale = Scale::rain(style.palette, style.theme);
    let levels = style.palette.classes(style.theme).levels_mm_h;
    let highest = extremes(field).map(|(_, high)| high);
    MapFigure {
        title: title.to_owned(),
        details: vec![detail],
        layers: vec![Picture::of(field, &scale)],
        legend: Some(Legend { scale, label: "rain rate (mm/h)".into() }),
        message: match highest {
            None => Some("nothing was measured here".into()),
            Some(highest) if highest < levels[0] => {
                Some(format!("no rain of {} mm/h or more", number_of(levels[0])))
            }
            Some(_) => None,
        },
        has_missing: has_missing(field),
    }
}

fn difference<'a>(forecast: &'a Forecast, style: &Style) -> Result<MapFigure<'a>, PlotError> {
    let observation = observation(forecast)?;
    let difference = subtract(&forecast.prediction_mm_h, observation);
    let scale = Scale::difference(style.theme);
    let (mean, root_mean_square) = moments(&difference);
    Ok(MapFigure {
        title: "Prediction minus observation".into(),
        details: vec![
            valid(forecast),
            format!(
                "mean {} mm/h, root mean square {} mm/h",
                signed(mean),
                number(root_mean_square)
            ),
        ],
        message: extremes(&difference).is_none().then(|| "nothing was measured here".into()),
        has_missing: has_missing(&difference),
        layers: vec![Picture::Scaled(Cow::Owned(difference), scale.clone())],
        legend: Some(Legend { scale, label: "difference (mm/h)".into() }),
    })
}

fn attribution<'a>(
    outcome: &'a NowcastOutcome,
    layer: &str,
    style: &Style,
) -> Result<MapFigure<'a>, PlotError> {
    let (grad_cam, map) = layer_map(outcome, layer)?;
    let scale = Scale::evidence(style.theme, style.opacity);
    Ok(MapFigure {
        title: format!("Grad-CAM, {}", style.layer_label(layer)),
        details: vec![
            target_words(&grad_cam.target),
            format!("beneath, in grey: {}", backdrop_words(&outcome.forecast, style)?),
        ],
        layers: vec![backdrop(&outcome.forecast, style)?, Picture::of(&map.cam, &scale)],
        legend: Some(Legend { scale, label: EVIDENCE.into() }),
        message: map.is_empty().then(|| NO_EVIDENCE.into()),
        has_missing: false,
    })
}

/// What the colours of Grad-CAM mean.
pub const EVIDENCE: &str = "Grad-CAM (share of maximum)";
/// What a map without evidence says.
pub const NO_EVIDENCE: &str = "no positive evidence in this layer";

fn reference<'a>(
    outcome: &'a NowcastOutcome,
    layer: &str,
    style: &Style,
) -> Result<MapFigure<'a>, PlotError> {
    let (grad_cam, map) = layer_map(outcome, layer)?;
    let oldest = input(&outcome.forecast, 0)?;
    Ok(MapFigure {
        title: format!("Grad-CAM, {}, reference overlay", style.layer_label(layer)),
        details: vec![
            target_words(&grad_cam.target),
            "jet added to the oldest input frame, as in the authors' program".into(),
        ],
        layers: vec![Picture::Reference { cam: &map.cam, oldest_mm_h: oldest }],
        legend: Some(Legend { scale: Scale::jet(), label: EVIDENCE.into() }),
        message: map.is_empty().then(|| NO_EVIDENCE.into()),
        has_missing: false,
    })
}

fn attribution_raw<'a>(
    outcome: &'a NowcastOutcome,
    layer: &str,
    style: &Style,
) -> Result<MapFigure<'a>, PlotError> {
    let (grad_cam, map) = layer_map(outcome, layer)?;
    let scale = Scale::signed(style.theme, &map.raw);
    let size = format!("{} × {} pixels of the layer", map.raw.height, map.raw.width);
    Ok(MapFigure {
        title: format!("Grad-CAM before rectification, {}", style.layer_label(layer)),
        details: vec![target_words(&grad_cam.target), size],
        layers: vec![Picture::of(&map.raw, &scale)],
        legend: Some(Legend { scale, label: "weighted activation".into() }),
        message: is_zero(&map.raw).then(|| "zero everywhere in this layer".into()),
        has_missing: has_missing(&map.raw),
    })
}

fn frame_attribution<'a>(
    outcome: &'a NowcastOutcome,
    frame: usize,
    style: &Style,
) -> Result<MapFigure<'a>, PlotError> {
    let (gradients, field) = frame_gradients(outcome, frame)?;
    let scale = Scale::signed(style.theme, field);
    let sum = gradients.frame_sums_mm_h.get(frame).copied().unwrap_or(f64::NAN);
    Ok(MapFigure {
        title: format!(
            "Integrated gradients, input frame {} of {}",
            frame + 1,
            gradients.frames.len()
        ),
        details: vec![
            frame_words(&outcome.forecast, frame),
            target_words(&gradients.target),
            format!("sum over the frame {} mm/h", signed(sum)),
        ],
        layers: vec![Picture::of(field, &scale)],
        legend: Some(Legend { scale, label: "attribution (mm/h)".into() }),
        message: is_zero(field).then(|| "this frame has no influence on the target".into()),
        has_missing: has_missing(field),
    })
}

fn mask<'a>(outcome: &'a NowcastOutcome, style: &Style) -> Result<MapFigure<'a>, PlotError> {
    let target = target(outcome)?;
    let prediction = &outcome.forecast.prediction_mm_h;
    let grey = Scale::rain_in_grey(style.palette, style.theme);
    let share = target.n_pixels as f64 / target.mask.values.len().max(1) as f64;
    let none = format!("no pixel is predicted above {} mm/h", number(target.threshold_mm_h));
    Ok(MapFigure {
        title: "Target of the explanation".into(),
        details: vec![
            format!(
                "coloured: predicted above {} mm/h ({} pixels, {})",
                number(target.threshold_mm_h),
                count(target.n_pixels),
                percent(share),
            ),
            format!("beneath, in grey: prediction {}", valid(&outcome.forecast)),
        ],
        layers: vec![
            Picture::of(prediction, &grey),
            Picture::of(&target.mask, &Scale::mask(style.theme, style.opacity)),
        ],
        legend: None,
        message: (target.n_pixels == 0).then_some(none),
        has_missing: false,
    })
}

fn number_of(level: f32) -> String {
    number(f64::from((level * 1000.0).round() / 1000.0))
}
