//! Title and details of each figure, from role, axes and target of what it shows.

use stormlens_data::outcome::{Axis, Colours, Coordinates, Outcome, Role, Variable};

use super::completeness::Completeness;
use super::lookup::{Shown, moments, n_shown, variable};
use super::marks::Marks;
use super::page::single;
use super::panels::comparable;
use super::target;
use super::view::{View, is_picture};
use super::words::{count, in_unit, number, percent, probability, sentence, signed, time};
use super::{
    Figure, Overlay, PlotError, Polarity, Style, entries, ground, published_maps, signs, titles,
};

/// What stands above a figure.
pub struct Words {
    pub title: String,
    pub details: Vec<String>,
}

pub fn of(outcome: &Outcome, figure: &Figure, style: &Style) -> Result<Words, PlotError> {
    match figure {
        Figure::Map { .. } | Figure::Difference { .. } | Figure::Exceedance(_) => {
            let (view, shown) = single(outcome, figure, style)?;
            let title = titles::long(outcome, &shown, style);
            Ok(Words { title, details: details(&view, &shown)? })
        }
        Figure::Strip(name) => strip(outcome, variable(outcome, name)?, style),
        Figure::Differences { variable, other } => differences(outcome, [variable, other], style),
        Figure::Grid(names) => grid(outcome, names, style),
        Figure::Bars(name) => Ok(bars(outcome, variable(outcome, name)?)),
        Figure::Curve(name) => Ok(curve(outcome, variable(outcome, name)?)),
    }
}

fn details(view: &View, shown: &Shown) -> Result<Vec<String>, PlotError> {
    let variable = shown.variable;
    let all = entries::of_all(view.outcome, variable);
    if shown.above.is_some() {
        let share = format!("share of {} members", variable.n_maps());
        return Ok(std::iter::once(share).chain(all).collect());
    }
    let mut found = of_role(view, shown)?;
    let is_said = variable.axes.iter().any(entries::is_one_time) || shown.other.is_some();
    found.extend(all.filter(|_| !is_said));
    Ok(found)
}

fn of_role(view: &View, shown: &Shown) -> Result<Vec<String>, PlotError> {
    let variable = shown.variable;
    let entry = entries::words(variable, shown.index);
    if shown.other.is_some() {
        return Ok(vec![entry, moments_words(shown)]);
    }
    match &variable.role {
        Role::Input if is_picture(variable) => Ok(scene(view)),
        Role::Reference if variable.name == "persistence" => {
            Ok(vec![format!("the last input frame, unchanged; {entry}")])
        }
        Role::Attribution { layer: Some(_), .. } => of_layer(view, shown),
        Role::Attribution { layer: None, .. } if shown.is_of_pixels() => of_pixels(view, shown),
        Role::Attribution { layer: None, .. } => of_frame(view, shown, entry),
        Role::Mask => mask(view, shown),
        _ => {
            let marks = Marks::of(view.outcome, variable).map(|marks| marks_words(&marks));
            Ok([Some(entry), marks].into_iter().flatten().filter(|w| !w.is_empty()).collect())
        }
    }
}

/// `dots: points that are read at 41° N, 2° E, 3 of them beyond the map; area: weight`
pub fn marks_words(marks: &Marks) -> String {
    let beyond = match marks.n_beyond() {
        0 => String::new(),
        n => format!(", {} of them beyond the map", count(n)),
    };
    format!("dots: {}{beyond}; area: weight", marks.words())
}

/// `mean −0.3 mm/h, root mean square 2.1 mm/h`
pub fn moments_words(shown: &Shown) -> String {
    let (mean, root_mean_square) = moments(&shown.field());
    let unit = in_unit(&shown.variable.quantity.unit);
    format!("mean {}{unit}, root mean square {}{unit}", signed(mean), number(root_mean_square))
}

fn scene(view: &View) -> Vec<String> {
    let Some(scene) = view.scene() else { return Vec::new() };
    let (side, crop) = (scene.variant.input_px, scene.variant.crop_px);
    let is_whole = [scene.content.width, scene.content.height] == [side; 2];
    let fitted = if is_whole { "stretched to" } else { "fitted into" };
    let resampling = view.outcome.notes("resampling").map(|note| format!(" ({note})"));
    let mut details: Vec<String> = classes(view.outcome)
        .map(|classes| format!("probability: {classes}"))
        .into_iter()
        .collect();
    details.push(format!(
        "{} × {} px, {fitted} {side} × {side}{}",
        scene.width_px,
        scene.height_px,
        resampling.collect::<String>()
    ));
    if view.style.crop_rectangle {
        details.push(format!("dashed: the centre of {crop} × {crop} that the network sees"));
    }
    if let Some(share) = view.outcome.number("no_data_share").filter(|&share| share > 0.0) {
        details.push(format!("black: no data ({} of the picture)", percent(share)));
    }
    details
}

