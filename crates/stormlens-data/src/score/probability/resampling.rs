//! How certain a score is: event ids are drawn again, never cases.

use super::ties::Ranks;
use super::{CaseError, Cases, Tie};
use crate::score::downscaling::Estimate;
use crate::simulate::Random;

/// A score and its bootstrap interval (Efron 1979, the middle 95 %). Rounds in which it is not defined are left
/// out. `None` for fewer than two event ids, or where the score of all cases is not defined.
pub fn interval(
    cases: &Cases,
    n_rounds: usize,
    seed: u64,
    score: impl Fn(&[Tie]) -> Option<f64>,
) -> Option<Estimate> {
    let all = intervals(&[cases], n_rounds, seed, |ties| vec![score(&ties[0])]);
    all.into_iter().next().flatten()
}

/// The score of one forecast minus that of another, or any other number made of both, such as a skill; the same ids
/// are drawn for both.
///
/// # Errors
/// If they are not of the same cases.
pub fn difference_interval(
    cases: &Cases,
    reference: &Cases,
    n_rounds: usize,
    seed: u64,
    number: impl Fn(&[Tie], &[Tie]) -> Option<f64>,
) -> Result<Option<Estimate>, CaseError> {
    if !cases.is_beside(reference) {
        return Err(CaseError::OtherCases);
    }
    let both = [cases, reference];
    let all = intervals(&both, n_rounds, seed, |ties| vec![number(&ties[0], &ties[1])]);
    Ok(all.into_iter().next().flatten())
}

/// Intervals of several numbers of several forecasts of the same cases, in one go.
pub(super) fn intervals(
    forecasts: &[&Cases],
    n_rounds: usize,
    seed: u64,
    numbers: impl Fn(&[Vec<Tie>]) -> Vec<Option<f64>>,
) -> Vec<Option<Estimate>> {
    let n_events = forecasts.first().map_or(0, |cases| cases.n_events());
    let ranks: Vec<Ranks> = forecasts.iter().map(|cases| Ranks::of(cases)).collect();
    let of = |times: &[f64]| {
        let ties = |(cases, ranks): (&&Cases, &Ranks)| ranks.ties(cases, |event| times[event]);
        numbers(&forecasts.iter().zip(&ranks).map(ties).collect::<Vec<_>>())
    };
    let values = of(&vec![1.0; n_events]);
    let mut drawn: Vec<Vec<f64>> = vec![Vec::new(); values.len()];
    let mut random = Random::of(seed, 2, 0);
    for _ in 0..if n_events > 1 { n_rounds } else { 0 } {
        let mut times = vec![0.0; n_events];
        (0..n_events).for_each(|_| times[random.integer(0, n_events - 1)] += 1.0);
        drawn.iter_mut().zip(of(&times)).for_each(|(all, value)| all.extend(value));
    }
    values.into_iter().zip(drawn).map(|(value, drawn)| estimate(value?, drawn, n_events)).collect()
}

fn estimate(value: f64, mut drawn: Vec<f64>, n_parts: usize) -> Option<Estimate> {
    drawn.sort_unstable_by(f64::total_cmp);
    let last = drawn.len().checked_sub(1)?;
    let at = |share: f64| drawn[(share * last as f64).round() as usize];
    Some(Estimate { value, low: at(0.025), high: at(0.975), n_parts })
}
