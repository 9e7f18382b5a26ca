//! What the commands that ask a network share: a question is read as an address of the dashboard is.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, anyhow, bail};
use stormlens_data::outcome::Outcome;
use stormlens_data::request::Request;

use super::network::NetworkArgs;
use super::progress::Bar;
use crate::catalog::Catalog;
use crate::jobs::{Worker, WorkerError};
use crate::parameters::{Parameters, QuestionError};
use crate::question::Question;
use crate::task::Task;
use crate::tasks;

/// A name and a value, as an address has them.
pub type Pair = (String, String);

#[derive(Debug, clap::Args)]
pub struct QuestionArgs {
    #[command(flatten)]
    network: NetworkArgs,
    /// A file to look at, as the network takes it: an array as .npy, in the network's own unit, or a
    /// picture. Of several inputs in one array, each is asked about
    #[arg(long, value_name = "FILE")]
    input: Option<PathBuf>,
    /// The same as a bare NAME=VALUE
    #[arg(long, value_name = "NAME=VALUE", value_parser = pair)]
    set: Vec<Pair>,
    /// What is asked, by the names that addresses of the dashboard have
    #[arg(value_name = "NAME=VALUE", value_parser = pair)]
    pairs: Vec<Pair>,
}

fn pair(text: &str) -> Result<Pair, String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("must be NAME=VALUE".to_owned()),
    }
}

/// A question with its answer.
pub struct Answered {
    pub question: Question,
    pub outcome: Outcome,
}

/// Asks the same of everything that is named or brought, explained by these methods; none of them: by
/// what is the default.
///
/// # Errors
/// For what cannot be asked, in the words of the dashboard, and for what cannot be answered.
pub fn ask(args: &QuestionArgs, methods: &[String]) -> anyhow::Result<Vec<Answered>> {
    let (networks, checkpoint) = args.network.networks()?;
    let catalog = Arc::new(Catalog::new(networks.cards, open(args)?));
    let questions = questions(args, methods, &checkpoint, &catalog)?;
    let mut worker = (networks.worker)(catalog)().map_err(anyhow::Error::msg)?;
    let n = questions.len();
    let answer = |(i, question): (usize, Question)| {
        let answered = answer(worker.as_mut(), question);
        if n == 1 { answered } else { answered.with_context(|| format!("input {} of {n}", i + 1)) }
    };
    questions.into_iter().enumerate().map(answer).collect()
}

fn open(args: &QuestionArgs) -> anyhow::Result<Vec<Arc<dyn Task>>> {
    let mut folders = args.network.sources.folders();
    // A file that is brought needs no others.
    let needs_none = args.input.is_some() && !folders.data.is_dir();
    let nothing = needs_none.then(tempfile::tempdir).transpose()?;
    if let Some(nothing) = &nothing {
        nothing.path().clone_into(&mut folders.data);
    }
    Ok(tasks::open(&folders)?.into_iter().map(|opened| opened.task).collect())
}

fn answer(worker: &mut dyn Worker, question: Question) -> anyhow::Result<Answered> {
    let bar = Bar::new();
    match worker.run(&question.request, &bar) {
        Ok(outcome) => Ok(Answered { question, outcome }),
        Err(WorkerError::Invalid { message, remedy }) => Err(anyhow!("{message}: {remedy}")),
        Err(error) => Err(error.into()),
    }
}

/// One question a subject.
fn questions(
    args: &QuestionArgs,
    methods: &[String],
    checkpoint: &str,
    catalog: &Catalog,
) -> anyhow::Result<Vec<Question>> {
    let given: Vec<&Pair> = args.set.iter().chain(&args.pairs).collect();
    let model = &args.network.model;
    let task = catalog.model(model).and_then(|card| catalog.task_of(card));
    let task = task.with_context(|| format!("no task asks {model}"))?;
    let subjects = subjects(&*task, args.input.as_deref(), &given)?;
    let question = |subject: Option<String>| {
        let fixed = [("model", model.clone()), ("checkpoint", checkpoint.to_owned())];
        let subject = subject.map(|value| (task.subject_parameter(), value));
        let asked = (!methods.is_empty()).then(|| ("methods", methods.join(",")));
        let ours = fixed.into_iter().chain(subject).chain(asked);
        let ours = ours.map(|(name, value)| (name.to_owned(), value));
        let all = Parameters::of(ours.chain(given.iter().copied().cloned()));
        read(&all, &given, catalog)
    };
    subjects.into_iter().map(question).collect()
}

/// What is looked at: what is in a file, or what the parameters say.
fn subjects(
    task: &dyn Task,
    input: Option<&Path>,
    given: &[&Pair],
) -> anyhow::Result<Vec<Option<String>>> {
    let name = task.subject_parameter();
    let is_named = given.iter().any(|(given, _)| given == name);
    match input {
        Some(_) if is_named => bail!("give a file with --input or {name}=…, not both"),
        Some(file) => Ok(task.bring(file)?.into_iter().map(Some).collect()),
        None if is_named => Ok(vec![None]),
        None => bail!("there is nothing to look at: give a file with --input, or {name}=…"),
    }
}

fn read(all: &Parameters, given: &[&Pair], catalog: &Catalog) -> anyhow::Result<Question> {
    let mut question = Question::read(all, catalog, &[]).map_err(in_words)?;
    // What changes nothing would be taken for something that does.
    let said = question.pairs();
    let is_said = |name: &String| said.iter().any(|(said, _)| said == name);
    if let Some((name, _)) = given.iter().find(|(name, _)| !is_said(name)) {
        bail!("{name} changes nothing here: no method that is asked for has it");
    }
    if all.has("layers") {
        look_at(&question.layers.clone(), &mut question.request, |id| {
            catalog.methods().iter().any(|card| card.id == id && card.has_layers)
        });
    }
    Ok(question)
}

/// Layers that nobody asked for need not be computed.
fn look_at(layers: &[String], request: &mut Request, has_layers: impl Fn(&str) -> bool) {
    for explain in request.explain.iter_mut().filter(|explain| has_layers(&explain.method)) {
        explain.layers = layers.to_vec();
    }
}

/// The error with the names that there are.
pub fn in_words(error: QuestionError) -> anyhow::Error {
    match error.known() {
        [] => anyhow!("{error}"),
        known => anyhow!("{error}; known are {}", known.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pair_has_a_name() {
        assert_eq!(pair("lead-time=30"), Ok(("lead-time".to_owned(), "30".to_owned())));
        assert_eq!(pair("a=b=c"), Ok(("a".to_owned(), "b=c".to_owned())));
        for bad in ["30", "=30", ""] {
            assert!(pair(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn known_names_are_told() {
        let error = QuestionError::unknown("method", "lime", ["grad-cam", "saliency"]);
        let words = in_words(error).to_string();
        assert_eq!(words, "there is no method called “lime”; known are grad-cam, saliency");
    }
}