/// `front 0.976, no front 0.024`: the probabilities of classes, the largest first.
pub fn classes(outcome: &Outcome) -> Option<String> {
    let variable = outcome.variable("probability")?;
    let (axis, values) = (variable.axis()?, variable.to_f64());
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|&a, &b| values[b].total_cmp(&values[a]));
    let class = |i: usize| format!("{} {}", axis.label(i), probability(values[i]));
    Some(order.into_iter().map(class).collect::<Vec<_>>().join(", "))
}

fn of_layer(view: &View, shown: &Shown) -> Result<Vec<String>, PlotError> {
    let mut details = vec![shown.variable.target().to_owned()];
    if shown.colours() == Colours::Evidence {
        details.extend(beneath(view, shown)?);
        return Ok(details);
    }
    let [height, width] = shown.variable.plane.unwrap_or_default();
    let of = match view.scene() {
        Some(_) => "cells over the centre that the network sees",
        None => "pixels of the layer",
    };
    details.push(format!("{height} × {width} {of}"));
    Ok(details)
}

/// What an attribution lies on.
fn beneath(view: &View, shown: &Shown) -> Result<Option<String>, PlotError> {
    match view.style.overlay {
        Overlay::Published => Ok(Some(published_maps::ground_words(view).to_owned())),
        Overlay::Map => ground::words(view, shown),
    }
}

fn of_frame(view: &View, shown: &Shown, entry: String) -> Result<Vec<String>, PlotError> {
    let mut details = vec![entry, shown.variable.target().to_owned()];
    details.extend(match shown.colours() {
        Colours::Signed if shown.is_of_frame() => {
            Some(format!("sum over the frame {}", frame_sum(view.outcome, shown)))
        }
        Colours::Signed => Some(format!("sum over the map {}", frame_sum(view.outcome, shown))),
        _ => None,
    });
    details.extend(sign_words(shown));
    let n = n_shown(shown.variable);
    let maps = if shown.is_of_frame() { "input frames" } else { "inputs" };
    details.extend((n > 1).then(|| format!("the same colour scale for all {n} {maps}")));
    details.extend(ground::words(view, shown)?);
    Ok(details)
}

/// What the sign of an attribution means, or that it has none.
fn sign_words(shown: &Shown) -> Option<String> {
    match shown.colours() {
        Colours::Signed => Some("signed: orange raises the target, blue lowers it".into()),
        Colours::Sizes => Some("unsigned: the size of the effect, not its direction".into()),
        _ => None,
    }
}

/// `+12.3 mm/h`; where the result states the sum of its only map, that, for a cell may be drawn as many pixels.
pub fn frame_sum(outcome: &Outcome, shown: &Shown) -> String {
    let variable = shown.variable;
    let stated =
        outcome.number(&format!("{}/sum", variable.name)).filter(|_| variable.n_maps() == 1);
    let sum = stated.unwrap_or_else(|| shown.field().finite().map(f64::from).sum());
    format!("{}{}", signed(sum), in_unit(&shown.variable.quantity.unit))
}

fn of_pixels(view: &View, shown: &Shown) -> Result<Vec<String>, PlotError> {
    let style = view.style;
    let mut details = vec![shown.variable.target().to_owned()];
    details.extend(gap_words(view.outcome, shown.variable));
    if shown.colours() != Colours::Signed {
        details.extend(sign_words(shown));
        details
            .push("largest of the channels; full colour: the strongest 0.1 % of the pixels".into());
        return Ok(details);
    }
    details.push(match style.visualiser() {
        None => {
            let largest = number(100.0 - style.above);
            format!(
                "signed: orange for it, blue against it; channels summed; full colours: the \
                 strongest {largest} % of the pixels"
            )
        }
        Some(visualiser) if style.outline => signs::outline_words(shown, visualiser, style),
        Some(_) => format!("{}; mean of the channels; {}", one_sign(style), mass(style)),
    });
    if style.overlay == Overlay::Published && style.polarity != Polarity::Signed {
        details.push("as published: added to the scene at half its brightness".into());
    }
    Ok(details)
}

/// Which of the two signs is shown.
fn one_sign(style: &Style) -> &'static str {
    match style.polarity {
        Polarity::Negative => "only pixels that decrease it (negative values)",
        _ => "only pixels that increase it (positive values)",
    }
}

/// Which part of the attribution's mass the colours cover.
fn mass(style: &Style) -> String {
    let mut words = match (100.0 - style.above).max(0.0) {
        0.0 => "full colour: the largest value".to_owned(),
        left => format!("full colour: the largest {} % of the sum", number(left)),
    };
    if style.below > 0.0 {
        words.push_str(&format!("; the weakest {} % are left out", number(style.below)));
    }
    if style.cleanup {
        words.push_str("; areas below 3 × 3 pixels are removed");
    }
    words
}

