//! Radar backscatter of the sea under wind, at C band.

/// Coefficients c1 to c28 of CMOD5.N (Hersbach 2010, table 1).
const C: [f64; 28] = [
    -0.6878, -0.7957, 0.3380, -0.1728, 0.0000, 0.0040, 0.1103, 0.0159, 6.7329, 2.7713, -2.2885,
    0.4971, -0.7250, 0.0450, 0.0066, 0.3222, 0.0120, 22.7000, 2.0813, 3.0000, 8.3659, -3.3428,
    1.3236, 6.2437, 2.3893, 0.3249, 4.1590, 1.6930,
];

/// Normalised radar cross section σ⁰ of the sea for vertical polarisation, a power ratio.
///
/// `speed_ms` is the equivalent neutral wind at 10 m, `cos_direction` the cosine of the angle
/// between the direction that the wind comes from and the direction that the radar looks from
/// (1 upwind, −1 downwind), `incidence_deg` the incidence angle, 18 to 58.
///
/// The form is that of CMOD5 (Hersbach, Stoffelen and de Haan 2007, J. Geophys. Res. 112, C03006,
/// appendix), the coefficients those of CMOD5.N (Hersbach 2010, J. Atmos. Oceanic Technol. 27,
/// 721–736): σ⁰ = B0 (1 + B1 cos φ + B2 cos 2φ)^1.6.
pub fn cmod5n(speed_ms: f64, cos_direction: f64, incidence_deg: f64) -> f64 {
    let x = (incidence_deg - 40.0) / 25.0;
    let cos_twice = 2.0 * cos_direction * cos_direction - 1.0;
    let direction =
        1.0 + upwind_term(speed_ms, x) * cos_direction + crosswind_term(speed_ms, x) * cos_twice;
    mean_term(speed_ms, x) * direction.max(0.0).powf(1.6)
}

/// B0: the level.
fn mean_term(v: f64, x: f64) -> f64 {
    let a0 = C[0] + x * (C[1] + x * (C[2] + x * C[3]));
    let a1 = C[4] + C[5] * x;
    let a2 = C[6] + C[7] * x;
    let gamma = C[8] + x * (C[9] + x * C[10]);
    let s0 = C[11] + C[12] * x;
    let s = a2 * v;
    let logistic = |s: f64| 1.0 / (1.0 + (-s).exp());
    let rise =
        if s >= s0 { logistic(s) } else { (s / s0).powf(s0 * (1.0 - logistic(s0))) * logistic(s0) };
    10_f64.powf(a0 + a1 * v) * rise.powf(gamma)
}

/// B1: upwind against downwind.
fn upwind_term(v: f64, x: f64) -> f64 {
    let turn = (4.0 * (x + C[15] + C[16] * v)).tanh();
    let numerator = C[13] * (1.0 + x) - C[14] * v * (0.5 + x - turn);
    numerator / (1.0 + (0.34 * (v - C[17])).exp())
}

/// B2: along the wind against across it.
fn crosswind_term(v: f64, x: f64) -> f64 {
    let (y0, n) = (C[18], C[19]);
    let v0 = C[20] + x * (C[21] + x * C[22]);
    let d1 = C[23] + x * (C[24] + x * C[25]);
    let d2 = C[26] + C[27] * x;
    let y = 1.0 + v / v0;
    let bent = if y >= y0 {
        y
    } else {
        let slope = 1.0 / (n * (y0 - 1.0).powf(n - 1.0));
        y0 - (y0 - 1.0) / n + slope * (y - 1.0).powf(n)
    };
    (d2 * bent - d1) * (-bent).exp()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Values of an independent program in another language, with the same published coefficients.
    #[test]
    fn reference_values() {
        for (speed_ms, direction_deg, incidence_deg, expected) in [
            (2.0, 0.0, 30.0, 1.509029681e-02),
            (5.0, 45.0, 25.0, 1.058596275e-01),
            (10.0, 0.0, 40.0, 5.073912450e-02),
            (10.0, 90.0, 40.0, 1.602638455e-02),
            (10.0, 180.0, 40.0, 4.247930242e-02),
            (15.0, 135.0, 32.0, 1.246693124e-01),
            (20.0, 0.0, 45.0, 1.176776262e-01),
            (25.0, 60.0, 46.0, 8.565330797e-02),
            (30.0, 180.0, 20.0, 1.552262696e+00),
            (35.0, 90.0, 38.0, 1.733191235e-01),
        ] {
            let cosine = f64::to_radians(direction_deg).cos();
            let found = cmod5n(speed_ms, cosine, incidence_deg);
            let case = (speed_ms, direction_deg, incidence_deg);
            assert!((found / expected - 1.0).abs() < 1e-8, "{case:?}: {found} {expected}");
        }
    }

    #[test]
    fn more_wind_is_brighter_and_across_the_wind_is_darker() {
        for incidence_deg in [20.0, 29.0, 38.0, 46.0] {
            let mean = |v: f64| mean_term(v, (incidence_deg - 40.0) / 25.0);
            for speed_ms in 1..25 {
                let speed_ms = f64::from(speed_ms);
                assert!(mean(speed_ms + 1.0) > mean(speed_ms), "{speed_ms} {incidence_deg}");
                let along = cmod5n(speed_ms, 1.0, incidence_deg);
                assert!(along > cmod5n(speed_ms, 0.0, incidence_deg), "{speed_ms}");
            }
        }
    }
}
