//! How much better the first map is than others, with intervals, and how well each keeps the mass of its coarse rain.

use stormlens_data::outcome::Number;
use stormlens_data::score::downscaling::{Moments, resampled_interval};

use super::{Scores, score};

/// Of fewer tiles an interval says how these differ, and nothing of others.
const LEAST_TILES: usize = 5;
/// Rounds of the bootstrap.
const N_ROUNDS: usize = 1_000;
const SEED: u64 = 11;

impl Scores {
    /// How much better or worse the first map is than each other one, with intervals from tiles that are drawn again.
    pub fn numbers(&self) -> Vec<Number> {
        let mut numbers = Vec::new();
        for rival in 1..self.names.len() {
            numbers.extend(
                [("mse", "mm²"), ("r", "1")]
                    .map(|score| self.gain(rival, score))
                    .into_iter()
                    .flatten(),
            );
        }
        for (sums, name) in self.all.iter().zip(&self.names) {
            let Some(share) = sums.mass.absolute_share() else { continue };
            let meaning = "mean absolute difference of the means of coarse cells from coarse rain, as a share of it";
            numbers.push(Number::new(format!("mass_residual/{name}"), share, "1", meaning));
        }
        numbers
    }

    /// The difference of a score, and where its interval begins and ends.
    fn gain(&self, rival: usize, (which, unit): (&str, &str)) -> Vec<Number> {
        // Of all that is counted the moments alone, which are drawn and added up so often.
        let of = |map: usize| self.by_tile[map].iter().map(|sums| sums.mm);
        let pairs: Vec<(Moments, Moments)> = of(0).zip(of(rival)).collect();
        let difference = |(a, b): &(Moments, Moments)| {
            Some(score(which, a) - score(which, b)).filter(|difference| difference.is_finite())
        };
        let Some(found) = resampled_interval(&pairs, N_ROUNDS, SEED, difference) else {
            return Vec::new();
        };
        let (name, rival, n) = (&self.names[0], &self.names[rival], found.n_parts);
        let has_interval = n >= LEAST_TILES;
        let how = match has_interval {
            true => format!("95 % interval from {n} tiles drawn again"),
            false => format!("no interval: {n} of the {LEAST_TILES} tiles that it needs"),
        };
        let number = |part: &str, what: &str, value: f64| {
            let meaning = format!("{what} of {which} of {name} minus {rival}; {how}");
            Number::new(format!("gain/{rival}/{which}{part}"), value, unit, &meaning)
        };
        if !has_interval {
            return vec![number("", "difference", found.value)];
        }
        vec![
            number("", "difference", found.value),
            number("_low", "lower end", found.low),
            number("_high", "upper end", found.high),
        ]
    }
}
