//! What `stormlens compare` asks of nowcasts.

use anyhow::{Context as _, bail};
use serde_json::{Value, json};
use stormlens_data::archive::{Archive, EventRole};
use stormlens_data::card::{NowcastField, Nowcasting};
use stormlens_data::dataset::DatasetError;
use stormlens_data::score::events::{CaseScores, EventReport, EventVerification};
use stormlens_data::score::{DEFAULT_THRESHOLDS_MM_H, Score};

use super::study::{Forecasts, Network, Reference, Selection, Study, references, select, write};
use crate::cli::compare::{Comparable, Compared, Comparison};
use crate::parameters::Parameters;

/// Minutes ahead that reference forecasts are verified at, where no network says which.
const LEAD_TIMES_MIN: [u32; 6] = [5, 10, 15, 20, 25, 30];
/// What single samples are sorted by, the second at each threshold.
const CASE_SCORES: [&str; 2] = ["mse_mm2_per_5min2", "csi"];

/// Compares forecasts of radar rain; `None` where the data set is something else.
pub fn compare(comparison: &Comparison<'_>) -> Option<anyhow::Result<Comparable>> {
    match Archive::open(comparison.dataset) {
        Ok(archive) if archive.field() == NowcastField::Precipitation => {
            Some(run(comparison, &archive))
        }
        Ok(_) | Err(DatasetError::NoFrames { .. }) => None,
        Err(error) => Some(Err(error.into())),
    }
}

fn run(comparison: &Comparison<'_>, archive: &Archive) -> anyhow::Result<Comparable> {
    let parameters = &comparison.parameters;
    let networks: Vec<Network<'_>> =
        comparison.networks.iter().map(|network| of(network, archive)).collect::<Result<_, _>>()?;
    let lead_times_min = lead_times(parameters, &networks)?;
    let thresholds = numbers(parameters, "thresholds")?;
    let thresholds =
        if thresholds.is_empty() { DEFAULT_THRESHOLDS_MM_H.to_vec() } else { thresholds };
    let mut forecasts: Vec<Box<dyn Forecasts + '_>> = Vec::new();
    forecasts.extend(networks.into_iter().map(|network| Box::new(network) as _));
    forecasts.extend(chosen(comparison.references.as_deref())?.map(|other| Box::new(other) as _));
    if forecasts.is_empty() {
        bail!("nothing is named that could be compared");
    }
    let n_frames = forecasts.iter().map(|forecast| forecast.n_frames()).max().unwrap_or(1);
    let samples = select(archive, n_frames, &lead_times_min, &selection(parameters)?)?;
    let study = Study {
        archive,
        samples: &samples,
        forecasts: &forecasts,
        lead_times_min: &lead_times_min,
        thresholds: &thresholds,
        state: comparison.state,
        progress: comparison.progress,
    };
    let verification = study.run()?;
    let report = verification.report();
    let trained = comparison.networks.iter().map(|network| {
        json!({
            "name": network.name,
            "weights_sha256": network.checkpoint.weights_sha256,
            "training_data": network.checkpoint.training_data,
        })
    });
    Ok(Comparable {
        n_cases: format!("{} samples of {} parts", report.n_samples, report.parts.len()),
        csv: write::csv(&report),
        latex: write::latex(&report),
        json: json!({
            "source": archive.origin(),
            "notice": archive.notice(),
            "events": archive.events(),
            "networks": trained.collect::<Vec<_>>(),
            "report": report,
            "cases": cases(&verification, &report),
        }),
    })
}

fn of<'a>(network: &'a Compared<'a>, archive: &Archive) -> anyhow::Result<Network<'a>> {
    let task = network.checkpoint.nowcasting.clone();
    let task: Nowcasting = task.with_context(|| format!("{} takes no frames", network.name))?;
    archive.check(&task)?;
    Ok(Network {
        name: network.name.clone(),
        weights_sha256: network.checkpoint.weights_sha256.clone(),
        task,
        run: Box::new(|input| (network.run)(input)),
    })
}

