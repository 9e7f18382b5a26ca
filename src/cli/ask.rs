//! What the commands that ask a network share: a question is read as an address of the dashboard is.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context as _, anyhow, bail, ensure};
use stormlens_data::request::Request;

use super::given::{Given, Pair, pair};
use super::network::NetworkArgs;
use super::output::{Answered, Output};
use super::progress::Bar;
use crate::catalog::{Catalog, not_asked};
use crate::jobs::{Worker, WorkerError};
use crate::parameters::Parameters;
use crate::question::{Cards, Question, known_names};
use crate::task::{Files, Task};
use crate::tasks;

#[derive(Debug, clap::Args)]
pub struct QuestionArgs {
    #[command(flatten)]
    pub network: NetworkArgs,
    /// Files to look at, as they come: radar frames (.h5, in any order) or a folder of them, arrays (.npy), samples of
    /// cloud cover (.npz), pictures, fields of rain (GRIB, NetCDF).
    /// With several inputs, each is computed
    #[arg(long, value_name = "FILE", num_args = 1..)]
    pub input: Vec<PathBuf>,
    /// In which unit the numbers of an array are: as the networks take them (mm in 5 minutes / 47.83; taken where
    /// nothing is said), mm in 5 minutes, or mm/h; for a field on a --grid any unit of rain, such as mm, mm/h or in
    #[arg(long, value_name = "normalised|mm-per-5min|mm-h|UNIT")]
    pub units: Option<String>,
    #[command(flatten)]
    pub fields: FieldArgs,
    /// For SSLPDL: which layers of the encoder are computed, all (active, the default) or none, as the authors' program
    /// runs (identity); the same as blocks=NAME
    #[arg(long, value_name = "active|identity")]
    pub blocks: Option<String>,
    /// The same as a bare NAME=VALUE
    #[arg(long, value_name = "NAME=VALUE", value_parser = read_pair)]
    pub set: Vec<Pair>,
    /// The question, in the names of the dashboard's addresses. A file or the name of a sample may stand
    /// here, too
    #[arg(value_name = "NAME=VALUE|FILE|SAMPLE")]
    pub words: Vec<PathBuf>,
}

/// What is said of fields that a file holds.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct FieldArgs {
    /// For a field of rain: a file of heights in metres (GRIB, NetCDF); without it, the finest of the data folder that
    /// covers the domain
    #[arg(long, value_name = "FILE")]
    pub elevation: Option<String>,
    /// For a file of heights with several fields: which one, by the name that it has there
    #[arg(long, value_name = "NAME", requires = "elevation")]
    pub elevation_variable: Option<String>,
    /// For a field of rain as an array (.npy, float32 or float64 [rows, columns]): the latitudes of its first and last row
    /// and the longitudes of its first and last column, degrees; with --units, --end and --each-hours
    #[arg(long, value_name = "LAT,LAT,LON,LON", allow_hyphen_values = true)]
    pub grid: Option<String>,
    /// For a file of several variables: which one, by the name that it has there
    #[arg(long, value_name = "NAME")]
    pub variable: Option<String>,
    /// For a file of several times: the end of the interval, UTC, e.g. 2016-09-22T03:00Z; without it each is computed
    #[arg(long, value_name = "TIME")]
    pub end: Option<String>,
    /// For a file that does not say over which interval its fields are: each is the sum over this number of hours before
    /// its time
    #[arg(long, value_name = "HOURS")]
    pub each_hours: Option<String>,
    /// For numbers for SSLPDL: which tokens are hidden, uint8 [inputs, tokens], 1 is HIDDEN. For arrays for SpaT-SparK that become
    /// an array (.npy): which patches of 32 × 32 pixels are seen, uint8 [N, 1, rows, columns], 1 is SEEN, as in the authors'
    /// program; else hide=PATCHES
    #[arg(long, value_name = "M.npy")]
    pub mask: Option<String>,
    /// For a folder in the layout of SSLPDL's authors: the list of its times
    #[arg(long, value_name = "index-YEAR.npy")]
    pub index: Option<String>,
    /// For arrays in the network's own unit (SpaT-SparK, HARPNET): take numbers that cannot be rain, too
    #[arg(long)]
    pub exact: bool,
}

impl FieldArgs {
    fn pairs(&self) -> impl Iterator<Item = Pair> {
        let exact = self.exact.then(|| "yes".to_owned());
        let given = [
            ("elevation", &self.elevation),
            ("elevation-variable", &self.elevation_variable),
            ("grid", &self.grid),
            ("variable", &self.variable),
            ("end", &self.end),
            ("each-hours", &self.each_hours),
            ("mask", &self.mask),
            ("index", &self.index),
            ("exact", &exact),
        ];
        given
            .into_iter()
            .filter_map(|(name, value)| Some((name.to_owned(), value.clone()?)))
            .collect::<Vec<_>>()
            .into_iter()
    }
}

