//! How good each forecast is, as tables and sentences.

use stormlens_data::outcome::{Axis, Coordinates, Outcome, Variable};
use stormlens_data::score::downscaling::CONTINUOUS_SCORES;

use crate::tasks::downscaling::scores::{NETWORK_SCORES, SCORES, label};
use crate::web::format;

/// Numbers with names on both sides.
pub struct Table {
    pub title: &'static str,
    pub head: String,
    pub columns: Vec<String>,
    pub groups: Vec<Group>,
    pub hint: &'static str,
}

/// Rows under a title of their own, which may be empty.
pub struct Group {
    pub title: String,
    pub rows: Vec<(String, Vec<String>)>,
}

/// Each forecast beside the others.
pub fn tables(outcome: &Outcome) -> Vec<Table> {
    let table = |name, title, head, hint| table(outcome, name, (title, head, hint));
    let all = [
        scores(
            outcome,
            SCORES,
            ("Over all nodes", "r is the correlation. A node is wet from 0.1 mm on"),
        )
        .map(|table| with_mass(table, outcome)),
        against_rivals(outcome),
        table(
            "quantiles",
            "Quantiles against those of the observation (Q–Q), mm",
            "Share of nodes below",
            "The rain that this share of the nodes does not exceed. A forecast with the same amounts as the \
             observation has the same numbers in every row; the variable quantiles_at_observed of the files has \
             them for every thousandth of the nodes",
        ),
        fractions(outcome),
        table(
            "power_ratio",
            "Power divided by that of the observation, by wavelength",
            "Wavelength",
            "Below 1 a forecast is too smooth, above 1 too rough",
        ),
        table("error_by_elevation", "Mean squared error by elevation, mm²", "Elevation", ""),
        scores(outcome, NETWORK_SCORES, ("Over all nodes, in the network's unit", "")),
    ];
    all.into_iter().flatten().collect()
}

/// All scores whose names begin so, a column each, and a row a forecast.
fn scores(
    outcome: &Outcome,
    prefix: &str,
    (title, hint): (&'static str, &'static str),
) -> Option<Table> {
    let name = |variable: &Variable| Some(variable.name.strip_prefix(prefix)?.to_owned());
    let found: Vec<(String, &Variable)> =
        outcome.variables.iter().filter_map(|v| Some((name(v)?, v))).collect();
    let forecasts = forecasts(outcome, prefix)?;
    let row = |i: usize| {
        let cells = found.iter().map(|(_, score)| format::number(score.values.at(i)));
        (label(&forecasts.label(i)), cells.collect())
    };
    let rows = (0..forecasts.len()).map(row).collect();
    let column = |(name, score): &(String, &Variable)| match score.quantity.unit.as_str() {
        "" | "1" => score_label(name),
        unit => format!("{}, {unit}", score_label(name)),
    };
    let columns = found.iter().map(column).collect();
    let groups = vec![Group { title: String::new(), rows }];
    Some(Table { title, head: "Forecast".to_owned(), columns, groups, hint })
}

/// The forecasts that are scored.
fn forecasts<'a>(outcome: &'a Outcome, prefix: &str) -> Option<&'a Axis> {
    outcome.variables.iter().find(|variable| variable.name.starts_with(prefix))?.axis()
}

/// A table of two axes: forecasts in columns where there are fewer of them.
fn table(
    outcome: &Outcome,
    name: &str,
    (title, head, hint): (&'static str, &str, &'static str),
) -> Option<Table> {
    let variable = outcome.variable(name)?;
    let [forecasts, others] = &variable.axes[..] else { return None };
    let (n_forecasts, n_others) = (forecasts.len(), others.len());
    let at = |forecast: usize, other: usize| {
        format::number(variable.values.at(forecast * n_others + other))
    };
    let label = |axis: &Axis, i: usize| match &axis.coordinates {
        Coordinates::Numbers { values, unit } => place(values[i], unit),
        _ => label(&axis.label(i)),
    };
    // Long lists of wavelengths: the first, the last, and those that double.
    let is_shown = |i: &usize| n_others <= 10 || (i + 1).is_power_of_two() || i + 1 == n_others;
    let row = |other: usize| {
        let cells = (0..n_forecasts).map(|forecast| at(forecast, other)).collect();
        (label(others, other), cells)
    };
    let columns = (0..n_forecasts).map(|forecast| label(forecasts, forecast)).collect();
    let rows = (0..n_others).filter(is_shown).map(row).collect();
    let groups = vec![Group { title: String::new(), rows }];
    Some(Table { title, head: head.to_owned(), columns, groups, hint })
}

