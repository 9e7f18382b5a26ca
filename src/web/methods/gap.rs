//! What a page says of the gap between the shares of a method and what they should add up to.

use stormlens_data::card::{MethodCard, OptionKind};

use crate::web::format;
use stormlens_plot::Completeness;

/// The gap in plain words.
pub fn reading(found: &Completeness, card: &MethodCard) -> String {
    let Some(share) = found.share().map(f64::abs) else {
        return "The target is the same at the baseline and at the input, so there is no difference to explain"
            .to_owned();
    };
    let verdict = match share {
        _ if found.is_large() => format!("too large to trust the map{}", way_out(found, card)),
        ..0.01 => "small".to_owned(),
        _ => "acceptable (the authors of the method recommend less than 5 %)".to_owned(),
    };
    format!(
        "The completeness gap is {} % of the difference: {verdict}",
        format::number(share * 100.0)
    )
}

/// What makes a large gap smaller.
fn way_out(found: &Completeness, card: &MethodCard) -> String {
    if found.is_saturated() {
        let words = ": the probability hardly changes along the path. Explain the logit instead";
        return words.to_owned();
    }
    match steps(found, card) {
        None => String::new(),
        Some([n, most]) if n >= most => format!(": {n} steps were used, which is the maximum"),
        Some(_) => ": compute it again with more steps".to_owned(),
    }
}

/// Steps that were taken, and as many as may be asked for, where the method takes steps.
fn steps(found: &Completeness, card: &MethodCard) -> Option<[u32; 2]> {
    match card.option("steps")?.kind {
        OptionKind::Whole { most, .. } => found.n_steps.map(|taken| [taken as u32, most]),
        _ => None,
    }
}

/// Twice the steps that were taken, or as many as may be; `None` where more may not be asked for or
/// would not help.
pub fn more_steps(found: &Completeness, card: &MethodCard) -> Option<u32> {
    let [taken, most] = steps(found, card)?;
    let more = taken.saturating_mul(2).min(most);
    (found.is_large() && !found.is_saturated() && more > taken).then_some(more)
}

#[cfg(test)]
mod tests {
    use super::*;
    use stormlens_plot::testing;

    fn card() -> &'static MethodCard {
        let is_complete = |card: &&MethodCard| card.id == "integrated-gradients";
        testing::methods().iter().find(is_complete).expect("there is one")
    }

    fn gap(difference: f64, gap: f64) -> Completeness {
        let (unit, n_steps) = ("mm/h".to_owned(), Some(20.0));
        Completeness { unit, n_steps, sum: difference + gap, difference, gap }
    }

    fn probability(difference: f64, change: f64) -> Completeness {
        Completeness { unit: "probability".to_owned(), ..gap(difference, change) }
    }

    #[test]
    fn it_is_read_beside_the_difference() {
        let check = |found: Completeness, expected: &str| {
            let text = reading(&found, card());
            assert!(text.contains(expected), "{text}");
        };
        check(gap(1000.0, 1.0), "difference: small");
        check(gap(1000.0, -30.0), "acceptable");
        check(gap(-1000.0, 80.0), "with more steps");
        check(gap(0.0, 0.0), "no difference to explain");
        let stepless = Completeness { n_steps: None, ..gap(1.0, 0.5) };
        check(stepless, "gap is 50.0 % of the difference: too large");
        check(gap(1.0, f64::NAN), "too large to trust");
        check(probability(1.0, 0.001), "difference: small");
        check(probability(1.0, -0.03), "acceptable");
        check(probability(-1.0, -0.08), "with more steps");
        check(probability(5e-5, 0.009_95), "Explain the logit instead");
    }

    #[test]
    fn more_steps_are_offered_where_they_are_taken_and_help() {
        let check = |taken, found: Completeness, more, expected: &str| {
            let found = Completeness { n_steps: Some(taken), ..found };
            assert_eq!(more_steps(&found, card()), more, "{taken} steps");
            let text = reading(&found, card());
            assert!(text.contains(expected), "{text}");
        };
        check(200.0, probability(1.0, -0.1), Some(400), "with more steps");
        check(200.0, probability(1.0, 0.0), None, "difference: small");
        check(200.0, probability(0.0, 0.0), None, "no difference to explain");
        check(1000.0, probability(1.0, -0.1), Some(1600), "with more steps");
        check(1600.0, probability(1.0, -0.1), None, "1600 steps were used, which is the maximum");
        check(200.0, probability(9e-5, -9e-5), None, "hardly changes");
        check(200.0, gap(9e-5, -9e-5), Some(400), "with more steps");
    }
}
