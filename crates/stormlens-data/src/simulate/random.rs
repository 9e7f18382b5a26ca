//! A generator of random numbers that is the same on every machine.

use std::f64::consts::TAU;

/// xoshiro256++ (Blackman and Vigna, ACM Trans. Math. Softw. 47, 2021), seeded by SplitMix64
/// (Steele, Lea and Flood, OOPSLA 2014).
#[derive(Clone, Debug)]
pub struct Random {
    state: [u64; 4],
    spare_normal: Option<f64>,
}

impl Random {
    pub fn new(seed: u64) -> Self {
        let mut seed = seed;
        Self { state: std::array::from_fn(|_| split_mix(&mut seed)), spare_normal: None }
    }

    /// The generator of one of many things: independent of how many others there are, and of the
    /// order in which they are made.
    pub fn of(seed: u64, stream: u64, index: u64) -> Self {
        let (mut a, mut b) = (seed, stream.wrapping_mul(0xD134_2543_DE82_EF95));
        let mut mixed = split_mix(&mut a) ^ split_mix(&mut b).rotate_left(23);
        mixed ^= index.wrapping_mul(0xA24B_AED4_963E_E407);
        Self::new(split_mix(&mut mixed))
    }

    /// 64 random bits.
    pub fn bits(&mut self) -> u64 {
        let s = &mut self.state;
        let result = s[0].wrapping_add(s[3]).rotate_left(23).wrapping_add(s[0]);
        let t = s[1] << 17;
        s[2] ^= s[0];
        s[3] ^= s[1];
        s[1] ^= s[2];
        s[0] ^= s[3];
        s[2] ^= t;
        s[3] = s[3].rotate_left(45);
        result
    }

    /// Uniform from 0 (included) to 1 (excluded).
    pub fn unit(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / (1_u64 << 53) as f64
    }

    pub fn uniform(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.unit()
    }

    /// A number whose logarithm is uniform, for sizes.
    pub fn log_uniform(&mut self, low: f64, high: f64) -> f64 {
        (self.uniform(low.ln(), high.ln())).exp()
    }

    /// True in `probability` of all cases.
    pub fn chance(&mut self, probability: f64) -> bool {
        self.unit() < probability
    }

    /// One or minus one.
    pub fn sign(&mut self) -> f64 {
        if self.chance(0.5) { 1.0 } else { -1.0 }
    }

    /// An integer from `low` to `high`, both included.
    pub fn integer(&mut self, low: usize, high: usize) -> usize {
        low + (self.unit() * (high - low + 1) as f64) as usize
    }

    /// Something, in `probability` of all cases.
    pub fn maybe<T>(&mut self, probability: f64, draw: impl FnOnce(&mut Self) -> T) -> Option<T> {
        self.chance(probability).then(|| draw(self))
    }

    /// Standard normal, by the transform of Box and Muller.
    pub fn normal(&mut self) -> f64 {
        if let Some(spare) = self.spare_normal.take() {
            return spare;
        }
        let radius = (-2.0 * (1.0 - self.unit()).ln()).sqrt();
        let (sin, cos) = (TAU * self.unit()).sin_cos();
        self.spare_normal = Some(radius * sin);
        radius * cos
    }

    /// Gamma with mean 1 and variance `1 / shape`, for `shape` of at least 1
    /// (Marsaglia and Tsang, ACM Trans. Math. Softw. 26, 2000).
    pub fn gamma(&mut self, shape: f64) -> f64 {
        let d = shape - 1.0 / 3.0;
        let c = 1.0 / (9.0 * d).sqrt();
        loop {
            let x = self.normal();
            let v = (1.0 + c * x).powi(3);
            let u = 1.0 - self.unit();
            // Nearly all draws need no logarithm.
            let is_clear = u < 1.0 - 0.0331 * x.powi(4);
            if v > 0.0 && (is_clear || u.ln() < 0.5 * x * x + d * (1.0 - v + v.ln())) {
                return d * v / shape;
            }
        }
    }

