//! Latitudes of Gaussian grids.

/// No Gaussian grid has more latitudes: finding them takes the square of that.
const MAX_GAUSSIAN: usize = 5120;

/// Latitudes of a Gaussian grid with so many of them between a pole and the equator.
pub(super) fn latitudes(
    n: usize,
    [first, last]: [f64; 2],
    height: usize,
) -> Result<Vec<f64>, String> {
    if height != 2 * n || height > MAX_GAUSSIAN {
        return Err(format!("a Gaussian grid of {n} has {height} latitudes, where all are needed"));
    }
    // One root says whether it is such a grid, before the others take their time.
    let outermost = legendre_root(height, 0).copysign(first);
    let is_there = |found: f64, expected: f64| (found - expected).abs() < 2e-3;
    if !is_there(first, outermost) || !is_there(last, -outermost) {
        return Err(format!("its first latitude is {first}, that of a Gaussian grid {outermost}"));
    }
    let mut found: Vec<f64> = (0..n).map(|k| legendre_root(height, k)).collect();
    // The southern half is the northern one, mirrored.
    found.extend((0..n).rev().map(|k| -found[k]).collect::<Vec<_>>());
    if first < last {
        found.reverse();
    }
    Ok(found)
}

/// The `k`-th latitude from the north, degrees, whose sine is a root of the Legendre polynomial of that degree (Newton's
/// method from the usual first guess; Abramowitz and Stegun 22.16.6).
fn legendre_root(degree: usize, k: usize) -> f64 {
    let n = degree as f64;
    let mut x = (std::f64::consts::PI * (k as f64 + 0.75) / (n + 0.5)).cos();
    for _ in 0..20 {
        let (mut before, mut value) = (1.0, x);
        for j in 2..=degree {
            let j = j as f64;
            (before, value) = (value, ((2.0 * j - 1.0) * x * value - (j - 1.0) * before) / j);
        }
        let slope = n * (before - x * value) / (1.0 - x * x);
        x -= value / slope;
        if (value / slope).abs() < 1e-15 {
            break;
        }
    }
    x.asin().to_degrees()
}
