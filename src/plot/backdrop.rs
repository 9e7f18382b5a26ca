//! The rain beneath an attribution.

use stormlens_data::outcome::Forecast;

use super::lookup::input;
use super::raster::Picture;
use super::scale::Scale;
use super::words::clock;
use super::{PlotError, Style};

/// The rain beneath an attribution, in grey.
pub fn backdrop<'a>(forecast: &'a Forecast, style: &Style) -> Result<Picture<'a>, PlotError> {
    let field = input(forecast, backdrop_frame(forecast, style))?;
    Ok(Picture::of(field, &Scale::rain_in_grey(style.palette, style.theme)))
}

/// `rain of the input frame of 04:55 UTC`
pub fn backdrop_words(forecast: &Forecast, style: &Style) -> Result<String, PlotError> {
    let frame = backdrop_frame(forecast, style);
    input(forecast, frame)?;
    let when = forecast.input_times.get(frame).map_or_else(String::new, |&t| clock(t));
    Ok(format!("rain in the input frame of {when} UTC"))
}

fn backdrop_frame(forecast: &Forecast, style: &Style) -> usize {
    style.frame.unwrap_or(forecast.inputs_mm_h.len().saturating_sub(1))
}
