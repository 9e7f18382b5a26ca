//! The `evaluation.json` beside weights, as the page of the network shows it: the network beside its rivals.

use std::path::Path;

use askama::Template;
use serde::Deserialize;
use stormlens_data::files::read_text;
use stormlens_data::score::probability::Matrix;

use crate::web::diagrams::probabilities;
use crate::web::format;

#[derive(Deserialize)]
struct File {
    n_cases: usize,
    split: String,
    thresholds_mm: Vec<f64>,
    forecasts: Vec<Forecast>,
    #[serde(default)]
    skills: Vec<Skill>,
}

/// Of the first forecast over another one.
#[derive(Deserialize)]
struct Skill {
    event: String,
    over: String,
    value: Option<f64>,
    low: Option<f64>,
    high: Option<f64>,
}

#[derive(Deserialize)]
struct Forecast {
    label: String,
    rps: Option<f64>,
    rps_skill: Option<f64>,
    matrix: Matrix,
}

#[derive(Template)]
#[template(path = "tasks/rain_probability/evaluation.html")]
struct Evaluation {
    n_cases: String,
    split: String,
    /// Label, RPS, its skill.
    ranked: Vec<(String, String, String)>,
    /// Event, rival, skill over it.
    skills: Vec<(String, String, String)>,
    first: String,
    matrices: Vec<Confusion>,
    /// HTML: tables and diagrams of each event.
    probabilities: String,
}

/// Observed classes against most likely ones.
struct Confusion {
    label: String,
    classes: Vec<String>,
    rows: Vec<(String, Vec<u64>)>,
}

/// As HTML; `None` where there is no such file, or it is of another kind.
pub fn html(file: &Path) -> Option<String> {
    let found: File = serde_json::from_str(&read_text(file).ok()?).ok()?;
    let text = |value: Option<f64>| value.map_or("–".to_owned(), format::number);
    let ranked = |forecast: &Forecast| {
        (forecast.label.clone(), text(forecast.rps), text(forecast.rps_skill))
    };
    let probabilities = probabilities(file).map(|all| all.render()).transpose().ok()?;
    let page = Evaluation {
        n_cases: format::count(found.n_cases),
        split: found.split.clone(),
        ranked: found.forecasts.iter().map(ranked).collect(),
        skills: found.skills.iter().map(skill).collect(),
        first: found.forecasts.first().map_or_else(String::new, |first| first.label.clone()),
        matrices: found.forecasts.iter().map(|forecast| confusion(&found, forecast)).collect(),
        // Of a damaged file the rest is shown; the page says what is wrong.
        probabilities: probabilities.unwrap_or_default(),
    };
    page.render().ok()
}

fn skill(of: &Skill) -> (String, String, String) {
    let number = |value: f64| format!("{value:.3}").replace('-', "−");
    let words = match (of.value, of.low.zip(of.high)) {
        (Some(value), Some((low, high))) => {
            format!("{} ({} to {})", number(value), number(low), number(high))
        }
        (value, _) => value.map_or_else(|| "–".to_owned(), number),
    };
    (of.event.clone(), of.over.clone(), words)
}

fn confusion(file: &File, forecast: &Forecast) -> Confusion {
    let thresholds = &file.thresholds_mm;
    let name = |class: usize| match (class, thresholds.get(class)) {
        (0, Some(mm)) => format!("below {mm} mm"),
        (class, Some(mm)) => format!("{} to {mm} mm", thresholds[class - 1]),
        (class, None) => format!("{} mm and more", thresholds[class - 1]),
    };
    let classes: Vec<String> = (0..=thresholds.len()).map(name).collect();
    let rows = classes.iter().cloned().zip(forecast.matrix.counts.iter().cloned()).collect();
    Confusion { label: forecast.label.clone(), classes, rows }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shipped_evaluations_are_read() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("checkpoints");
        for (weights, words) in [("iberia-narrow", "Climatology"), ("synthetic-narrow", "True")] {
            let html = html(&root.join("sslpdl").join(weights).join("evaluation.json"));
            let html = html.expect("it is of this kind");
            for words in
                [words, "Network, recalibrated", "Logistic regression", "RPS", "reliability"]
            {
                assert!(html.contains(words), "{words}");
            }
        }
        assert!(html(&root.join("polar-low/simulated-192/evaluation.json")).is_none());
    }
}
