//! Files from the command line: fields of rain, terrain, and tiles of numbers.

use std::path::Path;

use anyhow::{Context as _, bail, ensure};
use stormlens_data::card::Refining;
use stormlens_data::field::FieldError;
use stormlens_data::time::{format_utc, parse_utc};

use super::DownscalingTask;
use super::fields::{Entry, HOURS, Nodes, Said, check_unit, is_array};
use super::terrain::Terrain;
use crate::task::Files;

pub(super) const ELEVATION: &str = "elevation";
pub(super) const ELEVATION_VARIABLE: &str = "elevation-variable";
const VARIABLE: &str = "variable";
const END: &str = "end";
const EACH_HOURS: &str = "each-hours";
const GRID: &str = "grid";
const UNITS: &str = "units";
const EXACT: &str = "exact";
/// Hours that weights may be of.
const MOST_HOURS: i64 = 240;

/// Names of what is in the files, as far as it is meant.
///
/// # Errors
/// For files that cannot be read, and where it is not clear what of them is meant.
pub fn bring(task: &DownscalingTask, files: &Files<'_>) -> anyhow::Result<Vec<String>> {
    let known = [ELEVATION, ELEVATION_VARIABLE, VARIABLE, END, EACH_HOURS, GRID, UNITS, EXACT];
    files.parameters.only(&known).context("the network takes fields of rain")?;
    let refining = files.checkpoint.refining.as_ref().context("the network refines no rain")?;
    let heights = heights(task, files)?;
    if heights.is_some() && refining.tiles.n_input_channels == 1 {
        bail!("these weights take no terrain: leave out --{ELEVATION}");
    }
    let of_file = |path: &Path| match is_array(path) {
        true => of_array(task, path, files, (refining, heights.clone())),
        false => of_fields(task, path, files, (refining, heights.as_ref())),
    };
    let found = files.paths.iter().map(|path| of_file(path));
    Ok(found.collect::<anyhow::Result<Vec<_>>>()?.concat())
}

/// The heights that are named.
fn heights(task: &DownscalingTask, files: &Files<'_>) -> anyhow::Result<Option<Terrain>> {
    let variable = files.parameters.one(ELEVATION_VARIABLE)?;
    let Some(path) = files.parameters.one(ELEVATION)? else {
        ensure!(
            variable.is_none(),
            "--{ELEVATION_VARIABLE} names a field of a file of heights: give the file with --{ELEVATION}"
        );
        return Ok(None);
    };
    the_heights(task.fields.terrains.bring(path.as_ref(), variable), variable).map(Some)
}

/// Heights that were read from a file, or how to choose those of that name where it has several.
pub(super) fn the_heights<T>(
    read: Result<T, FieldError>,
    variable: Option<&str>,
) -> anyhow::Result<T> {
    match read {
        Err(FieldError::Ambiguous { file, count, known, .. }) if variable.is_none() => bail!(
            "{file} has {count} fields: choose the heights with --{ELEVATION_VARIABLE} NAME; it has {known}"
        ),
        other => Ok(other?),
    }
}

/// Sums of GRIB or NetCDF.
fn of_fields(
    task: &DownscalingTask,
    path: &Path,
    files: &Files<'_>,
    (refining, heights): (&Refining, Option<&Terrain>),
) -> anyhow::Result<Vec<String>> {
    let name = path.display();
    no_exact(files, &name)?;
    for option in [GRID, UNITS] {
        ensure!(
            !files.parameters.has(option),
            "{name} says itself where its fields lie and in which unit they are: leave out --{option}"
        );
    }
    let hours = i64::from(refining.rain.hours);
    ensure!(
        hours == HOURS,
        "these weights are of rain in {hours} h; files are summed over {HOURS} h"
    );
    let stated = hours_of(files, HOURS)?;
    let found = task.fields.bring(path, files.parameters.one(VARIABLE)?, stated, heights)?;
    let entries = found.iter().filter_map(|id| task.fields.find(id).ok()).collect();
    meant(task, &name.to_string(), entries, files)
}

/// Tiles as the network takes them, or a field whose grid is said.
fn of_array(
    task: &DownscalingTask,
    path: &Path,
    files: &Files<'_>,
    (refining, heights): (&Refining, Option<Terrain>),
) -> anyhow::Result<Vec<String>> {
    let (name, parameters) = (path.display(), files.parameters);
    if !parameters.has(GRID) {
        for option in [ELEVATION, ELEVATION_VARIABLE, VARIABLE, END, EACH_HOURS, UNITS] {
            ensure!(
                !parameters.has(option),
                "--{option} says nothing of tiles as the network takes them, which {name} holds without a --{GRID}: leave \
                 it out, or say where a field of rain lies with --{GRID}"
            );
        }
        return task.fields.bring_tiles(path, refining, parameters.has(EXACT));
    }
    no_exact(files, &name)?;
    ensure!(!parameters.has(VARIABLE), "{name} holds one field: leave out --{VARIABLE}");
    let missing = |option: &str, what: &str| {
        format!("{name} says nothing of its field: state {what} with --{option}, too")
    };
    let unit = parameters.one(UNITS)?.with_context(|| missing(UNITS, "its unit, such as mm,"))?;
    let end = parameters.one(END)?.with_context(|| missing(END, "when its interval ends"))?;
    let own = i64::from(refining.rain.hours);
    let hours = hours_of(files, MOST_HOURS)?;
    let hours = hours.with_context(|| missing(EACH_HOURS, "of how many hours it is the sum"))?;
    ensure!(hours == own, "these weights are of rain in {own} h, and {name} is of {hours} h");
    let grid = Nodes::parse(parameters.one(GRID)?.unwrap_or_default())?;
    check_unit(unit, hours)?;
    let said = Said { grid, unit: unit.to_owned(), end: time(end)?, hours };
    Ok(vec![task.fields.bring_array(path, &said, heights)?])
}

