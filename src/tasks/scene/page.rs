//! The page of a scene: what a network says of it, and why.

use askama::Template;
use stormlens_data::card::{Class, Part};
use stormlens_data::outcome::{Domain, Outcome, SceneGeometry};
use stormlens_data::request::{ClassOutput, Subject, Target};
use stormlens_data::scene::{Fit, Label, Resampling};

use super::SceneTask;
use super::answer::most_probable;
use super::list::{coding_selects, label_text};
use super::notices::Notices;
use super::question::{class, classification, coding, find, output, scene_of, square};
use super::scenes::SceneEntry;
use super::split;
use crate::question::Question;
use crate::web::forms::{Select, select};
use crate::web::layout::Layout;
use crate::web::pages::Shown;
use crate::web::report::Report;
use crate::web::views::{FigureView, Figures, map};
use crate::web::{AppError, format, result};

#[derive(Template)]
#[template(path = "tasks/scene/result.html")]
struct ScenePage {
    layout: Layout,
    report: Report,
    title: String,
    entry: SceneEntry,
    label: &'static str,
    /// The class of the scene's label and the most probable one, where they differ.
    wrong: Option<(&'static str, &'static str)>,
    /// The answer in a sentence.
    reading: String,
    classes: Vec<ClassRow>,
    notices: Notices,
    /// The class that is explained and the most probable one, where they differ.
    other_class: Option<(&'static str, &'static str)>,
    facts: Vec<(&'static str, String)>,
    picture: FigureView,
    preparation: String,
    seen: String,
    /// Where the same question about each class leads.
    class_switch: Vec<ClassLink>,
    /// How the picture is resized, and which output is explained.
    selects: Vec<Select>,
}

struct ClassRow {
    label: &'static str,
    probability: String,
    /// For a bar: 0 to 1.
    value: f64,
    logit: String,
    most: bool,
}

struct ClassLink {
    label: &'static str,
    /// `None`: this one is explained.
    href: Option<String>,
}

/// What the form to ask again asks for beside the methods.
const OWN: [&str; 5] = ["resampling", "fit", "output", "values", "bands"];

/// The page as HTML.
pub fn html(task: &SceneTask, shown: &Shown<'_>) -> Result<String, AppError> {
    let Shown { question, outcome, layout } = shown;
    let entry = find(&task.scenes, scene_of(&question.request.subject))?;
    let figures = Figures::new(question, outcome);
    let classes = classification(&question.cards)?.classes;
    let scores = Scores::of(outcome);
    let geometry = geometry(outcome)?;
    let explained = class(&question.target);
    let most = most_probable(&scores.probabilities);
    let label = |idx: usize| classes.get(idx).map_or("", |class| class.label);
    let place = |label: Label| classes.iter().position(|class| class.name == label.name());
    let labelled = entry.label.and_then(place);
    let page = ScenePage {
        layout: layout.clone(),
        report: Report::new(shown, &figures, &OWN, "scene"),
        title: entry.title.clone(),
        label: label_text(entry.label),
        wrong: labelled.filter(|labelled| *labelled != most).map(|l| (label(l), label(most))),
        reading: reading(question, &scores)?,
        classes: rows(classes, &scores, most),
        notices: Notices::new(question, &entry, outcome),
        other_class: (explained != most).then(|| (label(explained), label(most))),
        facts: facts(outcome, geometry, split::part(&entry, &question.cards.checkpoint)),
        picture: FigureView { is_first: true, ..figures.wide(&map("scene", 0)) },
        preparation: preparation(&question.request.subject, geometry),
        seen: seen(geometry),
        class_switch: class_switch(question, classes),
        selects: selects(question, outcome),
        entry,
    };
    Ok(page.render()?)
}

struct Scores {
    probabilities: Vec<f64>,
    logits: Vec<f64>,
}

impl Scores {
    fn of(outcome: &Outcome) -> Self {
        let values = |name: &str| outcome.variable(name).map(|v| v.to_f64()).unwrap_or_default();
        Self { probabilities: values("probability"), logits: values("logit") }
    }
}

fn geometry(outcome: &Outcome) -> Result<&SceneGeometry, AppError> {
    match outcome.variable("scene").map(|scene| &scene.domain) {
        Some(Domain::Scene(geometry)) => Ok(geometry),
        _ => Err(AppError::Internal("the result has no picture".to_owned())),
    }
}

/// The answer in a sentence, about the class that the network was made for.
fn reading(question: &Question, scores: &Scores) -> Result<String, AppError> {
    let task = classification(&question.cards)?;
    let idx = task.default_class;
    let probability = scores.probabilities.get(idx).copied().unwrap_or(f64::NAN);
    let (probability, label) = (format::probability(probability), task.classes[idx].label);
    Ok(format!("The network’s probability of a {label} is {probability}"))
}

fn rows(classes: &[Class], scores: &Scores, most: usize) -> Vec<ClassRow> {
    let values = scores.probabilities.iter().zip(&scores.logits);
    let row = |(idx, (class, (&value, &logit))): (usize, (&Class, (&f64, &f64)))| ClassRow {
        label: class.label,
        probability: format::probability(value),
        value,
        logit: format::number(logit),
        most: idx == most,
    };
    let rows: Vec<_> = classes.iter().zip(values).enumerate().map(row).collect();
    rows.into_iter().rev().collect()
}

fn facts(outcome: &Outcome, geometry: &SceneGeometry, part: Part) -> Vec<(&'static str, String)> {
    let SceneGeometry { width_px, height_px, .. } = geometry;
    let mut facts = vec![("Picture", format!("{width_px} × {height_px} pixels"))];
    let no_data = outcome.number("no_data_share");
    facts.extend(no_data.map(|share| ("Without data", format::percent(share))));
    facts.extend(outcome.notes("coding").map(|text| ("Colours", text.to_owned())));
    facts.extend(outcome.notes("place").map(|text| ("Place", text.to_owned())));
    facts.push(("Compared with the training scenes", compared(outcome)));
    facts.push(("Split", part.label().to_owned()));
    facts.push(("Computed on", outcome.provenance.device.clone()));
    facts.push(("Computed in", format!("{} s", format::number(outcome.duration_ms / 1e3))));
    facts
}

/// By what it was judged whether the scene is like those of the training.
fn compared(outcome: &Outcome) -> String {
    let colours = "nine statistics of the colours";
    match (outcome.number("feature_distance"), outcome.number("feature_distance_limit")) {
        (Some(distance), Some(limit)) => format!(
            "{colours}, and the mean activations of the network’s first three blocks: distance {}; 99 % of the scenes kept for validation stay below {}",
            format::number(distance),
            format::number(limit)
        ),
        _ => format!(
            "{colours} only: the file of these weights holds no activations of the training scenes"
        ),
    }
}

/// How the picture became the square, and whose way that is.
fn preparation(subject: &Subject, geometry: &SceneGeometry) -> String {
    let side = geometry.variant.input_px;
    if geometry.width_px == side && geometry.height_px == side {
        return format!(
            "The picture already has the {side} × {side} pixels of the network’s input"
        );
    }
    let (resampling, fit) = square(subject);
    let how = match fit {
        Fit::Stretch => "Stretched",
        Fit::Letterbox => "Fitted into a square of no data, without distortion,",
    };
    format!("{how} to {side} × {side} pixels: {}", resampling_text(resampling))
}

fn resampling_text(resampling: Resampling) -> &'static str {
    match resampling {
        Resampling::Nearest => "nearest, as in the authors’ notebook",
        Resampling::Bilinear => "bilinear, as in their training",
    }
}

