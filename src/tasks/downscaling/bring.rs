//! Files from the command line: fields of rain, terrain, and tiles of numbers.

use anyhow::{Context as _, bail};
use stormlens_data::time::{format_utc, parse_utc};

use super::DownscalingTask;
use super::fields::{Entry, HOURS, is_array};
use crate::task::Files;

const NAMES: [&str; 4] = ["elevation", "variable", "end", "each-hours"];

/// Names of what is in the files, as far as it is meant.
///
/// # Errors
/// For files that cannot be read, and where it is not clear what of them is meant.
pub fn bring(task: &DownscalingTask, files: &Files<'_>) -> anyhow::Result<Vec<String>> {
    files.parameters.only(&NAMES).context("the network takes fields of rain")?;
    let refining = files.checkpoint.refining.as_ref();
    let hours = i64::from(refining.context("the network refines no rain")?.rain.hours);
    if hours != HOURS && !files.paths.iter().all(|path| is_array(path)) {
        bail!("these weights are of rain in {hours} h; files are summed over {HOURS} h");
    }
    let heights = files.parameters.one("elevation")?;
    let heights = heights.map(|path| task.fields.terrains.bring(path.as_ref())).transpose()?;
    if heights.is_some() && refining.is_some_and(|own| own.tiles.n_input_channels == 1) {
        bail!("these weights take no terrain: leave out --elevation");
    }
    let fits = |hours: &i64| (1..=HOURS).contains(hours);
    let stated = files.parameters.number(
        "each-hours",
        &format!("a whole number from 1 to {HOURS}"),
        fits,
    )?;
    let mut names = Vec::new();
    for path in files.paths {
        let found = task.fields.bring(path, stated, heights.as_ref())?;
        let entries: Vec<Entry> = found.iter().filter_map(|id| task.fields.find(id).ok()).collect();
        match entries.is_empty() {
            // Tiles of numbers have no times.
            true => names.extend(found),
            false => names.extend(meant(&path.display().to_string(), entries, files)?),
        }
    }
    Ok(names)
}

/// The sums that are meant.
fn meant(file: &str, mut entries: Vec<Entry>, files: &Files<'_>) -> anyhow::Result<Vec<String>> {
    let listed = |entries: &[Entry]| {
        let of = |entry: &Entry| format!("{} to {}", entry.what, format_utc(entry.end));
        entries.iter().map(of).collect::<Vec<_>>().join("; ")
    };
    let known = listed(&entries);
    if let Some(name) = files.parameters.one("variable")? {
        entries.retain(|entry| entry.variable.eq_ignore_ascii_case(name));
    }
    if let Some(text) = files.parameters.one("end")? {
        let end = parse_utc(text)
            .with_context(|| format!("--end {text} is no time; write it as 2016-09-22T03:00Z"))?;
        entries.retain(|entry| entry.end == end);
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
