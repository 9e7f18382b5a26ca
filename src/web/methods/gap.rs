//! How far the shares of a method that is complete are from adding up, and what helps.

use stormlens_data::card::{MethodCard, OptionKind};
use stormlens_data::outcome::Outcome;

use crate::plot::is_saturated;
use crate::web::format;

/// Sum of the shares minus what they should add up to, and the latter.
pub struct Gap {
    gap: f64,
    difference: f64,
    is_of_probability: bool,
    /// Steps that were taken, and as many as may be asked for, where the method takes steps.
    steps: Option<[u32; 2]>,
}

impl Gap {
    /// The gap that a method states; `None` where it states none.
    pub fn of(outcome: &Outcome, card: &MethodCard) -> Option<Self> {
        let number = |part: &str| outcome.number(&format!("{}/{part}", card.variable()));
        let most = match card.option("steps").map(|option| option.kind) {
            Some(OptionKind::Whole { most, .. }) => Some(most),
            _ => None,
        };
        let taken = number("n_steps").map(|n| n as u32);
        Some(Self {
            gap: number("completeness_gap")?,
            difference: number("output_difference")?,
            is_of_probability: outcome
                .attributions(card.id)
                .any(|v| v.quantity.unit == "probability"),
            steps: taken.zip(most).map(|(taken, most)| [taken, most]),
        })
    }

    fn share(&self) -> f64 {
        (self.gap / self.difference).abs()
    }

    fn is_saturated(&self) -> bool {
        is_saturated(self.is_of_probability, self.difference)
    }

    /// The gap in plain words. Sundararajan et al. (2017, section 5) take as many steps as bring it
    /// within 5 % of the difference.
    pub fn reading(&self) -> String {
        if self.difference == 0.0 {
            return "The target does not differ from that of the baseline, so there is nothing to share out"
                .to_owned();
        }
        let verdict = match self.share() {
            ..0.01 => "the shares add up".to_owned(),
            ..0.05 => "close enough (the authors of the method ask for less than 5 %)".to_owned(),
            _ => format!("too much to trust the shares{}", self.way_out()),
        };
        format!("That is {} % of the difference: {verdict}", format::number(self.share() * 100.0))
    }

    /// What makes a large gap smaller.
    fn way_out(&self) -> String {
        if self.is_saturated() {
            let words = ": the probability hardly changes along the path, so the logit is the better output";
            return words.to_owned();
        }
        match self.steps {
            None => String::new(),
            Some([n, most]) if n >= most => {
                format!(": {n} steps were taken, and more are not taken")
            }
            Some(_) => ": ask again with more steps".to_owned(),
        }
    }

    /// Twice the steps that were taken, or as many as may be; `None` where more may not be asked for or
    /// would not help.
    pub fn more_steps(&self) -> Option<u32> {
        let [taken, most] = self.steps?;
        let more = taken.saturating_mul(2).min(most);
        let is_large = self.difference != 0.0 && self.share() >= 0.05;
        (is_large && !self.is_saturated() && more > taken).then_some(more)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;

    fn gap(difference: f64, gap: f64) -> Gap {
        Gap { gap, difference, is_of_probability: false, steps: Some([20, 1600]) }
    }

    #[test]
    fn it_is_read_beside_the_difference() {
        let check = |found: Gap, expected: &str| {
            let text = found.reading();
            assert!(text.contains(expected), "{text}");
        };
        check(gap(1000.0, 1.0), "add up");
        check(gap(1000.0, -30.0), "close enough");
        check(gap(-1000.0, 80.0), "with more steps");
        check(gap(0.0, 0.0), "nothing to share");
        check(Gap { steps: None, ..gap(1.0, 0.5) }, "That is 50.0 % of the difference: too much");
        check(gap(1.0, f64::NAN), "too much to trust");
        let probability =
            |difference, change| Gap { is_of_probability: true, ..gap(difference, change) };
        check(probability(1.0, 0.001), "add up");
        check(probability(1.0, -0.03), "close enough");
        check(probability(-1.0, -0.08), "with more steps");
        check(probability(5e-5, 0.009_95), "the logit is the better output");
    }

    #[test]
    fn more_steps_are_offered_where_they_are_taken_and_help() {
        let check = |taken, is_of_probability, difference, change, more, expected: &str| {
            let steps = Some([taken, 1600]);
            let found = Gap { gap: change, difference, is_of_probability, steps };
            assert_eq!(found.more_steps(), more, "{taken} steps");
            let text = found.reading();
            assert!(text.contains(expected), "{text}");
        };
        check(200, true, 1.0, -0.1, Some(400), "with more steps");
        check(200, true, 1.0, 0.0, None, "add up");
        check(200, true, 0.0, 0.0, None, "nothing to share");
        check(1000, true, 1.0, -0.1, Some(1600), "with more steps");
        check(1600, true, 1.0, -0.1, None, "1600 steps were taken, and more are not");
        check(200, true, 9e-5, -9e-5, None, "hardly changes");
        check(200, false, 9e-5, -9e-5, Some(400), "with more steps");
    }

    #[test]
    fn a_result_states_it() {
        let of = |outcome: &Outcome, id: &str| {
            let card = testing::methods().iter().find(|card| card.id == id).expect("there is one");
            Gap::of(outcome, card)
        };
        let found = of(&testing::scene_outcome(), "integrated-gradients").expect("it is complete");
        assert!(found.is_of_probability);
        assert_eq!(found.steps, Some([50, 1600]));
        let found = of(&testing::outcome(), "integrated-gradients").expect("it is complete");
        assert!(!found.is_of_probability && found.difference > 0.0);
        for other in ["grad-cam", "saliency"] {
            assert!(of(&testing::outcome(), other).is_none(), "{other}");
        }
    }
}
