//! Quantiles of forecasts against those of the observation: the Q–Q diagram.
//!
//! Wilks 2019, Statistical Methods in the Atmospheric Sciences, section 3.5.2: of each share, the amount that so many
//! values of the observation stay below, against that of the forecast. On the 1:1 line a forecast has the observed
//! amounts, wherever and whenever it says them.

use stormlens_data::score::downscaling::{QuantileCurve, QuantileCurves};

use super::axes::{Axes, Axis, Frames};
use super::legend::Entry;
use super::series::{Stroke, dot};
use super::sheet::{Content, Sheet};
use super::{MAX_FORECASTS, Plan, alt};
use crate::canvas::Pen;
use crate::words::{number, sentence};
use crate::{PlotError, Style, Theme};

/// Shares with a dot, as far as the curves have them; the last ones stand in the legend.
const MARKED: [f64; 3] = [0.9, 0.99, 0.999];
const IN_LEGEND: [f64; 2] = [0.99, 0.999];
/// What a Q–Q diagram shows.
#[derive(Clone, Debug, PartialEq)]
pub struct Quantiles<'a> {
    pub found: &'a QuantileCurves,
    /// How many of the curves are drawn: the first ones.
    pub n_drawn: usize,
    /// Whose forecasts and data these are, for the small print.
    pub credit: String,
    /// What has to be said of them; empty for nothing.
    pub remark: String,
}

impl<'a> Quantiles<'a> {
    /// Its name in addresses and files.
    pub const NAME: &'static str = "quantiles";
    pub const TITLE: &'static str = "Quantiles (Q–Q)";
    pub const MEANING: &'static str = "Amounts that the same share of the nodes stays below, forecast against observed. On the 1:1 line          a forecast has the observed amounts; below it too little, above it too much. It does not say whether they fall at the right place.";

    /// As many curves as lines can be told apart.
    pub fn new(found: &'a QuantileCurves) -> Self {
        let n_drawn = found.curves.len().min(MAX_FORECASTS);
        Self { found, n_drawn, credit: String::new(), remark: String::new() }
    }

    fn curves(&self) -> &'a [QuantileCurve] {
        &self.found.curves[..self.n_drawn.min(self.found.curves.len())]
    }

    fn check(&self) -> Result<(), PlotError> {
        match self.curves().len() {
            _ if self.curves().iter().all(|curve| curve.points.is_empty()) => {
                Err(PlotError::NoForecasts)
            }
            n if n > MAX_FORECASTS => Err(PlotError::ManyForecasts { n }),
            _ => Ok(()),
        }
    }

    /// Draws it as an SVG document of `style.width_mm` millimetres, whose height follows.
    ///
    /// # Errors
    /// If there is no quantile, there are too many forecasts, or the style is out of range.
    pub fn draw(&self, style: &Style) -> Result<String, PlotError> {
        style.check()?;
        self.check()?;
        Sheet::new(self, style).draw()
    }

    /// Width and height in CSS pixels, as [`super::diagram_size_px`].
    pub fn size_px(&self, style: &Style) -> (u32, u32) {
        super::size_px(self.check().is_ok() && style.check().is_ok(), self, style)
    }

    /// The finding: one sentence a forecast.
    pub fn alt_text(&self) -> String {
        let at = |curve: &QuantileCurve, share: f64| {
            let (observed, forecast) = curve.at(share)?;
            let [observed, forecast] = [observed, forecast].map(number);
            let share = number(100.0 * share);
            Some(format!(
                "{share} % stay below {forecast} {}, observed {observed}",
                self.found.unit
            ))
        };
        let of = |curve: &QuantileCurve| {
            let said: Vec<String> =
                MARKED.into_iter().filter_map(|share| at(curve, share)).collect();
            let said =
                if said.is_empty() { "no such quantile".to_owned() } else { said.join("; ") };
            format!("{}: {said}", sentence(&curve.forecast))
        };
        let words: Vec<String> = self.curves().iter().map(of).collect();
        let words = format!("{} of {}. {}.", Self::TITLE, self.found.what, words.join(". "));
        alt::with_remark(words, &self.remark)
    }

    /// The same range for both axes, from 0 on.
    fn axis(&self, label: &'static str) -> Axis {
        let points = self.curves().iter().flat_map(|curve| &curve.points);
        let all = points.flat_map(|&[_, observed, forecast]| [observed, forecast]);
        let highest = all.filter(|mm| mm.is_finite()).fold(0.0, f64::max);
        Axis::around(0.0, highest, label)
    }
}

impl Content for Quantiles<'_> {
    fn title(&self) -> String {
        format!("{}: {}, {}", Self::TITLE, self.found.what, self.found.unit)
    }

    fn details(&self) -> String {
        self.found.details.clone()
    }

    fn alt(&self) -> String {
        self.alt_text()
    }

    fn small_print(&self) -> [&str; 2] {
        [&self.credit, &self.remark]
    }

    fn plan(&self) -> Plan {
        let entry = |curve: &QuantileCurve| {
            let at = |share: f64| {
                let (observed, forecast) = curve.at(share)?;
                let [share, forecast, observed] = [100.0 * share, forecast, observed].map(number);
                Some(format!("{share}\u{a0}%: {forecast} of {observed}\u{a0}{}", self.found.unit))
            };
            Entry::new(&curve.forecast, IN_LEGEND.into_iter().filter_map(at))
        };
        let note = format!(
            "Both axes in {}. Line 1:1: as much as observed. Dots: 90, 99 and 99.9 % of the values stay below.",
            self.found.unit
        );
        Plan {
            axes: Axes::new(
                self.axis("quantile of the observation"),
                self.axis("quantile of the forecast"),
                1.0,
            ),
            legend: self.curves().iter().map(entry).collect(),
            notes: vec![note],
            has_histogram: false,
        }
    }

    fn draw(
        &self,
        pen: &Pen,
        axes: &Axes,
        _: Option<&Frames>,
        theme: Theme,
    ) -> Result<(), PlotError> {
        let high = axes.across.high;
        pen.line(&[axes.at(0.0, 0.0), axes.at(high, high)], 0.2, pen.inks.muted, 1.0)?;
        for (place, curve) in self.curves().iter().enumerate().rev() {
            let stroke = Stroke::of(place, theme);
            let known = curve.points.iter().filter(|point| point.iter().all(|v| v.is_finite()));
            let points: Vec<(f64, f64)> = known.map(|point| (point[1], point[2])).collect();
            axes.curve(&points).iter().try_for_each(|part| stroke.draw(pen, part))?;
            for (observed, forecast) in MARKED.into_iter().filter_map(|share| curve.at(share)) {
                dot(pen, axes.at(observed, forecast), stroke)?;
            }
        }
        Ok(())
    }
}
