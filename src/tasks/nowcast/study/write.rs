//! What was found, as CSV, JSON and LaTeX.

use std::fmt::Write as _;

use stormlens_data::card::Citation;
use stormlens_data::score::Score;
use stormlens_data::score::events::{Cell, EventReport};

use crate::tasks::nowcast::scores::forecast_title;

/// The scores that a paper's table has, and the digits of each.
const LATEX_SCORES: [&str; 4] = ["mse_mm2_per_5min2", "correlation", "csi", "frequency_bias"];

/// Every score of every forecast at every lead time, with its interval. Undefined scores are empty.
pub fn csv(report: &EventReport) -> String {
    let mut text = "forecast,lead_time_min,score,threshold_mm_h,scale_km,value,low,high,best,worse_than_best\n"
        .to_owned();
    let number = |value: Option<f64>| value.map(|v| v.to_string()).unwrap_or_default();
    let lead = |lead: Option<u32>| lead.map_or_else(|| "all".to_owned(), |lead| lead.to_string());
    for cell in &report.cells {
        let Cell { forecast, score, is_best, .. } = cell;
        let (low, high) = (cell.interval.map(|i| i.low), cell.interval.map(|i| i.high));
        let [threshold, scale, value, low, high] =
            [cell.threshold, cell.scale_km, cell.value, low, high].map(number);
        let worse = cell.is_worse.map(|is| is.to_string()).unwrap_or_default();
        let lead = lead(cell.lead_time_min);
        let _ = writeln!(
            text,
            "{forecast},{lead},{score},{threshold},{scale},{value},{low},{high},{is_best},{worse}"
        );
    }
    text
}

/// A table for a paper, of all lead times together (of one, where there is one), with the package booktabs. The best
/// value of a column is bold; a dagger marks what is not worse than it beyond chance.
pub fn latex(report: &EventReport) -> String {
    let lead = match &report.settings.lead_times_min[..] {
        [only] => Some(*only),
        _ => None,
    };
    let columns: Vec<(&Score, Option<f64>)> = LATEX_SCORES
        .iter()
        .filter_map(|name| Score::find(name))
        .flat_map(|score| {
            let thresholds: Vec<Option<f64>> = match score.depends_on_threshold() {
                true => report.settings.thresholds.iter().take(3).copied().map(Some).collect(),
                false => vec![None],
            };
            thresholds.into_iter().map(move |threshold| (score, threshold))
        })
        .collect();
    let head = |(score, threshold): &(&Score, Option<f64>)| match threshold {
        Some(threshold) => format!("{} {threshold}", score.label),
        None if score.unit.is_empty() => format!("${}$", score.label),
        None => score.label.replace("Mean squared error", "MSE"),
    };
    let mut text = String::from("% \\usepackage{booktabs}\n\\begin{tabular}{l");
    text += &"r".repeat(columns.len());
    text += "}\n\\toprule\nForecast";
    columns.iter().for_each(|column| text += &format!(" & {}", head(column)));
    text += " \\\\\n\\midrule\n";
    for forecast in &report.settings.forecasts {
        text += &escaped(&forecast_title(forecast));
        for (score, threshold) in &columns {
            let is_it = |cell: &&Cell| {
                (&cell.forecast, cell.lead_time_min, cell.score.as_str(), cell.threshold)
                    == (forecast, lead, score.name, *threshold)
            };
            text += " & ";
            text += &report.cells.iter().find(is_it).map(shown).unwrap_or_default();
        }
        text += " \\\\\n";
    }
    text += "\\bottomrule\n\\end{tabular}\n";
    text
}

fn shown(cell: &Cell) -> String {
    let Some(value) = cell.value else { return "--".to_owned() };
    let number = match value.abs() {
        v if v >= 0.1 => format!("{value:.3}"),
        _ => format!("{value:.5}"),
    };
    match (cell.is_best, cell.is_worse) {
        (true, _) => format!("\\textbf{{{number}}}"),
        (_, Some(false)) => format!("{number}$^\\dagger$"),
        _ => number,
    }
}

/// A comment, since an empty file looks like a fault: BibTeX passes over what is outside of entries.
const NO_WORKS: &str =
    "% Nothing of this comparison has to be cited beside the data and the networks.\n";

/// Works behind the forecasts without a network, and behind the scores, each once.
pub fn bibtex(report: &EventReport) -> String {
    let names = report.cells.iter().flat_map(|cell| [cell.forecast.as_str(), cell.score.as_str()]);
    entries(&stormlens_data::works::of_names(names))
}

fn entries(works: &[Citation]) -> String {
    if works.is_empty() {
        return NO_WORKS.to_owned();
    }
    works.iter().map(|work| work.bibtex.trim()).collect::<Vec<_>>().join("\n\n") + "\n"
}

fn escaped(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        if "&%$#_{}".contains(c) {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_without_works_says_that_there_are_none() {
        let text = entries(&[]);
        assert!(text.starts_with("% Nothing") && text.ends_with(".\n"), "{text:?}");
        assert!(!text.contains('@') && text.lines().count() == 1, "{text:?}");
        let works = stormlens_data::works::of_names(["fss"]);
        assert!(entries(&works).starts_with('@'), "{}", entries(&works));
    }
}
