//! Forecasts against observations, beside persistence.

mod cases;

use anyhow::{Context as _, bail};
use serde::{Deserialize, Serialize};
use serde_json::json;
use stormlens_data::card::{Hides, NowcastField, Nowcasting};
use stormlens_data::field::Field;
use stormlens_data::forecast::reference_forecasters;
use stormlens_data::patches::PUBLISHED_NORMALISATION_MM_5MIN;
use stormlens_data::score::events::known_everywhere;
use stormlens_data::score::{
    MODEL, PERSISTENCE, PUBLISHED_THRESHOLDS, Verification, default_thresholds,
    published_thresholds_mm_h,
};

use self::cases::{Case, Cases};
use super::seen::{answer_to, is_anything_seen};
use crate::cli::evaluate::{Evaluated, Evaluation};
use crate::unfinished::{SAMPLES_BETWEEN_WRITES, Unfinished, fingerprint};

const THRESHOLDS: &str = "thresholds";
/// How another program counts.
const COMPAT: &str = "compat";
const PUBLISHED: &str = "published-thresholds";

/// Scores of a network's forecasts; `None` for a network that makes none.
pub fn evaluate(evaluation: &Evaluation<'_>) -> Option<anyhow::Result<Evaluated>> {
    let task = evaluation.checkpoint.nowcasting.as_ref()?;
    Some(run(evaluation, task))
}

fn run(evaluation: &Evaluation<'_>, task: &Nowcasting) -> anyhow::Result<Evaluated> {
    evaluation.parameters.only(&[THRESHOLDS, COMPAT]).context("the network takes frames")?;
    if task.rebuilds() {
        bail!(
            "these weights rebuild the frames that went in and forecast nothing; take fine-tuned ones"
        );
    }
    let thresholds = thresholds(evaluation, task)?;
    let cases = cases::open(evaluation, task)?;
    let n = cases.len();
    if n == 0 {
        bail!("{} has no sample in {:?}", evaluation.dataset.display(), evaluation.split);
    }
    let verification =
        Verification::new(task.field, &[MODEL, PERSISTENCE], &task.lead_times_min, &thresholds);
    let Counted { verification, n_unmeasured, .. } =
        verify(evaluation, cases.as_ref(), task, verification)?;
    let table = verification.finish();
    let mut json = json!({
        "n_samples": n - n_unmeasured,
        "lead_times_min": task.lead_times_min,
        "scores": table,
    });
    if n_unmeasured > 0 {
        json["n_samples_without_input"] = n_unmeasured.into();
    }
    if let Some(command) = comparison(evaluation, task) {
        tracing::info!(
            "persistence alone stands beside the network here; beside forecasts that move the rain, too: {command}"
        );
        json["comparison"] = command.into();
    }
    if is_compatible(evaluation)? {
        json[COMPAT] = json!({
            "rule": PUBLISHED,
            "named_thresholds": PUBLISHED_THRESHOLDS,
            "compared_mm_h": thresholds,
        });
    }
    Ok(Evaluated {
        was_kept: true,
        n_cases: format!("{} samples verified{}", n - n_unmeasured, left_out(n_unmeasured)),
        summary: String::new(),
        csv: table.to_csv(),
        json,
    })
}

/// What sets the network beside all reference forecasts, of rain in a folder of frames. Here they would cost pixels: what
/// moves in from outside no forecast knows, and scores of an evaluation are over all that was observed.
fn comparison(evaluation: &Evaluation<'_>, task: &Nowcasting) -> Option<String> {
    // Of a part of the samples it would be another comparison.
    let is_of_all = evaluation.members.is_none();
    let is_rain = task.field == NowcastField::Precipitation && evaluation.dataset.is_dir();
    let references: Vec<&str> = reference_forecasters().iter().map(|f| f.name()).collect();
    (is_rain && is_of_all).then(|| {
        format!(
            "stormlens compare --dataset '{}' --forecasts {}/{},{} --output comparison.json",
            evaluation.dataset.display(),
            evaluation.model.id,
            evaluation.name,
            references.join(",")
        )
    })
}

fn left_out(n_unmeasured: usize) -> String {
    match n_unmeasured {
        0 => String::new(),
        n => {
            format!("; {n} left out, of whose input nothing was measured, or too little to be seen")
        }
    }
}

fn is_compatible(evaluation: &Evaluation<'_>) -> anyhow::Result<bool> {
    match evaluation.parameters.one(COMPAT)? {
        None => Ok(false),
        Some(PUBLISHED) => Ok(true),
        Some(other) => {
            bail!("--{COMPAT} {other}: the only rule of another program here is {PUBLISHED}")
        }
    }
}

