//! What scores need of cases: each probability once, with how much of it came true.

use super::Cases;
use crate::score::list::ratio;

/// How much of one probability came true, in sums of weights.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tie {
    pub probability: f64,
    /// The event occurred.
    pub occurred: f64,
    /// It did not.
    pub quiet: f64,
}

impl Tie {
    pub fn weight(&self) -> f64 {
        self.occurred + self.quiet
    }
}

/// Share of the cases in which the event occurred; `None` without cases.
pub fn base_rate(ties: &[Tie]) -> Option<f64> {
    let (occurred, all) =
        ties.iter().fold((0.0, 0.0), |(o, n), tie| (o + tie.occurred, n + tie.weight()));
    ratio(occurred, all)
}

/// The order of cases by probability, found once and used in every round of a bootstrap.
pub(super) struct Ranks {
    /// Each once, ascending.
    pub probabilities: Vec<f64>,
    /// Of each case, the place of its probability.
    pub places: Vec<usize>,
}

impl Ranks {
    pub fn of(cases: &Cases) -> Self {
        let said = cases.probabilities();
        let mut order: Vec<usize> = (0..said.len()).collect();
        order.sort_unstable_by(|&a, &b| said[a].total_cmp(&said[b]));
        let (mut probabilities, mut places) = (Vec::<f64>::new(), vec![0; said.len()]);
        for case in order {
            let probability = said[case];
            if probabilities.last().is_none_or(|&last| last < probability) {
                probabilities.push(probability);
            }
            places[case] = probabilities.len() - 1;
        }
        Self { probabilities, places }
    }

    /// The ties, each event counting as often as said.
    pub fn ties(&self, cases: &Cases, times: impl Fn(usize) -> f64) -> Vec<Tie> {
        let none = |&probability: &f64| Tie { probability, occurred: 0.0, quiet: 0.0 };
        let mut ties: Vec<Tie> = self.probabilities.iter().map(none).collect();
        let (occurred, weights, events) = (cases.occurred(), cases.weights(), cases.events());
        for (i, &place) in self.places.iter().enumerate() {
            let weight = weights[i] * times(events[i]);
            *if occurred[i] { &mut ties[place].occurred } else { &mut ties[place].quiet } += weight;
        }
        ties.retain(|tie| tie.weight() > 0.0);
        ties
    }
}