fn no_exact(files: &Files<'_>, name: &dyn std::fmt::Display) -> anyhow::Result<()> {
    ensure!(
        !files.parameters.has(EXACT),
        "{name} is a field of rain in mm: leave out --{EXACT}, which is said of tiles in the network's unit"
    );
    Ok(())
}

fn hours_of(files: &Files<'_>, most: i64) -> anyhow::Result<Option<i64>> {
    let fits = |hours: &i64| (1..=most).contains(hours);
    let expected = format!("a whole number from 1 to {most}");
    Ok(files.parameters.number(EACH_HOURS, &expected, fits)?)
}

fn time(text: &str) -> anyhow::Result<jiff::Timestamp> {
    parse_utc(text)
        .with_context(|| format!("--{END} {text} is no time; write it as 2016-09-22T03:00Z"))
}

/// The sums that are meant.
fn meant(
    task: &DownscalingTask,
    file: &str,
    mut entries: Vec<Entry>,
    files: &Files<'_>,
) -> anyhow::Result<Vec<String>> {
    let known = listed(&entries);
    if let Some(name) = files.parameters.one(VARIABLE)? {
        entries.retain(|entry| entry.variable.eq_ignore_ascii_case(name));
    }
    if let Some(text) = files.parameters.one(END)? {
        let end = time(text)?;
        let away = |entry: &&Entry| (entry.end.as_second() - end.as_second()).abs();
        let nearest = entries.iter().min_by_key(away).cloned();
        entries.retain(|entry| entry.end == end);
        if let Some(nearest) = nearest.filter(|_| entries.is_empty()) {
            let why = task.fields.why_no_sum(&nearest.id, end);
            let why = why.map_or(String::new(), |why| format!(" ({why})"));
            let nearest = format_utc(nearest.end);
            bail!(
                "{file} has no sum that ends at {text}{why}, the nearest ends at {nearest}; it has {known}"
            );
        }
    }
    let Some(first) = entries.first() else { bail!("{file} has no such sum; it has {known}") };
    if entries.iter().any(|entry| entry.variable != first.variable) {
        bail!("{file} has several variables: choose one with --variable; it has {known}");
    }
    if entries.iter().any(|entry| entry.what != first.what) {
        bail!("{file} has several levels, members or forecasts: cut one out; it has {known}");
    }
    Ok(entries.into_iter().map(|entry| entry.id).collect())
}

/// Kinds of sums that are listed.
const N_LISTED: usize = 6;

/// `tp (mm): 58 sums, the first to …, the last to …`, each variable, level and member once.
fn listed(entries: &[Entry]) -> String {
    let mut kinds: Vec<&str> = Vec::new();
    for entry in entries {
        if !kinds.contains(&entry.what.as_str()) {
            kinds.push(&entry.what);
        }
    }
    let of = |kind: &&str| {
        let ends =
            || entries.iter().filter(move |entry| entry.what == *kind).map(|entry| entry.end);
        let first = ends().min().map(format_utc).unwrap_or_default();
        let last = ends().max().map(format_utc).unwrap_or_default();
        match ends().count() {
            1 => format!("{kind} to {first}"),
            n => format!("{kind}: {n} sums, the first to {first}, the last to {last}"),
        }
    };
    let mut words: Vec<String> = kinds.iter().take(N_LISTED).map(of).collect();
    let n_more = kinds.len().saturating_sub(N_LISTED);
    words.extend((n_more > 0).then(|| format!("and {n_more} more")));
    words.join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_of_one_kind_are_listed_by_their_ends() {
        let entry = |what: &str, end: &str| Entry {
            id: String::new(),
            title: String::new(),
            end: time(end).expect("a time"),
            hours: HOURS,
            variable: what.to_owned(),
            what: what.to_owned(),
            domain: None,
            source: String::new(),
            stated: None,
            heights: None,
            left_out: None,
            is_sample: false,
        };
        let ends = ["2016-09-22T03:00Z", "2016-09-22T06:00Z", "2016-09-22T09:00Z"];
        let mut entries: Vec<Entry> = ends.map(|end| entry("tp (mm)", end)).into();
        entries.push(entry("cp (mm)", ends[0]));
        assert_eq!(
            listed(&entries),
            "tp (mm): 3 sums, the first to 2016-09-22 03:00 UTC, the last to 2016-09-22 09:00 UTC; cp (mm) to \
             2016-09-22 03:00 UTC"
        );
    }
}
