//! A line of scores for each forecast, with intervals.

use stormlens_data::score::events::{Cell, EventReport, Interval};

use crate::canvas::Pen;
use crate::diagram::axes::Axes;
use crate::diagram::series::{Stroke, colour, disc};
use crate::words::count;
use crate::{PlotError, Theme};

/// Bands of more forecasts hide each other.
const MOST_BANDS: usize = 3;
const DOT_MM: f64 = 0.55;
/// Half the width of the ends of a whisker.
const END_MM: f64 = 0.3;
/// Between whiskers of neighbouring forecasts, where there is room.
const APART_MM: f64 = 0.9;

/// A score at a place of the lower axis.
pub struct Point {
    pub x: f64,
    pub value: Option<f64>,
    pub interval: Option<Interval>,
}

impl Point {
    /// `None` where there is no cell.
    pub fn of(x: f64, cell: Option<&Cell>) -> Self {
        let interval = cell.and_then(|cell| cell.interval);
        Self { x, value: cell.and_then(|cell| cell.value), interval }
    }
}

/// The points of each forecast that is shown, from left to right.
pub struct Lines(pub Vec<Vec<Point>>);

impl Lines {
    fn points(&self) -> impl Iterator<Item = &Point> {
        self.0.iter().flatten()
    }

    pub fn is_empty(&self) -> bool {
        self.points().all(|point| point.value.is_none())
    }

    /// The least and the greatest of all values and ends of intervals.
    pub fn range(&self) -> (f64, f64) {
        let ends = |point: &Point| {
            let ends = point.interval.map(|Interval { low, high }| [low, high]);
            point.value.into_iter().chain(ends.into_iter().flatten()).collect::<Vec<_>>()
        };
        let all = self.points().flat_map(ends);
        all.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| (low.min(v), high.max(v)))
    }

    /// A single point has no band that could be seen.
    fn has_bands(&self) -> bool {
        self.0.len() <= MOST_BANDS && self.0.iter().all(|points| points.len() > 1)
    }

    /// What bands or whiskers are; `None` without intervals.
    pub fn note(&self, report: &EventReport) -> Option<String> {
        let what = match self.has_bands() {
            true => "Shaded",
            false => "Upright, set side by side",
        };
        let [parts, rounds] = [report.parts.len(), report.n_rounds].map(count);
        let has_one = self.points().any(|point| point.interval.is_some());
        has_one.then(|| {
            format!(
                "{what}: the middle 95 % of {rounds} times in which {parts} parts were drawn again."
            )
        })
    }

    pub fn draw(&self, pen: &Pen, axes: &Axes, theme: Theme) -> Result<(), PlotError> {
        let has_bands = self.has_bands();
        if has_bands {
            self.0.iter().enumerate().try_for_each(|(i, p)| band(pen, axes, p, i, theme))?;
        }
        for (place, points) in self.0.iter().enumerate().rev() {
            let shift = if has_bands { 0.0 } else { self.shift_mm(place, axes) };
            let stroke = Stroke::of(place, theme);
            if !has_bands {
                points.iter().try_for_each(|point| whisker(pen, axes, point, shift, stroke))?;
            }
            let at = |point: &Point| Some(moved(axes.at(point.x, point.value?), shift));
            runs(points, at).iter().try_for_each(|run| stroke.draw(pen, run))?;
            points.iter().filter_map(at).try_for_each(|at| disc(pen, at, DOT_MM, stroke.colour))?;
        }
        Ok(())
    }

    /// How far the marks of a forecast are moved, so that whiskers stand side by side.
    fn shift_mm(&self, place: usize, axes: &Axes) -> f64 {
        let n = self.0.len() as f64;
        let across = |point: &Point| axes.at(point.x, axes.up.low).0;
        let points = &self.0[place];
        let gaps = points.windows(2).map(|two| across(&two[1]) - across(&two[0]));
        // Half of the marks of the first and of the last point lie between it and the frame.
        let first = points.first().map(|point| 2.0 * (across(point) - axes.frame.left));
        let last = points.last().map(|point| 2.0 * (axes.frame.right() - across(point)));
        let least = gaps.chain(first).chain(last).fold(f64::INFINITY, f64::min);
        let room = 0.8 * least / n;
        (place as f64 - (n - 1.0) / 2.0) * room.min(APART_MM)
    }
}

fn moved((x, y): (f64, f64), mm: f64) -> (f64, f64) {
    (x + mm, y)
}

/// What neighbouring points give, without those that give nothing.
fn runs<T>(points: &[Point], of: impl Fn(&Point) -> Option<T>) -> Vec<Vec<T>> {
    let mut runs = vec![Vec::new()];
    for point in points {
        match (of(point), runs.last_mut()) {
            (Some(found), Some(run)) => run.push(found),
            _ => runs.push(Vec::new()),
        }
    }
    runs
}

fn band(
    pen: &Pen,
    axes: &Axes,
    points: &[Point],
    place: usize,
    theme: Theme,
) -> Result<(), PlotError> {
    let ends = |point: &Point| {
        let Interval { low, high } = point.interval?;
        Some([axes.at(point.x, low), axes.at(point.x, high)])
    };
    for run in runs(points, ends).iter().filter(|run| run.len() > 1) {
        let [low, high] = [0, 1].map(|end| run.iter().map(move |ends| ends[end]));
        let around: Vec<_> = low.chain(high.rev()).collect();
        pen.polygon(&around, colour(place, theme), 0.16)?;
    }
    Ok(())
}

fn whisker(
    pen: &Pen,
    axes: &Axes,
    point: &Point,
    shift_mm: f64,
    stroke: Stroke,
) -> Result<(), PlotError> {
    let Some(Interval { low, high }) = point.interval else { return Ok(()) };
    let [low, high] = [low, high].map(|end| moved(axes.at(point.x, end), shift_mm));
    let line = |ends: &[(f64, f64)]| pen.line(ends, 0.2, stroke.colour, 0.9);
    line(&[low, high])?;
    [low, high].into_iter().try_for_each(|end| line(&[moved(end, -END_MM), moved(end, END_MM)]))
}
