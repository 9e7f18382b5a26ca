//! `stormlens dataset show` of a file of fields: what it holds, and what of it cannot be used.

use std::io::Write;
use std::path::Path;

use stormlens_data::field::rain_name::AllRain;
use stormlens_data::field::{Content, FieldFile, series};
use stormlens_data::probability::left_out;
use stormlens_data::time::format_utc;

/// Fields that follow each other are one line; a file may have twenty thousand of them.
const MAX_LINES: usize = 100;

/// Whether a file of that name is NetCDF or GRIB.
pub fn is_named_so(path: &Path) -> bool {
    const ENDINGS: [&str; 8] = ["nc", "nc4", "cdf", "grib", "grib1", "grib2", "grb", "grb2"];
    let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
    ENDINGS.contains(&ending.to_lowercase().as_str())
}

/// # Errors
/// For a file that cannot be read.
pub fn show(out: &mut dyn Write, path: &Path) -> anyhow::Result<()> {
    let file = FieldFile::open(path)?;
    let all = series(file.contents(), |_| true);
    for places in all.iter().take(MAX_LINES) {
        writeln!(out, "{}", line(file.contents(), places))?;
    }
    if all.len() > MAX_LINES {
        writeln!(out, "and {} more", all.len() - MAX_LINES)?;
    }
    let mut reasons = left_out(std::slice::from_ref(&file));
    let is_new = |reason: &String| !reasons.contains(reason);
    let others: Vec<String> = file.unusable_rain().into_iter().filter(is_new).collect();
    reasons.extend(others);
    let refusal = AllRain::of_file(&file).refusal(&path.display().to_string(), file.contents());
    let refusal = refusal.map(|error| error.to_string());
    reasons.extend(refusal.filter(|words| !reasons.iter().any(|said| words.contains(said))));
    for reason in reasons {
        writeln!(out, "left out: {reason}")?;
    }
    Ok(())
}

/// `tp (mm), surface: 4 fields, until 2024-05-01 03:00 UTC to 2024-05-01 12:00 UTC`
fn line(contents: &[Content], places: &[usize]) -> String {
    let own = || places.iter().map(|&place| &contents[place]);
    let ends = || own().filter_map(|content| Some(content.interval?.end));
    let head = own().next().map(|first| Content { interval: None, ..first.clone() });
    let head = head.map_or_else(String::new, |head| head.to_string());
    let fields = if places.len() == 1 { "field" } else { "fields" };
    let times = match (ends().min(), ends().max()) {
        (Some(first), Some(last)) if first == last => format!(", until {}", format_utc(first)),
        (Some(first), Some(last)) => {
            format!(", until {} to {}", format_utc(first), format_utc(last))
        }
        _ => String::new(),
    };
    format!("{head}: {} {fields}{times}", places.len())
}
