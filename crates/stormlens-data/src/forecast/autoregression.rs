//! Second-order autoregression of the levels of a cascade: `x(t+1) = φ₁ x(t) + φ₂ x(t−1) + φ₀ ε`, with noise ε of
//! variance 1 (Pulkkinen et al., Geosci. Model Dev. 12, 2019, equations 4 to 6).

/// φ₁, φ₂ and φ₀.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Autoregression {
    pub last: f64,
    pub before: f64,
    pub noise: f64,
}

impl Autoregression {
    /// From correlations at a lag of one and two steps, by the equations of Yule and Walker. The second one is raised
    /// before to where the process is stationary. What does not change at all persists.
    pub fn new(lag_1: f64, lag_2: f64) -> Self {
        let squared = lag_1 * lag_1;
        if 1.0 - squared < 1e-12 {
            return Self { last: lag_1.signum(), before: 0.0, noise: 0.0 };
        }
        let lag_2 = stationary(lag_1, lag_2);
        let last = lag_1 * (1.0 - lag_2) / (1.0 - squared);
        let before = (lag_2 - squared) / (1.0 - squared);
        let noise = (1.0 - lag_1 * last - lag_2 * before).max(0.0).sqrt();
        Self { last, before, noise }
    }

    /// The next value without noise.
    pub fn next(&self, last: f64, before: f64) -> f64 {
        self.last * last + self.before * before
    }
}

/// The correlation at two steps, not below `(3 γ₁² − 2 + 2 (1 − γ₁²)^1.5) / γ₁²`, so that correlations fall with the
/// lag (the bound that pysteps takes).
fn stationary(lag_1: f64, lag_2: f64) -> f64 {
    let squared = lag_1 * lag_1;
    // What the bound tends to with the first correlation.
    if squared < 1e-12 {
        return lag_2.max(0.0);
    }
    lag_2.max((3.0 * squared - 2.0 + 2.0 * (1.0 - squared).powf(1.5)) / squared)
}

/// Pearson's correlation; 0 where one of them does not vary.
///
/// # Panics
/// If there are more values of one.
pub fn correlation(a: &[f64], b: &[f64]) -> f64 {
    assert_eq!(a.len(), b.len(), "as many values");
    let n = a.len() as f64;
    let (mean_a, mean_b) = (a.iter().sum::<f64>() / n, b.iter().sum::<f64>() / n);
    let (mut ab, mut aa, mut bb) = (0.0, 0.0, 0.0);
    for (a, b) in a.iter().zip(b) {
        let (a, b) = (a - mean_a, b - mean_b);
        (ab, aa, bb) = (ab + a * b, aa + a * a, bb + b * b);
    }
    let both = (aa * bb).sqrt();
    if both > 0.0 { (ab / both).clamp(-1.0, 1.0) } else { 0.0 }
}
