//! How figures look, as it stands in addresses: what can change without computing anything.

use crate::parameters::{Parameters, QuestionError};
use stormlens_plot::{Region, Style};

/// The largest threshold of a probability, in the unit of its variable.
pub const EXCEED_MOST: f64 = 2_000.0;

/// Reads those parts of a style that a task's figures have; the rest stays as it is in `default`.
pub fn read(
    parameters: &Parameters,
    names: &[&str],
    default: Style,
) -> Result<Style, QuestionError> {
    let mut style = default;
    for name in names {
        read_part(parameters, name, &mut style)?;
    }
    match style.below < style.above {
        true => Ok(style),
        false => Err(QuestionError::parameter("above", "must be larger than below")),
    }
}

fn read_part(parameters: &Parameters, name: &str, style: &mut Style) -> Result<(), QuestionError> {
    match name {
        "palette" => style.palette = parameters.choice("palette", style.palette)?,
        "evidence" => {
            style.evidence = parameters.choice("evidence", style.evidence)?;
        }
        "overlay" => style.overlay = parameters.choice("overlay", style.overlay)?,
        "interpolation" => {
            style.interpolation = parameters.choice("interpolation", style.interpolation)?;
        }
        "polarity" => style.polarity = parameters.choice("polarity", style.polarity)?,
        "opacity" => style.opacity = read_opacity(parameters, style.opacity)?,
        "above" => style.above = read_mass(parameters, "above", style.above)?,
        "below" => style.below = read_mass(parameters, "below", style.below)?,
        "cleanup" => style.cleanup = parameters.switch("cleanup", style.cleanup)?,
        "outline" => style.outline = parameters.switch("outline", style.outline)?,
        "region" => style.region = read_region(parameters)?,
        "exceed" => {
            let fits = |value: &f64| (0.0..=EXCEED_MOST).contains(value);
            let expected = format!("a number from 0 to {EXCEED_MOST}");
            let value = parameters.number("exceed", &expected, fits)?;
            style.exceed = value.unwrap_or(style.exceed) + 0.0;
        }
        other => debug_assert!(false, "a style has no {other}"),
    }
    Ok(())
}

/// In whole percent, so that one look has one address.
fn read_opacity(parameters: &Parameters, default: f32) -> Result<f32, QuestionError> {
    let fits = |opacity: &f64| (0.0..=1.0).contains(opacity);
    let opacity = parameters.number("opacity", "a number from 0 to 1", fits)?;
    let opacity = opacity.unwrap_or_else(|| f64::from(default));
    // −0 and 0 are one look.
    Ok(((opacity * 100.0).round() + 0.0) as f32 / 100.0)
}

fn read_mass(parameters: &Parameters, name: &str, default: f64) -> Result<f64, QuestionError> {
    let expected = "a percentage of the attribution’s mass from 0 to 100";
    let share = parameters.number(name, expected, |p: &f64| (0.0..=100.0).contains(p))?;
    // −0 and 0 are one look.
    Ok(share.unwrap_or(default) + 0.0)
}

fn read_region(parameters: &Parameters) -> Result<Option<Region>, QuestionError> {
    let Some(text) = parameters.one("region")? else { return Ok(None) };
    let wanted = || {
        let words = "must be TOP,LEFT,HEIGHT,WIDTH in whole pixels, e.g. 40,60,100,100";
        QuestionError::parameter("region", format!("is “{text}”, but {words}"))
    };
    text.parse().map(Some).map_err(|_| wanted())
}

/// The same parts as they stand in an address; a region only where there is one.
pub fn write(style: &Style, names: &[&'static str]) -> Vec<(String, String)> {
    let part = |name: &&'static str| Some(((*name).to_owned(), write_part(style, name)?));
    names.iter().filter_map(part).collect()
}

fn write_part(style: &Style, name: &str) -> Option<String> {
    let switch = |on: bool| if on { "yes" } else { "no" }.to_owned();
    Some(match name {
        "palette" => style.palette.to_string(),
        "evidence" => style.evidence.to_string(),
        "overlay" => style.overlay.to_string(),
        "interpolation" => style.interpolation.to_string(),
        "polarity" => style.polarity.to_string(),
        // Two digits of an f32 are not those of an f64.
        "opacity" => ((f64::from(style.opacity) * 100.0).round() / 100.0).to_string(),
        "above" => style.above.to_string(),
        "below" => style.below.to_string(),
        "cleanup" => switch(style.cleanup),
        "outline" => switch(style.outline),
        "region" => style.region.as_ref()?.to_string(),
        "exceed" => style.exceed.to_string(),
        _ => return None,
    })
}
