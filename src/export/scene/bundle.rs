//! Everything about a scene's result in one ZIP archive.

use std::fmt::Write as _;

use serde::Serialize;
use stormlens_data::card::ModelCard;
use stormlens_data::outcome::{ClassAttribution, ClassScore, Provenance, SceneOutcome};
use stormlens_data::request::{PathOptions, Request, SceneRequest};
use stormlens_data::scene::{Familiarity, Rectangle, Statistics, Variant};

use super::{bibtex, npz};
use crate::export::archive::Archive;
use crate::export::bundle::json;
use crate::export::{ExportError, Recipe};
use crate::plot::scene::{SceneFigure, SceneStyle, draw};

/// What goes into an archive.
pub struct SceneBundle<'a> {
    pub outcome: &'a SceneOutcome,
    pub card: &'a ModelCard,
    /// Each as SVG, PNG and PDF; see [`SceneFigure::of`].
    pub figures: &'a [SceneFigure],
    pub style: &'a SceneStyle,
    /// Of the PNG figures.
    pub dpi: u32,
}

/// What `provenance.json` holds.
#[derive(Serialize)]
struct Origin<'a> {
    request: &'a SceneRequest,
    #[serde(flatten)]
    provenance: &'a Provenance,
    scene: Scene<'a>,
    statistics: &'a Statistics,
    familiarity: &'a Familiarity,
    trained_on_simulation: bool,
    classes: Vec<Score>,
    #[serde(skip_serializing_if = "Option::is_none")]
    integrated_gradients: Option<Completeness<'a>>,
}

#[derive(Serialize)]
struct Scene<'a> {
    title: &'a str,
    width_px: usize,
    height_px: usize,
    variant: Variant,
    content: Rectangle,
    crop: Rectangle,
}

/// A class's numbers in `probabilities.csv` and `.json`.
#[derive(Serialize)]
struct Score {
    class: &'static str,
    label: &'static str,
    logit: f64,
    probability: f64,
}

#[derive(Serialize)]
struct Completeness<'a> {
    options: &'a PathOptions,
    n_steps: usize,
    sum: f64,
    output_difference: f64,
    convergence_delta: f64,
    relative_delta: Option<f64>,
}

/// The archive's bytes: figures, probabilities, arrays, what it was made from, and what to cite.
///
/// Equal bundles give equal bytes but for the PDF files' own identifiers.
///
/// # Errors
/// If a figure can't be drawn or a file can't be written.
pub fn bundle(bundle: &SceneBundle) -> Result<Vec<u8>, ExportError> {
    let SceneBundle { outcome, card, figures, style, dpi } = *bundle;
    let mut archive = Archive::default();
    for figure in figures {
        let recipe = Recipe::of_scene(outcome, figure, style);
        archive.add_figure(&draw(outcome, figure, style)?, &recipe, dpi)?;
    }
    let scores = scores(outcome);
    let what = "logit and probability of each class";
    archive.add("probabilities.csv", what, to_csv(&scores).as_bytes())?;
    archive.add("probabilities.json", what, &json("probabilities.json", &scores)?)?;
    let what = "all numbers for NumPy: the picture, logits, attributions";
    archive.add("arrays.npz", what, &npz(outcome)?)?;
    archive.add("provenance.json", "what the result was made from", &origin(outcome)?)?;
    let citations = bibtex(outcome, card, style);
    archive.add("CITATIONS.bib", "what to cite", citations.as_bytes())?;
    archive.finish(card.title, &Request::Scene(outcome.request.clone()), &outcome.provenance)
}

/// Where a result came from, as JSON: the request, the hashes, the picture's statistics, whether it
/// resembles the training scenes, the answer, and how complete integrated gradients are.
///
/// # Errors
/// Never for numbers that JSON can hold.
pub fn origin(outcome: &SceneOutcome) -> Result<Vec<u8>, ExportError> {
    let view = &outcome.view;
    json(
        "provenance.json",
        &Origin {
            request: &outcome.request,
            provenance: &outcome.provenance,
            scene: Scene {
                title: &view.title,
                width_px: view.width_px,
                height_px: view.height_px,
                variant: view.variant,
                content: view.content,
                crop: view.crop(),
            },
            statistics: &outcome.statistics,
            familiarity: &outcome.familiarity,
            trained_on_simulation: outcome.trained_on_simulation,
            classes: scores(outcome),
            integrated_gradients: outcome.integrated_gradients.as_ref().map(completeness),
        },
    )
}

fn scores(outcome: &SceneOutcome) -> Vec<Score> {
    let score = |class: &ClassScore| {
        let ClassScore { name, label, logit, probability } = *class;
        Score { class: name, label, logit, probability }
    };
    outcome.classes.iter().map(score).collect()
}

fn completeness(gradients: &ClassAttribution) -> Completeness<'_> {
    Completeness {
        options: &gradients.options,
        n_steps: gradients.n_steps,
        sum: gradients.sum,
        output_difference: gradients.output_difference(),
        convergence_delta: gradients.convergence_delta(),
        relative_delta: gradients.relative_delta(),
    }
}

fn to_csv(scores: &[Score]) -> String {
    let mut table = "class,label,logit,probability\n".to_owned();
    for Score { class, label, logit, probability } in scores {
        // Writing to a string can't fail.
        let _ = writeln!(table, "{class},{label},{logit},{probability}");
    }
    table
}
