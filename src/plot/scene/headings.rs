//! Title and details of each figure.

use stormlens_data::attribution::Visualiser;
use stormlens_data::outcome::{ClassAttribution, SceneOutcome};
use stormlens_data::request::ClassOutput;
use stormlens_data::scene::Fit;

use super::contents::main_regions;
use super::lookup::{grad_cam, gradients, layer};
use super::words::{advice, baseline, classes, completeness, explained, gap, mass};
use super::{Polarity, Registration, SceneFigure, SceneStyle};
use crate::plot::PlotError;
use crate::plot::words::{number, percent, signed};

/// What stands above a figure.
pub struct Heading {
    pub title: String,
    pub details: Vec<String>,
}

/// # Errors
/// If the outcome does not hold what the figure shows.
pub fn of(
    outcome: &SceneOutcome,
    figure: &SceneFigure,
    style: &SceneStyle,
) -> Result<Heading, PlotError> {
    match figure {
        SceneFigure::Scene => Ok(scene(outcome, style)),
        SceneFigure::Attribution(name) => {
            layer(outcome, name)?;
            let title = format!("Grad-CAM, {}", style.layer_label(name));
            Ok(Heading { title, details: vec![explained(outcome), beneath(outcome, style)] })
        }
        SceneFigure::AttributionRaw(name) => {
            let raw = &layer(outcome, name)?.raw;
            let cells = format!(
                "{} × {} cells over the centre that the network sees",
                raw.height, raw.width
            );
            let title = format!("Grad-CAM before rectification, {}", style.layer_label(name));
            Ok(Heading { title, details: vec![explained(outcome), cells] })
        }
        SceneFigure::LayerGrid(_) => {
            grad_cam(outcome)?;
            let details = vec![explained(outcome), beneath(outcome, style)];
            Ok(Heading { title: "Grad-CAM".into(), details })
        }
        SceneFigure::Gradients => gradients_heading(outcome, style),
        SceneFigure::Path => path(outcome),
    }
}

fn scene(outcome: &SceneOutcome, style: &SceneStyle) -> Heading {
    let view = &outcome.view;
    let fitted = match outcome.request.fit {
        Fit::Stretch => "stretched to",
        Fit::Letterbox => "fitted into",
    };
    let (side, crop, resampling) =
        (view.variant.input_px, view.variant.crop_px, outcome.request.resampling);
    let mut details = vec![
        format!("probability: {}", classes(outcome)),
        format!(
            "{} × {} px, {fitted} {side} × {side} ({resampling})",
            view.width_px, view.height_px
        ),
    ];
    if style.crop_rectangle {
        details.push(format!("dashed: the centre of {crop} × {crop} that the network sees"));
    }
    if outcome.statistics.no_data_share > 0.0 {
        let share = percent(outcome.statistics.no_data_share);
        details.push(format!("black: no data ({share} of the picture)"));
    }
    Heading { title: view.title.clone(), details }
}

/// What an attribution lies on.
fn beneath(outcome: &SceneOutcome, style: &SceneStyle) -> String {
    match style.registration {
        Registration::Published => {
            "as published: the map of the centre stretched over the whole scene".into()
        }
        Registration::OnCrop => format!("beneath, in grey: {}", outcome.view.title),
    }
}

fn gradients_heading(outcome: &SceneOutcome, style: &SceneStyle) -> Result<Heading, PlotError> {
    let gradients = gradients(outcome)?;
    let class = outcome.explained().label;
    let title = match style.polarity {
        Polarity::Positive => format!("Integrated gradients for “{class}”"),
        Polarity::Negative => format!("Integrated gradients against “{class}”"),
        Polarity::Signed => format!("Integrated gradients for and against “{class}”"),
    };
    let mut details = vec![explained(outcome), completeness(gradients)];
    details.push(match style.visualiser() {
        None => {
            let largest = number(100.0 - style.above);
            format!("channels summed; full colours: the strongest {largest} % of the pixels")
        }
        Some(visualiser) if style.outline => outlined(gradients, visualiser, style.registration),
        Some(_) => format!("mean of the channels; {}", mass(style)),
    });
    if style.registration == Registration::Published && style.polarity != Polarity::Signed {
        details.push("as published: added to the scene at half its brightness".into());
    }
    Ok(Heading { title, details })
}

/// How many regions are outlined, and what they really hold.
fn outlined(
    gradients: &ClassAttribution,
    visualiser: Visualiser,
    registration: Registration,
) -> String {
    let regions = main_regions(gradients, visualiser, registration);
    let held = regions.share_of(&visualiser.mean(&gradients.attribution, gradients.crop_px));
    match regions.n_regions {
        0 => "outlined: no region".into(),
        1 => format!("outlined: 1 region with {} of it", percent(held)),
        n => format!("outlined: {n} regions with {} of it", percent(held)),
    }
}

fn path(outcome: &SceneOutcome) -> Result<Heading, PlotError> {
    let gradients = gradients(outcome)?;
    let (class, output) = (outcome.explained(), gradients.options.output);
    let title = match output {
        ClassOutput::Probability => "Probability",
        ClassOutput::Logit => "Logit",
    };
    let from = baseline(gradients.options.baseline);
    let ends = gradients.path.first().zip(gradients.path.last());
    let (first, last) = ends.map_or((0.0, 0.0), |(first, last)| (*first, *last));
    let advice = advice(gradients);
    Ok(Heading {
        title: format!("{title} of “{}” from {from} to the scene", class.label),
        details: vec![
            format!(
                "{output} {} → {}: difference {}",
                number(first),
                number(last),
                signed(gradients.output_difference())
            ),
            format!(
                "integrated gradients, {} steps: sum {}, completeness gap {}{advice}",
                gradients.n_steps,
                signed(gradients.sum),
                gap(gradients),
            ),
        ],
    })
}
