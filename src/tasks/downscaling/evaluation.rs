//! The `evaluation.json` beside weights, as far as the page of the network shows it: the network beside its rivals.

use std::collections::BTreeMap;
use std::path::Path;

use askama::Template;
use serde::Deserialize;
use stormlens_data::files::read_text;
use stormlens_data::score::downscaling::CONTINUOUS_SCORES;

use crate::web::diagrams::{probabilities, quantiles};
use crate::web::format;
use stormlens_plot::words::sentence;

#[derive(Deserialize)]
struct File {
    n_cases: usize,
    split: String,
    setting: String,
    forecasts: Vec<Forecast>,
    ensembles: Vec<Ensemble>,
}

#[derive(Deserialize)]
struct Forecast {
    label: String,
    /// Scores in millimetres by their names.
    mm: BTreeMap<String, Option<f64>>,
}

#[derive(Deserialize)]
struct Ensemble {
    label: String,
    n_members: usize,
    crps_fair: Option<f64>,
}

#[derive(Template)]
#[template(path = "tasks/downscaling/evaluation.html")]
struct Evaluation {
    n_cases: usize,
    split: String,
    setting: String,
    /// Names and meanings of the scores.
    scores: Vec<(&'static str, &'static str)>,
    rows: Vec<(String, Vec<String>)>,
    /// Label, members, fair CRPS in mm.
    ensembles: Vec<(String, usize, String)>,
    /// HTML: how good the probabilities of ensembles are; empty in evaluations of older programs.
    probabilities: String,
    /// HTML: the Q–Q diagram; empty likewise.
    quantiles: String,
}

/// As HTML; `None` where there is no such file, or it is of another kind.
pub fn html(file: &Path) -> Option<String> {
    let probabilities = probabilities(file).map(|all| all.render()).transpose().ok()?;
    let quantiles = quantiles(file).map(|all| all.render()).transpose().ok()?;
    let file: File = serde_json::from_str(&read_text(file).ok()?).ok()?;
    let text = |value: Option<f64>| value.map_or("–".to_owned(), format::number);
    let row = |forecast: Forecast| {
        let value = |name: &str| text(forecast.mm.get(name).copied().flatten());
        let cells = CONTINUOUS_SCORES.iter().map(|score| value(score.name)).collect();
        (forecast.label, cells)
    };
    let ensemble = |found: Ensemble| (found.label, found.n_members, text(found.crps_fair));
    let page = Evaluation {
        n_cases: file.n_cases,
        split: file.split,
        setting: sentence(&file.setting),
        scores: CONTINUOUS_SCORES.iter().map(|score| (score.label, score.meaning)).collect(),
        rows: file.forecasts.into_iter().map(row).collect(),
        ensembles: file.ensembles.into_iter().map(ensemble).collect(),
        probabilities: probabilities.unwrap_or_default(),
        quantiles: quantiles.unwrap_or_default(),
    };
    page.render().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_evaluation_is_read() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let html = html(&root.join("checkpoints/harpnet/mrms-2016-narrow/evaluation.json"));
        let html = html.expect("it is of this kind");
        for words in ["HARPNET", "Bilinear", "RainFARM", "test-both", "Mean squared error"] {
            assert!(html.contains(words), "{words}");
        }
    }

    /// Probabilities of both kinds of ensembles stand beside the quantiles. An evaluation of an older program has neither.
    #[test]
    fn probabilities_and_quantiles_are_shown_where_the_file_has_them() {
        let shipped = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("checkpoints/harpnet/mrms-2016-narrow/evaluation.json");
        let mut all: serde_json::Value =
            serde_json::from_slice(&std::fs::read(&shipped).expect("it is shipped")).expect("JSON");
        let found = html(&shipped).expect("it is of this kind");
        for words in
            ["RainFARM, 16 members", "at least 10 mm in 3 h", "diagram-quantiles", "No lead time"]
        {
            assert!(found.contains(words), "{words}");
        }
        // How often it rained is counted twice: as wet nodes of a forecast, and as outcomes of probabilities.
        let wet = all["forecasts"][0]["mm"]["wet_share_observed"].as_f64().expect("a share");
        let first = &all["probabilities"][0];
        assert_eq!(first["event"], "rain of at least 0.1 mm in 3 h");
        assert!((first["base_rate"].as_f64().expect("a share") - wet).abs() < 1e-12);
        let nodes = all["n_cases"].as_u64().expect("tiles") * 64 * 64;
        assert_eq!(first["n_cases"].as_u64(), Some(nodes));
        let members = all.as_object_mut().expect("an object");
        members.remove("probabilities");
        members.remove("quantile_curves");
        let folder = tempfile::tempdir().expect("a folder");
        let old = folder.path().join("evaluation.json");
        std::fs::write(&old, all.to_string()).expect("a file");
        let found = html(&old).expect("it is read");
        assert!(found.contains("Bilinear") && !found.contains("No lead time"), "{found}");
        assert!(!found.contains("diagram-"), "{found}");
    }

    #[test]
    fn another_file_is_none() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        assert!(html(&root.join("checkpoints/polar-low/simulated-192/evaluation.json")).is_none());
        assert!(html(&root.join("no/such/file.json")).is_none());
    }
}
