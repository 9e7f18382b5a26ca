//! Results in files, or on standard output.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use serde_json::{Value, json};
use stormlens_data::files::npy;
use stormlens_data::outcome::{Outcome, Role, Values, Variable};

use super::said;
use super::speech::Speech;
use super::standard_output::{is_standard_output, to_standard_output};
use crate::export::{self, FileKind, NUMBERS, Source};
use crate::question::Question;
use crate::written;

/// A question with its answer.
pub struct Answered {
    pub question: Question,
    pub outcome: Outcome,
}

/// What is written.
#[derive(Clone, Copy)]
pub enum Form {
    /// The prediction alone, as `.npy`.
    Prediction,
    /// What is said of the result as `.json`, with all series of numbers.
    Series,
    /// One of the files that pages offer, too.
    File(&'static FileKind),
}

impl Form {
    /// By the format that is named, else by the ending of the file's name; on standard output JSON.
    ///
    /// # Errors
    /// For an ending that means nothing here.
    pub fn of(output: &Path, format: Option<&str>) -> anyhow::Result<Self> {
        let is_standard = is_standard_output(output);
        let ending = match format {
            Some(format) => Some(OsStr::new(format.trim_start_matches('.'))),
            None if is_standard => Some(OsStr::new("json")),
            None => output.extension(),
        };
        match ending.and_then(OsStr::to_str) {
            Some("npy") => return Ok(Self::Prediction),
            Some("json") => return Ok(Self::Series),
            _ => {}
        }
        let kinds = export::FILES.iter();
        let found = kinds.clone().find(|kind| ending.is_some() && ending_of(kind) == ending);
        let known = || kinds.filter_map(|kind| Some(format!(".{}", ending_of(kind)?.to_str()?)));
        let Some(kind) = found else {
            let known = known().collect::<Vec<_>>().join(", ");
            match format {
                Some(format) => bail!("--format {format} is none of .npy, {known}"),
                None => bail!("{} ends in none of .npy, {known}", output.display()),
            }
        };
        Ok(Self::File(kind))
    }
}

fn ending_of(kind: &FileKind) -> Option<&'static OsStr> {
    Path::new(kind.name).extension()
}

/// Where answers go, one after the other.
pub struct Output {
    form: Form,
    path: PathBuf,
    speech: Speech,
    /// Single numbers that are said, too, by their names.
    also_said: &'static [&'static str],
    /// The predictions so far, where they go into one array.
    stacked: Vec<f32>,
}

impl Output {
    /// # Errors
    /// As [`Form::of`], and for a folder that is not there: before anything is computed, which may take long.
    pub fn new(path: &Path, format: Option<&str>, speech: Speech) -> anyhow::Result<Self> {
        let form = Form::of(path, format)?;
        let is_beside_a_file = is_standard_output(path);
        if !is_beside_a_file {
            written::check_place(path)?;
        }
        let speech = Speech { is_beside_a_file, ..speech };
        Ok(Self { form, path: path.to_owned(), speech, also_said: &[], stacked: Vec::new() })
    }

