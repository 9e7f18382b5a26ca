//! Results on the terminal and in files.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use serde_json::{Value, json};
use stormlens_data::files::npy;
use stormlens_data::outcome::{Axis, Number, Outcome, Role, Variable};

use super::ask::Answered;
use crate::export::{self, FileKind, NUMBERS, Source};

/// What is written, by the ending of the file's name.
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
    /// # Errors
    /// For an ending that means nothing here.
    pub fn of(output: &Path) -> anyhow::Result<Self> {
        let ending = output.extension();
        match ending.and_then(OsStr::to_str) {
            Some("npy") => return Ok(Self::Prediction),
            Some("json") => return Ok(Self::Series),
            _ => {}
        }
        let kinds = export::FILES.iter();
        let found = kinds.clone().find(|kind| ending.is_some() && ending_of(kind) == ending);
        let known = || kinds.filter_map(|kind| Some(format!(".{}", ending_of(kind)?.to_str()?)));
        match found {
            Some(kind) => Ok(Self::File(kind)),
            None => bail!(
                "{} ends in none of .npy, {}",
                output.display(),
                known().collect::<Vec<_>>().join(", ")
            ),
        }
    }
}

fn ending_of(kind: &FileKind) -> Option<&'static OsStr> {
    Path::new(kind.name).extension()
}

/// Writes all results and says where.
///
/// # Errors
/// If a file cannot be written.
pub fn write(form: Form, output: &Path, answers: &[Answered]) -> anyhow::Result<()> {
    match form {
        Form::Prediction => stack(output, answers)?,
        Form::Series => {
            write_each(output, answers, |answered| with_series(&answered.outcome))?;
        }
        Form::File(kind) => write_each(output, answers, |answered| of_kind(kind, answered))?,
    }
    if let Some(Answered { outcome, .. }) = answers.first() {
        println!("computed on {}", outcome.provenance.device);
    }
    Ok(())
}

fn write_each(
    output: &Path,
    answers: &[Answered],
    bytes: impl Fn(&Answered) -> anyhow::Result<Vec<u8>>,
) -> anyhow::Result<()> {
    for (i, answered) in answers.iter().enumerate() {
        let path = numbered(output, i, answers.len());
        let shown = path.display();
        std::fs::write(&path, bytes(answered)?).with_context(|| format!("cannot write {shown}"))?;
        println!("written to {shown}");
    }
    Ok(())
}

/// What is said of a result, and under `series` the values of all variables without rows and columns.
fn with_series(outcome: &Outcome) -> anyhow::Result<Vec<u8>> {
    let mut said: Value = serde_json::from_slice(&export::provenance_json(outcome)?)?;
    let series = outcome.variables.iter().filter(|variable| variable.plane.is_none());
    let series = series.map(|variable| (variable.name.clone(), json!(variable.to_f64())));
    said["series"] = Value::Object(series.collect());
    Ok((serde_json::to_string_pretty(&said)? + "\n").into_bytes())
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

/// The predictions in one array, `[n, …]` where there are several.
fn stack(output: &Path, answers: &[Answered]) -> anyhow::Result<()> {
    let (mut shape, mut values) = (Vec::new(), Vec::new());
    for Answered { outcome, .. } in answers {
        let prediction = prediction(outcome)?;
        shape = prediction.shape();
        values.extend(prediction.to_f32());
    }
    if answers.len() > 1 {
        shape.insert(0, answers.len());
    }
    npy::write_npy_f32(output, &shape, &values)?;
    println!("written to {}: {shape:?}", output.display());
    Ok(())
}

fn prediction(outcome: &Outcome) -> anyhow::Result<&Variable> {
    let mut variables = outcome.variables.iter();
    let found = variables.find(|variable| variable.role == Role::Prediction);
    found.context("the answer has no prediction")
}

/// Says on the terminal what a result says without its maps.
pub fn say(outcome: &Outcome) {
    let predicted = |variable: &&Variable| variable.role == Role::Prediction;
    for variable in outcome.variables.iter().filter(predicted) {
        if let (None, [axis]) = (variable.plane, variable.axes.as_slice()) {
            say_series(variable, axis);
        }
    }
    outcome.notes.iter().for_each(|note| println!("{}: {}", note.name, note.text));
    for explain in &outcome.request.explain {
        let maps: Vec<_> = outcome.attributions(&explain.method).collect();
        let n_empty = maps.iter().filter(|map| map.is_zero()).count();
        println!(
            "{}: {} attributions, {n_empty} of them zero everywhere",
            explain.method,
            maps.len()
        );
    }
    // Those of methods; the others are in the files.
    outcome.numbers.iter().filter(|number| number.name.contains('/')).for_each(say_number);
}

fn say_series(variable: &Variable, axis: &Axis) {
    for i in 0..axis.len() {
        println!("{}, {}: {:.4}", axis.label(i), variable.quantity.name, variable.values.at(i));
    }
}

fn say_number(Number { name, value, unit, meaning }: &Number) {
    let unit = if unit == "1" { "" } else { unit.as_str() };
    // Files have all digits; −0 is 0.
    let value = (value * 1e6).round() / 1e6 + 0.0;
    println!("{}", format!("{name}: {value} {unit} ({meaning})").replace("  ", " "));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn several_results_are_numbered() {
        let output = Path::new("runs/e.npz");
        assert_eq!(numbered(output, 0, 1), Path::new("runs/e.npz"));
        assert_eq!(numbered(output, 2, 3), Path::new("runs/e-2.npz"));
    }

    #[test]
    fn series_stand_in_json_with_their_values() {
        let outcome = stormlens_plot::testing::scene_outcome();
        let written = with_series(&outcome).expect("it can be written");
        let said: Value = serde_json::from_slice(&written).expect("JSON");
        let probability = outcome.variable("probability").expect("it is there").to_f64();
        assert_eq!(said["series"]["probability"], json!(probability));
        assert!(said["series"].get("scene").is_none(), "{}", said["series"]);
    }

    #[test]
    fn the_ending_says_what_is_written() {
        assert!(matches!(Form::of(Path::new("y.npy")), Ok(Form::Prediction)));
        assert!(matches!(Form::of(Path::new("y.json")), Ok(Form::Series)));
        for name in ["y.npz", "y.nc", "y.zip"] {
            assert!(matches!(Form::of(Path::new(name)), Ok(Form::File(_))), "{name}");
        }
        for name in ["y", "y.xls", ".npz"] {
            let error = Form::of(Path::new(name)).err().expect(name).to_string();
            assert!(error.contains(".npy, ") && error.contains(".npz"), "{error}");
        }
    }
}
