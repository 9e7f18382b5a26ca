//! What is said about a scene's answer and its explanations.

use stormlens_data::outcome::{ClassAttribution, SceneOutcome};
use stormlens_data::request::{Baseline, ClassOutput, PathOptions};

use super::SceneStyle;
use crate::plot::words::{number, signed, superscript};

/// What the colours of Grad-CAM mean.
pub const EVIDENCE: &str = "Grad-CAM (share of the maximum)";
/// What a map without evidence says.
pub const NO_EVIDENCE: &str = "no positive evidence in this layer";
/// What a map says whose evidence nobody can see.
pub const ONLY_NO_DATA: &str = "positive evidence only where the scene holds no data";
/// The size of the completeness gap, as a share of the output's difference, that is pointed out.
pub const LARGE_GAP: f64 = 0.05;

/// A probability at three decimals, which never says 0 or 1.
pub fn probability(value: f64) -> String {
    match value {
        p if p < 0.0005 => "below 0.001".into(),
        p if p >= 0.9995 => "above 0.999".into(),
        p => format!("{p:.3}"),
    }
}

/// `polar low: probability 0.976, logit +1.95`
pub fn explained(outcome: &SceneOutcome) -> String {
    let class = outcome.explained();
    let mut words = format!(
        "{}: probability {}, logit {}",
        class.label,
        probability(class.probability),
        signed(class.logit)
    );
    let predicted = outcome.predicted_class();
    if predicted != outcome.request.class {
        let predicted = &outcome.classes[predicted];
        let share = probability(predicted.probability);
        words.push_str(&format!("; predicted: {} ({share})", predicted.label));
    }
    words
}

/// `polar low 0.976, no polar low 0.024`
pub fn classes(outcome: &SceneOutcome) -> String {
    let class = |i: usize| {
        let class = &outcome.classes[i];
        format!("{} {}", class.label, probability(class.probability))
    };
    let mut order: Vec<usize> = (0..outcome.classes.len()).collect();
    order.sort_by(|&a, &b| {
        outcome.classes[b].probability.total_cmp(&outcome.classes[a].probability)
    });
    order.into_iter().map(class).collect::<Vec<_>>().join(", ")
}

/// What every figure must say of the weights and of the scene; empty where there is nothing.
pub fn remark(outcome: &SceneOutcome) -> String {
    let mut remarks = Vec::new();
    if outcome.trained_on_simulation {
        remarks.push("weights trained on simulated scenes");
    }
    if !outcome.familiarity.is_familiar {
        remarks.push("the scene is unlike the training scenes");
    }
    remarks.join("; ")
}

pub fn baseline(baseline: Baseline) -> &'static str {
    match baseline {
        Baseline::Black => "black",
        Baseline::Blurred => "the blurred scene",
        Baseline::Mean => "the scene's mean",
    }
}

/// `200 steps from black; completeness gap −1.4 % of +0.853`
pub fn completeness(gradients: &ClassAttribution) -> String {
    let from = baseline(gradients.options.baseline);
    let steps = format!("{} steps from {from}", gradients.n_steps);
    format!("{steps}; completeness gap {}", gap(gradients))
}

/// `−1.4 % of +0.853`, or the gap itself where there is no difference to compare it with.
pub fn gap(gradients: &ClassAttribution) -> String {
    let Some(share) = gradients.relative_delta() else {
        return signed(gradients.convergence_delta());
    };
    let sign = if share < 0.0 { "−" } else { "+" };
    // A number and its % stay on one line.
    let share = match share.abs() * 100.0 {
        p if p < 0.1 => "less than 0.1\u{a0}%".to_owned(),
        p if p < 10.0 => format!("{sign}{p:.1}\u{a0}%"),
        p => format!("{sign}{p:.0}\u{a0}%"),
    };
    format!("{share} of {}", signed(gradients.output_difference()))
}

/// Below this difference of a probability, shares of it drown in the rounding of 32-bit floats.
const SMALL_PROBABILITY: f64 = 1e-4;

/// Whether the probability is all but the same at both ends of the path, as that of a softmax that is
/// saturated: there is little to share out, whatever the steps, and the logit says more.
pub(crate) fn is_saturated(gradients: &ClassAttribution) -> bool {
    gradients.options.output == ClassOutput::Probability
        && gradients.output_difference().abs() < SMALL_PROBABILITY
}

/// What to do about the gap; empty where it is small.
pub fn advice(gradients: &ClassAttribution) -> &'static str {
    let is_large = gradients.relative_delta().is_some_and(|share| share.abs() > LARGE_GAP);
    match is_large {
        false => "",
        true if is_saturated(gradients) => "; the logit would tell more",
        true if gradients.n_steps >= PathOptions::MAX_STEPS => "; more steps are not taken",
        true => "; more steps would make it smaller",
    }
}

/// Which part of the attribution's mass the colours cover.
pub fn mass(style: &SceneStyle) -> String {
    let left = (100.0 - style.above).max(0.0);
    let mut words = match left {
        0.0 => "full colour: the largest value".to_owned(),
        left => {
            format!("full colour: the largest {} % of the sum", number(left))
        }
    };
    if style.below > 0.0 {
        words.push_str(&format!("; the weakest {} % are left out", number(style.below)));
    }
    if style.cleanup {
        words.push_str("; specks below 3 × 3 pixels are removed");
    }
    words
}

/// A power of ten that leaves a number of the usual size of `value`, and the unit in it:
/// `10⁻³ probability`.
pub fn unit(value: f32, output: ClassOutput) -> (f64, String) {
    let exponent = f64::from(value).abs().log10().floor() as i32;
    if value == 0.0 || (-2..=3).contains(&exponent) {
        return (1.0, output.to_string());
    }
    (10f64.powi(exponent), format!("10{} {output}", superscript(exponent)))
}
