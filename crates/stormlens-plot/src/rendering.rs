//! What each map shows: the choice of layers, colours and legend for a quantity.

use stormlens_data::field::Field;
use stormlens_data::outcome::{Colours, Quantity};

use super::evidence::Evidence;
use super::ground::{beneath, legend_ground};
use super::layer::Layer;
use super::legend::Legend;
use super::lookup::{Shown, extremes, has_missing, is_zero, n_shown};
use super::scale::Scale;
use super::scales::{self, size_of_most};
use super::view::View;
use super::words::{in_unit, number, power_of_ten, superscript};
use super::{Interpolation, Overlay, PlotError, cells, published_maps, signs};

/// What a map shows.
pub struct Rendering {
    /// From the lowest.
    pub layers: Vec<Layer>,
    pub legend: Option<Legend>,
    /// What is said on the map where there is nothing to see.
    pub message: Option<String>,
    /// Whether pixels without a measurement are shown, so that their colour must be explained.
    pub has_missing: bool,
}

/// `common` holds the values of all maps that share the scale of this one.
pub fn of(view: &View, shown: &Shown, common: Option<&Field>) -> Result<Rendering, PlotError> {
    match shown.colours() {
        Colours::Rain
        | Colours::Share
        | Colours::RainDifference
        | Colours::Amount
        | Colours::Range
        | Colours::Factor
        | Colours::Classes => Ok(plain(view, shown)),
        Colours::Evidence => evidence(view, shown),
        Colours::Sizes => sizes(view, shown, common),
        Colours::Signed if shown.is_of_pixels() => signs::of(view, shown),
        Colours::Signed => signed(view, shown, common),
        Colours::Mask => mask(view, shown),
        Colours::Picture => picture(view, shown),
        Colours::None => Err(PlotError::NotAMap { name: shown.variable.name.clone() }),
    }
}

/// A field by itself.
fn plain(view: &View, shown: &Shown) -> Rendering {
    let (field, style) = (shown.field(), view.style);
    let quantity = shown.quantity();
    let scale = match quantity.colours {
        Colours::Rain => scales::rain(style),
        Colours::Share => scales::share(style.theme, &field),
        Colours::Amount => scales::amount(style.theme, &field),
        Colours::Range => scales::range(style.theme, &field),
        Colours::Factor => scales::factor(style.theme, &field),
        Colours::Classes => scales::classes(style.theme, quantity.classes.len()),
        _ => scales::difference(style.theme),
    };
    let highest = extremes(&field).map(|(_, high)| high);
    let lowest_level = style.palette.classes(style.theme).levels_mm_h[0];
    let message = match (quantity.colours, highest) {
        (_, None) => Some(nothing(&quantity)),
        (Colours::Rain, Some(high)) if high < lowest_level => {
            let level = number(f64::from((lowest_level * 1000.0).round() / 1000.0));
            Some(format!("no rain of {level}{} or more", in_unit(&quantity.unit)))
        }
        (Colours::Share, Some(high)) if high <= 0.0 => Some(format!("no {}", quantity.name)),
        _ => None,
    };
    alone(view, shown, field, scale, message)
}

/// What is said of a map without any value.
fn nothing(quantity: &Quantity) -> String {
    quantity.missing.clone().unwrap_or_else(|| "nothing was measured here".to_owned())
}

/// The values of all maps that share the scale of one: an attribution to frames has one scale for all of
/// them, so that they can be compared. `None` for a map that has a scale of its own.
pub fn common(shown: &Shown) -> Option<Field> {
    let has_scale = matches!(shown.colours(), Colours::Signed | Colours::Sizes);
    let is_common = has_scale && shown.other.is_none() && !shown.is_of_pixels();
    (is_common && n_shown(shown.variable) > 1).then(|| {
        let all = shown.variable.to_f32();
        Field::new(1, all.len(), all)
    })
}

/// A signed field of one value a cell.
fn signed(view: &View, shown: &Shown, common: Option<&Field>) -> Result<Rendering, PlotError> {
    let field = shown.field();
    let is_of_frame = view.square.is_none() && shown.is_of_frame();
    let all = common.unwrap_or(&field);
    let scale = match (is_of_frame, shown.variable.quantity.colours) {
        (true, _) => scales::signed_over(view.style.theme, all, view.style.opacity),
        // A difference of shares is at most one.
        (_, Colours::Share) => scales::signed_to(view.style.theme, all, 1.0),
        _ => scales::signed(view.style.theme, all),
    };
    let message = match (extremes(&field), shown.variable.layer()) {
        (None, _) => Some(nothing(&shown.quantity())),
        (Some((0.0, 0.0)), Some(_)) => Some("zero everywhere in this layer".into()),
        (Some((0.0, 0.0)), None) if shown.other.is_none() => Some(NO_INFLUENCE.into()),
        _ => None,
    };
    let mut rendering = alone(view, shown, field, scale, message);
    if view.square.is_some() || is_of_frame {
        let ground = beneath(view, shown)?;
        rendering.layers.splice(0..0, ground);
    }
    Ok(rendering)
}

const NO_INFLUENCE: &str = "this frame has no influence on the target";

fn alone(
    view: &View,
    shown: &Shown,
    field: Field,
    scale: Scale,
    message: Option<String>,
) -> Rendering {
    let has_missing = view.square.is_none() && has_missing(&field);
    // A scene is seen where a map over it has no value.
    let scale = if view.square.is_some() { scale.transparent_where_missing() } else { scale };
    let values = cells::over(view, &shown.variable.domain, field, Interpolation::Cells);
    let layers = vec![Layer::sharp(values, &scale)];
    let legend = Some(Legend::of(scale, &shown.quantity()));
    Rendering { layers, legend, message, has_missing }
}

