//! The forms of a scene's page: what can be asked and shown otherwise.

use stormlens_data::request::{Baseline, ClassOutput, PathOptions};
use stormlens_data::scene::{Fit, Resampling};

use super::resampling_text;
use crate::web::parameters::Parameters;
use crate::web::scenes::query::{STEPS, SceneQuery, TOLERANCES_PERCENT};

/// A choice of a form: name, text, and whether it is chosen.
pub type Choice = (String, String, bool);

/// A choice among names, as forms show it.
pub struct Select {
    pub name: &'static str,
    pub label: &'static str,
    pub choices: Vec<Choice>,
}

/// The same scene asked otherwise.
pub struct Question {
    pub hidden: Vec<(String, String)>,
    pub grad_cam: bool,
    pub integrated_gradients: bool,
    pub selects: Vec<Select>,
    /// Of integrated gradients.
    pub path: Vec<Select>,
}

/// The form that asks the same scene again.
pub fn question(query: &SceneQuery) -> Question {
    let request = &query.request;
    let path = request.integrated_gradients.clone().unwrap_or_default();
    let asked = ["resampling", "fit", "methods", "steps", "baseline", "output", "tolerance"];
    Question {
        hidden: hidden(query, &asked),
        grad_cam: request.grad_cam,
        integrated_gradients: request.integrated_gradients.is_some(),
        selects: vec![
            select("resampling", "Resize", Resampling::ALL, request.resampling, resampling_text),
            select("fit", "If not square", Fit::ALL, request.fit, |fit| match fit {
                Fit::Stretch => "stretch, as published",
                Fit::Letterbox => "letterbox, without distortion",
            }),
        ],
        path: path_selects(&path),
    }
}

fn path_selects(path: &PathOptions) -> Vec<Select> {
    let mut steps = STEPS.to_vec();
    if !steps.contains(&path.n_steps) {
        steps.push(path.n_steps);
    }
    let step = |n: usize| (n.to_string(), n.to_string(), n == path.n_steps);
    let baselines = select("baseline", "Baseline", Baseline::ALL, path.baseline, |b| match b {
        Baseline::Black => "black, as published",
        Baseline::Blurred => "the scene, blurred",
        Baseline::Mean => "the scene’s mean",
    });
    let outputs =
        select("output", "Output", ClassOutput::ALL, path.output, |output| match output {
            ClassOutput::Probability => "probability, as published",
            ClassOutput::Logit => "logit",
        });
    vec![
        Select { name: "steps", label: "Steps", choices: steps.into_iter().map(step).collect() },
        baselines,
        outputs,
        Select {
            name: "tolerance",
            label: "More steps until",
            choices: tolerances(path.tolerance),
        },
    ]
}

fn tolerances(chosen: Option<f64>) -> Vec<Choice> {
    let none = ("none".to_owned(), "never".to_owned(), chosen.is_none());
    let mut shares: Vec<f64> =
        TOLERANCES_PERCENT.iter().map(|&percent| f64::from(percent) / 100.0).collect();
    shares.extend(chosen.filter(|share| !shares.contains(share)));
    let share = |share: f64| {
        let text = format!("the gap is below {} %", share * 100.0);
        (share.to_string(), text, chosen == Some(share))
    };
    std::iter::once(none).chain(shares.into_iter().map(share)).collect()
}

/// A choice among the variants of an enum.
pub fn select<T: Copy + PartialEq + std::fmt::Display>(
    name: &'static str,
    label: &'static str,
    all: &[T],
    chosen: T,
    text: impl Fn(T) -> &'static str,
) -> Select {
    let choice = |&value: &T| (value.to_string(), text(value).to_owned(), value == chosen);
    Select { name, label, choices: all.iter().map(choice).collect() }
}

/// The parameters that a form passes on unseen: all but those it asks for.
pub fn hidden(query: &SceneQuery, asked: &[&str]) -> Vec<(String, String)> {
    let parameters = Parameters::parse(Some(&query.to_query()));
    let kept = parameters.pairs().filter(|(name, _)| !asked.contains(name));
    kept.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}
