//! How often which probability is said: the sharpness histogram below a reliability diagram.

use stormlens_data::score::probability::Reliability;

use super::Verified;
use super::axes::{Axes, Frames};
use super::series::{Stroke, colour};
use crate::canvas::{Anchor, Frame, Pen};
use crate::parts::MARGIN_MM;
use crate::words::percent;
use crate::{PlotError, Theme};

/// Shares of the cases in bins. Where most of them lie in one bin, the axis is logarithmic.
pub fn draw(
    pen: &Pen,
    axes: &Axes,
    frames: &Frames,
    verified: &Verified<'_>,
    theme: Theme,
) -> Result<(), PlotError> {
    let Frames { frame, letterings, .. } = frames;
    let all: Vec<Vec<f64>> = verified.forecasts.iter().map(|f| shares(&f.reliability)).collect();
    let highest = all.iter().flatten().copied().fold(0.0, f64::max);
    let scale = Scale::of(highest, verified.forecasts[0].n_cases);
    for tick in &scale.ticks {
        let y = frame.bottom() - scale.height(*tick) * frame.height;
        pen.line(&[(frame.left, y), (frame.right(), y)], 0.1, pen.inks.text, 0.16)?;
        pen.text((frame.left - 1.2, y), &percent(*tick), Anchor::End, letterings.text)?;
    }
    for (place, shares) in all.iter().enumerate().rev() {
        outline(pen, *frame, shares, &scale, place, theme)?;
    }
    pen.outline(*frame, 0.15, pen.inks.text)?;
    let beside = MARGIN_MM + letterings.text.line_mm() / 2.0;
    pen.text_upwards((beside, frame.top + frame.height / 2.0), "cases", letterings.text)?;
    axes.below(pen, *frame, letterings)
}

/// Bars of the first forecast, outlines of the others.
fn outline(
    pen: &Pen,
    frame: Frame,
    shares: &[f64],
    scale: &Scale,
    place: usize,
    theme: Theme,
) -> Result<(), PlotError> {
    let width = frame.width / shares.len() as f64;
    let (mut paths, mut path) = (Vec::new(), Vec::new());
    for (i, &share) in shares.iter().enumerate() {
        let (left, height) = (frame.left + i as f64 * width, scale.height(share) * frame.height);
        let top = frame.bottom() - height;
        if height == 0.0 {
            paths.push(std::mem::take(&mut path));
            continue;
        }
        path.extend([(left, top), (left + width, top)]);
        if place == 0 {
            let bar = Frame { left: left + 0.15 * width, top, width: 0.7 * width, height };
            pen.fill(bar, colour(0, theme), 0.55)?;
        }
    }
    paths.push(path);
    let stroke = Stroke::of(place, theme);
    paths.iter().filter(|_| place > 0).try_for_each(|path| stroke.draw(pen, path))
}

fn shares(found: &Reliability) -> Vec<f64> {
    let weights: Vec<f64> = found.histogram.iter().map(|bin| bin.occurred + bin.quiet).collect();
    let all: f64 = weights.iter().sum();
    weights.into_iter().map(|weight| if all > 0.0 { weight / all } else { 0.0 }).collect()
}

struct Scale {
    low: f64,
    high: f64,
    is_logarithmic: bool,
    ticks: Vec<f64>,
}

impl Scale {
    fn of(highest: f64, n_cases: usize) -> Self {
        if highest <= 0.4 {
            let step =
                [0.05, 0.1, 0.2].into_iter().find(|step| highest <= 2.0 * step).unwrap_or(0.2);
            let ticks = vec![0.0, step, 2.0 * step];
            return Self { low: 0.0, high: 2.0 * step, is_logarithmic: false, ticks };
        }
        let decades: i32 = if n_cases > 2000 { 4 } else { 3 };
        let ticks = (0..decades).map(|i| 10_f64.powi(-i)).collect();
        // A case alone in its bin is still seen.
        let low = 10_f64.powi(-decades) * 2.0;
        Self { low, high: 1.0, is_logarithmic: true, ticks }
    }

    /// Share of the frame's height.
    fn height(&self, share: f64) -> f64 {
        let height = match self.is_logarithmic {
            true if share <= 0.0 => 0.0,
            true => (share / self.low).log10() / (self.high / self.low).log10(),
            false => share / self.high,
        };
        height.clamp(0.0, 1.0)
    }
}
