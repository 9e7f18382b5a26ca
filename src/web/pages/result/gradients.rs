//! The section on integrated gradients: which of the input frames the network used.

use stormlens_data::outcome::{IntegratedGradients, NowcastOutcome};

use super::figures::{Album, FigureView};
use super::target::TargetView;
use crate::plot::Figure;
use crate::web::format;

pub struct Gradients {
    pub target: TargetView,
    pub chart: FigureView,
    pub frames: Vec<FigureView>,
    pub sums: Vec<FrameSum>,
    pub n_steps: usize,
    pub baseline: &'static str,
    pub output_difference: String,
    pub gap: String,
    /// What the gap means.
    pub reading: String,
}

/// One bar of the chart as a row of a table.
pub struct FrameSum {
    pub clock: String,
    pub sum_mm_h: String,
}

impl Gradients {
    pub fn new(album: &Album<'_>, outcome: &NowcastOutcome) -> Option<Self> {
        let gradients = outcome.integrated_gradients.as_ref()?;
        let frames = 0..gradients.frames.len();
        let sums = gradients.frame_sums_mm_h.iter().zip(&outcome.forecast.input_times);
        Some(Self {
            target: TargetView::new(&gradients.target, &outcome.forecast),
            chart: album.wide(&Figure::FrameSums),
            frames: frames.map(|frame| album.view(&Figure::FrameAttribution(frame))).collect(),
            sums: sums
                .map(|(&sum, &time)| FrameSum {
                    clock: format::clock(time),
                    sum_mm_h: format::number(sum),
                })
                .collect(),
            n_steps: gradients.n_steps,
            baseline: gradients.baseline,
            output_difference: format::number(gradients.output_difference_mm_h),
            gap: format::number(gradients.convergence_delta_mm_h),
            reading: reading(gradients),
        })
    }
}

/// The completeness gap in plain words. Sundararajan et al. (2017, section 5) take as many steps as
/// bring it within 5 % of the difference.
fn reading(gradients: &IntegratedGradients) -> String {
    let difference = gradients.output_difference_mm_h;
    if difference == 0.0 {
        return "The target does not differ from that of the baseline, so there is nothing to share \
                out"
            .to_owned();
    }
    let share = (gradients.convergence_delta_mm_h / difference).abs();
    let percent = format::number(share * 100.0);
    let verdict = match share {
        ..0.01 => "the shares add up",
        ..0.05 => "close enough: the authors of the method ask for less than 5 %",
        _ => "too much to trust the shares: ask again with more steps",
    };
    format!("That is {percent} % of the difference: {verdict}")
}

#[cfg(test)]
mod tests {
    use stormlens_data::field::Field;
    use stormlens_data::outcome::Target;

    use super::*;

    fn check(difference: f64, gap: f64, expected: &str) {
        let mask = Field::new(1, 1, vec![1.0]);
        let gradients = IntegratedGradients {
            target: Target { threshold_mm_h: 1.5, mask, n_pixels: 1, score: 1.0, score_mm_h: 1.0 },
            frames: Vec::new(),
            frame_sums_mm_h: Vec::new(),
            n_steps: 20,
            baseline: "no rain",
            output_difference_mm_h: difference,
            convergence_delta_mm_h: gap,
        };
        let text = reading(&gradients);
        assert!(text.contains(expected), "{text}");
    }

    #[test]
    fn a_gap_is_read_beside_the_difference() {
        check(1000.0, 1.0, "add up");
        check(1000.0, -30.0, "close enough");
        check(-1000.0, 80.0, "more steps");
        check(0.0, 0.0, "nothing to share");
    }
}
