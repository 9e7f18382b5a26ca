//! The normal distribution.

use std::f64::consts::{PI, SQRT_2};

/// Φ(x), the probability that a standard normal number is at most x, to twelve digits after the point.
///
/// From erf(x) = 2/√π e^(−x²) Σ 2ⁿ x²ⁿ⁺¹ / (2n + 1)!! (Abramowitz and Stegun 7.1.6), of which all terms are positive.
pub fn normal_distribution(x: f64) -> f64 {
    /// Beyond it, Φ is 0 or 1 to 10⁻¹⁶.
    const FAR: f64 = 8.3;
    if x.abs() > FAR {
        return f64::from(u8::from(x > 0.0));
    }
    let z = x / SQRT_2;
    let (mut term, mut sum, mut n) = (z, z, 0.0);
    while term.abs() > 1e-17 * sum.abs() {
        n += 1.0;
        term *= 2.0 * z * z / (2.0 * n + 1.0);
        sum += term;
    }
    0.5 + (-z * z).exp() * sum / PI.sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Against tables of the distribution (Abramowitz and Stegun, table 26.1).
    #[test]
    fn it_is_that_of_the_tables() {
        for (x, expected) in [
            (0.0, 0.5),
            (1.0, 0.841_344_746_068_543),
            (-1.0, 0.158_655_253_931_457),
            (2.0, 0.977_249_868_051_821),
            (3.0, 0.998_650_101_968_370),
            (-5.0, 2.866_515_719e-7),
            (9.0, 1.0),
            (-40.0, 0.0),
        ] {
            assert!((normal_distribution(x) - expected).abs() < 1e-12, "{x}");
        }
    }
}
