//! From backscatter to bytes.

use serde::{Deserialize, Serialize};

use super::Random;
use super::geometry::to_db;
// What black and white mean, on average. With these bounds, means and deviations over many simulated scenes
// are near those of the published ones (0.46 ± 0.26 and 0.29 ± 0.18 of white).
use crate::scene::coding::{self, CO_DB, CROSS_DB};

/// How backscatter becomes bytes: linear in decibels, bent a little, 8 bit.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Coding {
    /// Backscatter of byte 0 and of byte 255.
    pub co_db: [f64; 2],
    pub cross_db: [f64; 2],
    /// Exponent of the tone curve; 1 is straight.
    pub gamma: f64,
}

impl Coding {
    /// Bounds a little off the usual ones, so that no network learns absolute levels.
    pub fn draw(random: &mut Random) -> Self {
        let mut bounds = |[low, high]: [f64; 2]| {
            [low + random.uniform(-1.0, 1.0), high + random.uniform(-1.0, 1.0)]
        };
        let (co_db, cross_db) = (bounds(CO_DB), bounds(CROSS_DB));
        Self { co_db, cross_db, gamma: random.log_uniform(0.85, 1.18) }
    }

    /// The byte of a power ratio of the co-polarised channel; never 0, which means no data.
    pub fn co(&self, sigma0: f64) -> u8 {
        self.byte(sigma0, self.co_db)
    }

    /// The byte of a power ratio of the cross-polarised channel; never 0.
    pub fn cross(&self, sigma0: f64) -> u8 {
        self.byte(sigma0, self.cross_db)
    }

    fn byte(&self, sigma0: f64, [low, high]: [f64; 2]) -> u8 {
        let share = ((to_db(sigma0.max(1e-9)) - low) / (high - low)).clamp(0.0, 1.0);
        coding::byte(share.powf(self.gamma))
    }
}

#[cfg(test)]
mod tests {
    use super::super::geometry::from_db;
    use super::*;

    #[test]
    fn bytes_are_linear_in_decibels_and_never_zero() {
        let coding = Coding { co_db: [-20.0, 0.0], cross_db: [-30.0, -5.0], gamma: 1.0 };
        let check = |db: f64, co: u8, cross: u8| {
            assert_eq!((coding.co(from_db(db)), coding.cross(from_db(db))), (co, cross), "{db}");
        };
        check(0.0, 255, 255);
        check(-10.0, 128, 204);
        check(-20.0, 1, 102);
        check(-60.0, 1, 1);
        check(5.0, 255, 255);
        assert_eq!(coding.co(0.0), 1);
    }

    #[test]
    fn the_tone_curve_keeps_black_and_white() {
        let coding = Coding { co_db: [-20.0, 0.0], cross_db: [-30.0, -5.0], gamma: 1.15 };
        assert_eq!((coding.co(1.0), coding.co(0.01)), (255, 1));
        assert!(coding.co(0.1) < 128);
    }
}
