//! Scores as a table, and the table as CSV and JSON.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};

use super::list::{SCORES, Score};
use super::tally::{Counts, Tally};
use crate::card::NowcastField;

/// Scores of a model, of persistence and of other forecasts against the same observations.
///
/// As JSON `{"field": "precipitation", "rows": [{"forecast": "model", "lead_time_min": 30,
/// "threshold_mm_h": 0.5, "hits": 3, …, "csi": null, …}]}`: a lead time of `null` is all of them
/// together, a score of `null` is undefined.
#[derive(Clone, Debug, PartialEq)]
pub struct ScoreTable {
    pub field: NowcastField,
    /// The model at every lead time and threshold, then the others.
    pub rows: Vec<ScoreRow>,
}

/// One forecast at one lead time and threshold.
#[derive(Clone, Debug, PartialEq)]
pub struct ScoreRow {
    /// Its name, e.g. [`super::MODEL`].
    pub forecast: String,
    /// `None`: all lead times together.
    pub lead_time_min: Option<u32>,
    /// In the field's unit.
    pub threshold: f64,
    pub counts: Counts,
    /// In the order of [`SCORES`]; `None` for those of other fields.
    values: [Option<f64>; SCORES.len()],
}

impl ScoreRow {
    /// The scores that the field has, of what was counted.
    pub(super) fn new(
        field: NowcastField,
        forecast: &str,
        lead_time_min: Option<u32>,
        threshold: f64,
        tally: &Tally,
    ) -> Self {
        let values = SCORES.map(|score| if score.is_of(field) { score.of(tally) } else { None });
        let (forecast, counts) = (forecast.to_owned(), tally.counts);
        Self { forecast, lead_time_min, threshold, counts, values }
    }

    /// A score by its name; `None` where it is undefined and where there is no such score.
    pub fn score(&self, name: &str) -> Option<f64> {
        let place = SCORES.iter().position(|score| score.name == name)?;
        self.values[place]
    }

    /// Score and value, of those that the field has.
    pub fn scores(
        &self,
        field: NowcastField,
    ) -> impl Iterator<Item = (&'static Score, Option<f64>)> {
        const ALL: &[Score] = &SCORES;
        ALL.iter().zip(self.values).filter(move |(score, _)| score.is_of(field))
    }
}

impl ScoreTable {
    /// The row of a forecast at a lead time (`None`: all of them together) and a threshold.
    pub fn row(
        &self,
        forecast: &str,
        lead_time_min: Option<u32>,
        threshold: f64,
    ) -> Option<&ScoreRow> {
        let wanted = (forecast, lead_time_min, threshold);
        let is_it =
            |row: &&ScoreRow| (row.forecast.as_str(), row.lead_time_min, row.threshold) == wanted;
        self.rows.iter().find(is_it)
    }

    /// Lead times in the order of the rows; `None` for all of them together.
    pub fn lead_times_min(&self) -> Vec<Option<u32>> {
        let mut leads = Vec::new();
        for row in &self.rows {
            if !leads.contains(&row.lead_time_min) {
                leads.push(row.lead_time_min);
            }
        }
        leads
    }

    /// The table as CSV with a line of names. Undefined scores are empty; `all` is the lead time of
    /// all lead times together.
    pub fn to_csv(&self) -> String {
        let scores = SCORES.iter().filter(|score| score.is_of(self.field)).map(|score| score.name);
        let fixed = ["forecast", "lead_time_min", threshold_name(self.field)];
        let names: Vec<&str> = fixed.into_iter().chain(COUNTS).chain(scores).collect();
        let mut text = names.join(",") + "\n";
        for row in &self.rows {
            text += &self.cells(row).join(",");
            text.push('\n');
        }
        text
    }

    fn cells(&self, row: &ScoreRow) -> Vec<String> {
        let ScoreRow { forecast, lead_time_min, threshold, counts, .. } = row;
        let lead = lead_time_min.map_or_else(|| "all".to_owned(), |lead| lead.to_string());
        let mut cells = vec![forecast.clone(), lead, threshold.to_string()];
        cells.extend(numbers(counts).map(|n| n.to_string()));
        let text = |value: Option<f64>| value.map(|v| v.to_string()).unwrap_or_default();
        cells.extend(row.scores(self.field).map(|(_, value)| text(value)));
        cells
    }

    fn json_row(&self, row: &ScoreRow) -> Map<String, Value> {
        let mut object = Map::new();
        let mut put = |name: &str, value: Value| object.insert(name.to_owned(), value);
        put("forecast", row.forecast.as_str().into());
        put("lead_time_min", row.lead_time_min.into());
        put(threshold_name(self.field), row.threshold.into());
        COUNTS.iter().zip(numbers(&row.counts)).for_each(|(name, n)| {
            put(name, n.into());
        });
        row.scores(self.field).for_each(|(score, value)| {
            put(score.name, value.into());
        });
        object
    }
}

const COUNTS: [&str; 5] = ["hits", "misses", "false_alarms", "correct_negatives", "n_pixels"];

/// In the order of [`COUNTS`].
fn numbers(c: &Counts) -> [u64; 5] {
    [c.hits, c.misses, c.false_alarms, c.correct_negatives, c.n_pixels()]
}

fn threshold_name(field: NowcastField) -> &'static str {
    match field {
        NowcastField::Precipitation => "threshold_mm_h",
        NowcastField::CloudCover => "threshold",
    }
}

impl Serialize for ScoreTable {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let rows: Vec<_> = self.rows.iter().map(|row| self.json_row(row)).collect();
        serde_json::json!({ "field": self.field, "rows": rows }).serialize(serializer)
    }
}

/// A row as it is written, where the names of thresholds tell the field.
#[derive(Deserialize)]
struct StoredRow {
    forecast: String,
    lead_time_min: Option<u32>,
    threshold_mm_h: Option<f64>,
    threshold: Option<f64>,
    #[serde(flatten)]
    counts: Counts,
    #[serde(flatten)]
    others: Map<String, Value>,
}

impl<'de> Deserialize<'de> for ScoreTable {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Stored {
            field: NowcastField,
            rows: Vec<StoredRow>,
        }
        let Stored { field, rows } = Stored::deserialize(deserializer)?;
        let rows = rows.into_iter().map(|row| row.finish(field)).collect::<Result<_, _>>();
        rows.map(|rows| Self { field, rows }).map_err(serde::de::Error::custom)
    }
}

impl StoredRow {
    fn finish(self, field: NowcastField) -> Result<ScoreRow, String> {
        let Self { forecast, lead_time_min, threshold_mm_h, threshold, counts, others } = self;
        let threshold = match field {
            NowcastField::Precipitation => threshold_mm_h,
            NowcastField::CloudCover => threshold,
        };
        let threshold =
            threshold.ok_or_else(|| format!("a row has no {}", threshold_name(field)))?;
        let values = SCORES.map(|score| others.get(score.name).and_then(Value::as_f64));
        Ok(ScoreRow { forecast, lead_time_min, threshold, counts, values })
    }
}
