//! One line in, one line out.

use std::collections::BTreeMap;
use std::io::{BufRead, Write};
use std::path::Path;

use anyhow::bail;
use stormlens_data::files::npy::NpzWriter;
use stormlens_nn::fused::Kernels;

use crate::work::{Array, Values, Work};

/// Answers lines until there are no more.
///
/// | line | answer |
/// |---|---|
/// | `PATH` | the seconds that its work took, after preparing it where it is new |
/// | `check PATH FILE` | `checked`, with the arrays of one more run written to an `.npz` file |
/// | `versions` | a JSON object |
///
/// What fails is answered with `error` and the reason, on one line.
///
/// # Errors
/// Where the other end is gone.
pub fn serve(
    lines: impl BufRead,
    mut answers: impl Write,
    prepare: impl Fn(&str) -> anyhow::Result<Box<dyn Work>>,
) -> anyhow::Result<()> {
    let mut side = Side { prepare, prepared: BTreeMap::new() };
    for line in lines.lines() {
        let answer = side.answer(&line?).unwrap_or_else(|error| format!("error {error:#}"));
        writeln!(answers, "{}", answer.replace('\n', " "))?;
        answers.flush()?;
    }
    Ok(())
}

struct Side<P> {
    prepare: P,
    prepared: BTreeMap<String, Box<dyn Work>>,
}

impl<P: Fn(&str) -> anyhow::Result<Box<dyn Work>>> Side<P> {
    fn answer(&mut self, line: &str) -> anyhow::Result<String> {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words.as_slice() {
            ["versions"] => Ok(versions()),
            ["check", path, file] => {
                write(Path::new(file), &self.work(path)?.arrays()?)?;
                Ok("checked".into())
            }
            [path] => Ok(format!("{:.9}", self.work(path)?.time()?.as_secs_f64())),
            _ => bail!("there is no command {line:?}"),
        }
    }

    fn work(&mut self, path: &str) -> anyhow::Result<&mut dyn Work> {
        if !self.prepared.contains_key(path) {
            self.prepared.insert(path.to_owned(), (self.prepare)(path)?);
        }
        match self.prepared.get_mut(path) {
            Some(work) => Ok(work.as_mut()),
            None => bail!("{path:?} was prepared and is gone"),
        }
    }
}

fn versions() -> String {
    let kernels = format!("{:?}", Kernels::chosen());
    format!(r#"{{"stormlens": "{}", "kernels": "{kernels}"}}"#, env!("CARGO_PKG_VERSION"))
}

fn write(file: &Path, arrays: &[Array]) -> anyhow::Result<()> {
    let mut writer = NpzWriter::create(file)?;
    for Array { name, shape, values } in arrays {
        match values {
            Values::F32(values) => writer.add_f32(name, shape, values)?,
            Values::U8(values) => writer.add_u8(name, shape, values)?,
        }
    }
    Ok(writer.finish()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::work::work;

    /// The answers to some lines, with a side that knows one path.
    fn check(lines: &str, expected: &[&str]) {
        let prepare = |path: &str| match path {
            "nothing" => Ok(work(|| Ok(()), |()| Ok(Vec::new()))),
            _ => bail!("there is no path\n{path:?}"),
        };
        let mut answers = Vec::new();
        serve(lines.as_bytes(), &mut answers, prepare).expect("a vector takes what is written");
        let answers = String::from_utf8(answers).expect("answers are text");
        let answers: Vec<&str> = answers.lines().collect();
        assert_eq!(answers.len(), expected.len(), "{answers:?}");
        for (answer, start) in answers.iter().zip(expected) {
            assert!(answer.starts_with(start), "{answer:?} where {start:?} was expected");
        }
    }

    #[test]
    fn every_line_has_one_answer() {
        check("nothing\nnothing\n", &["0.0", "0.0"]);
        check("versions\n", &["{\"stormlens\": \""]);
        check("", &[]);
    }

    #[test]
    fn what_fails_is_said_on_one_line_and_the_next_one_is_read() {
        check("else\nnothing\n", &["error there is no path \"else\"", "0.0"]);
        check("\n", &["error there is no command"]);
        check("check nothing\n", &["error there is no command"]);
        check("check nothing /no/such/folder/x.npz\n", &["error "]);
    }

    #[test]
    fn a_check_writes_a_file_that_can_be_read() {
        let folder = std::env::temp_dir().join(format!("stormlens-race-{}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a folder for a file");
        let file = folder.join("nothing.npz");
        check(&format!("check nothing {}\n", file.display()), &["checked"]);
        assert!(file.is_file());
        std::fs::remove_dir_all(&folder).expect("the folder is ours");
    }
}
