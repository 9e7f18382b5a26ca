//! What was tried and what came, in Markdown.

use std::fmt;

use crate::report::{percentile, shown};

/// One trial.
pub struct Row {
    what: &'static str,
    came: String,
    page_p50_ms: Option<f64>,
    page_p99_ms: Option<f64>,
    health_p99_ms: Option<f64>,
    /// Looks of the visitor without an answer.
    n_lost: usize,
    peak_memory_mb: Option<f64>,
}

impl Row {
    pub fn new(
        what: &'static str,
        came: String,
        (mut pages, mut health): (Vec<f64>, Vec<f64>),
        n_lost: usize,
        peak_memory_mb: Option<f64>,
    ) -> Self {
        pages.sort_by(f64::total_cmp);
        health.sort_by(f64::total_cmp);
        Self {
            what,
            came,
            page_p50_ms: percentile(&pages, 50),
            page_p99_ms: percentile(&pages, 99),
            health_p99_ms: percentile(&health, 99),
            n_lost,
            peak_memory_mb,
        }
    }
}

impl Row {
    /// One during which nobody looked.
    pub fn alone(what: &'static str, came: String) -> Self {
        Self::new(what, came, (Vec::new(), Vec::new()), 0, None)
    }
}

/// All trials; the first is that of the quiet server, with which the others are compared.
pub struct Table(Vec<Row>);

impl Table {
    pub fn new(quiet: Row) -> Self {
        Self(vec![quiet])
    }

    pub fn add(&mut self, row: Row) {
        self.0.push(row);
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "| tried | what came | page p50, ms | of quiet | page p99, ms | of quiet | /healthz p99, ms | \
             not answered | peak memory, MB |"
        )?;
        writeln!(f, "|---|---|--:|--:|--:|--:|--:|--:|--:|")?;
        let Some(quiet) = self.0.first() else { return Ok(()) };
        for row in &self.0 {
            let times = |now: Option<f64>, before: Option<f64>| {
                now.zip(before)
                    .map_or("–".to_owned(), |(now, before)| format!("{:.1} ×", now / before))
            };
            writeln!(
                f,
                "| {} | {} | {} | {} | {} | {} | {} | {} | {} |",
                row.what,
                row.came,
                shown(row.page_p50_ms),
                times(row.page_p50_ms, quiet.page_p50_ms),
                shown(row.page_p99_ms),
                times(row.page_p99_ms, quiet.page_p99_ms),
                shown(row.health_p99_ms),
                row.n_lost,
                shown(row.peak_memory_mb),
            )?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trials_are_compared_with_the_quiet_server() {
        let row =
            |what, ms: f64| Row::new(what, "–".to_owned(), (vec![ms], vec![1.0]), 0, Some(100.0));
        let mut table = Table::new(row("nothing", 2.0));
        table.add(row("much", 5.0));
        let text = table.to_string();
        let last = "| much | – | 5.00 | 2.5 × | 5.00 | 2.5 × | 1.00 | 0 | 100 |";
        assert_eq!(text.lines().last(), Some(last));
    }
}