fn thresholds(evaluation: &Evaluation<'_>, task: &Nowcasting) -> anyhow::Result<Vec<f64>> {
    let given = evaluation.parameters.list(THRESHOLDS);
    if is_compatible(evaluation)? {
        if !given.is_empty() || task.field != NowcastField::Precipitation {
            bail!(
                "--{COMPAT} {PUBLISHED} has thresholds of rain of its own; leave --{THRESHOLDS} out"
            );
        }
        return Ok(published_thresholds_mm_h(PUBLISHED_NORMALISATION_MM_5MIN).to_vec());
    }
    if given.is_empty() {
        return Ok(default_thresholds(task.field).to_vec());
    }
    let read = |text: &str| {
        let value = text.parse().ok().filter(|t: &f64| t.is_finite() && *t >= 0.0);
        let unit = task.field.unit();
        value.with_context(|| {
            format!("{text} is no threshold; give values in {unit}, separated by commas")
        })
    };
    given.into_iter().map(read).collect()
}

/// The first samples, and what was counted of them.
#[derive(Serialize, Deserialize)]
struct Counted {
    n: usize,
    /// Those of them that are not counted: nothing was measured from which to forecast, or less than the network sees.
    #[serde(default)]
    n_unmeasured: usize,
    verification: Verification,
}

/// Goes on with what was counted before by the same command, if it was stopped.
fn verify(
    evaluation: &Evaluation<'_>,
    cases: &dyn Cases,
    task: &Nowcasting,
    verification: Verification,
) -> anyhow::Result<Counted> {
    let of = [
        "evaluate".to_owned(),
        evaluation.checkpoint.weights_sha256.clone(),
        fingerprint(evaluation.dataset)?,
        cases.identity(),
        format!("{verification:?}"),
    ];
    let unfinished = Unfinished::new(evaluation.state, &of);
    let mut counted = Counted { n: 0, n_unmeasured: 0, verification };
    if let Some(before) = unfinished.read()? {
        counted = before;
        tracing::info!("going on after {} samples", counted.n);
    }
    let work = Work { evaluation, cases, task };
    while counted.n < cases.len() {
        let _ = evaluation.progress.report("verifying", counted.n, cases.len());
        match work.count(counted.n, &mut counted.verification) {
            Ok(Sample::Measured) => {}
            Ok(Sample::Unmeasured) => counted.n_unmeasured += 1,
            Err(error) => {
                // What was counted before is not lost with the sample that failed.
                if counted.n > 0 {
                    unfinished.keep_beside(&counted);
                }
                return Err(error);
            }
        }
        counted.n += 1;
        if counted.n.is_multiple_of(SAMPLES_BETWEEN_WRITES) || counted.n == cases.len() {
            unfinished.keep(&counted)?;
        }
    }
    Ok(counted)
}

/// What a sample gives a network to forecast from.
enum Sample {
    Measured,
    Unmeasured,
}

struct Work<'a> {
    evaluation: &'a Evaluation<'a>,
    cases: &'a dyn Cases,
    task: &'a Nowcasting,
}

impl Work<'_> {
    fn count(&self, i: usize, verification: &mut Verification) -> anyhow::Result<Sample> {
        let Self { evaluation, cases, task } = *self;
        let Case { input, known, last, observations } = cases.read(i)?;
        let hides_patches = evaluation.model.hides() == Some(Hides::Patches);
        if let Some(known) = &known
            && !is_anything_seen(hides_patches, &input, known)
        {
            return Ok(Sample::Unmeasured);
        }
        let [_, height, width] = input.shape;
        let n_pixels = height * width;
        let answer = answer_to(evaluation.model, input, known.as_deref(), evaluation.network)?;
        let map = |own: &[f32]| {
            let values = own.iter().map(|&x| task.field.to_physical(x)).collect();
            Field::new(height, width, values)
        };
        let persistence = map(&last);
        let predictions = answer.prediction.chunks_exact(n_pixels);
        if predictions.len() != task.lead_times_min.len() {
            bail!(
                "the network gives {} frames for {:?} min",
                predictions.len(),
                task.lead_times_min
            );
        }
        for (lead, pair) in predictions.zip(observations.chunks_exact(n_pixels)).enumerate() {
            let (model, observation) = pair;
            let forecasts = [map(model), persistence.clone()];
            let known = known_everywhere(&forecasts, &map(observation));
            verification.add(lead, &[&forecasts[0], &forecasts[1]], &known);
        }
        Ok(Sample::Measured)
    }
}
