//! `stormlens evaluate`: how good a network is on a dataset.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use serde_json::{Value, json};
use stormlens_data::card::{CheckpointCard, ModelCard};
use stormlens_data::files::read_text;
use stormlens_data::network::{Answer, Input, Pass, Question};
use stormlens_data::request::{Progress, Silent};
use stormlens_nn::Engine;
use stormlens_nn::engine::Resident;

use super::network::NetworkArgs;
use super::progress::Bar;
use super::speech::Speech;
use super::standard_output::{is_standard_output, to_standard_output};
use crate::catalog::not_asked;
use crate::parameters::Parameters;
use crate::tasks::EVALUATIONS;
use crate::{unfinished, written};

/// Score a network: frames against observations and beside persistence, the classes of scenes, refined rain beside
/// interpolation and RainFARM, or probabilities of rain beside climatology, the model's own rain and a regression
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    network: NetworkArgs,
    /// For frames: a file of windows, as `dataset build` writes it, a folder of frames, or a folder of
    /// cloud-cover samples, train|validation|test/*.npz.
    /// For scenes: a folder with SPLIT/neg/*.png and SPLIT/pos/*.png.
    /// For rain to refine: NetCDF or GRIB with the fine rain, of hours or since the start of a forecast.
    /// For probabilities: the folder data/iberia, or synthetic
    #[arg(long, value_name = "F.h5|F.npz|F.nc|F.grib|FOLDER")]
    dataset: PathBuf,
    /// Which group of the file, or which block of the split; of rain to refine: training, validation, test-time,
    /// test-place, test-both, or all
    /// [default: test]
    #[arg(long, value_name = "SPLIT")]
    split: Option<String>,
    /// For a folder: the split.json that a training run wrote; without it all frames count, and of
    /// scenes those in the folder SPLIT
    #[arg(long, value_name = "split.json")]
    split_file: Option<PathBuf>,
    /// For frames: values above which a pixel counts as an event; default for rain 0.5,1,2,5,10 mm/h,
    /// for cloud cover 0.5
    #[arg(long, value_name = "VALUES")]
    thresholds: Option<String>,
    /// For frames: published-thresholds counts as the authors of SpaT-SparK do, whose thresholds 0.2, 0.5 and 1.0 are 9.4,
    /// 1.97 and 0.33 mm/h in fact; to compare with their numbers only.
    /// For rain to refine: pysteps counts nodes without data and beyond the edge of a tile as dry in the Fractions Skill
    /// Score, as that program does; without it they count nowhere
    #[arg(long, value_name = "RULE")]
    compat: Option<String>,
    /// For scenes: how they are resized: bilinear (as published for training and test, default) or
    /// nearest
    #[arg(long, value_name = "nearest|bilinear")]
    resize: Option<String>,
    /// For rain to refine: the name of the rain in the dataset, where there are several
    #[arg(long, value_name = "NAME")]
    variable: Option<String>,
    /// For rain to refine: hours of which each field is the sum, for files whose times have no bounds
    #[arg(long, value_name = "N")]
    each_hours: Option<String>,
    /// For rain to refine: hours of the sums that are scored, where the dataset has no sums of the hours that the weights are
    /// of; with --split all, and the table says so
    #[arg(long, value_name = "N")]
    sum_hours: Option<String>,
    /// For rain to refine: a file of heights in metres, NetCDF or GRIB
    #[arg(long, value_name = "F.nc")]
    elevation: Option<String>,
    /// For a file of heights with several fields: which one, by the name that it has there
    #[arg(long, value_name = "NAME", requires = "elevation")]
    elevation_variable: Option<String>,
    /// For rain to refine: where the coarse rain is taken from, another model of the same times; without it from the
    /// dataset itself, a perfect model
    #[arg(long, value_name = "F.grib")]
    coarse: Option<String>,
    /// For rain to refine: what is cut into tiles, degrees; without it what the weights were trained on
    #[arg(long, value_name = "WEST,SOUTH,EAST,NORTH", allow_hyphen_values = true)]
    domain: Option<String>,
    /// For rain to refine: members of RainFARM, and draws of the network under dropout; 16 until it is named, 0 for none
    #[arg(long, value_name = "N")]
    members: Option<String>,
    /// Where to write: .json or .csv, - for standard output. For frames: the table of scores, printed without it. For
    /// scenes: the probability of each, with the scores in .json; the scores are printed. While frames are scored, FILE.part-of
    /// holds what was counted: after a stop the same command continues from it
    #[arg(long, value_name = "TABLE|-")]
    output: Option<PathBuf>,
    /// What is written, where the ending does not say it; on standard output csv until it is named
    #[arg(long, value_name = "csv|json", requires = "output")]
    format: Option<String>,
}