fn mask(view: &View, shown: &Shown) -> Result<Vec<String>, PlotError> {
    let field = shown.field();
    let n = field.values.iter().filter(|&&v| v > 0.0).count();
    let share = percent(n as f64 / field.values.len().max(1) as f64);
    let what = &shown.variable.quantity.name;
    let mut details = vec![format!("coloured: {what} ({} pixels, {share})", count(n))];
    let entry = entries::words(shown.variable, shown.index);
    details.extend(Some(entry).filter(|entry| !entry.is_empty()));
    details.extend(ground::words(view, shown)?);
    Ok(details)
}

fn strip(outcome: &Outcome, variable: &Variable, style: &Style) -> Result<Words, PlotError> {
    let (n, shown) = (n_shown(variable), Shown::of(outcome, &variable.name, 0)?);
    let is_frames = entries::is_of_frames(variable);
    let title = match (&variable.role, is_frames) {
        (Role::Input, true) => format!("The {n} input frames"),
        (Role::Attribution { .. }, true) => {
            format!("{}, all {n} input frames", target::method_name(outcome, variable))
        }
        _ if variable.counted_axis().is_some_and(|axis| axis.name == Axis::MEMBER) => {
            format!("{}, {n} members", sentence(&variable.quantity.name))
        }
        _ if variable
            .counted_axis()
            .is_some_and(|axis| matches!(axis.coordinates, Coordinates::Names { .. })) =>
        {
            format!("{}, {n} maps", titles::long(outcome, &shown, style))
        }
        _ => format!("{} at {n} times", titles::long(outcome, &shown, style)),
    };
    let mut details: Vec<String> = target::words(outcome, variable).into_iter().collect();
    let last = variable.last_time().map(|last| format!("up to {}", time(last)));
    details.extend(entries::of_all(outcome, variable).or(last));
    if shown.is_of_frame() {
        details.extend(sign_words(&shown));
        details.push("beneath, in grey: each input frame".into());
    }
    Ok(Words { title, details })
}

fn differences(outcome: &Outcome, names: [&str; 2], style: &Style) -> Result<Words, PlotError> {
    let first = Shown::difference(outcome, names, 0)?;
    let n = n_shown(first.variable);
    let title = format!("{} at {n} times", titles::long(outcome, &first, style));
    let last = first.variable.last_time().map(|last| format!("up to {}", time(last)));
    let when = entries::of_all(outcome, first.variable).or(last);
    Ok(Words { title, details: when.into_iter().collect() })
}

fn grid(outcome: &Outcome, names: &[String], style: &Style) -> Result<Words, PlotError> {
    let shown = comparable(outcome, names)?;
    let Some(first) = shown.first() else {
        return Ok(Words { title: String::new(), details: Vec::new() });
    };
    let view = View::new(outcome, first.variable, style)?;
    let title = match first.variable.role {
        Role::Attribution { .. } => target::method_name(outcome, first.variable),
        _ => sentence(&first.variable.quantity.name),
    };
    let mut details: Vec<String> = target::words(outcome, first.variable).into_iter().collect();
    if matches!(first.colours(), Colours::Evidence | Colours::Sizes) {
        details.extend(beneath(&view, first)?);
    }
    details.extend(entries::of_all(outcome, first.variable));
    Ok(Words { title, details })
}

fn gap_words(outcome: &Outcome, variable: &Variable) -> Option<String> {
    let found = Completeness::of_variable(outcome, variable);
    found.map(|found| found.words(outcome, variable))
}

fn bars(outcome: &Outcome, variable: &Variable) -> Words {
    let title = match entries::is_of_frames(variable) {
        true => {
            format!("{} summed per input frame", target::method_name(outcome, variable))
        }
        false => sentence(&variable.quantity.name),
    };
    let mut details: Vec<String> = target::words(outcome, variable).into_iter().collect();
    details.extend(gap_words(outcome, variable));
    Words { title, details }
}

fn curve(outcome: &Outcome, variable: &Variable) -> Words {
    let Some(gap) = Completeness::of_variable(outcome, variable) else {
        return Words { title: sentence(&variable.quantity.name), details: Vec::new() };
    };
    let (from, input) = (target::baseline(outcome, variable), target::input(outcome));
    let unit = match variable.quantity.unit.as_str() {
        unit @ ("probability" | "membership" | "logit") => unit,
        _ => "target",
    };
    let title = match target::name(outcome, variable) {
        class if class.starts_with('“') => {
            format!("{} of {class} from {from} to {input}", sentence(unit))
        }
        _ => format!("Target from {from} to {input}"),
    };
    let values = variable.to_f64();
    let ends = values.first().zip(values.last());
    let (first, last) = ends.map_or((0.0, 0.0), |(first, last)| (*first, *last));
    let mut details: Vec<String> = target::words(outcome, variable).into_iter().collect();
    details.push(format!("{unit} {}", gap.ends(first, last)));
    details.push(format!(
        "{}{}: sum {}{}, completeness gap {}{}",
        target::method_name(outcome, variable).to_lowercase(),
        gap.n_steps.map_or_else(String::new, |n| format!(", {n} steps")),
        signed(gap.sum),
        in_unit(&variable.quantity.unit),
        gap.gap_words(),
        gap.advice(),
    ));
    Words { title, details }
}