    /// The same, with single numbers that a command says beside those of methods.
    #[must_use]
    pub fn saying(self, names: &'static [&'static str]) -> Self {
        Self { also_said: names, ..self }
    }

    pub fn form(&self) -> Form {
        self.form
    }

    /// Whether the values of one result may follow those of another where this goes, and their files can be written.
    ///
    /// # Errors
    /// For several files on standard output that could not be told apart, and for a numbered file that cannot be written.
    pub fn check(&self, n: usize) -> anyhow::Result<()> {
        if n > 1 && self.speech.is_beside_a_file && matches!(self.form, Form::File(_)) {
            bail!("standard output takes one such file, and there are {n} inputs; name a file");
        }
        // A single file was looked at before its inputs were.
        let is_stacked = matches!(self.form, Form::Prediction);
        if n == 1 || self.speech.is_beside_a_file || is_stacked {
            return Ok(());
        }
        (0..n).try_for_each(|i| written::check_place(&numbered(&self.path, i, n)))
    }

    /// Says what a result says, and writes it: the one with this number of `n`.
    ///
    /// # Errors
    /// If a file cannot be written.
    pub fn add(&mut self, i: usize, n: usize, answered: &Answered) -> anyhow::Result<()> {
        said::lines(&answered.outcome).iter().for_each(|line| self.speech.line(line));
        let numbers =
            self.also_said.iter().filter_map(|name| said::number(&answered.outcome, name));
        numbers.for_each(|line| self.speech.line(line));
        match self.form {
            Form::Prediction => self.stack(i, n, prediction(&answered.outcome)?)?,
            Form::Series => self.write(i, n, &with_series(answered)?)?,
            Form::File(kind) => self.write(i, n, &of_kind(kind, answered)?)?,
        }
        if i + 1 == n {
            self.speech.line(format_args!("computed on {}", answered.outcome.provenance.device));
        }
        Ok(())
    }

    fn write(&self, i: usize, n: usize, bytes: &[u8]) -> anyhow::Result<()> {
        if self.speech.is_beside_a_file {
            return to_standard_output(bytes);
        }
        let path = numbered(&self.path, i, n);
        let shown = path.display();
        written::write(&path, bytes)?;
        self.speech.line(format_args!("written to {shown}"));
        Ok(())
    }

    /// The predictions in one array, `[n, …]` where there are several, written with the last.
    fn stack(&mut self, i: usize, n: usize, prediction: &Variable) -> anyhow::Result<()> {
        self.stacked.extend(prediction.to_f32());
        if i + 1 < n {
            return Ok(());
        }
        let mut shape = prediction.shape();
        if n > 1 {
            shape.insert(0, n);
        }
        let what = prediction.quantity.label();
        if self.speech.is_beside_a_file {
            to_standard_output(&npy::npy_f32(&shape, &self.stacked)?)?;
            self.speech.line(format_args!("{shape:?}, {what}"));
        } else {
            written::write(&self.path, npy::npy_f32(&shape, &self.stacked)?)?;
            self.speech.line(format_args!("written to {}: {shape:?}, {what}", self.path.display()));
        }
        Ok(())
    }
}

/// What is said of a result and, under `left_over`, of what its checkpoint holds beside the weights of the network.
fn with_series(Answered { question, outcome }: &Answered) -> anyhow::Result<Vec<u8>> {
    let mut said = series(outcome)?;
    said["left_over"] = json!(question.cards.checkpoint.left_over);
    Ok((serde_json::to_string_pretty(&said)? + "\n").into_bytes())
}

/// What is said of a result, and under `series` the values of all variables without rows and columns.
fn series(outcome: &Outcome) -> anyhow::Result<Value> {
    let mut said: Value = serde_json::from_slice(&export::provenance_json(outcome)?)?;
    let series = outcome.variables.iter().filter(|variable| variable.plane.is_none());
    let series = series.map(|variable| (variable.name.clone(), json!(shortest(&variable.values))));
    said["series"] = Value::Object(series.collect());
    Ok(said)
}

/// Numbers in the fewest digits that tell them: of single precision 60.7, where double precision has 60.70000076293945.
fn shortest(values: &Values) -> Vec<f64> {
    match values {
        Values::F32(values) => values
            .iter()
            .map(|value| value.to_string().parse().unwrap_or_else(|_| f64::from(*value)))
            .collect(),
        _ => (0..values.len()).map(|i| values.at(i)).collect(),
    }
}

fn of_kind(kind: &FileKind, Answered { question, outcome }: &Answered) -> anyhow::Result<Vec<u8>> {
    // Single numbers are those of explanations; without any, the table is that of the prediction.
    if kind.name == NUMBERS && outcome.numbers.is_empty() {
        return Ok(export::csv(prediction(outcome)?).into_bytes());
    }
    Ok((kind.write)(&Source {
        outcome,
        card: &question.cards.model,
        methods: question.methods(),
        layers: &question.layers,
        style: &question.style,
        extra: &question.task.tables(outcome),
    })?)
}

