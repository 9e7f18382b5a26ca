//! What a diagram shows, in words.

use stormlens_data::score::probability::ProbabilityVerification;

use super::{Diagram, Verified};
use crate::words::{number, percent, sentence};

/// The finding of a diagram: one sentence a forecast.
pub fn alt_text(diagram: Diagram, verified: &Verified<'_>) -> String {
    let Some(first) = verified.forecasts.first() else { return "No diagram: no forecast.".into() };
    let of = |forecast: &&ProbabilityVerification| {
        format!(
            "{}: {}",
            sentence(&forecast.forecast),
            finding(diagram, forecast, verified.cost_loss)
        )
    };
    let words: Vec<String> = verified.forecasts.iter().map(of).collect();
    let words = format!("{} of {}. {}.", diagram.title(), first.event, words.join(". "));
    with_remark(words, &verified.remark)
}

/// Sentences, and what has to be said of what they are about.
pub fn with_remark(words: String, remark: &str) -> String {
    match remark {
        "" => words,
        remark => format!("{words} {}.", sentence(remark.trim_end_matches('.'))),
    }
}

fn finding(diagram: Diagram, of: &ProbabilityVerification, cost_loss: Option<f64>) -> String {
    let score = |name: &str| of.score(name).map_or("undefined".to_owned(), number);
    match diagram {
        Diagram::Reliability => reliability(of),
        Diagram::Roc => format!("the area under the curve is {}", score("roc_area")),
        Diagram::Value => value(of, cost_loss),
        Diagram::Murphy => {
            let worst =
                of.murphy.iter().copied().max_by(|a, b| a.1.total_cmp(&b.1)).unwrap_or_default();
            format!(
                "the mean elementary score is largest, {}, at a threshold of {}; the Brier score is {}",
                number(worst.1),
                number(worst.0),
                score("brier"),
            )
        }
        Diagram::Performance => format!(
            "from a probability of {} on, probability of detection {}, false alarm ratio {}, CSI {}, bias {}",
            number(of.settings.decision),
            score("pod"),
            score("far"),
            score("csi"),
            score("frequency_bias"),
        ),
    }
}

/// On which side of the diagonal it lies for most cases, and how far.
fn reliability(of: &ProbabilityVerification) -> String {
    let found = &of.reliability;
    let (Some(first), Some(last)) = (found.steps.first(), found.steps.last()) else {
        return "there is no case".into();
    };
    let within = of.share_within_band.map(|share| {
        format!("; the curve lies within the consistency band for {} of the cases", percent(share))
    });
    format!(
        "probabilities from {} to {} came true in {} to {} of the cases{}; MCB {}, DSC {}, UNC {}",
        number(first.from),
        number(last.to),
        percent(first.frequency),
        percent(last.frequency),
        within.unwrap_or_default(),
        number(found.mcb),
        number(found.dsc),
        number(found.unc),
    )
}

fn value(of: &ProbabilityVerification, cost_loss: Option<f64>) -> String {
    let best = of.value.iter().max_by(|a, b| a.as_said.total_cmp(&b.as_said));
    let Some(best) = best else { return "no value, since the event never or always occurs".into() };
    let marked = cost_loss.and_then(|ratio| of.value_at(ratio)).map(|v| {
        format!(
            "; at {} it is {}, at best {}",
            number(v.cost_loss),
            number(v.as_said),
            number(v.envelope)
        )
    });
    let useful = of.value.iter().filter(|v| v.as_said > 0.0).map(|v| v.cost_loss);
    let (from, to) = useful.fold((f64::INFINITY, 0.0_f64), |(a, b), c| (a.min(c), b.max(c)));
    let useful = match from <= to {
        true => format!(", positive between {} and {}", number(from), number(to)),
        false => ", positive nowhere".to_owned(),
    };
    format!(
        "the value is largest, {}, at a cost–loss ratio of {}{useful}{}",
        number(best.as_said),
        number(best.cost_loss),
        marked.unwrap_or_default(),
    )
}
