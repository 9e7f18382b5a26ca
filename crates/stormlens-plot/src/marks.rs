//! Marks on a map: places that another variable of the result holds, each with a weight.

use stormlens_data::outcome::{Outcome, Variable};

use super::PlotError;
use super::canvas::{Frame, Pen};
use super::palette::{N_CONTINUOUS, signed};
use super::view::{View, extent};

/// Columns of the variable: place in pixels of the map, counted from the middle of the first one, and weight.
const COLUMNS: [&str; 3] = ["row", "column", "weight"];
/// Of the mark with the largest weight.
const RADIUS_MM: f64 = 0.9;
/// Half the length of a cross.
const ARM_MM: f64 = 1.4;

/// The marks of a map: a dot where a weight is, as large as that; a cross where there is none.
#[derive(Clone, Copy)]
pub struct Marks<'a> {
    map: &'a Variable,
    marks: &'a Variable,
}

impl<'a> Marks<'a> {
    /// Those of `NAME/marks` on the map `NAME`.
    pub fn of(outcome: &'a Outcome, map: &'a Variable) -> Option<Self> {
        let marks = outcome.variable(&format!("{}/marks", map.name))?;
        let columns = marks.axes.last()?;
        let is_column = |i: usize| columns.label(i) == COLUMNS[i];
        let fits = columns.len() == COLUMNS.len() && (0..COLUMNS.len()).all(is_column);
        (marks.plane.is_none() && fits && map.plane.is_some()).then_some(Self { map, marks })
    }

    /// What they are, for people.
    pub fn words(&self) -> &str {
        &self.marks.quantity.name
    }

    fn all(&self) -> impl Iterator<Item = [f64; 3]> {
        let n = self.marks.values.len() / COLUMNS.len();
        (0..n).map(|i| std::array::from_fn(|k| self.marks.values.at(i * COLUMNS.len() + k)))
    }

    /// How many of the dots lie beyond the map.
    pub fn n_beyond(&self) -> usize {
        let [height, width] = self.map.plane.unwrap_or_default();
        let is_within = |place: f64, n: usize| (-0.5..=n as f64 - 0.5).contains(&place);
        let is_on_map = |mark: &[f64; 3]| is_within(mark[0], height) && is_within(mark[1], width);
        let dots = self.all().filter(|mark| !mark[2].is_nan());
        dots.filter(|mark| !is_on_map(mark)).count()
    }

    pub fn draw(&self, pen: &Pen, frame: Frame, view: &View) -> Result<(), PlotError> {
        let largest = self.all().map(|mark| mark[2]).fold(0.0, f64::max);
        // The orange of what raises a target is seen on maps of blues.
        let colour = signed(view.theme())[N_CONTINUOUS - 1 - N_CONTINUOUS / 5];
        let mut crosses = Vec::new();
        for [row, column, weight] in self.all() {
            let Some(at) = self.on_sheet(frame, view, [row, column]) else { continue };
            match weight.is_nan() {
                true => crosses.push(at),
                false => {
                    let radius = RADIUS_MM * (weight / largest).max(0.0).sqrt();
                    pen.dot(at, radius + 0.15, pen.inks.paper, 0.9)?;
                    pen.dot(at, radius, colour, 1.0)?;
                }
            }
        }
        crosses.into_iter().try_for_each(|at| cross(pen, at))
    }

    /// `None` beyond what the map shows.
    fn on_sheet(&self, frame: Frame, view: &View, place: [f64; 2]) -> Option<(f64, f64)> {
        let (covers, [height, width]) = (extent(&self.map.domain), self.map.plane?);
        let covers = view.on_sheet(frame, &covers);
        let share = |place: f64, n: usize| (place + 0.5) / n as f64;
        let x = covers.left + share(place[1], width) * covers.width;
        let y = covers.top + share(place[0], height) * covers.height;
        let is_within =
            (frame.left..=frame.right()).contains(&x) && (frame.top..=frame.bottom()).contains(&y);
        is_within.then_some((x, y))
    }
}

/// Seen on anything.
fn cross(pen: &Pen, (x, y): (f64, f64)) -> Result<(), PlotError> {
    for (width_mm, colour) in [(0.7, pen.inks.paper), (0.3, pen.inks.text)] {
        pen.line(&[(x - ARM_MM, y - ARM_MM), (x + ARM_MM, y + ARM_MM)], width_mm, colour, 1.0)?;
        pen.line(&[(x - ARM_MM, y + ARM_MM), (x + ARM_MM, y - ARM_MM)], width_mm, colour, 1.0)?;
    }
    Ok(())
}