/// Grad-CAM of one layer, and what else is a share of evidence.
fn evidence(view: &View, shown: &Shown) -> Result<Rendering, PlotError> {
    let (field, style) = (shown.field(), view.style);
    let message = Evidence::of(view.square, shown.variable, &field).nothing().map(str::to_owned);
    let label = shown.quantity().label();
    if style.overlay == Overlay::Published {
        return published_maps::evidence(view, &field, label, message);
    }
    let scale = scales::evidence(style.evidence, view.theme(), style.opacity);
    let values = cells::over(view, &shown.variable.domain, field, style.interpolation);
    let is_sharp = view.scene().is_none() || style.interpolation == Interpolation::Cells;
    let overlay = Layer { sharp: is_sharp, ..Layer::sharp(values, &scale) };
    let mut layers = beneath(view, shown)?;
    layers.push(overlay);
    let legend = Some(Legend { scale: legend_ground(view, scale), label });
    Ok(Rendering { layers, legend, message, has_missing: false })
}

/// Unsigned sizes over their ground: the colours end where 99.9 % of the values do, and of the channels
/// of a scene the largest counts.
fn sizes(view: &View, shown: &Shown, common: Option<&Field>) -> Result<Rendering, PlotError> {
    let style = view.style;
    let mut field = merged_sizes(shown);
    let all = common.unwrap_or(&field);
    let (exponent, unit) = unit(size_of_most(&all.values, 99.9), shown);
    let scaled = |field: &Field| field.map(|v| (f64::from(v) / exponent) as f32);
    let all = scaled(all);
    let limit = size_of_most(&all.values, 99.9);
    field = scaled(&field);
    let scale = scales::sizes(style.evidence, view.theme(), style.opacity, limit, &all);
    let message = is_zero(&field.values).then(|| match shown.is_of_pixels() {
        true => "no pixel has any influence".into(),
        false => NO_INFLUENCE.into(),
    });
    let values = cells::over(view, &shown.variable.domain, field, Interpolation::Cells);
    let layer = if view.square.is_some() { Layer::smooth } else { Layer::sharp };
    let mut layers = beneath(view, shown)?;
    layers.push(layer(values, &scale));
    let label = label_in(&shown.quantity(), &unit);
    let legend = Some(Legend { scale: legend_ground(view, scale), label });
    Ok(Rendering { layers, legend, message, has_missing: false })
}

/// The values; of the channels of a scene the largest.
pub fn merged_sizes(shown: &Shown) -> Field {
    let mut field = shown.field();
    let n_channels = if shown.is_of_pixels() { shown.variable.n_maps() } else { 1 };
    for other in (1..n_channels).map(|channel| shown.variable.map(channel).values) {
        field.values.iter_mut().zip(other).for_each(|(v, o)| *v = v.max(o));
    }
    field
}

/// A power of ten that leaves a number of the usual size of `value`, and the unit in it: `10⁻³ mm/h`, with
/// `a pixel` over a scene.
pub fn unit(value: f32, shown: &Shown) -> (f64, String) {
    let (unit, exponent) = (&shown.variable.quantity.unit, power_of_ten(f64::from(value)));
    let unit = if unit == "1" { "" } else { unit };
    let pixel = if shown.is_of_pixels() { "a pixel" } else { "" };
    let (scale_by, power) = match exponent {
        Some(exponent) if !(-2..=3).contains(&exponent) => {
            (10f64.powi(exponent), format!("10{}", superscript(exponent)))
        }
        _ => (1.0, String::new()),
    };
    let words = [power.as_str(), unit, pixel].into_iter().filter(|word| !word.is_empty());
    (scale_by, words.collect::<Vec<_>>().join(" "))
}

/// `attribution (10⁻⁵ probability a pixel)`
pub fn label_in(quantity: &Quantity, unit: &str) -> String {
    if unit.is_empty() { quantity.name.clone() } else { format!("{} ({unit})", quantity.name) }
}

/// Which pixels are explained.
fn mask(view: &View, shown: &Shown) -> Result<Rendering, PlotError> {
    let field = shown.field();
    let none = || format!("no pixel is {}", shown.quantity().name);
    let message = is_zero(&field.values).then(none);
    let scale = scales::mask(view.theme(), view.style.opacity);
    let values = cells::over(view, &shown.variable.domain, field, Interpolation::Cells);
    let mut layers = beneath(view, shown)?;
    layers.push(Layer::sharp(values, &scale));
    Ok(Rendering { layers, legend: None, message, has_missing: false })
}

/// A scene as it is.
fn picture(view: &View, shown: &Shown) -> Result<Rendering, PlotError> {
    let not_a_map = || PlotError::NotAMap { name: shown.variable.name.clone() };
    let pixels = view.square.ok_or_else(not_a_map)?.part(view.part);
    let layers = vec![Layer::photograph(view.as_picture(pixels), view.part)];
    Ok(Rendering { layers, legend: None, message: None, has_missing: false })
}

/// Whether a map has a legend below it, without making it.
pub fn has_legend(view: &View, shown: &Shown) -> bool {
    match shown.colours() {
        Colours::Picture | Colours::Mask => false,
        Colours::Signed if shown.is_of_pixels() => signs::has_legend(view.style),
        _ => true,
    }
}
