//! Classes of pictures against their labels.

use anyhow::{Context as _, bail};
use serde::Serialize;
use serde_json::json;
use stormlens_data::card::SceneClassification;
use stormlens_data::network::Input;
use stormlens_data::scene::{
    self, Fit, Folder, Label, Limits, Resampling, SceneFile, Variant, resize,
};
use stormlens_data::score::classification::{
    Classification, ClassificationScores, is_predicted_positive,
};
use stormlens_data::score::probability::ProbabilityVerification;

use super::answer::softmax;
use super::probabilities::probabilities;
use crate::cli::evaluate::{Evaluated, Evaluation};

const RESIZE: &str = "resize";
/// What lies in a folder of simulated scenes.
const SIMULATION: &str = "simulation.json";

/// What a network says of one scene.
#[derive(Serialize)]
pub(super) struct Verdict {
    /// Below the folder of the dataset.
    pub file: String,
    pub label: &'static str,
    /// Of a polar low.
    pub probability: f64,
    pub predicted: &'static str,
}

/// Scores of a classifier of pictures; `None` for another network.
pub fn evaluate(evaluation: &Evaluation<'_>) -> Option<anyhow::Result<Evaluated>> {
    let task = evaluation.model.scene_classification()?;
    Some(run(evaluation, task))
}

fn run(evaluation: &Evaluation<'_>, task: &SceneClassification) -> anyhow::Result<Evaluated> {
    evaluation.parameters.only(&[RESIZE]).context("the network takes pictures")?;
    let files = scenes(evaluation)?;
    if files.is_empty() {
        bail!("{} has no scene in {:?}", evaluation.dataset.display(), evaluation.split);
    }
    let positive = task.class(Label::Positive.name());
    let resampling = evaluation.parameters.choice(RESIZE, Resampling::Bilinear)?;
    let classifier = Classifier {
        evaluation,
        positive: positive.context("the network knows no class \"pos\"")?,
        variant: evaluation.checkpoint.variant.unwrap_or(task.default_variant),
        resampling,
    };
    let (mut verdicts, mut scores) = (Vec::new(), Classification::default());
    for (i, (file, scene)) in files.iter().enumerate() {
        let _ = evaluation.progress.report("classifying", i, files.len());
        let probability = classifier.probability(scene)?;
        scores.add(probability, scene.label == Label::Positive);
        verdicts.push(verdict(file.clone(), scene.label, probability));
    }
    let is_simulated = evaluation.dataset.join(SIMULATION).is_file();
    let probabilities = probabilities(&verdicts, is_simulated)?;
    Ok(classifier.evaluated(&verdicts, &scores.finish(), &probabilities))
}

/// The scenes of the split, each with its name below the folder.
fn scenes(evaluation: &Evaluation<'_>) -> anyhow::Result<Vec<(String, SceneFile)>> {
    let folder = Folder::open(evaluation.dataset)?;
    let named = |scene: SceneFile| {
        let name = scene.path.strip_prefix(&folder.root).unwrap_or(&scene.path);
        (name.display().to_string(), scene)
    };
    let all: Vec<_> = folder.files.into_iter().map(named).collect();
    let Some(wanted) = &evaluation.members else {
        let in_split = |(_, scene): &(String, SceneFile)| scene.split.name() == evaluation.split;
        return Ok(all.into_iter().filter(in_split).collect());
    };
    if let Some(absent) = wanted.iter().find(|name| all.iter().all(|(other, _)| other != *name)) {
        bail!("{} has no {absent}, which the split names", evaluation.dataset.display());
    }
    Ok(all.into_iter().filter(|(name, _)| wanted.contains(name)).collect())
}

struct Classifier<'a> {
    evaluation: &'a Evaluation<'a>,
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
        let input = Input { values: square.crop(crop_px), shape: [3, crop_px, crop_px] };
        let answer = (self.evaluation.network)(&input);
        let answer = answer.with_context(|| scene.path.display().to_string())?;
        let logits: Vec<f64> = answer.prediction.iter().copied().map(f64::from).collect();
        let probability = softmax(&logits).get(self.positive).copied();
        probability.with_context(|| format!("the network answers with {} classes", logits.len()))
    }

    fn evaluated(
        &self,
        verdicts: &[Verdict],
        scores: &ClassificationScores,
        probabilities: &[ProbabilityVerification],
    ) -> Evaluated {
        let Self { evaluation, variant, resampling, .. } = self;
        Evaluated {
            was_kept: false,
            n_cases: format!("{} scenes classified", verdicts.len()),
            summary: summary(scores),
            csv: csv(verdicts),
            json: json!({
                "trained_on_simulation": evaluation.checkpoint.is_simulated,
                "input_px": variant.input_px,
                "crop_px": variant.crop_px,
                "resize": resampling,
                "scores": scores,
                "probabilities": probabilities,
                "scenes": verdicts,
            }),
        }
    }
}

fn verdict(file: String, label: Label, probability: f64) -> Verdict {
    let predicted = match is_predicted_positive(probability) {
        true => Label::Positive,
        false => Label::Negative,
    };
    Verdict { file, label: label.name(), probability, predicted: predicted.name() }
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
