//! The section on integrated gradients: which pixels.

use stormlens_data::outcome::{ClassAttribution, SceneOutcome};
use stormlens_data::request::{Baseline, ClassOutput, PathOptions};

use super::Select;
use super::figures::Album;
use super::question::hidden;
use crate::plot::scene::{SceneFigure, is_saturated};
use crate::web::format;
use crate::web::pages::result::figures::FigureView;
use crate::web::scenes::query::SceneQuery;

pub struct Gradients {
    pub map: FigureView,
    pub path: FigureView,
    pub n_steps: usize,
    /// Where more steps were taken than asked for.
    pub asked_steps: Option<usize>,
    pub baseline: &'static str,
    pub output: &'static str,
    pub at_scene: String,
    pub at_baseline: String,
    pub output_difference: String,
    pub sum: String,
    pub gap: String,
    /// What the gap means.
    pub reading: String,
    /// The same with more steps, where the gap is large and more steps may be asked for.
    pub refine: Option<String>,
    pub hidden: Vec<(String, String)>,
    pub selects: Vec<Select>,
    pub above: String,
    pub below: String,
    pub cleanup: bool,
    pub outline: bool,
}

impl Gradients {
    pub fn new(album: &Album<'_>, query: &SceneQuery, outcome: &SceneOutcome) -> Option<Self> {
        let gradients = outcome.integrated_gradients.as_ref()?;
        let options = &gradients.options;
        let end =
            |value: Option<&f64>| value.map_or_else(|| "–".to_owned(), |&v| format::number(v));
        let look = &query.look;
        Some(Self {
            map: album.view(&SceneFigure::Gradients),
            path: album.view(&SceneFigure::Path),
            n_steps: gradients.n_steps,
            asked_steps: (gradients.n_steps != options.n_steps).then_some(options.n_steps),
            baseline: baseline_text(options.baseline),
            output: output_text(options.output),
            at_scene: end(gradients.path.last()),
            at_baseline: end(gradients.path.first()),
            output_difference: format::number(gradients.output_difference()),
            sum: format::number(gradients.sum),
            gap: format::number(gradients.convergence_delta()),
            reading: reading(gradients),
            refine: refine(query, gradients),
            hidden: hidden(query, &["polarity", "above", "below", "cleanup", "outline"]),
            selects: look.pixel_selects(),
            above: look.above_percent.to_string(),
            below: look.below_percent.to_string(),
            cleanup: look.cleanup,
            outline: look.outline,
        })
    }
}

fn baseline_text(baseline: Baseline) -> &'static str {
    match baseline {
        Baseline::Black => "a black picture",
        Baseline::Blurred => "the scene itself, blurred",
        Baseline::Mean => "the scene’s mean wherever it has data",
    }
}

fn output_text(output: ClassOutput) -> &'static str {
    match output {
        ClassOutput::Probability => "probability",
        ClassOutput::Logit => "logit",
    }
}

/// The completeness gap in plain words. Sundararajan et al. (2017, section 5) take as many steps as
/// bring it within 5 % of the difference.
fn reading(gradients: &ClassAttribution) -> String {
    let Some(share) = gradients.relative_delta().map(f64::abs) else {
        return "The output does not differ from that of the baseline, so there is nothing to share \
                out"
            .to_owned();
    };
    let percent = format::number(share * 100.0);
    let verdict = match share {
        ..0.01 => "the shares add up".to_owned(),
        ..0.05 => "close enough: the authors of the method ask for less than 5 %".to_owned(),
        _ => format!("too much to trust the shares: {}", way_out(gradients)),
    };
    format!("That is {percent} % of the difference: {verdict}")
}

/// What makes a large gap smaller.
fn way_out(gradients: &ClassAttribution) -> String {
    if is_saturated(gradients) {
        return "the probability hardly changes along the path, so the logit is the better output"
            .to_owned();
    }
    match gradients.n_steps {
        n if n >= PathOptions::MAX_STEPS => format!("{n} steps were taken, and more are not taken"),
        _ => "ask again with more steps".to_owned(),
    }
}

fn refine(query: &SceneQuery, gradients: &ClassAttribution) -> Option<String> {
    let n_steps = more_steps(gradients)?;
    let mut more = query.clone();
    more.request.integrated_gradients = Some(PathOptions { n_steps, ..gradients.options.clone() });
    Some(more.page())
}

/// Twice the steps, or as many as are taken; `None` where more are not taken or would not help.
fn more_steps(gradients: &ClassAttribution) -> Option<usize> {
    let is_large = gradients.relative_delta().is_some_and(|share| share.abs() >= 0.05);
    let n_steps = (2 * gradients.n_steps).min(PathOptions::MAX_STEPS);
    (is_large && !is_saturated(gradients) && n_steps > gradients.n_steps).then_some(n_steps)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gradients(path: &[f64], sum: f64) -> ClassAttribution {
        ClassAttribution {
            options: PathOptions::default(),
            attribution: Vec::new(),
            crop_px: 0,
            n_steps: path.len() - 1,
            path: path.to_vec(),
            sum,
        }
    }

    fn check(path: &[f64], sum: f64, expected: &str) {
        let gradients = gradients(path, sum);
        let text = reading(&gradients);
        assert!(text.contains(expected), "{text}");
    }

    #[test]
    fn a_gap_is_read_beside_the_difference() {
        check(&[0.0, 0.5, 1.0], 1.001, "add up");
        check(&[0.0, 0.5, 1.0], 0.97, "close enough");
        check(&[1.0, 0.5, 0.0], -1.08, "more steps");
        check(&[0.5, 0.2, 0.5], 0.1, "nothing to share");
        check(&[0.999_95, 0.9, 1.0], 0.01, "the logit is the better output");
    }

    #[test]
    fn more_steps_are_offered_where_they_are_taken_and_help() {
        let check = |n_steps: usize, output, ends: [f64; 2], sum, more, expected: &str| {
            let mut gradients = gradients(&ends, sum);
            (gradients.n_steps, gradients.options.output) = (n_steps, output);
            assert_eq!(more_steps(&gradients), more, "{n_steps} steps");
            let text = reading(&gradients);
            assert!(text.contains(expected), "{text}");
        };
        use ClassOutput::{Logit, Probability};
        check(200, Probability, [0.0, 1.0], 0.9, Some(400), "with more steps");
        check(200, Probability, [0.0, 1.0], 1.0, None, "add up");
        check(1000, Probability, [0.0, 1.0], 0.9, Some(1600), "with more steps");
        check(1600, Probability, [0.0, 1.0], 0.9, None, "1600 steps were taken, and more are not");
        check(200, Probability, [0.0, 9e-5], 0.0, None, "hardly changes");
        check(200, Logit, [0.0, 9e-5], 0.0, Some(400), "with more steps");
    }
}