fn seen(geometry: &SceneGeometry) -> String {
    let variant = &geometry.variant;
    let share = (variant.crop_px as f64 / variant.input_px as f64).powi(2);
    format!(
        "The network sees only the centre (dashed): {crop} × {crop} pixels, {share} of the square. \
         The margin cannot change the answer",
        crop = variant.crop_px,
        share = format::percent(share)
    )
}

fn class_switch(question: &Question, classes: &[Class]) -> Vec<ClassLink> {
    let Target::Class { class: explained, output } = question.target else { return Vec::new() };
    let link = |(idx, class): (usize, &Class)| {
        let other = || question.with_target(Target::Class { class: idx, output });
        ClassLink { label: class.label, href: (idx != explained).then(|| result::page(&other())) }
    };
    let links: Vec<_> = classes.iter().enumerate().map(link).collect();
    links.into_iter().rev().collect()
}

fn selects(question: &Question, outcome: &Outcome) -> Vec<Select> {
    let (resampling, fit) = square(&question.request.subject);
    let output = output(&question.target);
    let coding = coding(&question.request.subject);
    let is_coded = !coding.is_default() || outcome.notes("coding").next().is_some();
    let mut selects = vec![
        select("resampling", "Resampling", resampling, resampling_text),
        select("fit", "Pictures that are not square", fit, |fit| match fit {
            Fit::Stretch => "stretch to a square, as published",
            Fit::Letterbox => "fit into a square, without distortion",
        }),
        select("output", "Output to explain", output, |output| match output {
            ClassOutput::Probability => "the probability, as published",
            ClassOutput::Logit => "the logit",
        }),
    ];
    if is_coded {
        selects.extend(coding_selects(coding));
    }
    selects
}
