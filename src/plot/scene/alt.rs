//! What a figure of a scene shows, in words, for those who can't see it: computed from the data.

use stormlens_data::attribution::signed_sum;
use stormlens_data::field::Field;
use stormlens_data::outcome::{ClassAttribution, SceneCamLayer, SceneOutcome};

use super::SceneFigure;
use super::evidence::{Evidence, where_data};
use super::lookup::{gradients, layer};
use super::place::Spot;
use super::words::{NO_EVIDENCE, baseline, classes, completeness, explained, remark};
use crate::plot::PlotError;
use crate::plot::words::{number, percent, signed};

/// The finding of a figure in a few sentences: how much, how widespread, where.
///
/// Where the figure can't be drawn, the reason is said.
pub fn alt_text(outcome: &SceneOutcome, figure: &SceneFigure) -> String {
    match describe(outcome, figure) {
        Ok(words) => with_remark(words, &remark(outcome)),
        Err(error) => format!("No figure: {error}."),
    }
}

fn with_remark(mut words: String, remark: &str) -> String {
    if !remark.is_empty() {
        words.push_str(&format!(" {}.", sentence(remark)));
    }
    words
}

/// With a capital letter in front.
fn sentence(words: &str) -> String {
    let mut letters = words.chars();
    let first = letters.next();
    first.into_iter().flat_map(char::to_uppercase).chain(letters).collect()
}

fn describe(outcome: &SceneOutcome, figure: &SceneFigure) -> Result<String, PlotError> {
    Ok(match figure {
        SceneFigure::Scene => scene_words(outcome),
        SceneFigure::Attribution(name) => {
            let words = evidence_words(outcome, layer(outcome, name)?);
            let what = format!("Grad-CAM of layer {name} over the scene");
            format!("{what}; {}. {}.", explained(outcome), sentence(&words))
        }
        SceneFigure::AttributionRaw(name) => {
            let raw = where_data(&outcome.view, &layer(outcome, name)?.raw);
            let words = signed_words(&raw, "");
            let what = format!("Grad-CAM of layer {name} before rectification");
            format!("{what}; {}. {}.", explained(outcome), sentence(&words))
        }
        SceneFigure::LayerGrid(names) => {
            let words = names.iter().map(|name| {
                Ok(format!("{name}: {}", evidence_words(outcome, layer(outcome, name)?)))
            });
            let words: Vec<String> = words.collect::<Result<_, PlotError>>()?;
            let n = names.len();
            format!("Grad-CAM of {n} layers; {}. {}.", explained(outcome), words.join(". "))
        }
        SceneFigure::Gradients => {
            let gradients = gradients(outcome)?;
            format!(
                "Integrated gradients over the scene; {}. {}; {}.",
                explained(outcome),
                sentence(&attribution_words(gradients)),
                completeness(gradients),
            )
        }
        SceneFigure::Path => path_words(outcome, gradients(outcome)?),
    })
}

fn scene_words(outcome: &SceneOutcome) -> String {
    let view = &outcome.view;
    let no_data = match outcome.statistics.no_data_share {
        0.0 => String::new(),
        share => format!(" {} of it hold no data.", percent(share)),
    };
    let covered = |crop: usize| crop as f64 / view.variant.input_px as f64;
    format!(
        "Radar scene {}, {} × {} pixels.{no_data} The network sees the centre, {} of the width and \
         of the height. Probabilities: {}.",
        view.title,
        view.width_px,
        view.height_px,
        percent(covered(view.variant.crop_px)),
        classes(outcome),
    )
}

/// Where the evidence of a layer lies.
fn evidence_words(outcome: &SceneOutcome, map: &SceneCamLayer) -> String {
    let evidence = Evidence::of(&outcome.view, map);
    if let Some(nothing) = evidence.nothing() {
        return nothing.into();
    }
    let cam = &evidence.on_data;
    let Some((row, column, _)) = cam.argmax() else { return NO_EVIDENCE.into() };
    let spot = Spot::of_cell((cam.height, cam.width), (row, column));
    let hidden = match evidence.on_no_data_share {
        0.0 => String::new(),
        share => format!("; {} of the evidence lies where the scene holds no data", percent(share)),
    };
    format!(
        "strongest at {} of the part that the network sees; above half of the maximum on {} of that \
         part{hidden}",
        spot.words(),
        percent(cam.share_above(0.5)),
    )
}

/// The largest and the smallest value of a signed map over the centre, and where.
fn signed_words(map: &Field, unit: &str) -> String {
    let end = |map: &Field| {
        let (row, column, value) = map.argmax()?;
        Some((value, Spot::of_cell((map.height, map.width), (row, column))))
    };
    let (Some((high, high_at)), Some((low, low_at))) = (end(map), end(&map.map(|v| -v))) else {
        return "the scene holds no data there".into();
    };
    if high == 0.0 && low == 0.0 {
        return "zero everywhere".into();
    }
    format!(
        "largest {}{unit}, at {} of the part that the network sees; smallest {}{unit}, at {}",
        signed(f64::from(high)),
        high_at.words(),
        signed(f64::from(-low)),
        low_at.words(),
    )
}

/// How much speaks for and against, and where it weighs most: in the square of an eighth of the
/// centre's side that holds most of it, since a single pixel says little.
fn attribution_words(gradients: &ClassAttribution) -> String {
    let side = gradients.crop_px;
    let sums = signed_sum(&gradients.attribution, side);
    let (mut positive, mut negative) = (0.0, 0.0);
    for &value in &sums {
        let part = if value > 0.0 { &mut positive } else { &mut negative };
        *part += f64::from(value);
    }
    if positive == 0.0 && negative == 0.0 {
        return "no pixel has any influence".into();
    }
    let unit = format!(" {}", gradients.options.output);
    format!(
        "pixels for it add up to {}{unit}, pixels against it to {}{unit}; in squares of an eighth \
         of the centre, {}",
        signed(positive),
        number(negative),
        signed_words(&eighths(&sums, side), &unit),
    )
}

/// Sums over 8 × 8 squares.
fn eighths(values: &[f32], side: usize) -> Field {
    let mut sums = vec![0.0; 64];
    for (i, &value) in values.iter().enumerate() {
        sums[i / side * 8 / side * 8 + i % side * 8 / side] += value;
    }
    Field::new(8, 8, sums)
}

fn path_words(outcome: &SceneOutcome, gradients: &ClassAttribution) -> String {
    let class = outcome.explained().label;
    let (output, from) = (gradients.options.output, baseline(gradients.options.baseline));
    let (Some(first), Some(last)) = (gradients.path.first(), gradients.path.last()) else {
        return format!("The {output} of {class} along the path: there is no point.");
    };
    let middle = (first + last) / 2.0;
    let is_beyond = |v: &f64| if last > first { *v >= middle } else { *v <= middle };
    let steps = gradients.path.len().saturating_sub(1).max(1);
    let half = gradients.path.iter().position(is_beyond).unwrap_or(0) as f64 / steps as f64;
    format!(
        "The {output} of {class} goes from {} at {from} to {} at the scene and has come half of the \
         way after {} of the path. Integrated gradients add up to {}; {}.",
        number(*first),
        number(*last),
        percent(half),
        signed(gradients.sum),
        completeness(gradients),
    )
}
