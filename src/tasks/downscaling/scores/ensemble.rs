//! How good an ensemble is: its probabilities, its spread, and the ranks of the observation.

use stormlens_data::outcome::{Axis, Colours, Number, Quantity, Variable};
use stormlens_data::score::downscaling::EnsembleSums;

use super::numbers;

/// What is counted of an ensemble.
pub struct Ensemble {
    pub name: &'static str,
    pub sums: EnsembleSums,
}

impl Ensemble {
    pub fn new(name: &'static str, members: &[Vec<f32>], observed: &[f32]) -> Self {
        let mut sums = EnsembleSums::new(members.len());
        let members: Vec<&[f32]> = members.iter().map(Vec::as_slice).collect();
        sums.add(&members, observed);
        Self { name, sums }
    }

    pub fn numbers(&self) -> Vec<Number> {
        let Self { name, sums } = self;
        let number = |what: &str, value: Option<f64>, meaning: &str| {
            Some(Number::new(format!("{name}/{what}"), value?, "mm", meaning))
        };
        [
            number(
                "crps_fair",
                sums.crps_fair(),
                "continuous ranked probability score, as of any number of members",
            ),
            number(
                "spread",
                sums.spread(),
                "root of the mean variance of the members, times √((m + 1)/m)",
            ),
            number("error", sums.error(), "root mean squared error of the mean of the members"),
        ]
        .into_iter()
        .flatten()
        .collect()
    }

    /// Shares of nodes by the rank of the observation.
    pub fn ranks(&self) -> Variable {
        let title = format!("share by rank, {}", short(self.name));
        let shares = self.sums.rank_shares();
        let names = (0..shares.len()).map(|rank| rank.to_string());
        Variable {
            quantity: Quantity::new(&title, "1", Colours::None),
            ..numbers(&format!("{}/ranks", self.name), "", vec![Axis::names("rank", names)], shares)
        }
    }
}

/// Whose ranks they are, in few letters, for the axis of a chart.
fn short(name: &str) -> &str {
    match name {
        "ensemble" => "network",
        "rainfarm" => "RainFARM",
        _ => "orographic",
    }
}
