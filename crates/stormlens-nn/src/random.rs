//! Seeded random numbers whose state is one integer, so that a training run can store it.

/// SplitMix64 (Steele, Lea and Flood 2014).
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The generator of one of many streams that belong to a seed.
    pub fn of_stream(seed: u64, stream: u64) -> Self {
        // Mixed twice, because two states that differ by a known step are places in one sequence.
        let mixed = Self::new(seed).bits() ^ stream;
        Self::new(Self::new(mixed).bits())
    }

    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let z = self.0;
        let z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// Uniform in `[0, 1)`.
    pub fn unit(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / (1u64 << 53) as f64
    }

    pub fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.unit()
    }

    /// Of the normal distribution with mean 0 and variance 1 (Box and Muller 1958).
    pub fn normal(&mut self) -> f64 {
        let (radius, angle) = (1.0 - self.unit(), self.unit());
        (-2.0 * radius.ln()).sqrt() * (2.0 * std::f64::consts::PI * angle).cos()
    }

    /// Uniform in `0..n`.
    pub fn below(&mut self, n: usize) -> usize {
        ((self.unit() * n as f64) as usize).min(n.saturating_sub(1))
    }

    /// Fisher–Yates.
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for i in (1..items.len()).rev() {
            items.swap(i, self.below(i + 1));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// No stream is another one's continuation.
    #[test]
    fn streams_of_a_seed_share_nothing() {
        let mut seen = std::collections::BTreeSet::new();
        for (seed, stream) in [(1, 0), (1, 1), (1, 2), (2, 0), (2, 1)] {
            let mut random = Random::of_stream(seed, stream);
            assert!((0..1000).all(|_| seen.insert(random.bits())), "{seed}, {stream}");
        }
        let mut again = Random::of_stream(2, 1);
        assert!(seen.contains(&again.bits()));
    }
}