/// What a task is given to score a network.
pub struct Evaluation<'a> {
    pub model: &'a ModelCard,
    pub checkpoint: &'a CheckpointCard,
    /// By which the weights are found again: that of their folder, or what was typed.
    pub name: &'a str,
    pub dataset: &'a Path,
    /// Name of the group, the block or the folder.
    pub split: &'a str,
    /// Whether somebody named it.
    pub is_split_named: bool,
    /// What the block consists of, where a file of the split was given.
    pub members: Option<Vec<String>>,
    /// `thresholds`, `compat`, `resize`, `variable`, `each-hours`, `sum-hours`, `elevation`, `elevation-variable`, `coarse`,
    /// `domain`, `members`, as far as they were given.
    pub parameters: Parameters,
    pub network: &'a dyn Fn(&Input) -> anyhow::Result<Answer>,
    /// The same with draws under dropout, or with other weights.
    pub pass: &'a dyn Fn(&Pass) -> anyhow::Result<Answer>,
    /// The file of the weights.
    pub weights: &'a Path,
    /// Names of the weights beside them, of other epochs.
    pub other_weights: &'a [String],
    /// Where what was counted is kept while the work goes on, by tasks that go on.
    pub state: Option<&'a Path>,
    pub progress: &'a dyn Progress,
}

/// What a task found.
pub struct Evaluated {
    /// How many were scored, and what: `12 samples verified`.
    pub n_cases: String,
    /// For people, printed whatever is written; empty where the table says all.
    pub summary: String,
    pub csv: String,
    /// Members of a JSON object, beside what every evaluation says.
    pub json: Value,
    /// Whether what was counted was kept while the work went on.
    pub was_kept: bool,
}

pub fn run(args: Args, speech: Speech) -> anyhow::Result<()> {
    let write = |path: &PathBuf| writer(path, args.format.as_deref());
    let write = args.output.as_ref().map(write).transpose()?;
    let is_file = |path: &&PathBuf| !is_standard_output(path);
    if let Some(path) = args.output.as_ref().filter(is_file) {
        written::check_place(path)?;
    }
    let state = args.output.as_ref().filter(is_file).map(|path| unfinished::beside(path));
    if let Some(path) = &state {
        written::check_place(path)?;
    }
    let (engine, resident) = args.network.open()?;
    let evaluated = evaluate(&args, &engine, &resident, state.as_deref())?;
    let is_beside_a_file = args.output.as_deref().is_some_and(is_standard_output);
    let speech = Speech { is_beside_a_file, ..speech };
    evaluated.summary.lines().for_each(|line| speech.line(line));
    match (&args.output, write) {
        (Some(path), Some(write)) => {
            let text = write(&args, &resident, &evaluated)?;
            if is_beside_a_file {
                return to_standard_output(text.as_bytes());
            }
            written::write(path, text)?;
            state.filter(|_| evaluated.was_kept).as_deref().map_or(Ok(()), unfinished::remove)?;
            speech.line(format_args!("{}, table in {}", evaluated.n_cases, path.display()));
        }
        _ if evaluated.summary.is_empty() => to_standard_output(evaluated.csv.as_bytes())?,
        _ => {}
    }
    Ok(())
}

impl Args {
    fn split(&self) -> &str {
        self.split.as_deref().unwrap_or("test")
    }
}