pub fn read_pair(text: &str) -> Result<Pair, String> {
    pair(text).ok_or_else(|| "must be NAME=VALUE".to_owned())
}

/// Asks the same of everything that is named or brought, explained by these methods; none of them: by
/// what is the default. Answers go to the output one by one, so that memory holds one at a time.
///
/// # Errors
/// For what cannot be asked, in the words of the dashboard, for what cannot be answered, and for what cannot
/// be written.
pub fn ask(args: &QuestionArgs, methods: &[String], output: &mut Output) -> anyhow::Result<()> {
    let (networks, checkpoint) = args.network.networks()?;
    let tasks = open(args)?;
    let catalog = Arc::new(Catalog::new(networks.cards.that_tasks_ask(&tasks), tasks));
    let (questions, is_of_files) = questions(args, methods, &checkpoint, &catalog)?;
    let n = questions.len();
    output.check(n)?;
    let mut worker = (networks.worker)(catalog)().map_err(anyhow::Error::msg)?;
    for (i, question) in questions.into_iter().enumerate() {
        let answered = answer(worker.as_mut(), question, is_of_files);
        let in_words = || format!("input {} of {n}", i + 1);
        let answered = if n == 1 { answered } else { answered.with_context(in_words) };
        output.add(i, n, &answered?)?;
    }
    Ok(())
}

fn open(args: &QuestionArgs) -> anyhow::Result<Vec<Arc<dyn Task>>> {
    let mut folders = args.network.sources.folders();
    // A file that is brought needs no others.
    let brings = !args.input.is_empty() || args.words.iter().any(|word| word.exists());
    let needs_none = brings && !folders.data.is_dir();
    let nothing = needs_none.then(tempfile::tempdir).transpose()?;
    if let Some(nothing) = &nothing {
        nothing.path().clone_into(&mut folders.data);
    }
    Ok(tasks::open(&folders)?.into_iter().map(|opened| opened.task).collect())
}

fn answer(
    worker: &mut dyn Worker,
    question: Question,
    is_of_files: bool,
) -> anyhow::Result<Answered> {
    let bar = Bar::new();
    let subject = question.task.subject_parameter();
    match worker.run(&question.request, &bar) {
        Ok(outcome) => Ok(Answered { question, outcome }),
        Err(WorkerError::Invalid { message, remedy }) if is_of_files => {
            Err(anyhow!("{message}: {}", of_files(&remedy, subject)))
        }
        Err(WorkerError::Invalid { message, remedy }) => Err(anyhow!("{message}: {remedy}")),
        Err(error) => Err(error.into()),
    }
}

/// One question a subject, and whether subjects are files.
fn questions(
    args: &QuestionArgs,
    methods: &[String],
    checkpoint: &str,
    catalog: &Catalog,
) -> anyhow::Result<(Vec<Question>, bool)> {
    let model = &args.network.model;
    let task = catalog.model(model).and_then(|card| catalog.task_of(card));
    let task = task.with_context(|| not_asked(model))?;
    let cards = cards(catalog, model, checkpoint)?;
    let mut given = sort(args, &*task, &cards)?;
    given.pairs.extend(args.set.iter().cloned());
    given.pairs.extend(args.blocks.iter().map(|name| ("blocks".to_owned(), name.clone())));
    // Before it is said that a subject is missing: its name may be misspelt.
    let said = Parameters::of(given.pairs.iter().cloned());
    said.only(&known_names(&*task, &cards, catalog))?;
    let subjects = subjects(args, &*task, &cards, &given)?;
    let question = |subject: Option<String>| {
        let fixed = [("model", model.clone()), ("checkpoint", checkpoint.to_owned())];
        let subject = subject.map(|value| (task.subject_parameter(), value));
        let asked = (!methods.is_empty()).then(|| ("methods", methods.join(",")));
        let ours = fixed.into_iter().chain(subject).chain(asked);
        let ours = ours.map(|(name, value)| (name.to_owned(), value));
        let all = Parameters::of(ours.chain(given.pairs.iter().cloned()));
        read(&all, &given.pairs, catalog)
    };
    let questions = subjects.into_iter().map(question).collect::<anyhow::Result<_>>()?;
    Ok((questions, !given.files.is_empty()))
}