/// `e-2.npz` for the third of several results, the name as it is for a single one.
fn numbered(output: &Path, i: usize, n: usize) -> PathBuf {
    if n == 1 {
        return output.to_owned();
    }
    let stem = output.file_stem().unwrap_or_default().to_string_lossy();
    let ending = output.extension().unwrap_or_default().to_string_lossy();
    output.with_file_name(format!("{stem}-{i}.{ending}"))
}

fn prediction(outcome: &Outcome) -> anyhow::Result<&Variable> {
    let mut variables = outcome.variables.iter();
    let found = variables.find(|variable| variable.role == Role::Prediction);
    found.context("the answer has no prediction")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn single_precision_has_its_own_digits() {
        let found = shortest(&Values::F32(vec![60.7, f32::NAN, -0.5]));
        assert_eq!((found[0], found[2]), (60.7, -0.5));
        assert!(found[1].is_nan());
        assert_eq!(shortest(&Values::F64(vec![0.1])), [0.1]);
    }

    #[test]
    fn several_results_are_numbered() {
        let output = Path::new("runs/e.npz");
        assert_eq!(numbered(output, 0, 1), Path::new("runs/e.npz"));
        assert_eq!(numbered(output, 2, 3), Path::new("runs/e-2.npz"));
    }

    /// The third of several results may have no place, where the name as it is has one.
    #[test]
    fn every_numbered_file_is_looked_at_before_anything_is_computed() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("e.npz");
        std::fs::create_dir(folder.path().join("e-2.npz")).expect("a folder");
        let output = Output::new(&path, None, Speech::default()).expect("a place");
        assert!(output.check(1).is_ok() && output.check(2).is_ok());
        let error = output.check(3).expect_err("a folder").to_string();
        assert!(error.contains("e-2.npz: it is a folder"), "{error}");
        let stacked = Output::new(&path.with_extension("npy"), None, Speech::default());
        assert!(stacked.expect("a place").check(3).is_ok(), "one file");
        let left = std::fs::read_dir(folder.path()).expect("it can be listed").count();
        assert_eq!(left, 1, "nothing is left");
    }

    #[test]
    fn series_stand_in_json_with_their_values() {
        let outcome = stormlens_plot::testing::scene_outcome();
        let said = series(&outcome).expect("it can be written");
        let probability = outcome.variable("probability").expect("it is there").to_f64();
        assert_eq!(said["series"]["probability"], json!(probability));
        assert!(said["series"].get("scene").is_none(), "{}", said["series"]);
    }

    #[test]
    fn the_ending_says_what_is_written() {
        let of = |name: &str| Form::of(Path::new(name), None);
        assert!(matches!(of("y.npy"), Ok(Form::Prediction)));
        assert!(matches!(of("y.json"), Ok(Form::Series)));
        for name in ["y.npz", "y.nc", "y.zip"] {
            assert!(matches!(of(name), Ok(Form::File(_))), "{name}");
        }
        for name in ["y", "y.xls", ".npz"] {
            let error = of(name).err().expect(name).to_string();
            assert!(error.contains(".npy, ") && error.contains(".npz"), "{error}");
        }
    }

    #[test]
    fn standard_output_is_json_until_a_format_is_named() {
        let of = |name: &str, format| Form::of(Path::new(name), format);
        for name in ["-", "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"] {
            assert!(matches!(of(name, None), Ok(Form::Series)), "{name}");
            let output = Output::new(Path::new(name), None, Speech::default()).expect("a place");
            assert!(output.speech.is_beside_a_file, "{name}: words go elsewhere");
        }
        assert!(matches!(of("-", Some("npy")), Ok(Form::Prediction)));
        assert!(matches!(of("-", Some(".nc")), Ok(Form::File(_))));
        assert!(matches!(of("y.dat", Some("npz")), Ok(Form::File(_))));
        let error = of("-", Some("xls")).err().expect("it is unknown").to_string();
        assert!(error.contains("--format xls is none of .npy, "), "{error}");
        let several = Output::new(Path::new("-"), Some("npz"), Speech::default()).expect("known");
        assert!(several.check(1).is_ok() && several.check(2).is_err());
    }
}