/// A coordinate with its unit.
fn place(value: f64, unit: &str) -> String {
    match unit {
        "1" => format::number(value),
        "degrees" => format!("{}°", format::number(value)),
        _ => format!("{} {unit}", format::number(value)),
    }
}

fn score_label(name: &str) -> String {
    let found = CONTINUOUS_SCORES.iter().find(|score| score.name == name);
    found.map_or_else(|| name.replace('_', " "), |score| score.label.to_owned())
}

/// With how far coarse cells are off the coarse rain, which a forecast should keep.
fn with_mass(mut table: Table, outcome: &Outcome) -> Table {
    table.columns.push("Coarse rain not kept".to_owned());
    let rows = table.groups.iter_mut().flat_map(|group| &mut group.rows);
    for (i, (_, cells)) in rows.enumerate() {
        let name = forecasts(outcome, SCORES).map(|forecasts| forecasts.label(i));
        let share = outcome.number(&format!("mass_residual/{}", name.unwrap_or_default()));
        let text = |share: f64| format!("{} %", format::number(100.0 * share));
        cells.push(share.map_or("–".to_owned(), text));
    }
    table
}

/// A difference of scores with its interval, which few tiles do not have.
struct Gain {
    value: f64,
    ends: Option<[f64; 2]>,
}

impl Gain {
    fn of(outcome: &Outcome, rival: &str, score: &str) -> Option<Self> {
        let number = |part: &str| outcome.number(&format!("gain/{rival}/{score}{part}"));
        let ends = number("_low").zip(number("_high")).map(<[f64; 2]>::from);
        Some(Self { value: number("")?, ends })
    }

    fn interval(&self) -> Option<String> {
        let [low, high] = self.ends?.map(format::number);
        Some(format!("{low} to {high}"))
    }

    /// `None` where there is no interval to say it by.
    fn verdict(&self, less_is_better: bool) -> Option<&'static str> {
        let [low, high] = self.ends?;
        let is_clear = low > 0.0 || high < 0.0;
        let is_better = (self.value < 0.0) == less_is_better;
        Some(match (is_clear, is_better) {
            (false, _) => "may be chance",
            (true, true) => "better",
            (true, false) => "worse",
        })
    }
}

/// Scores of the differences, and whether less of them is better.
const COMPARED: [(&str, &str, bool); 2] = [("mse", " mm²", true), ("r", "", false)];

/// Names of both, as sentences begin.
fn in_words(score: &str) -> &'static str {
    if score == "mse" { "Mean squared error" } else { "Correlation r" }
}

/// How much better than interpolation, in sentences.
pub fn gain(outcome: &Outcome) -> Vec<String> {
    let words = |(score, unit, less_is_better): (&str, &str, bool)| {
        let gain = Gain::of(outcome, "bilinear", score)?;
        let how = match gain.verdict(less_is_better).zip(gain.interval()) {
            None => ": too few tiles to say whether this is chance".to_owned(),
            Some(("may be chance", interval)) => {
                format!(" (95 % interval {interval} over tiles): the difference may be chance")
            }
            Some((found, interval)) => {
                format!(" (95 % interval {interval} over tiles): the network is {found}")
            }
        };
        Some(format!(
            "{} minus that of bilinear interpolation: {}{unit}{how}",
            in_words(score),
            format::number(gain.value)
        ))
    };
    COMPARED.into_iter().filter_map(words).collect()
}