/// Those that were asked for, or else those that all networks have.
fn lead_times(parameters: &Parameters, networks: &[Network<'_>]) -> anyhow::Result<Vec<u32>> {
    let given = numbers(parameters, "lead-times")?;
    if !given.is_empty() {
        let whole = |minutes: &f64| {
            let is_whole = minutes.fract() == 0.0 && (1.0..=1440.0).contains(minutes);
            is_whole.then_some(*minutes as u32).context("lead times are whole minutes")
        };
        let mut leads = given.iter().map(whole).collect::<anyhow::Result<Vec<u32>>>()?;
        leads.sort_unstable();
        leads.dedup();
        return Ok(leads);
    }
    let Some((first, others)) = networks.split_first() else { return Ok(LEAD_TIMES_MIN.to_vec()) };
    let all_have = |lead: &&u32| others.iter().all(|n| n.task.lead_times_min.contains(lead));
    let shared: Vec<u32> = first.task.lead_times_min.iter().filter(all_have).copied().collect();
    if shared.is_empty() {
        bail!("the networks have no lead time in common: name one with --lead-times");
    }
    Ok(shared)
}

fn chosen(names: Option<&[String]>) -> anyhow::Result<impl Iterator<Item = Reference>> {
    let known: Vec<String> = references().map(|r| r.name().to_owned()).collect();
    if let Some(unknown) = names.into_iter().flatten().find(|name| !known.contains(name)) {
        bail!(
            "there is no forecast {unknown:?}; there are {}, and networks as MODEL/CHECKPOINT",
            known.join(", ")
        );
    }
    let names = names.map(<[String]>::to_vec);
    let is_wanted = move |reference: &Reference| {
        names.as_ref().is_none_or(|names| names.iter().any(|name| name == reference.name()))
    };
    Ok(references().filter(is_wanted))
}

fn selection(parameters: &Parameters) -> anyhow::Result<Selection> {
    let role = parameters.one("role")?.map(|name| match name {
        "train" => Ok(EventRole::Train),
        "validation" => Ok(EventRole::Validation),
        "test" => Ok(EventRole::Test),
        other => bail!("{other} is no role: train, validation or test"),
    });
    let number = |name: &str, most: f64| -> anyhow::Result<f64> {
        let Some(text) = parameters.one(name)? else { return Ok(0.0) };
        let value = text.parse().ok().filter(|value| (0.0..=most).contains(value));
        value.with_context(|| format!("--{name} {text}: give a number from 0 to {most}"))
    };
    Ok(Selection {
        events: parameters.list("events").into_iter().map(str::to_owned).collect(),
        role: role.transpose()?,
        stride_min: number("stride-min", 1440.0)? as u32,
        wet_share_at_least: number("wet-share-at-least", 1.0)?,
    })
}

fn numbers(parameters: &Parameters, name: &str) -> anyhow::Result<Vec<f64>> {
    let read = |text: &str| {
        let value = text.parse().ok().filter(|value: &f64| value.is_finite() && *value >= 0.0);
        value.with_context(|| format!("--{name}: {text} is no number"))
    };
    parameters.list(name).into_iter().map(read).collect()
}

/// The scores of each sample, by forecast: what the best and worst cases are found by.
fn cases(verification: &EventVerification, report: &EventReport) -> Value {
    let settings = &report.settings;
    let of_forecast = |case: &CaseScores, forecast: usize| {
        let mut scores = serde_json::Map::new();
        for score in CASE_SCORES.iter().filter_map(|name| Score::find(name)) {
            let n = if score.depends_on_threshold() { settings.thresholds.len() } else { 1 };
            for (place, threshold) in settings.thresholds.iter().enumerate().take(n) {
                let value = case.score(score, forecast, place).map(rounded);
                let name = match score.depends_on_threshold() {
                    true => format!("{}@{threshold}", score.name),
                    false => score.name.to_owned(),
                };
                scores.insert(name, value.into());
            }
        }
        Value::Object(scores)
    };
    let case = |case: &CaseScores| {
        let forecasts = (0..settings.forecasts.len()).map(|forecast| of_forecast(case, forecast));
        json!({
            "id": case.id,
            "part": case.part,
            "wet_share": case.wet_share().map(rounded),
            "forecasts": forecasts.collect::<Vec<_>>(),
        })
    };
    verification.cases().iter().map(case).collect()
}

/// Enough digits to sort by.
fn rounded(value: f64) -> f64 {
    (value * 1e6).round() / 1e6
}
