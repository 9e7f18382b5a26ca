//! `stormlens completions SHELL` and `stormlens man`: what packages install beside the program.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::Command;
use clap_complete::Shell;

use super::standard_output::to_standard_output;
use crate::written;

const PROGRAM: &str = "stormlens";

/// Write completions of commands and options for a shell to standard output
#[derive(Debug, clap::Args)]
pub struct Completions {
    #[arg(value_enum)]
    shell: Shell,
}

impl Completions {
    pub fn run(self, command: &mut Command) -> anyhow::Result<()> {
        to_standard_output(&self.write(command))
    }

    fn write(&self, command: &mut Command) -> Vec<u8> {
        let mut text = Vec::new();
        clap_complete::generate(self.shell, command, PROGRAM, &mut text);
        text
    }
}

/// Write the manual page to standard output; with a folder one page a command there
#[derive(Debug, clap::Args)]
pub struct Man {
    /// Folder for stormlens.1, stormlens-predict.1 and so on
    #[arg(long, value_name = "FOLDER")]
    output: Option<PathBuf>,
}

impl Man {
    pub fn run(self, command: Command) -> anyhow::Result<()> {
        match &self.output {
            None => to_standard_output(&page(command)?),
            Some(folder) => write_pages(folder, command),
        }
    }
}

fn page(command: Command) -> anyhow::Result<Vec<u8>> {
    let mut text = Vec::new();
    clap_mangen::Man::new(command).render(&mut text)?;
    Ok(text)
}

fn write_pages(folder: &Path, command: Command) -> anyhow::Result<()> {
    let shown = || format!("cannot write to {}", folder.display());
    written::make_folder(folder)?;
    clap_mangen::generate_to(command, folder).with_context(shown)
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;
    use clap::ValueEnum as _;

    use super::*;
    use crate::cli::Cli;

    #[test]
    fn every_shell_completes_commands_and_options() {
        for shell in Shell::value_variants() {
            let text = Completions { shell: *shell }.write(&mut Cli::command());
            let text = String::from_utf8(text).expect("text");
            for word in ["serve", "dataset", "bind", "data"] {
                assert!(text.contains(word), "{shell}: {word}");
            }
        }
    }

    #[test]
    fn a_manual_page_names_every_command() {
        let text = String::from_utf8(page(Cli::command()).expect("a page")).expect("text");
        assert!(text.starts_with(".ie"), "{}", &text[..40]);
        for word in ["stormlens", "serve", "dataset", "completions", "STORMLENS_DATA"] {
            assert!(text.contains(word), "{word}");
        }
        let folder = tempfile::tempdir().expect("a folder");
        write_pages(folder.path(), Cli::command()).expect("they are written");
        for name in ["stormlens.1", "stormlens-serve.1", "stormlens-dataset.1"] {
            let text = std::fs::read_to_string(folder.path().join(name)).expect(name);
            assert!(text.contains(".SH"), "{name}");
        }
    }
}
