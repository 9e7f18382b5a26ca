//! Probabilities against what was measured, beside climatology, the model's own rain and a logistic regression.

mod rivals;
mod table;

use anyhow::{Context as _, bail};
use stormlens_data::card::{FieldStatement, FieldsCard, Part};
use stormlens_data::network::Input;
use stormlens_data::score::downscaling::Estimate;
use stormlens_data::score::probability::{
    Cases, ClassCases, Labels, Matrix, ProbabilityVerification, Settings, brier,
    difference_interval, monotone_exceedance,
};

use self::rivals::Rivals;
use super::answer::event_names;
use super::calibrate::Asked;
use super::world::World;
use crate::cli::evaluate::{Evaluated, Evaluation};

/// Names of the blocks, as they are typed.
const PARTS: [(&str, Part); 3] =
    [("training", Part::Training), ("validation", Part::Validation), ("test", Part::Test)];

/// A forecast of all cases: its probability of each event.
pub struct Forecast {
    pub name: &'static str,
    pub label: &'static str,
    /// `[events][cases]`
    pub probabilities: Vec<Vec<f64>>,
}

/// All scores of a forecast.
pub struct Scored {
    pub name: &'static str,
    pub label: &'static str,
    pub rps: Option<f64>,
    pub rps_skill: Option<f64>,
    /// Observed classes against most likely ones.
    pub matrix: Matrix,
    /// One each event.
    pub events: Vec<ProbabilityVerification>,
}

/// How much better the first forecast is than another one: 1 − its Brier score / that of the other.
pub struct Skill {
    pub event: String,
    pub over: &'static str,
    /// With the middle 95 % of what resampling whole event ids gives.
    pub skill: Option<Estimate>,
}

/// Scores of a network that tells how probable rain is; `None` for another one.
pub fn evaluate(evaluation: &Evaluation<'_>) -> Option<anyhow::Result<Evaluated>> {
    let card = evaluation.checkpoint.fields.as_ref()?;
    Some(run(evaluation, card))
}

fn run(evaluation: &Evaluation<'_>, card: &FieldsCard) -> anyhow::Result<Evaluated> {
    evaluation.parameters.only::<&str>(&[]).context("the network tells how probable rain is")?;
    if card.n_classes.is_none() {
        bail!(
            "these weights are of the pre-training: they rebuild fields and give no probabilities"
        );
    }
    let statement = &card.fields;
    let part = PARTS.iter().find(|(name, _)| *name == evaluation.split);
    let (_, part) = part.with_context(|| {
        format!("there is no split {:?}; there are training, validation and test", evaluation.split)
    })?;
    let world = World::open(evaluation.dataset, statement)?;
    let [rows, columns] = statement.size;
    let shape = [statement.n_channels(), rows, columns];
    let network = |i: usize, n: usize, values: Vec<f32>| {
        let _ = evaluation.progress.report("verifying", i, n);
        Ok((evaluation.network)(&Input { values, shape })?.prediction)
    };
    let asked = Asked::of(&world, statement, *part, network)?;
    let mut forecasts = own(&asked, card);
    forecasts.extend(Rivals::fit(&world, statement)?.forecasts(&asked, statement));
    let scored = forecasts.iter().map(|forecast| score(&asked, card, &world, forecast));
    let scored: Vec<Scored> = scored.collect::<anyhow::Result<_>>()?;
    let skills = skills(&asked, statement, &forecasts)?;
    Ok(table::evaluated(&asked, evaluation, &scored, &skills))
}

/// The network's memberships, and what recalibration makes of them.
fn own(asked: &Asked, card: &FieldsCard) -> Vec<Forecast> {
    let n_events = card.fields.thresholds_mm.len();
    let raw: Vec<Vec<f64>> = (0..n_events).map(|event| asked.exceeding(event)).collect();
    let mut forecasts = Vec::new();
    if !card.fields.calibration.is_empty() {
        let maps = card.fields.calibration.iter().zip(&raw);
        let apply = |(map, raw): (&stormlens_data::score::probability::Calibration, &Vec<f64>)| {
            raw.iter().map(|&p| map.apply(p)).collect()
        };
        let probabilities = in_order(maps.map(apply).collect());
        forecasts.push(Forecast {
            name: "recalibrated",
            label: "Network, recalibrated",
            probabilities,
        });
    }
    forecasts.push(Forecast {
        name: "membership",
        label: "Network, membership",
        probabilities: raw,
    });
    forecasts
}

