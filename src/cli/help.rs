//! What `--help` says of the parameters that tasks and methods have.

use std::env;
use std::fmt::Write as _;
use std::sync::Arc;

use clap::Command;
use stormlens_data::card::{MethodCard, ModelCard, OptionKind};
use tracing::subscriber::{NoSubscriber, with_default};

use crate::config::folders;
use crate::question::option_name;
use crate::task::Task;
use crate::tasks;

/// Adds them where help is asked for, or a manual page.
pub fn with_parameters(command: Command) -> Command {
    if !env::args().any(|word| matches!(word.as_str(), "-h" | "--help" | "help" | "man")) {
        return command;
    }
    let subjects = of_tasks(&tasks());
    let methods = of_methods(&crate::worker::methods(), &crate::worker::models());
    let explained = format!("{subjects}\n{methods}");
    command
        .mut_subcommand("predict", |predict| predict.after_help(subjects))
        .mut_subcommand("explain", |explain| explain.after_help(explained))
}

/// All tasks, without their samples.
fn tasks() -> Vec<Arc<dyn Task>> {
    let nothing = tempfile::tempdir();
    // That nothing is in an empty folder need not be logged.
    let silent = NoSubscriber::default();
    let open = |at: tempfile::TempDir| tasks::open(&folders(at.path(), at.path())).ok();
    let opened = with_default(silent, || nothing.ok().and_then(open));
    opened.into_iter().flatten().map(|opened| opened.task).collect()
}

fn of_tasks(tasks: &[Arc<dyn Task>]) -> String {
    let mut text = "Parameters, NAME=VALUE:\n".to_owned();
    for task in tasks {
        for parameter in task.parameters() {
            line(&mut text, parameter.name, parameter.help);
        }
        text.push('\n');
    }
    text
}

fn of_methods(methods: &[MethodCard], models: &[ModelCard]) -> String {
    let mut text = "Methods and their options, NAME=VALUE:\n".to_owned();
    for card in methods {
        line(&mut text, card.id, card.summary);
        for option in card.options {
            let name = option_name(card.id, option.name);
            let values = values(&option.kind);
            let defaults = card.defaults_in_words(option, models);
            line(&mut text, &name, &format!("{values}; {defaults} until chosen"));
        }
    }
    line(&mut text, "layers", "layers to explain, by name or label; all of them until chosen");
    text
}

fn values(kind: &OptionKind) -> String {
    match kind {
        OptionKind::Choice(choices) => {
            choices.iter().map(|choice| choice.0).collect::<Vec<_>>().join(", ")
        }
        OptionKind::Whole { least, most, .. } => format!("a whole number from {least} to {most}"),
        OptionKind::Share { least, most, .. } => format!("none, or a share from {least} to {most}"),
    }
}

fn line(text: &mut String, name: &str, help: &str) {
    // Writing to a text does not fail.
    let _ = writeln!(text, "  {name:<30} {help}");
}
