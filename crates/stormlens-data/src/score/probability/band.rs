//! Where the reliability curve of a reliable forecast would lie.
//!
//! Bröcker and Smith 2007, doi:10.1175/WAF993.1: draw forecasts again, let the event occur with the probability that
//! was said, and look how far the curve strays from the diagonal. Here whole event ids are drawn, for cases of one
//! storm or of one day share their luck. How much they share is measured: with probability r a case follows the number that
//! is drawn for its event id, else one of its own. So each case still occurs with its probability, while two cases
//! of one id have the covariance r² (min(p, q) − p q); r follows from the sum of the products of residuals.

use serde::{Deserialize, Serialize};

use super::isotonic::Block;
use super::reliability::{corp, parts};
use super::ties::Ranks;
use super::{Cases, Settings, Tie};
use crate::simulate::Random;

/// Steps of the probabilities at which the band is known, and as many of the cases in their order.
const N_STEPS: usize = 50;

/// The middle part of the curves of reliable forecasts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Band {
    /// The share of curves between `low` and `high`, at each probability by itself.
    pub level: f64,
    pub n_resamples: usize,
    pub seed: u64,
    /// Event ids that were drawn from.
    pub n_events: usize,
    /// r, 0 to 1: 0 where cases of one id are independent, 1 where one draw decides all of them.
    pub dependence: f64,
    /// Share of the reliable forecasts that were drawn whose MCB is at least that of the cases: how easily a reliable
    /// forecast would look as miscalibrated. Small values speak against reliability.
    #[serde(default)]
    pub share_as_miscalibrated: Option<f64>,
    pub probability: Vec<f64>,
    pub low: Vec<f64>,
    pub high: Vec<f64>,
}

impl Band {
    /// `None` for fewer than two event ids, or no resamples.
    pub(super) fn of(cases: &Cases, settings: &Settings) -> Option<Self> {
        if cases.n_events() < 2 || settings.n_resamples == 0 {
            return None;
        }
        let drawing = Drawing::new(cases);
        let probability = grid(&cases.ties());
        let mut random = Random::of(settings.seed, 1, 0);
        let mut curves: Vec<Vec<f64>> = vec![Vec::new(); probability.len()];
        let found = miscalibration(&cases.ties());
        let mut n_as_far = 0;
        for _ in 0..settings.n_resamples {
            let ties = drawing.ties(&mut random);
            n_as_far += usize::from(miscalibration(&ties) >= found);
            let curve = Curve::of(&ties);
            curves.iter_mut().zip(&probability).for_each(|(all, &p)| all.push(curve.at(p)));
        }
        let level = settings.level;
        let quantile = |all: &mut Vec<f64>, share: f64| {
            all.sort_unstable_by(f64::total_cmp);
            all[(share * (all.len() - 1) as f64).round() as usize]
        };
        let mut side = |share: f64| curves.iter_mut().map(|all| quantile(all, share)).collect();
        Some(Self {
            level,
            n_resamples: settings.n_resamples,
            seed: settings.seed,
            n_events: cases.n_events(),
            dependence: drawing.dependence,
            // The cases themselves are one more forecast.
            share_as_miscalibrated: Some((n_as_far + 1) as f64 / (settings.n_resamples + 1) as f64),
            low: side((1.0 - level) / 2.0),
            high: side((1.0 + level) / 2.0),
            probability,
        })
    }

    /// Its ends at a probability; `None` outside of the forecasts.
    pub fn at(&self, probability: f64) -> Option<(f64, f64)> {
        let next = self.probability.partition_point(|&p| p < probability);
        let (after, before) = (*self.probability.get(next)?, next.saturating_sub(1));
        if after == probability || next == 0 {
            return (after == probability).then(|| (self.low[next], self.high[next]));
        }
        let share = (probability - self.probability[before]) / (after - self.probability[before]);
        let between = |side: &[f64]| side[before] + share * (side[next] - side[before]);
        Some((between(&self.low), between(&self.high)))
    }
}

/// From the smallest to the largest probability that was said: equal steps, and where the cases lie. Of rare events most
/// lie so near to zero that equal steps would know nothing of them.
fn grid(ties: &[Tie]) -> Vec<f64> {
    let (Some(first), Some(last)) = (ties.first(), ties.last()) else { return Vec::new() };
    let steps = (0..=N_STEPS).map(|i| i as f64 / N_STEPS as f64);
    let mut all: Vec<f64> = vec![first.probability, last.probability];
    all.extend(steps.filter(|&p| first.probability < p && p < last.probability));
    let share = ties.iter().map(Tie::weight).sum::<f64>() / N_STEPS as f64;
    let mut weight = 0.0;
    for (i, tie) in ties.iter().enumerate() {
        let before = (weight / share).floor();
        weight += tie.weight();
        if (weight / share).floor() > before {
            // Both sides of a jump, so that nothing is interpolated over it.
            let near = ties[i.saturating_sub(1)..(i + 2).min(ties.len())].iter();
            all.extend(near.map(|tie| tie.probability));
        }
    }
    all.sort_unstable_by(f64::total_cmp);
    all.dedup();
    all
}