/// Makes exceedances monotone in the threshold, case by case.
pub fn in_order(mut probabilities: Vec<Vec<f64>>) -> Vec<Vec<f64>> {
    for case in 0..probabilities.first().map_or(0, Vec::len) {
        let mut one: Vec<f64> = probabilities.iter().map(|event| event[case]).collect();
        monotone_exceedance(&mut one);
        probabilities.iter_mut().zip(one).for_each(|(event, p)| event[case] = p);
    }
    probabilities
}

fn score(
    asked: &Asked,
    card: &FieldsCard,
    world: &World,
    forecast: &Forecast,
) -> anyhow::Result<Scored> {
    let statement = &card.fields;
    let events = asked.events();
    let names = event_names(statement);
    let [cases, drawn] = world.words();
    let mut verified = Vec::new();
    for (event, probabilities) in forecast.probabilities.iter().enumerate() {
        let occurred = asked.occurred(statement.thresholds_mm[event]);
        let all = Cases::new(probabilities, &occurred, &events)?;
        let labels = Labels { forecast: forecast.label, event: &names[event], cases, drawn };
        let found = ProbabilityVerification::of(&labels, &all, &Settings::default());
        verified.push(found.with_context(|| format!("{}: nothing was measured", names[event]))?);
    }
    let classes = classes(asked, card, forecast, &events)?;
    Ok(Scored {
        name: forecast.name,
        label: forecast.label,
        rps: classes.rps(),
        rps_skill: classes.rps_skill(),
        matrix: classes.matrix(),
        events: verified,
    })
}

/// Of the first forecast over each of the others.
fn skills(
    asked: &Asked,
    statement: &FieldStatement,
    forecasts: &[Forecast],
) -> anyhow::Result<Vec<Skill>> {
    let (Some((first, others)), settings) = (forecasts.split_first(), Settings::default()) else {
        return Ok(Vec::new());
    };
    let events = asked.events();
    let mut skills = Vec::new();
    for (event, name) in event_names(statement).into_iter().enumerate() {
        let occurred = asked.occurred(statement.thresholds_mm[event]);
        let own = Cases::new(&first.probabilities[event], &occurred, &events)?;
        for other in others {
            let reference = Cases::new(&other.probabilities[event], &occurred, &events)?;
            let (n, seed) = (settings.n_resamples, settings.seed);
            let skill = difference_interval(&own, &reference, n, seed, |own, other| {
                let (own, other) = (brier(own)?, brier(other)?);
                (other > 0.0).then(|| 1.0 - own / other)
            })?;
            skills.push(Skill { event: name.clone(), over: other.label, skill });
        }
    }
    Ok(skills)
}

/// Probabilities of the classes, from those of exceeding.
fn classes(
    asked: &Asked,
    card: &FieldsCard,
    forecast: &Forecast,
    events: &[u64],
) -> anyhow::Result<ClassCases> {
    let thresholds = &card.fields.thresholds_mm;
    let of_case = |case: usize| {
        let mut above: Vec<f64> = vec![1.0];
        above.extend(forecast.probabilities.iter().map(|event| event[case]));
        above.push(0.0);
        above.windows(2).map(|pair| pair[0] - pair[1]).collect::<Vec<f64>>()
    };
    let shares: Vec<f64> = (0..asked.cases.len()).flat_map(of_case).collect();
    let class = |case: &super::world::Case| {
        let mm = f64::from(case.observed_mm);
        (!mm.is_nan()).then(|| thresholds.iter().filter(|&&threshold| mm >= threshold).count())
    };
    let observed: Vec<Option<usize>> = asked.cases.iter().map(class).collect();
    Ok(ClassCases::new(thresholds.len() + 1, &shares, &observed, events)?)
}
