//! How far the shares of a method that is complete are from adding up to what they explain.

use stormlens_data::outcome::{Outcome, Variable};

use super::target::baseline;
use super::words::{in_unit, number, signed};

/// What the target is at the baseline already, which no share explains: `0.3 mm/h at the baseline (no rain)`;
/// `None` where it is nothing there. `method` is the first part of the variables' names.
pub fn at_baseline(outcome: &Outcome, method: &str) -> Option<String> {
    let path = outcome.variable(&format!("{method}/path"))?;
    let first = *path.to_f64().first()?;
    // Zero in the digits that pages show.
    let is_nothing = first.abs() < 1e-6;
    let value = format!("{}{}", number(first), in_unit(&path.quantity.unit));
    (!is_nothing).then(|| format!("{value} at the baseline ({})", baseline(outcome, path)))
}

/// Below this difference of a probability, shares of it drown in the rounding of 32-bit floats.
const SMALL_PROBABILITY: f64 = 1e-4;

/// The sum of the shares beside what it should be.
pub struct Completeness {
    pub unit: String,
    pub n_steps: Option<f64>,
    pub sum: f64,
    /// Of the target's values at both ends of the path.
    pub difference: f64,
    /// The sum minus the difference.
    pub gap: f64,
}

impl Completeness {
    /// `None` for a method whose attributions don't add up to anything. `method` is the first part of its
    /// variables' names.
    pub fn of(outcome: &Outcome, method: &str) -> Option<Self> {
        let number = |part: &str| {
            let name = format!("{method}/{part}");
            outcome.numbers.iter().find(|number| number.name == name)
        };
        let difference = number("output_difference")?;
        Some(Self {
            unit: difference.unit.clone(),
            n_steps: number("n_steps").map(|number| number.value),
            sum: number("sum")?.value,
            difference: difference.value,
            gap: number("completeness_gap")?.value,
        })
    }

    /// The same of the method that made a variable.
    pub fn of_variable(outcome: &Outcome, variable: &Variable) -> Option<Self> {
        Self::of(outcome, variable.name.split('/').next()?)
    }

    /// The gap as a share of the difference; `None` where there is no difference.
    pub fn share(&self) -> Option<f64> {
        (self.difference != 0.0).then(|| self.gap / self.difference)
    }

    /// Whether the gap is larger than Sundararajan et al. (2017, section 5) let pass: 5 % of the difference.
    pub fn is_large(&self) -> bool {
        self.share().is_some_and(|share| share.is_nan() || share.abs() >= 0.05)
    }

    /// Whether a probability is all but the same at both ends of a path, as that of a softmax that is
    /// saturated: there is little to share out, whatever the steps, and the logit says more.
    pub fn is_saturated(&self) -> bool {
        ["probability", "membership"].contains(&self.unit.as_str())
            && self.difference.abs() < SMALL_PROBABILITY
    }

    /// `200 steps from black; completeness gap −1.4 % of +0.853`
    pub fn words(&self, outcome: &Outcome, variable: &Variable) -> String {
        let steps = self.n_steps.map_or_else(String::new, |n| format!("{n} steps "));
        format!(
            "{steps}from {}; completeness gap {}",
            baseline(outcome, variable),
            self.gap_words()
        )
    }

    /// `−1.4 % of +0.853`, or the gap itself where there is no difference to compare it with.
    pub fn gap_words(&self) -> String {
        let unit = in_unit(&self.unit);
        let Some(share) = self.share() else { return format!("{}{unit}", signed(self.gap)) };
        let sign = if share < 0.0 { "−" } else { "+" };
        // A number and its % stay on one line.
        let share = match share.abs() * 100.0 {
            p if p < 0.1 => "less than 0.1\u{a0}%".to_owned(),
            p if p < 10.0 => format!("{sign}{p:.1}\u{a0}%"),
            p => format!("{sign}{p:.0}\u{a0}%"),
        };
        format!("{share} of {}{unit}", signed(self.difference))
    }

    /// What would make a large gap smaller; empty where it is small.
    pub fn advice(&self) -> &'static str {
        match self.is_large() {
            false => "",
            true if self.is_saturated() => "; explain the logit instead",
            true => "; use more steps",
        }
    }

    /// What a path says: `0.041 → 0.894: difference +0.853`.
    pub fn ends(&self, first: f64, last: f64) -> String {
        let difference = signed(self.difference);
        format!(
            "{} → {}: difference {difference}{}",
            number(first),
            number(last),
            in_unit(&self.unit)
        )
    }
}
