//! Integrated gradients summed per input frame: which of the last minutes did the network use?

use stormlens_data::outcome::{IntegratedGradients, NowcastOutcome};

use super::canvas::{Anchor, Frame, Pen, sheet};
use super::lettering::Type;
use super::lookup::gradients;
use super::map::say;
use super::palette::{N_CONTINUOUS, signed};
use super::parts::{Footer, Heading, Looks, MARGIN_MM};
use super::scale::{nice_above, ticks_within};
use super::words::{minutes_before_last, number, percent, target_words};
use super::{PlotError, Style};

/// Where everything of the chart stands.
pub struct Layout {
    looks: Looks,
    heading: Heading,
    footer: Footer,
    chart: Frame,
    footer_top: f64,
    pub height_mm: f64,
}

impl Layout {
    pub fn new(outcome: &NowcastOutcome, style: &Style) -> Result<Self, PlotError> {
        let gradients = gradients(outcome)?;
        let looks = Looks::new(style);
        let text_width = style.width_mm - 2.0 * MARGIN_MM;
        let details = [target_words(&gradients.target), gap_words(gradients)];
        let title = "Integrated gradients summed per input frame";
        let heading = Heading::new(title, &details, text_width, &looks);
        let footer = Footer::new(&outcome.provenance, text_width, &looks, false);

        let labels = Range::of(&gradients.frame_sums_mm_h).ticks();
        let widths = labels.iter().map(|&v| looks.text.width_mm(&number(v)));
        let left = MARGIN_MM + looks.text.line_mm() + widths.fold(0.0, f64::max) + 1.8;
        let top = MARGIN_MM + heading.height_mm() + 2.5;
        let width = style.width_mm - left - MARGIN_MM;
        let chart = Frame { left, top, width, height: width * 0.5 };
        let footer_top = chart.bottom() + 1.2 + 2.0 * looks.text.line_mm() + 1.5;
        let height_mm = footer_top + footer.height_mm() + MARGIN_MM;
        Ok(Self { looks, heading, footer, chart, footer_top, height_mm })
    }
}

/// Draws the chart.
pub fn draw(outcome: &NowcastOutcome, style: &Style, alt: &str) -> Result<String, PlotError> {
    let Layout { looks, heading, footer, chart, footer_top, height_mm } =
        Layout::new(outcome, style)?;
    let sums = &gradients(outcome)?.frame_sums_mm_h;
    let range = Range::of(sums);
    sheet((style.width_mm, height_mm), style.theme, alt, |pen| {
        heading.draw(pen, MARGIN_MM, MARGIN_MM)?;
        values(pen, chart, &range, looks.text)?;
        bars(pen, chart, &range, sums, style)?;
        minutes(pen, chart, outcome, looks.text)?;
        if sums.iter().all(|&v| v == 0.0) {
            say(pen, chart, "no input frame has any influence on the target", looks.text)?;
        }
        footer.draw(pen, footer_top)
    })
}

/// `completeness gap 0.8 % of a difference of 12,300 mm/h (50 steps from no rain)`
pub fn gap_words(gradients: &IntegratedGradients) -> String {
    let difference = gradients.output_difference_mm_h;
    let gap = gradients.convergence_delta_mm_h;
    let IntegratedGradients { n_steps, baseline, .. } = gradients;
    let size = match difference {
        0.0 => format!("{} mm/h", number(gap)),
        _ => percent((gap / difference).abs()),
    };
    format!(
        "{n_steps} steps from {baseline}; completeness gap {size} of {} mm/h",
        number(difference)
    )
}

/// The values that the vertical axis covers, zero among them.
struct Range {
    low: f64,
    high: f64,
}

impl Range {
    fn of(sums: &[f64]) -> Self {
        let low = sums.iter().copied().fold(0.0, f64::min);
        let high = sums.iter().copied().fold(0.0, f64::max);
        if low == high {
            return Self { low: 0.0, high: 1.0 };
        }
        let step = nice_above((high - low) / 5.0);
        Self { low: (low / step).floor() * step, high: (high / step).ceil() * step }
    }

    fn ticks(&self) -> Vec<f64> {
        ticks_within(self.low, self.high, 6)
    }

    fn y(&self, chart: Frame, value: f64) -> f64 {
        chart.bottom() - (value - self.low) / (self.high - self.low) * chart.height
    }
}

fn values(pen: &Pen, chart: Frame, range: &Range, look: Type) -> Result<(), PlotError> {
    for value in range.ticks() {
        let y = range.y(chart, value);
        pen.line(&[(chart.left, y), (chart.right(), y)], 0.1, pen.inks.text, 0.18)?;
        pen.text((chart.left - 1.4, y), &number(value), Anchor::End, look)?;
    }
    let beside = MARGIN_MM + look.line_mm() / 2.0;
    pen.text_upwards((beside, chart.top + chart.height / 2.0), "attribution (mm/h)", look)
}

fn bars(
    pen: &Pen,
    chart: Frame,
    range: &Range,
    sums: &[f64],
    style: &Style,
) -> Result<(), PlotError> {
    let map = signed(style.theme);
    let (negative, positive) = (map[N_CONTINUOUS / 5], map[N_CONTINUOUS - 1 - N_CONTINUOUS / 5]);
    let slot = chart.width / sums.len().max(1) as f64;
    let zero = range.y(chart, 0.0);
    for (i, &sum) in sums.iter().enumerate().filter(|(_, sum)| sum.is_finite()) {
        let end = range.y(chart, sum);
        let bar = Frame {
            left: chart.left + (i as f64 + 0.15) * slot,
            top: zero.min(end),
            width: 0.7 * slot,
            height: (zero - end).abs(),
        };
        pen.fill(bar, if sum < 0.0 { negative } else { positive }, 1.0)?;
    }
    pen.line(&[(chart.left, zero), (chart.right(), zero)], 0.2, pen.inks.text, 1.0)
}

fn minutes(pen: &Pen, chart: Frame, outcome: &NowcastOutcome, look: Type) -> Result<(), PlotError> {
    let n = outcome.forecast.inputs_mm_h.len();
    let slot = chart.width / n.max(1) as f64;
    // Numbered from the last frame backwards, as many as there is room for.
    let every = ((look.width_mm("−00") + 1.0) / slot).ceil().max(1.0) as usize;
    for i in (0..n).rev().step_by(every) {
        let x = chart.left + (i as f64 + 0.5) * slot;
        let label = number(-(minutes_before_last(&outcome.forecast, i) as f64));
        pen.text((x, chart.bottom() + 1.2 + look.line_mm() / 2.0), &label, Anchor::Middle, look)?;
    }
    let below = chart.bottom() + 1.2 + look.line_mm() * 1.5;
    let what = "minutes before the last input frame";
    pen.text((chart.left + chart.width / 2.0, below), what, Anchor::Middle, look)
}