/// The same for every other forecast.
fn against_rivals(outcome: &Outcome) -> Option<Table> {
    let forecasts = forecasts(outcome, SCORES)?;
    let row = |i: usize| {
        let name = forecasts.label(i);
        let gains = COMPARED.map(|(score, _, less)| {
            Gain::of(outcome, &name, score).map(|gain| (gain.verdict(less), gain))
        });
        let cells = gains.into_iter().flatten().flat_map(|(verdict, gain)| {
            let unknown = || "too few tiles".to_owned();
            [
                format::number(gain.value),
                gain.interval().unwrap_or_else(unknown),
                verdict.map_or_else(unknown, str::to_owned),
            ]
        });
        let cells: Vec<String> = cells.collect();
        (cells.len() == 6).then(|| (label(&name), cells))
    };
    let rows: Vec<_> = (1..forecasts.len()).filter_map(row).collect();
    let columns = ["MSE, mm²", "95 % interval", "Network is", "r", "95 % interval", "Network is"];
    (!rows.is_empty()).then(|| Table {
        title: "The network minus each other forecast",
        head: "Other forecast".to_owned(),
        columns: columns.map(str::to_owned).into(),
        groups: vec![Group { title: String::new(), rows }],
        hint: "The intervals are computed by resampling tiles. Means of members are smooth, which lowers their \
               error and their \
               heavy rain",
    })
}

/// How good members are together, beside those of RainFARM; `None` where nothing was observed.
pub fn ensembles(outcome: &Outcome) -> Option<Table> {
    let all = [
        ("ensemble", "the network"),
        ("rainfarm", "RainFARM"),
        ("rainfarm_orographic", "RainFARM with terrain"),
    ];
    let row = |(name, label): (&str, &str)| {
        let number = |what: &str| outcome.number(&format!("{name}/{what}"));
        let cells = ["crps_fair", "spread", "error"].map(number);
        let text = |number: Option<f64>| number.map_or("–".to_owned(), format::number);
        cells[0].is_some().then(|| (label.to_owned(), cells.map(text).into()))
    };
    let rows: Vec<_> = all.into_iter().filter_map(row).collect();
    (!rows.is_empty()).then(|| Table {
        title: "How good the members are together, mm",
        head: "Members of".to_owned(),
        columns: ["Fair CRPS", "Spread", "Error of the mean"].map(str::to_owned).into(),
        groups: vec![Group { title: String::new(), rows }],
        hint: "Fair CRPS is the continuous ranked probability score, as of any number of members; less is better. Spread \
               (times √((m + 1)/m) for m members) and error of the mean are alike for a good ensemble",
    })
}

/// Of neighbourhoods.
fn sides(scales: &Axis) -> Vec<String> {
    match &scales.coordinates {
        Coordinates::Numbers { values, unit } => {
            values.iter().map(|&side| place(side, unit)).collect()
        }
        _ => (0..scales.len()).map(|i| scales.label(i)).collect(),
    }
}

/// The Fractions Skill Score of every forecast, by threshold.
fn fractions(outcome: &Outcome) -> Option<Table> {
    let variable = outcome.variable("fractions_skill_score")?;
    let [forecasts, thresholds, scales] = &variable.axes[..] else { return None };
    let at = |forecast: usize, threshold: usize, scale: usize| {
        let place = (forecast * thresholds.len() + threshold) * scales.len() + scale;
        format::number(variable.values.at(place))
    };
    let group = |threshold: usize| {
        let row = |forecast: usize| {
            let cells = (0..scales.len()).map(|scale| at(forecast, threshold, scale)).collect();
            (label(&forecasts.label(forecast)), cells)
        };
        let title = format!("{} mm or more", thresholds.label(threshold).trim_end_matches(" mm"));
        Group { title, rows: (0..forecasts.len()).map(row).collect() }
    };
    Some(Table {
        title: "Fractions Skill Score, by threshold and scale",
        head: "Forecast".to_owned(),
        columns: sides(scales),
        groups: (0..thresholds.len()).map(group).collect(),
        hint: "1 if the same share of each neighbourhood is wet as in the observation. A dash: neither the forecast \
               nor the observation has so much rain",
    })
}