/// Cases by event id, as they are drawn again.
struct Drawing<'a> {
    cases: &'a Cases,
    ranks: Ranks,
    by_event: Vec<Vec<usize>>,
    dependence: f64,
}

/// A reliability curve: linear between the ends of blocks.
struct Curve(Vec<(f64, f64)>);

/// MCB; 0 without cases.
fn miscalibration(ties: &[Tie]) -> f64 {
    parts(ties).map_or(0.0, |[mcb, ..]| mcb)
}

impl Curve {
    fn of(ties: &[Tie]) -> Self {
        let ends = |b: Block| [(b.from, b.frequency()), (b.to, b.frequency())];
        Self(corp(ties).into_iter().flat_map(ends).collect())
    }

    fn at(&self, probability: f64) -> f64 {
        let next = self.0.partition_point(|&(x, _)| x < probability);
        let Some(&(x, y)) = self.0.get(next) else { return self.0[self.0.len() - 1].1 };
        let Some(&(x0, y0)) = next.checked_sub(1).map(|before| &self.0[before]) else { return y };
        if x > x0 { y0 + (probability - x0) / (x - x0) * (y - y0) } else { y }
    }
}

impl<'a> Drawing<'a> {
    fn new(cases: &'a Cases) -> Self {
        let mut by_event = vec![Vec::new(); cases.n_events()];
        cases.events().iter().enumerate().for_each(|(case, &event)| by_event[event].push(case));
        let ranks = Ranks::of(cases);
        let dependence = dependence(cases, &ranks, &by_event);
        Self { cases, ranks, by_event, dependence }
    }

    /// Cases of as many ids as there are, drawn with replacement, where the event occurs as it was forecast.
    fn ties(&self, random: &mut Random) -> Vec<Tie> {
        let none = |&probability: &f64| Tie { probability, occurred: 0.0, quiet: 0.0 };
        let mut ties: Vec<Tie> = self.ranks.probabilities.iter().map(none).collect();
        for _ in 0..self.by_event.len() {
            let event = &self.by_event[random.integer(0, self.by_event.len() - 1)];
            let shared = random.unit();
            for &case in event {
                let n = self.cases.repeats()[case];
                let share = self.occurring(case, shared, random) as f64 / n as f64;
                let (tie, weight) =
                    (&mut ties[self.ranks.places[case]], self.cases.weights()[case]);
                tie.occurred += share * weight;
                tie.quiet += (1.0 - share) * weight;
            }
        }
        ties.retain(|tie| tie.weight() > 0.0);
        ties
    }
}

impl Drawing<'_> {
    /// In how many of the equal cases of an entry the event occurs, where `shared` was drawn for its event id.
    fn occurring(&self, case: usize, shared: f64, random: &mut Random) -> u64 {
        let (n, probability) = (self.cases.repeats()[case], self.cases.probabilities()[case]);
        if n == 1 {
            let own = random.unit();
            let luck = if random.unit() < self.dependence { shared } else { own };
            return u64::from(luck < probability);
        }
        let n_sharing = random.binomial(n, self.dependence);
        let n_own = random.binomial(n - n_sharing, probability);
        n_own + if shared < probability { n_sharing } else { 0 }
    }
}

/// r of the cases, from residuals about the recalibrated probabilities: those of a forecast that is biased would share
/// the bias and look dependent.
fn dependence(cases: &Cases, ranks: &Ranks, by_event: &[Vec<usize>]) -> f64 {
    let blocks = corp(&ranks.ties(cases, |_| 1.0));
    let frequency = |case: usize| {
        let probability = cases.probabilities()[case];
        blocks[blocks.partition_point(|block| block.to < probability)].frequency()
    };
    let (mut found, mut largest) = (0.0, 0.0);
    for event in by_event {
        let member = |&case: &usize| (frequency(case), case);
        let mut members: Vec<(f64, usize)> = event.iter().map(member).collect();
        members.sort_by(|a, b| a.0.total_cmp(&b.0));
        let (mut residuals, mut expected) = (0.0, 0.0);
        for &(p, case) in &members {
            let weight = cases.weights()[case];
            let residual = weight * (f64::from(u8::from(cases.occurred()[case])) - p);
            // Among n equal cases there are n (n − 1) / 2 pairs, each of a share 1/n² of the weight's square.
            let pairs = 0.5 * (1.0 - 1.0 / cases.repeats()[case] as f64);
            // Of each pair, min(p, q) is the one that came before.
            found += residuals * residual + pairs * residual * residual;
            largest += expected * weight * (1.0 - p) + pairs * weight * weight * p * (1.0 - p);
            residuals += residual;
            expected += weight * p;
        }
    }
    if largest > 0.0 { (found / largest).clamp(0.0, 1.0).sqrt() } else { 0.0 }
}
