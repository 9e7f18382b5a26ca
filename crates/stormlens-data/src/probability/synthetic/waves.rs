//! Smooth random fields: sums of plane waves.

use std::f64::consts::TAU;

use crate::simulate::Random;

const N_WAVES: usize = 8;
/// Waves along a side of the map, at most.
const MAX_NUMBER: f64 = 1.6;
/// Of a circle in a day, at most.
const MAX_DRIFT: f64 = 0.12;

/// Waves of equal height with random numbers and phases. Over all phases the mean is 0 and the variance 1.
pub(super) struct Waves([Wave; N_WAVES]);

struct Wave {
    /// Waves along the rows' and the columns' direction of the map.
    numbers: [f64; 2],
    /// Radians.
    phase: f64,
    /// Radians a day.
    drift: f64,
}

impl Waves {
    pub fn draw(random: &mut Random) -> Self {
        Self(std::array::from_fn(|_| Wave {
            numbers: std::array::from_fn(|_| random.uniform(-MAX_NUMBER, MAX_NUMBER)),
            phase: random.uniform(0.0, TAU),
            drift: TAU * random.uniform(-MAX_DRIFT, MAX_DRIFT),
        }))
    }

    /// Row by row.
    pub fn map(&self, [rows, columns]: [usize; 2], day: f64) -> Vec<f64> {
        let height = (2.0 / N_WAVES as f64).sqrt();
        let at = |i: usize| {
            let [y, x] =
                [i / columns, i % columns].map(|place| place as f64 / rows.max(columns) as f64);
            let wave = |wave: &Wave| {
                (TAU * (wave.numbers[0] * y + wave.numbers[1] * x) + wave.phase + wave.drift * day)
                    .cos()
            };
            height * self.0.iter().map(wave).sum::<f64>()
        };
        (0..rows * columns).map(at).collect()
    }
}