    /// How many of `n` independent trials succeed. Exact where fewer than 30 of the rarer outcome are expected, by
    /// waiting times (Devroye 1986, X.4.1); else the normal distribution with the same mean and variance, rounded, whose
    /// distribution function is off by less than 0.02.
    ///
    /// # Panics
    /// In debug builds, for a probability that is none.
    pub fn binomial(&mut self, n: u64, probability: f64) -> u64 {
        debug_assert!((0.0..=1.0).contains(&probability), "{probability}");
        let rarer = probability.min(1.0 - probability);
        let mean = n as f64 * rarer;
        let found = match mean {
            mean if mean < 30.0 => self.successes(n, rarer),
            mean => {
                let deviation = (mean * (1.0 - rarer)).sqrt();
                (mean + deviation * self.normal()).round().clamp(0.0, n as f64) as u64
            }
        };
        if probability > 0.5 { n - found } else { found }
    }

    /// Counts successes by how many trials pass until the next one.
    fn successes(&mut self, n: u64, probability: f64) -> u64 {
        let (mut found, mut passed) = (0, 0.0);
        if probability <= 0.0 {
            return 0;
        }
        let failure = (-probability).ln_1p();
        loop {
            passed += ((1.0 - self.unit()).ln() / failure).floor() + 1.0;
            if passed > n as f64 {
                return found;
            }
            found += 1;
        }
    }

    /// Puts items in a random order (Fisher and Yates).
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for i in (1..items.len()).rev() {
            items.swap(i, self.integer(0, i));
        }
    }
}

fn split_mix(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_seeding_is_split_mix() {
        let mut state = 1_234_567;
        assert_eq!(split_mix(&mut state), 6_457_827_717_110_365_317);
        assert_eq!(split_mix(&mut state), 3_203_168_211_198_807_973);
    }

    #[test]
    fn streams_differ_and_repeat() {
        let first = |seed, stream, index| Random::of(seed, stream, index).bits();
        assert_eq!(first(1, 2, 3), first(1, 2, 3));
        for other in [(2, 2, 3), (1, 3, 3), (1, 2, 4), (3, 2, 1)] {
            assert_ne!(first(1, 2, 3), first(other.0, other.1, other.2), "{other:?}");
        }
    }

    fn check(name: &str, draw: impl Fn(&mut Random) -> f64, mean: f64, variance: f64) {
        let mut random = Random::new(7);
        let drawn: Vec<f64> = (0..40_000).map(|_| draw(&mut random)).collect();
        let n = drawn.len() as f64;
        let found = drawn.iter().sum::<f64>() / n;
        let spread = drawn.iter().map(|x| (x - found).powi(2)).sum::<f64>() / n;
        assert!((found - mean).abs() < 0.03 * variance.sqrt(), "{name}: mean {found}");
        assert!((spread / variance - 1.0).abs() < 0.05, "{name}: variance {spread}");
    }

    #[test]
    fn the_moments_are_those_of_the_distributions() {
        check("unit", Random::unit, 0.5, 1.0 / 12.0);
        check("normal", Random::normal, 0.0, 1.0);
        check("gamma of one look", |r| r.gamma(1.0), 1.0, 1.0);
        check("gamma of 300 looks", |r| r.gamma(300.0), 1.0, 1.0 / 300.0);
        check("integer", |r| r.integer(1, 6) as f64, 3.5, 35.0 / 12.0);
        for (n, p) in [(1, 0.3), (20, 0.1), (50, 0.98), (4096, 0.001), (100, 0.5), (4096, 0.2)] {
            let all = n as f64;
            let variance = all * p * (1.0 - p);
            check("binomial", |r| r.binomial(n, p) as f64, all * p, variance);
        }
    }

    #[test]
    fn certain_trials_are_certain() {
        let mut random = Random::new(1);
        for n in [0, 1, 100_000] {
            assert_eq!((random.binomial(n, 0.0), random.binomial(n, 1.0)), (0, n));
        }
    }

    #[test]
    fn shuffling_keeps_everything() {
        let mut items: Vec<usize> = (0..50).collect();
        Random::new(3).shuffle(&mut items);
        assert_ne!(items, (0..50).collect::<Vec<_>>());
        items.sort_unstable();
        assert_eq!(items, (0..50).collect::<Vec<_>>());
    }
}
