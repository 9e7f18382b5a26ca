//! What came of it, as a table in Markdown or as JSON.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use serde::Serialize;

use crate::client::End;

/// The ends of requests.
#[derive(Debug, Default)]
pub struct Tally {
    /// From the first request to the last answer.
    pub elapsed: Duration,
    answered_ms: Vec<f64>,
    refused_ms: Vec<f64>,
    /// Other statuses, and clients that broke off.
    wrong: BTreeMap<String, usize>,
    n_lost: usize,
}

impl Tally {
    /// Counts a request that took this long from the first question to the last answer.
    pub fn count(&mut self, end: End, took: Duration) {
        let took_ms = took.as_secs_f64() * 1e3;
        match end {
            End::Answered => self.answered_ms.push(took_ms),
            End::Refused(_) => self.refused_ms.push(took_ms),
            End::Wrong(status) => *self.wrong.entry(status.to_string()).or_default() += 1,
            End::Lost => self.n_lost += 1,
        }
    }

    /// Counts the request of a client that did not live to count it.
    pub fn add_broken(&mut self, error: &str) {
        *self.wrong.entry(error.to_owned()).or_default() += 1;
    }

    /// How many ended how.
    pub fn in_words(&self) -> String {
        let n_wrong: usize = self.wrong.values().sum();
        let (n_answered, n_refused) = (self.answered_ms.len(), self.refused_ms.len());
        format!(
            "{n_answered} answered, {n_refused} refused, {n_wrong} otherwise, {} lost",
            self.n_lost
        )
    }

    pub fn add(&mut self, other: Self) {
        self.answered_ms.extend(other.answered_ms);
        self.refused_ms.extend(other.refused_ms);
        self.n_lost += other.n_lost;
        for (what, n) in other.wrong {
            *self.wrong.entry(what).or_default() += n;
        }
    }
}

/// One number of clients.
#[derive(Debug, Serialize)]
struct Row {
    clients: usize,
    seconds: f64,
    answered: usize,
    answered_per_s: f64,
    /// From the first question to the page of the result; `None` where there was none.
    p50_ms: Option<f64>,
    p99_ms: Option<f64>,
    /// 503 or 429 with `Retry-After`.
    refused: usize,
    refused_p99_ms: Option<f64>,
    /// Other answers by their status.
    wrong: BTreeMap<String, usize>,
    /// No answer, or a refusal that does not say when to come back.
    lost: usize,
    /// Of the server, in MB of a million bytes.
    peak_memory_mb: Option<f64>,
}

/// A row for each number of clients.
#[derive(Debug, Default, Serialize)]
pub struct Report {
    levels: Vec<Row>,
}

impl Report {
    pub fn add(&mut self, clients: usize, tally: Tally, peak_memory_mb: Option<f64>) {
        let Tally { elapsed, mut answered_ms, mut refused_ms, wrong, n_lost } = tally;
        answered_ms.sort_by(f64::total_cmp);
        refused_ms.sort_by(f64::total_cmp);
        let seconds = elapsed.as_secs_f64();
        self.levels.push(Row {
            clients,
            seconds,
            answered: answered_ms.len(),
            answered_per_s: answered_ms.len() as f64 / seconds.max(f64::MIN_POSITIVE),
            p50_ms: percentile(&answered_ms, 50),
            p99_ms: percentile(&answered_ms, 99),
            refused: refused_ms.len(),
            refused_p99_ms: percentile(&refused_ms, 99),
            wrong,
            lost: n_lost,
            peak_memory_mb,
        });
    }

    /// Requests that did not end in a page, or in a refusal that says when to come back.
    pub fn n_lost(&self) -> usize {
        self.levels.iter().map(|row| row.lost + row.wrong.values().sum::<usize>()).sum()
    }
}

/// The smallest value that so many percent of the values do not exceed (nearest rank).
pub fn percentile(sorted: &[f64], percent: usize) -> Option<f64> {
    let rank = (sorted.len() * percent).div_ceil(100);
    sorted.get(rank.saturating_sub(1)).copied()
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "| clients | answers/s | p50, ms | p99, ms | answers | refused | p99 of refusals, ms \
             | other | lost | peak memory, MB |"
        )?;
        writeln!(f, "|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|")?;
        self.levels.iter().try_for_each(|row| row.fmt(f))
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { clients, answered, refused, lost, .. } = self;
        let (p50, p99) = (shown(self.p50_ms), shown(self.p99_ms));
        let (refused_p99, memory) = (shown(self.refused_p99_ms), shown(self.peak_memory_mb));
        let rate = shown(Some(self.answered_per_s));
        let wrong: usize = self.wrong.values().sum();
        writeln!(
            f,
            "| {clients} | {rate} | {p50} | {p99} | {answered} | {refused} | {refused_p99} | {wrong} \
             | {lost} | {memory} |"
        )
    }
}

/// Three digits, more before the point.
pub fn shown(value: Option<f64>) -> String {
    match value {
        None => "–".to_owned(),
        Some(value) if value >= 100.0 => format!("{value:.0}"),
        Some(value) if value >= 10.0 => format!("{value:.1}"),
        Some(value) => format!("{value:.2}"),
    }
}

#[cfg(test)]
mod tests {
    use hyper::StatusCode;

    use super::*;

    #[test]
    fn percentiles_are_values_that_occurred() {
        let values: Vec<f64> = (1..=200).map(f64::from).collect();
        let check = |n: usize, percent: usize, expected: Option<f64>| {
            assert_eq!(percentile(&values[..n], percent), expected, "{percent} % of {n}");
        };
        check(200, 50, Some(100.0));
        check(200, 99, Some(198.0));
        check(3, 50, Some(2.0));
        check(3, 99, Some(3.0));
        check(1, 50, Some(1.0));
        check(0, 50, None);
    }

    #[test]
    fn every_end_is_counted_once() {
        let mut tally = Tally::default();
        let ms = Duration::from_millis;
        tally.count(End::Answered, ms(10));
        tally.count(End::Answered, ms(30));
        tally.count(End::Refused(ms(5000)), ms(2));
        tally.count(End::Wrong(StatusCode::NOT_FOUND), ms(1));
        let mut other = Tally::default();
        other.count(End::Lost, ms(1));
        tally.add(other);
        tally.elapsed = ms(4000);
        let mut report = Report::default();
        report.add(8, tally, Some(123.4));
        assert_eq!(report.n_lost(), 2);
        let text = report.to_string();
        let row = "| 8 | 0.50 | 10.0 | 30.0 | 2 | 1 | 2.00 | 1 | 1 | 123 |";
        assert_eq!(text.lines().nth(2), Some(row));
        let json = serde_json::to_value(&report).unwrap();
        assert_eq!(json["levels"][0]["wrong"]["404 Not Found"], 1);
    }
}
