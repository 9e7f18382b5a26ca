//! Noise as a function of place: equal places have equal noise, at every pixel size.

use serde::{Deserialize, Serialize};

use super::Random;

/// Standard deviation of gradient noise whose gradients have components uniform from −1 to 1:
/// √(8/3 · E\[f² t²\] · E\[f²\]) with f the falling fade from 1 to 0 over t from 0 to 1.
const DEVIATION: f64 = 0.176_127;
/// Mean and standard deviation of the distance to the nearest of one random site a unit square
/// (a Poisson process, less regular, has 0.5 and 0.26).
const CELL_MEAN: f64 = 0.430;
const CELL_DEVIATION: f64 = 0.190;

/// A field of noise, named by its seed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Noise {
    seed: u32,
}

impl Noise {
    pub fn draw(random: &mut Random) -> Self {
        Self { seed: (random.bits() >> 32) as u32 }
    }

    /// Another field, independent of this one.
    pub fn layer(self, index: u32) -> Self {
        Self { seed: hash(self.seed, index as i32, -7) }
    }

    /// Gradient noise (Perlin, SIGGRAPH 1985 and 2002): smooth, mean 0, standard deviation 1, with
    /// structures of the size of one or two units of `x` and `y`.
    pub fn gradient(self, x: f64, y: f64) -> f64 {
        self.lattice(x, y, |column| column)
    }

    /// The same, repeating in `x` after `period` units: for angles.
    pub fn periodic(self, x: f64, y: f64, period: i32) -> f64 {
        self.lattice(x, y, |column| column.rem_euclid(period.max(1)))
    }

    fn lattice(self, x: f64, y: f64, wrap: impl Fn(i32) -> i32) -> f64 {
        let (column, row) = (floor(x), floor(y));
        let (dx, dy) = (x - f64::from(column), y - f64::from(row));
        let corner = |right: i32, down: i32| {
            let h = hash(self.seed, wrap(column + right), row + down);
            let (gx, gy) =
                (f64::from(h & 0xFFFF) / 32_767.5 - 1.0, f64::from(h >> 16) / 32_767.5 - 1.0);
            gx * (dx - f64::from(right)) + gy * (dy - f64::from(down))
        };
        let (u, v) = (fade(dx), fade(dy));
        let upper = corner(0, 0) + u * (corner(1, 0) - corner(0, 0));
        let lower = corner(0, 1) + u * (corner(1, 1) - corner(0, 1));
        (upper + v * (lower - upper)) / DEVIATION
    }

    /// Octaves of gradient noise, each of half the size and `gain` times the amplitude of the one
    /// before; mean 0 and standard deviation 1. The lattice of each is turned against the one before,
    /// so that none shows.
    pub fn fractal(self, x: f64, y: f64, n_octaves: u32, gain: f64) -> f64 {
        let (mut x, mut y) = (x, y);
        let (mut sum, mut power, mut amplitude) = (0.0, 0.0, 1.0);
        for octave in 0..n_octaves {
            let layer = Self { seed: self.seed.wrapping_add(octave.wrapping_mul(0x9E37_79B9)) };
            sum += amplitude * layer.gradient(x, y);
            power += amplitude * amplitude;
            amplitude *= gain;
            (x, y) = (1.6 * x - 1.2 * y + 17.3, 1.2 * x + 1.6 * y - 9.1);
        }
        sum / power.sqrt()
    }

    /// Distance to the nearest of random sites, one a unit square (Worley, SIGGRAPH 1996), as mean 0
    /// and standard deviation about 1; low inside cells, high between them. With it, a number from
    /// 0 to 1 that belongs to that site.
    pub fn cells(self, x: f64, y: f64) -> (f64, f64) {
        let (column, row) = (floor(x), floor(y));
        let mut nearest = (f64::INFINITY, 0);
        for cell_row in row - 1..=row + 1 {
            for cell_column in column - 1..=column + 1 {
                let h = hash(self.seed, cell_column, cell_row);
                let dx = f64::from(cell_column) + f64::from(h & 0xFFFF) / 65_536.0 - x;
                let dy = f64::from(cell_row) + f64::from(h >> 16) / 65_536.0 - y;
                let square = dx * dx + dy * dy;
                if square < nearest.0 {
                    nearest = (square, h);
                }
            }
        }
        let own = f64::from(hash(self.seed, nearest.1 as i32, 11)) / f64::from(u32::MAX);
        ((nearest.0.sqrt() - CELL_MEAN) / CELL_DEVIATION, own)
    }
}

/// Bits of a lattice point, mixed by the finaliser of MurmurHash3.
fn hash(seed: u32, column: i32, row: i32) -> u32 {
    let mut h = seed ^ (column as u32).wrapping_mul(0x8DA6_B343);
    h = h.rotate_left(13) ^ (row as u32).wrapping_mul(0xD816_3841);
    h = (h ^ (h >> 16)).wrapping_mul(0x85EB_CA6B);
    h = (h ^ (h >> 13)).wrapping_mul(0xC2B2_AE35);
    h ^ (h >> 16)
}

/// The whole number at or below `x`; without a call of the mathematical library.
fn floor(x: f64) -> i32 {
    let truncated = x as i32;
    truncated - i32::from(x < f64::from(truncated))
}

fn fade(t: f64) -> f64 {
    t * t * t * (t * (6.0 * t - 15.0) + 10.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(name: &str, value: impl Fn(f64, f64) -> f64, tolerance: f64) {
        let step = |i: u32| 0.37 * f64::from(i) + 0.013;
        let values: Vec<f64> =
            (0..40_000).map(|i| value(step(i % 200), step(i / 200) - 40.0)).collect();
        let n = values.len() as f64;
        let mean = values.iter().sum::<f64>() / n;
        let deviation = (values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / n).sqrt();
        assert!(mean.abs() < tolerance, "{name}: mean {mean}");
        assert!((deviation - 1.0).abs() < tolerance, "{name}: deviation {deviation}");
    }

    #[test]
    fn noise_has_mean_zero_and_deviation_one() {
        let noise = Noise { seed: 5 };
        check("gradient", |x, y| noise.gradient(x, y), 0.05);
        check("fractal", |x, y| noise.fractal(x, y, 4, 0.6), 0.05);
        check("cells", |x, y| noise.cells(x, y).0, 0.1);
    }

    #[test]
    fn periodic_noise_closes() {
        let noise = Noise { seed: 9 };
        for (x, y) in [(0.3, 1.7), (4.9, -2.2), (-3.4, 0.0)] {
            assert!((noise.periodic(x, y, 6) - noise.periodic(x + 6.0, y, 6)).abs() < 1e-9);
            assert_ne!(noise.periodic(x, y, 6), noise.periodic(x + 3.0, y, 6));
        }
    }

    #[test]
    fn noise_is_continuous() {
        let noise = Noise { seed: 2 };
        for x in [0.999_999, 1.0 - 1e-9, -2.000_001] {
            let (a, b) = (noise.gradient(x, 0.4), noise.gradient(x + 2e-6, 0.4));
            assert!((a - b).abs() < 1e-4, "{x}: {a} {b}");
        }
    }
}