fn evaluate(
    args: &Args,
    engine: &Engine,
    resident: &Resident,
    state: Option<&Path>,
) -> anyhow::Result<Evaluated> {
    let nothing = Question::new();
    let network = |input: &Input| {
        let mut answers = engine.answer(resident, &[(input, &nothing)], &Silent)?;
        answers.pop().context("the network gave no answer")
    };
    let (name, weights) = args.network.weights()?;
    let beside = beside(&weights)?;
    let pass = |pass: &Pass| match pass.weights.as_ref().map(|name| beside.get(name)) {
        None => Ok(engine.pass(resident, pass, &Silent)?),
        Some(path) => {
            let path = path.context("there are no such weights")?;
            let member = engine.load(&args.network.model, path)?;
            let same = resident.checkpoint.check_member(&member.checkpoint);
            same.map_err(|differs| anyhow::anyhow!("{} {differs}", path.display()))?;
            Ok(engine.pass(&member, pass, &Silent)?)
        }
    };
    let other_weights: Vec<String> = beside.keys().cloned().collect();
    let members = args.split_file.as_ref().map(|path| block(path, args.split())).transpose()?;
    let evaluation = Evaluation {
        model: &resident.card,
        checkpoint: &resident.checkpoint,
        name: &name,
        dataset: &args.dataset,
        split: args.split(),
        is_split_named: args.split.is_some(),
        members,
        parameters: parameters(args),
        network: &network,
        pass: &pass,
        weights: &weights,
        other_weights: &other_weights,
        state,
        progress: &Bar::new(),
    };
    let found = EVALUATIONS.iter().find_map(|evaluate| evaluate(&evaluation));
    found.with_context(|| not_asked(resident.card.id))?
}

/// Weights of other epochs beside weights, in `members/`, by name.
fn beside(weights: &Path) -> anyhow::Result<BTreeMap<String, PathBuf>> {
    let folder = weights.with_file_name("members");
    if !folder.is_dir() {
        return Ok(BTreeMap::new());
    }
    let mut found = BTreeMap::new();
    for entry in std::fs::read_dir(&folder).with_context(|| folder.display().to_string())? {
        let path = entry?.path();
        let name = path.file_stem().map(|name| name.to_string_lossy().into_owned());
        if let Some(name) = name.filter(|_| path.extension().is_some_and(|e| e == "safetensors")) {
            found.insert(name, path);
        }
    }
    Ok(found)
}

fn parameters(args: &Args) -> Parameters {
    let given = [
        ("thresholds", &args.thresholds),
        ("compat", &args.compat),
        ("resize", &args.resize),
        ("variable", &args.variable),
        ("each-hours", &args.each_hours),
        ("sum-hours", &args.sum_hours),
        ("elevation", &args.elevation),
        ("elevation-variable", &args.elevation_variable),
        ("coarse", &args.coarse),
        ("domain", &args.domain),
        ("members", &args.members),
    ];
    Parameters::of(
        given.into_iter().filter_map(|(name, value)| {
            value.as_ref().map(|value| (name.to_owned(), value.clone()))
        }),
    )
}

/// The samples of one block of a stored split.
fn block(path: &Path, name: &str) -> anyhow::Result<Vec<String>> {
    let context = || {
        format!(
            "{} is no file of a split: JSON that names the samples of each block",
            path.display()
        )
    };
    let mut split: BTreeMap<String, Vec<String>> =
        serde_json::from_str(&read_text(path)?).with_context(context)?;
    let known: Vec<String> = split.keys().cloned().collect();
    split.remove(name).with_context(|| {
        format!("{} has no block {name:?}; it has {}", path.display(), known.join(", "))
    })
}

type Writer = fn(&Args, &Resident, &Evaluated) -> anyhow::Result<String>;

/// How a table is written, by the format that is named, else by the ending of its file's name.
fn writer(path: &Path, format: Option<&str>) -> anyhow::Result<Writer> {
    let ending = format.or_else(|| path.extension().and_then(|e| e.to_str()));
    match ending {
        Some("csv") => Ok(|_, _, evaluated| Ok(evaluated.csv.clone())),
        Some("json") => Ok(to_json),
        None if is_standard_output(path) => Ok(|_, _, evaluated| Ok(evaluated.csv.clone())),
        _ => bail!("{} should end in .json or .csv", path.display()),
    }
}

fn to_json(args: &Args, resident: &Resident, evaluated: &Evaluated) -> anyhow::Result<String> {
    let mut all = json!({
        "model": resident.card.id,
        "checkpoint": args.network.weights()?.0,
        "weights_sha256": resident.checkpoint.weights_sha256,
        "dataset": args.dataset.display().to_string(),
        "split": args.split(),
    });
    if let (Value::Object(all), Value::Object(own)) = (&mut all, &evaluated.json) {
        all.extend(own.clone());
    }
    Ok(serde_json::to_string_pretty(&all)? + "\n")
}
