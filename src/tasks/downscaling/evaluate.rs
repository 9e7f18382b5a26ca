//! Refined rain against what fell, beside all rivals.

mod cases;
mod counts;
mod forecasts;
mod probabilities;
mod table;

use anyhow::{Context as _, bail, ensure};
use stormlens_data::card::{RainStatement, Refining};
use stormlens_data::score::downscaling::{Fractions, Missing};

use self::cases::{ALL, Cases};
use self::counts::Counts;
use self::forecasts::Forecaster;
use self::probabilities::{Drawn, Probabilities};
use super::bring::{ELEVATION, ELEVATION_VARIABLE};
use crate::cli::evaluate::{Evaluated, Evaluation};

const VARIABLE: &str = "variable";
const EACH_HOURS: &str = "each-hours";
const SUM_HOURS: &str = "sum-hours";
const COARSE: &str = "coarse";
const DOMAIN: &str = "domain";
const MEMBERS: &str = "members";
const THRESHOLDS: &str = "thresholds";
/// How another program counts.
const COMPAT: &str = "compat";
const PYSTEPS: &str = "pysteps";

/// Members of an ensemble until somebody says.
const N_MEMBERS: usize = 16;
/// From which on rain is an event for the Fractions Skill Score, mm.
const THRESHOLDS_MM: [f64; 4] = [0.1, 1.0, 5.0, 10.0];
/// Sides of its neighbourhoods, nodes of 3.5 km.
const SCALES: [usize; 5] = [1, 4, 8, 16, 32];

/// Scores of a network that refines rain; `None` for another one.
pub fn evaluate(evaluation: &Evaluation<'_>) -> Option<anyhow::Result<Evaluated>> {
    let refining = evaluation.checkpoint.refining.as_ref()?;
    Some(run(evaluation, refining))
}

fn run(evaluation: &Evaluation<'_>, refining: &Refining) -> anyhow::Result<Evaluated> {
    let known = [
        VARIABLE,
        EACH_HOURS,
        SUM_HOURS,
        ELEVATION,
        ELEVATION_VARIABLE,
        COARSE,
        DOMAIN,
        MEMBERS,
        THRESHOLDS,
        COMPAT,
    ];
    evaluation.parameters.only(&known).context("the network refines rain")?;
    let missing = missing(evaluation)?;
    let stated = refining;
    let refining = &of_hours(evaluation, stated)?;
    let mut cases = Cases::open(evaluation, refining)?;
    let forecaster = Forecaster::new(evaluation, refining, n_members(evaluation)?);
    let thresholds = thresholds(evaluation)?;
    let mut counts = Counts::new(*refining, Fractions::new(&thresholds, &SCALES, missing));
    let ends = cases.ends();
    ensure!(
        cases.has_sums(),
        "{} makes no sum of {} h: choose other hours with --sum-hours",
        evaluation.dataset.display(),
        refining.rain.hours
    );
    let drawn = Drawn::of(cases.n_periods(&ends));
    let mut probabilities = Probabilities::new(drawn, &thresholds);
    for (i, &end) in ends.iter().enumerate() {
        let _ = evaluation.progress.report("verifying", i, ends.len());
        for case in cases.read(end)? {
            let made = forecaster.forecasts(&case)?;
            counts.add(&case, &made);
            probabilities.add(&case, &made);
        }
    }
    if counts.n_cases() == 0 {
        bail!("{} has no wet tile in {:?}", evaluation.dataset.display(), evaluation.split);
    }
    for words in [other_hours(stated, refining), cases.coarser()].into_iter().flatten() {
        cases.setting += &format!("; {words}");
    }
    let probabilities = probabilities.verified(refining.rain.hours)?;
    Ok(table::evaluated(&cases, &counts, &probabilities))
}

/// The same weights for sums of other hours than those that they state, where somebody names them.
fn of_hours(evaluation: &Evaluation<'_>, refining: &Refining) -> anyhow::Result<Refining> {
    let fits = |hours: &u32| RainStatement::HOURS.contains(hours);
    let named = evaluation.parameters.number(SUM_HOURS, "a whole number from 1 to 240", fits)?;
    let hours = named.unwrap_or(refining.rain.hours);
    ensure!(
        hours == refining.rain.hours || evaluation.split == ALL,
        "the weights are of sums of {} h, and so are the parts of their split: score --split {ALL} with --{SUM_HOURS} {hours}",
        refining.rain.hours
    );
    Ok(Refining { rain: RainStatement { hours, ..refining.rain }, ..*refining })
}

fn other_hours(stated: &Refining, scored: &Refining) -> Option<String> {
    let [stated, scored] = [stated, scored].map(|refining| refining.rain.hours);
    let text = format!(
        "sums of {scored} h are scored, and the weights are of rain summed over {stated} h"
    );
    (stated != scored).then_some(text)
}

/// Whether the Fractions Skill Score counts as pysteps does.
fn missing(evaluation: &Evaluation<'_>) -> anyhow::Result<Missing> {
    match evaluation.parameters.one(COMPAT)? {
        None => Ok(Missing::LeftOut),
        Some(PYSTEPS) => Ok(Missing::Dry),
        Some(other) => {
            bail!(
                "--{COMPAT} {other}: the only rule of another program for rain to refine is {PYSTEPS}"
            )
        }
    }
}

fn n_members(evaluation: &Evaluation<'_>) -> anyhow::Result<usize> {
    let Some(text) = evaluation.parameters.one(MEMBERS)? else { return Ok(N_MEMBERS) };
    let n: Option<usize> = text.parse().ok().filter(|&n| n != 1 && n <= 1000);
    n.with_context(|| format!("--{MEMBERS} {text}: an ensemble has 2 to 1000 members, 0 is none"))
}

fn thresholds(evaluation: &Evaluation<'_>) -> anyhow::Result<Vec<f64>> {
    let given = evaluation.parameters.list(THRESHOLDS);
    if given.is_empty() {
        return Ok(THRESHOLDS_MM.to_vec());
    }
    let read = |text: &str| {
        let value = text.parse().ok().filter(|t: &f64| t.is_finite() && *t >= 0.0);
        value.with_context(|| {
            format!("{text} is no threshold; give values in mm, separated by commas")
        })
    };
    given.into_iter().map(read).collect()
}
