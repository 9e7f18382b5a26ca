//! Classes of scenes against their labels.

use anyhow::{Context, bail};
use serde::Serialize;
use serde_json::json;
use stormlens_data::card::SceneClassification;
use stormlens_data::request::{Progress, Silent};
use stormlens_data::scene::{
    self, Fit, Folder, Label, Limits, Resampling, SceneFile, Variant, resize,
};
use stormlens_data::score::classification::{
    Classification, ClassificationScores, is_predicted_positive,
};
use stormlens_nn::Engine;
use stormlens_nn::engine::{Resident, SceneInput, SceneQuestion};

use super::{Args, block, write_text};
use crate::cli::progress::Bar;

/// What a network says of one scene.
#[derive(Serialize)]
struct Verdict {
    /// Below the folder of the dataset.
    file: String,
    label: &'static str,
    /// Of a polar low.
    probability: f64,
    predicted: &'static str,
}

pub(super) fn run(
    args: &Args,
    engine: &Engine,
    resident: &Resident,
    task: &SceneClassification,
) -> anyhow::Result<()> {
    if !args.thresholds.is_empty() {
        bail!("{} takes pictures: --thresholds is for networks that take frames", resident.card.id);
    }
    let files = scenes(args)?;
    if files.is_empty() {
        bail!("{} has no scene in {:?}", args.dataset.display(), args.split);
    }
    let positive = task.class(Label::Positive.name());
    let classifier = Classifier {
        engine,
        resident,
        positive: positive.context("the network knows no class \"pos\"")?,
        variant: crate::worker::scene::variant(resident),
        resampling: args.resize.unwrap_or(Resampling::Bilinear),
    };
    let (bar, mut verdicts, mut scores) = (Bar::new(), Vec::new(), Classification::default());
    for (i, (file, scene)) in files.iter().enumerate() {
        let _ = bar.report("classifying", i, files.len());
        let probability = classifier.probability(scene)?;
        scores.add(probability, scene.label == Label::Positive);
        verdicts.push(verdict(file.clone(), scene.label, probability));
    }
    drop(bar);
    write(args, &classifier, &verdicts, &scores.finish())
}

/// The scenes of the split, each with its name below the folder.
fn scenes(args: &Args) -> anyhow::Result<Vec<(String, SceneFile)>> {
    let folder = Folder::open(&args.dataset)?;
    let wanted = args.split_file.as_ref().map(|path| block(path, &args.split)).transpose()?;
    let named = |scene: SceneFile| {
        let name = scene.path.strip_prefix(&folder.root).unwrap_or(&scene.path);
        (name.display().to_string(), scene)
    };
    let all: Vec<_> = folder.files.into_iter().map(named).collect();
    let Some(wanted) = wanted else {
        let in_split = |(_, scene): &(String, SceneFile)| scene.split.name() == args.split;
        return Ok(all.into_iter().filter(in_split).collect());
    };
    if let Some(absent) = wanted.iter().find(|name| all.iter().all(|(other, _)| other != *name)) {
        bail!("{} has no {absent}, which the split names", args.dataset.display());
    }
    Ok(all.into_iter().filter(|(name, _)| wanted.contains(name)).collect())
}

struct Classifier<'a> {
    engine: &'a Engine,
    resident: &'a Resident,
    /// The place of the positive class among the logits.
    positive: usize,
    variant: Variant,
    resampling: Resampling,
}

impl Classifier<'_> {
    fn probability(&self, scene: &SceneFile) -> anyhow::Result<f64> {
        let Variant { input_px, crop_px } = self.variant;
        let picture = scene::read(&scene.path, &Limits::default())?;
        let square = resize(&picture, input_px, self.resampling, Fit::Stretch);
        let input = SceneInput { values: square.crop(crop_px), side_px: crop_px };
        let question = SceneQuestion { class: self.positive, layers: Vec::new(), path: None };
        let answer = self.engine.classify(self.resident, &input, &question, &Silent);
        let answer = answer.with_context(|| scene.path.display().to_string())?;
        Ok(answer.probabilities[self.positive])
    }
}

fn verdict(file: String, label: Label, probability: f64) -> Verdict {
    let predicted = match is_predicted_positive(probability) {
        true => Label::Positive,
        false => Label::Negative,
    };
    Verdict { file, label: label.name(), probability, predicted: predicted.name() }
}

fn write(
    args: &Args,
    classifier: &Classifier,
    verdicts: &[Verdict],
    scores: &ClassificationScores,
) -> anyhow::Result<()> {
    print!("{}", summary(scores));
    let Some(path) = &args.output else { return Ok(()) };
    let Classifier { resident, variant, resampling, .. } = classifier;
    let json = || {
        json!({
            "model": resident.card.id,
            "weights_sha256": resident.checkpoint.weights_sha256,
            "trained_on_simulation": resident.checkpoint.is_simulated,
            "dataset": args.dataset.display().to_string(),
            "split": args.split,
            "input_px": variant.input_px,
            "crop_px": variant.crop_px,
            "resize": resampling,
            "scores": scores,
            "scenes": verdicts,
        })
    };
    write_text(path, json, || csv(verdicts))?;
    println!("{} scenes classified, table in {}", verdicts.len(), path.display());
    Ok(())
}

fn csv(verdicts: &[Verdict]) -> String {
    let quoted = |name: &str| match name.contains([',', '"', '\n', '\r']) {
        true => format!("\"{}\"", name.replace('"', "\"\"")),
        false => name.to_owned(),
    };
    let row = |v: &Verdict| {
        format!("{},{},{},{}\n", quoted(&v.file), v.label, v.probability, v.predicted)
    };
    let rows: String = verdicts.iter().map(row).collect();
    format!("file,label,probability,predicted\n{rows}")
}

/// The confusion matrix and the scores, for people.
fn summary(scores: &ClassificationScores) -> String {
    let c = scores.confusion;
    let score = |value: Option<f64>| value.map_or("undefined".into(), |v| format!("{v:.4}"));
    let mut text = format!(
        "{:>14} {:>9} {:>9}\n{:>14} {:>9} {:>9}\n{:>14} {:>9} {:>9}\n",
        "",
        "said pos",
        "said neg",
        "is pos",
        c.true_positives,
        c.false_negatives,
        "is neg",
        c.false_positives,
        c.true_negatives,
    );
    for (name, value) in [
        ("precision", scores.precision),
        ("recall", scores.recall),
        ("F1", scores.f1),
        ("accuracy", scores.accuracy),
        ("ROC-AUC", scores.roc_auc),
        ("average precision", scores.average_precision),
        ("Brier score", scores.brier),
    ] {
        text += &format!("{name:<18} {}\n", score(value));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_with_commas_are_quoted() {
        let rows = [
            verdict("test/pos/a,b.png".into(), Label::Positive, 0.75),
            verdict("test/neg/c.png".into(), Label::Negative, 0.5),
        ];
        let expected = "file,label,probability,predicted\n\
                        \"test/pos/a,b.png\",pos,0.75,pos\ntest/neg/c.png,neg,0.5,neg\n";
        assert_eq!(csv(&rows), expected);
    }

    #[test]
    fn a_score_without_denominator_is_undefined() {
        let mut cases = Classification::default();
        cases.add(0.2, false);
        let text = summary(&cases.finish());
        assert!(text.contains("F1                 undefined"), "{text}");
        assert!(text.contains("accuracy           1.0000"), "{text}");
    }
}
