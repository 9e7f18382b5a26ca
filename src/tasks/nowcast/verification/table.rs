//! Scores of forecasts beside each other, each with its interval.

use stormlens_data::score::Score;
use stormlens_data::score::events::{Cell, EventReport};

use super::view::{View, scores};
use crate::tasks::nowcast::scores::{forecast_title, on_page, threshold_label};
use crate::web::format;

/// Scores without a threshold, scores of events at one, and those of neighbourhoods and of rain areas.
pub struct Table {
    pub title: String,
    pub columns: Vec<Column>,
    pub rows: Vec<Row>,
}

pub struct Column {
    pub label: String,
    pub meaning: String,
}

/// One forecast.
pub struct Row {
    pub title: String,
    pub cells: Vec<Shown>,
}

/// A value with its interval.
pub struct Shown {
    pub value: String,
    /// `0.41–0.48`; empty where there is none.
    pub interval: String,
    pub is_best: bool,
    /// Not worse than the best beyond chance.
    pub is_near_best: bool,
}

/// What a column takes from the report.
struct Wanted {
    score: String,
    threshold: Option<f64>,
    scale_km: Option<f64>,
    column: Column,
    number: fn(f64) -> f64,
}

/// Structure, amount and location, and what they are.
const STRUCTURE: [(&str, &str, &str); 3] = [
    ("structure", "S", "Structure of SAL: positive where rain areas are too large or too flat"),
    ("amount", "A", "Amount of SAL: positive where too much falls in all; −2 to 2"),
    ("location", "L", "Location of SAL: how far the rain is from where it fell; 0 to 2"),
];

/// All tables of a view.
pub fn tables(report: &EventReport, view: &View) -> Vec<Table> {
    let at = threshold_label(report.settings.field, view.threshold);
    let all = [
        ("Over all pixels".to_owned(), of_values()),
        (format!("Pixels with more than {at}"), of_events(view.threshold)),
        (format!("Neighbourhoods with at least {at} (FSS)"), of_scales(report, view.threshold)),
        ("Rain areas (SAL)".to_owned(), of_structure()),
    ];
    let table = |(title, wanted): (String, Vec<Wanted>)| Table::of(title, wanted, report, view);
    all.into_iter().map(table).filter(|table| !table.rows.is_empty()).collect()
}

fn of_values() -> Vec<Wanted> {
    scores().filter(|score| !score.depends_on_threshold()).map(|s| wanted(s, None)).collect()
}

fn of_events(threshold: f64) -> Vec<Wanted> {
    let events = scores().filter(|score| score.depends_on_threshold());
    events.map(|score| wanted(score, Some(threshold))).collect()
}

fn wanted(score: &'static Score, threshold: Option<f64>) -> Wanted {
    let shown = on_page(score);
    Wanted {
        score: score.name.to_owned(),
        threshold,
        scale_km: None,
        column: Column {
            label: shown.label(),
            meaning: format!("{}; best {}", shown.meaning, score.best),
        },
        number: shown.value,
    }
}

fn of_scales(report: &EventReport, threshold: f64) -> Vec<Wanted> {
    let settings = &report.settings;
    let scales = settings.scales_px.iter().map(|&px| px as f64 * settings.spacing_km);
    let wanted = |km: f64| Wanted {
        score: "fss".to_owned(),
        threshold: Some(threshold),
        scale_km: Some(km),
        column: Column {
            label: format!("{km} km"),
            meaning: format!("Fractions Skill Score of squares of {km} km; best 1"),
        },
        number: |value| value,
    };
    scales.map(wanted).collect()
}

fn of_structure() -> Vec<Wanted> {
    let wanted = |(name, label, meaning): (&str, &str, &str)| Wanted {
        score: name.to_owned(),
        threshold: None,
        scale_km: None,
        column: Column { label: label.to_owned(), meaning: format!("{meaning}; best 0") },
        number: |value| value,
    };
    STRUCTURE.into_iter().map(wanted).collect()
}

impl Table {
    fn of(title: String, wanted: Vec<Wanted>, report: &EventReport, view: &View) -> Self {
        let cell = |forecast: &str, wanted: &Wanted| {
            let is_it = |cell: &&Cell| {
                cell.forecast == forecast
                    && cell.lead_time_min == view.lead_time_min
                    && cell.score == wanted.score
                    && cell.threshold == wanted.threshold
                    && cell.scale_km == wanted.scale_km
            };
            report.cells.iter().find(is_it)
        };
        let row = |forecast: &String| {
            let cells: Vec<_> = wanted.iter().map(|w| (cell(forecast, w), w.number)).collect();
            let is_empty = cells.iter().all(|(cell, _)| cell.is_none_or(|c| c.value.is_none()));
            (!is_empty).then(|| Row {
                title: forecast_title(forecast),
                cells: cells.into_iter().map(|(cell, number)| shown(cell, number)).collect(),
            })
        };
        let rows = report.settings.forecasts.iter().filter_map(row).collect();
        Self { title, rows, columns: wanted.into_iter().map(|wanted| wanted.column).collect() }
    }
}

fn shown(cell: Option<&Cell>, number: fn(f64) -> f64) -> Shown {
    let text = |value: f64| format::number(number(value));
    let value = cell.and_then(|cell| cell.value);
    let interval = cell.and_then(|cell| cell.interval).filter(|_| value.is_some());
    Shown {
        value: value.map_or_else(|| "–".to_owned(), text),
        interval: interval
            .map(|i| format!("{} to {}", text(i.low), text(i.high)))
            .unwrap_or_default(),
        is_best: cell.is_some_and(|cell| cell.is_best && value.is_some()),
        is_near_best: cell.is_some_and(|cell| cell.is_worse == Some(false)),
    }
}