fn cards(catalog: &Catalog, model: &str, checkpoint: &str) -> anyhow::Result<Cards> {
    let checkpoint = catalog.checkpoints(model).find(|card| card.name == checkpoint);
    let found = catalog.model(model).zip(checkpoint);
    let (model, checkpoint) = found.context("the weights are not those that were read")?;
    Ok(Cards::new(model, checkpoint))
}

fn sort(args: &QuestionArgs, task: &dyn Task, cards: &Cards) -> anyhow::Result<Given> {
    let subject = task.subject_parameter();
    let is_known = |word: &str| {
        let named = Parameters::of([(subject.to_owned(), word.to_owned())]);
        !word.is_empty() && task.read_subject(&named, cards).is_ok()
    };
    Given::sort(&args.input, &args.words, subject, is_known)
}

/// What is looked at: what is in files, or what the parameters say.
fn subjects(
    args: &QuestionArgs,
    task: &dyn Task,
    cards: &Cards,
    given: &Given,
) -> anyhow::Result<Vec<Option<String>>> {
    let name = task.subject_parameter();
    let is_named = given.has(name);
    match given.files.as_slice() {
        [] if args.units.is_some() => bail!("leave --units out: a {name} says its units"),
        [] if args.fields.pairs().next().is_some() => {
            bail!(
                "--elevation, --elevation-variable, --grid, --variable, --end, --each-hours, --mask, --index and --exact are said of files: give one with --input"
            )
        }
        [] if is_named => Ok(vec![None]),
        [] => bail!("there is nothing to look at: give a file with --input, or {name}=…"),
        _ if is_named => bail!("give a file with --input or {name}=…, not both"),
        paths => {
            let units = args.units.iter().map(|units| ("units".to_owned(), units.clone()));
            let said = units.chain(args.fields.pairs());
            let files = Files {
                paths,
                parameters: &Parameters::of(said),
                checkpoint: &cards.checkpoint,
                memory: args.network.sources.memory_limit,
            };
            Ok(task.bring(&files)?.into_iter().map(Some).collect())
        }
    }
}

fn read(all: &Parameters, given: &[Pair], catalog: &Catalog) -> anyhow::Result<Question> {
    let mut question = Question::read(all, catalog, &[])?;
    // What changes nothing would be taken for something that does.
    let said = question.pairs();
    let is_said = |name: &String| said.iter().any(|(said, _)| said == name);
    if let Some((name, _)) = given.iter().find(|(name, _)| !is_said(name)) {
        let help = question.task.parameters().iter().find(|own| own.name == name.as_str());
        match help {
            Some(own) => bail!("{name} changes nothing here; it says {}", own.help),
            None => bail!("{name} changes nothing here: no method that was chosen has it"),
        }
    }
    if question.request.explain.is_empty() {
        for (name, _) in given {
            check_no_target(name, all, &question, catalog)?;
        }
    }
    if all.has("layers") {
        look_at(&question.layers.clone(), &mut question.request, |id| {
            catalog.methods().iter().any(|card| card.id == id && card.has_layers)
        });
    }
    Ok(question)
}

/// Checks that a parameter does not only say the target of an explanation, where nothing is explained.
fn check_no_target(
    name: &str,
    all: &Parameters,
    question: &Question,
    catalog: &Catalog,
) -> anyhow::Result<()> {
    let others = all.pairs().filter(|(other, _)| *other != name);
    let others = Parameters::of(others.map(|(name, value)| (name.to_owned(), value.to_owned())));
    let Ok(without) = Question::read(&others, catalog, &[]) else { return Ok(()) };
    let is_same = without.request == question.request && without.style == question.style;
    ensure!(
        !is_same || without.target == question.target,
        "{name} changes nothing here: it says the target of an explanation, and no method was chosen"
    );
    Ok(())
}

/// Layers that nobody asked for need not be computed.
fn look_at(layers: &[String], request: &mut Request, has_layers: impl Fn(&str) -> bool) {
    for explain in request.explain.iter_mut().filter(|explain| has_layers(&explain.method)) {
        explain.layers = layers.to_vec();
    }
}

/// The same where files were given: of them there is no other sample, or whatever the subject is called, to choose.
fn of_files(remedy: &str, subject: &str) -> String {
    let names = ["sample", subject].map(|name| format!("another {name}"));
    names.iter().fold(remedy.to_owned(), |words, name| words.replace(name, "another file"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn advice_fits_what_was_given() {
        let of_a_sample = "choose another sample or another network, or replace the file";
        let expected = "choose another file or another network, or replace the file";
        assert_eq!(of_files(of_a_sample, "sample"), expected);
        assert_eq!(of_files("choose another picture", "picture"), "choose another file");
        assert_eq!(of_files("choose another domain", "sample"), "choose another domain");
    }
}
