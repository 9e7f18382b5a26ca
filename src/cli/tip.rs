//! What to write instead of an option that there is not.

use std::env;

use clap::builder::StyledStr;
use clap::error::{ContextKind, ContextValue, Error, ErrorKind};
use clap::parser::ValueSource;
use clap::{ArgMatches, Command};

/// Parameters of tasks are no options, though people try them so: the error tells how they are given. The name is not
/// looked up: whether a parameter is called so, its command says.
pub fn of_parameters(mut error: Error, command: &Command) -> Error {
    let name = match error.get(ContextKind::InvalidArg) {
        Some(ContextValue::String(option)) if error.kind() == ErrorKind::UnknownArgument => {
            option.strip_prefix("--").map(str::to_owned)
        }
        _ => None,
    };
    // Of an option that is nearly right clap says which is meant.
    let is_alike = error.get(ContextKind::SuggestedArg).is_some();
    if let Some(name) = name.filter(|_| !is_alike && takes_parameters(command, words_given())) {
        let tip = format!("if '{name}' is a parameter, write '--set {name}=VALUE'");
        let tip = ContextValue::StyledStrs(vec![StyledStr::from(tip)]);
        error.insert(ContextKind::Suggested, tip);
    }
    error
}

/// Those of the command line; what is no text is no name of a command.
fn words_given() -> impl Iterator<Item = String> {
    env::args_os().map(|word| word.to_string_lossy().into_owned())
}

/// Whether the command that the words name has `--set`.
fn takes_parameters(command: &Command, words: impl Iterator<Item = String>) -> bool {
    let named = words.skip(1).find_map(|word| command.find_subcommand(word));
    named.is_some_and(|named| named.get_arguments().any(|argument| argument.get_id() == "set"))
}

/// An option of the dashboard before the name of a command, which does not get it.
pub fn misplaced(matches: &ArgMatches, command: &mut Command) -> Option<Error> {
    let (named, _) = matches.subcommand()?;
    let is_given = |id: &str| matches.value_source(id) == Some(ValueSource::CommandLine);
    let text = command.get_arguments().find_map(|argument| {
        let is_lost = !argument.is_global_set() && is_given(argument.get_id().as_str());
        let option = argument.get_long().filter(|_| is_lost)?;
        Some(format!(
            "'--{option}' cannot stand before '{named}': write it after '{named}', if '{named}' has it"
        ))
    })?;
    Some(command.error(ErrorKind::ArgumentConflict, text))
}

#[cfg(test)]
mod tests {
    use clap::{Arg, ArgAction};

    use super::*;

    fn command() -> Command {
        let predict = Command::new("predict").arg(Arg::new("set").long("set"));
        Command::new("stormlens").subcommands([predict, Command::new("man")])
    }

    #[test]
    fn what_belongs_behind_a_command_is_told_of_before_it() {
        let said = |words: &str| {
            let quiet = Arg::new("quiet").short('q').global(true).action(ArgAction::SetTrue);
            let bind = Arg::new("bind").long("bind").default_value("here");
            let mut command = command().arg(quiet).arg(bind);
            let matches =
                command.try_get_matches_from_mut(words.split(' ')).expect("clap takes it");
            misplaced(&matches, &mut command).map(|error| error.to_string())
        };
        for fine in ["stormlens --bind there", "stormlens -q predict", "stormlens predict -q"] {
            assert_eq!(said(fine), None, "{fine}");
        }
        let error = said("stormlens --bind there predict").expect("predict does not get it");
        assert!(error.contains("'--bind' cannot stand before 'predict'"), "{error}");
    }

    #[test]
    fn commands_with_parameters_are_known() {
        let of = |words: &str| takes_parameters(&command(), words.split(' ').map(str::to_owned));
        assert!(of("stormlens predict --lead-time 30") && of("stormlens -v predict"));
        assert!(!of("stormlens man --lead-time 30") && !of("stormlens --lead-time 30"));
    }
}
