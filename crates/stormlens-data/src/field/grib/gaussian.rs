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
    let north_to_south = legendre_roots(height);
    let found =
        if first > last { north_to_south } else { north_to_south.into_iter().rev().collect() };
    match [(found[0], first), (found[height - 1], last)].iter().all(|(a, b)| (a - b).abs() < 2e-3) {
        true => Ok(found),
        false => {
            Err(format!("its first latitude is {first}, that of a Gaussian grid {}", found[0]))
        }
    }
}

/// Latitudes, degrees, north first, whose sines are the roots of the Legendre polynomial of that degree (Newton's
/// method from the usual first guess; Abramowitz and Stegun 22.16.6).
fn legendre_roots(degree: usize) -> Vec<f64> {
    let n = degree as f64;
    let root = |k: usize| {
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
    };
    (0..degree).map(root).collect()
}
