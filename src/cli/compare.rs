//! `stormlens compare`: forecasts of one data set verified beside each other.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, bail};
use serde_json::Value;
use stormlens_data::card::{CheckpointCard, ModelCard};
use stormlens_data::network::{Answer, Input, Question};
use stormlens_data::request::{Progress, Silent};
use stormlens_nn::Engine;
use stormlens_nn::engine::Resident;

use super::network::{NetworkArgs, warn_of_left_over};
use super::progress::Bar;
use super::speech::Speech;
use super::standard_output::{is_standard_output, to_standard_output};
use crate::config::Sources;
use crate::parameters::Parameters;
use crate::tasks::COMPARISONS;
use crate::{unfinished, written};

/// Verify networks and reference forecasts beside each other on one data set
///
/// Every score has an interval, from drawing events (or blocks of two hours, where there are few events) again, and says
/// whether it is worse than the best one beyond chance. Work that was stopped goes on where it was.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    sources: Sources,
    /// A folder of frames
    #[arg(long, value_name = "FOLDER")]
    dataset: PathBuf,
    /// What is compared, separated by commas: networks as MODEL/CHECKPOINT, and forecasts without a network: persistence,
    /// lagrangian-persistence, s-prog, steps-mean [default: all without a network]
    #[arg(long, value_name = "NAMES")]
    forecasts: Option<String>,
    /// Ids of events of the data set, separated by commas; without it all
    #[arg(long, value_name = "IDS")]
    events: Option<String>,
    /// Only events that are proposed for that: train, validation or test
    #[arg(long, value_name = "ROLE")]
    role: Option<String>,
    /// Minutes between two samples at least; without it every frame begins one
    #[arg(long, value_name = "MIN")]
    stride_min: Option<String>,
    /// Samples whose last input frame is drier are left out: share of the known pixels with at least 0.1 mm/h
    #[arg(long, value_name = "SHARE")]
    wet_share_at_least: Option<String>,
    /// Minutes ahead, separated by commas; without it those that all networks have, or 5 to 30
    #[arg(long, value_name = "MINUTES")]
    lead_times: Option<String>,
    /// Rain rates above which a pixel counts as an event, mm/h [default: 0.5,1,2,5,10]
    #[arg(long, value_name = "VALUES")]
    thresholds: Option<String>,
    /// Where to write: .json (all), .csv (scores), .tex (a table for a paper), - for standard output (CSV). Beside a file lies
    /// FILE.part-of, what was counted so far, until the work is done
    #[arg(long, value_name = "FILE|-")]
    output: PathBuf,
}

/// What a task is given to compare.
pub struct Comparison<'a> {
    pub dataset: &'a Path,
    pub networks: Vec<Compared<'a>>,
    /// `forecasts`, `events`, `role`, `stride-min`, `wet-share-at-least`, `lead-times`, `thresholds`, as far as they were given.
    pub parameters: Parameters,
    /// Where what was counted is kept while the work goes on.
    pub state: Option<&'a Path>,
    pub progress: &'a dyn Progress,
}

/// A network's answer to an input.
pub type RunNetwork<'a> = dyn Fn(&Input) -> anyhow::Result<Answer> + 'a;

/// A network among what is compared.
pub struct Compared<'a> {
    /// `MODEL/CHECKPOINT`
    pub name: String,
    pub model: &'a ModelCard,
    pub checkpoint: &'a CheckpointCard,
    pub run: Box<RunNetwork<'a>>,
}

/// What a task found.
pub struct Comparable {
    /// `120 samples of 24 parts`
    pub n_cases: String,
    pub csv: String,
    pub latex: String,
    /// All that was found, as the dashboard reads it.
    pub json: Value,
}

pub fn run(args: &Args, speech: Speech) -> anyhow::Result<()> {
    let format = format(&args.output)?;
    let is_standard = is_standard_output(&args.output);
    let state = (!is_standard).then(|| unfinished::beside(&args.output));
    if let Some(state) = &state {
        written::check_place(&args.output)?;
        written::check_place(state)?;
    }
    let named: Vec<String> = args.forecasts.as_deref().map(list).unwrap_or_default();
    let engine = Engine::new(args.sources.device.device)?;
    let is_network = |name: &&String| name.contains('/');
    let load =
        |name: &String| load(&engine, &args.sources, name).map(|found| (name.clone(), found));
    let loaded: Vec<(String, Arc<Resident>)> =
        named.iter().filter(is_network).map(load).collect::<anyhow::Result<_>>()?;
    let nothing = Question::new();
    let networks = loaded.iter().map(|(name, resident)| Compared {
        name: name.clone(),
        model: &resident.card,
        checkpoint: &resident.checkpoint,
        run: Box::new(|input: &Input| {
            let mut answers = engine.answer(resident, &[(input, &nothing)], &Silent)?;
            answers.pop().context("the network gave no answer")
        }),
    });
    let comparison = Comparison {
        dataset: &args.dataset,
        networks: networks.collect(),
        parameters: parameters(args),
        state: state.as_deref(),
        progress: &Bar::new(),
    };
    let found = COMPARISONS.iter().find_map(|compare| compare(&comparison));
    let found = found.with_context(|| {
        format!("{} is no folder of frames that could be compared", args.dataset.display())
    })??;
    let text = match format {
        Format::Csv => found.csv,
        Format::Latex => found.latex,
        Format::Json => serde_json::to_string(&found.json)? + "\n",
    };
    if is_standard {
        return to_standard_output(text.as_bytes());
    }
    written::write(&args.output, text)?;
    state.as_deref().map_or(Ok(()), unfinished::remove)?;
    speech.line(format_args!("{}, table in {}", found.n_cases, args.output.display()));
    Ok(())
}

#[derive(Clone, Copy)]
enum Format {
    Csv,
    Json,
    Latex,
}

fn format(output: &Path) -> anyhow::Result<Format> {
    match output.extension().and_then(|ending| ending.to_str()) {
        Some("csv") => Ok(Format::Csv),
        Some("json") => Ok(Format::Json),
        Some("tex") => Ok(Format::Latex),
        None if is_standard_output(output) => Ok(Format::Csv),
        _ => bail!("{} should end in .json, .csv or .tex", output.display()),
    }
}

fn load(engine: &Engine, sources: &Sources, name: &str) -> anyhow::Result<Arc<Resident>> {
    let (model, checkpoint) = name.split_once('/').unwrap_or((name, ""));
    let network = NetworkArgs {
        model: model.to_owned(),
        checkpoint: (!checkpoint.is_empty()).then(|| checkpoint.into()),
        sources: sources.clone(),
    };
    let resident = engine.load(model, &network.weights()?.1)?;
    warn_of_left_over(&resident.checkpoint);
    Ok(resident)
}

fn list(text: &str) -> Vec<String> {
    text.split(',').map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned).collect()
}

fn parameters(args: &Args) -> Parameters {
    let given = [
        ("forecasts", &args.forecasts),
        ("events", &args.events),
        ("role", &args.role),
        ("stride-min", &args.stride_min),
        ("wet-share-at-least", &args.wet_share_at_least),
        ("lead-times", &args.lead_times),
        ("thresholds", &args.thresholds),
    ];
    let there = |(name, value): (&str, &Option<String>)| {
        value.as_ref().map(|value| (name.to_owned(), value.clone()))
    };
    Parameters::of(given.into_iter().filter_map(there))
}
