//! Lines that are told apart by colour and by dash.

use crate::PlotError;
use crate::Theme;
use crate::canvas::Pen;
use crate::colour::{Rgb, lch};

/// How many there are.
pub const N: usize = 7;

/// Strokes and gaps in mm; empty for a line without gaps.
const DASHES: [&[f64]; N] = [
    &[],
    &[2.2, 0.9],
    &[0.5, 0.8],
    &[2.4, 0.7, 0.5, 0.7],
    &[1.1, 0.7],
    &[4.2, 0.8],
    &[2.0, 0.6, 0.5, 0.6, 0.5, 0.6],
];

/// Chosen for lightness as much as for hue, so that they differ to colour-blind readers and in print.
pub fn colour(place: usize, theme: Theme) -> Rgb {
    let colours = match theme {
        Theme::Light => [
            lch(0.47, 0.16, 255.0),
            lch(0.62, 0.19, 48.0),
            lch(0.36, 0.0, 0.0),
            lch(0.6, 0.12, 170.0),
            lch(0.5, 0.2, 350.0),
            lch(0.66, 0.16, 305.0),
            lch(0.45, 0.1, 84.0),
        ],
        Theme::Dark => [
            lch(0.72, 0.14, 245.0),
            lch(0.77, 0.16, 65.0),
            lch(0.9, 0.0, 0.0),
            lch(0.68, 0.13, 165.0),
            lch(0.62, 0.2, 350.0),
            lch(0.6, 0.18, 288.0),
            lch(0.57, 0.12, 84.0),
        ],
    };
    colours[place % N].rgb()
}

/// What the line of a place looks like.
#[derive(Clone, Copy, Debug)]
pub struct Stroke {
    pub width_mm: f64,
    pub colour: Rgb,
    pub dash: &'static [f64],
}

impl Stroke {
    pub fn of(place: usize, theme: Theme) -> Self {
        // What matters most is widest.
        let width_mm = if place == 0 { 0.5 } else { 0.4 };
        Self { width_mm, colour: colour(place, theme), dash: DASHES[place % N] }
    }

    /// The same line, thinner.
    pub fn thin(self) -> Self {
        Self { width_mm: 0.2, ..self }
    }

    pub fn draw(&self, pen: &Pen, points: &[(f64, f64)]) -> Result<(), PlotError> {
        let draw = |piece: &[(f64, f64)]| pen.line(piece, self.width_mm, self.colour, 1.0);
        match self.dash {
            [] if points.len() > 1 => draw(points),
            [] => Ok(()),
            dash => dashed(points, dash).iter().try_for_each(|piece| draw(piece)),
        }
    }
}

/// A mark on a curve.
pub fn dot(pen: &Pen, at: (f64, f64), stroke: Stroke) -> Result<(), PlotError> {
    disc(pen, at, 0.9, stroke.colour)
}

/// A disc that lies as it should between whole hundredths of a millimetre.
pub fn disc(pen: &Pen, (x, y): (f64, f64), radius_mm: f64, colour: Rgb) -> Result<(), PlotError> {
    let corner = |i: u32| {
        let (sin, cos) = (f64::from(i) * std::f64::consts::TAU / 20.0).sin_cos();
        (x + radius_mm * cos, y + radius_mm * sin)
    };
    pen.polygon(&(0..20).map(corner).collect::<Vec<_>>(), colour, 1.0)
}

/// The strokes of a dashed line through points, around corners.
fn dashed(points: &[(f64, f64)], dash: &[f64]) -> Vec<Vec<(f64, f64)>> {
    let (mut strokes, mut stroke) =
        (Vec::new(), points.first().copied().into_iter().collect::<Vec<_>>());
    let (mut place, mut left) = (0, dash[0]);
    for ends in points.windows(2) {
        let (mut from, to) = (ends[0], ends[1]);
        let mut length = (to.0 - from.0).hypot(to.1 - from.1);
        // A place of the pattern is a stroke, the next one a gap.
        while length > left {
            let share = left / length;
            from = (from.0 + share * (to.0 - from.0), from.1 + share * (to.1 - from.1));
            stroke.push(from);
            let done = std::mem::replace(&mut stroke, vec![from]);
            strokes.extend((place % 2 == 0).then_some(done));
            length -= left;
            place = (place + 1) % dash.len();
            left = dash[place];
        }
        left -= length;
        stroke.push(to);
    }
    strokes.extend((place % 2 == 0).then_some(stroke));
    strokes.retain(|stroke| stroke.len() > 1);
    strokes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strokes_go_around_corners_and_leave_gaps() {
        let corner = [(0.0, 0.0), (3.0, 0.0), (3.0, 3.0)];
        let strokes = dashed(&corner, &[2.0, 0.5]);
        let expected = [
            vec![(0.0, 0.0), (2.0, 0.0)],
            vec![(2.5, 0.0), (3.0, 0.0), (3.0, 1.5)],
            vec![(3.0, 2.0), (3.0, 3.0)],
        ];
        assert_eq!(strokes, expected);
        assert!(dashed(&[], &[1.0, 1.0]).is_empty());
    }
}
