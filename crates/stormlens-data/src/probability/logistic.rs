//! Logistic regression: the strongest simple rival of a network that is given the same predictors.

mod solve;

use self::solve::solve_positive;

/// ln(p / (1 − p)) = intercept + Σ weight · (predictor − mean) / standard deviation.
#[derive(Clone, Debug, PartialEq)]
pub struct Logistic {
    /// Intercept first, then a weight a predictor.
    weights: Vec<f64>,
    means: Vec<f64>,
    deviations: Vec<f64>,
    pub n_cases: usize,
    pub n_events: usize,
}

/// Penalty on half the square of each weight but the intercept: as much as one case in thousands tells, and enough to keep
/// weights finite where predictors part events from others without a mistake.
const RIDGE: f64 = 1.0;
const MAX_STEPS: usize = 100;
/// Steps end when no weight changes by more.
const TOLERANCE: f64 = 1e-9;

impl Logistic {
    /// Fits by Newton's method (iteratively reweighted least squares), with half steps where the likelihood would fall.
    ///
    /// # Errors
    /// In words: for no or unequal cases, missing predictors, and outcomes that are all alike.
    pub fn fit(predictors: &[Vec<f64>], occurred: &[bool]) -> Result<Self, String> {
        let (n_cases, n_events) = (occurred.len(), occurred.iter().filter(|&&o| o).count());
        let n_predictors = predictors.first().map_or(0, Vec::len);
        let is_whole =
            |case: &Vec<f64>| case.len() == n_predictors && case.iter().all(|x| x.is_finite());
        if predictors.len() != n_cases || !predictors.iter().all(is_whole) {
            return Err(
                "a logistic regression needs the same predictors of every case, none missing"
                    .to_owned(),
            );
        }
        if n_events == 0 || n_events == n_cases {
            return Err(format!(
                "{n_events} of {n_cases} cases are events: nothing can be told apart"
            ));
        }
        let (means, deviations) = moments(predictors, n_predictors);
        let mut fitted =
            Self { weights: vec![0.0; n_predictors + 1], means, deviations, n_cases, n_events };
        let rows: Vec<Vec<f64>> = predictors.iter().map(|case| fitted.row(case)).collect();
        let mut objective = fitted.objective(&rows, occurred);
        for _ in 0..MAX_STEPS {
            let step = fitted.newton_step(&rows, occurred)?;
            let mut share = 1.0;
            loop {
                let weights =
                    fitted.weights.iter().zip(&step).map(|(w, s)| w + share * s).collect();
                let next = Self { weights, ..fitted.clone() };
                let value = next.objective(&rows, occurred);
                if value >= objective || share < 1e-6 {
                    (fitted, objective) = (next, value.max(objective));
                    break;
                }
                share /= 2.0;
            }
            if step.iter().all(|s| (share * s).abs() < TOLERANCE) {
                return Ok(fitted);
            }
        }
        Err(format!("the logistic regression has not settled after {MAX_STEPS} steps"))
    }

    /// The probability of the event.
    ///
    /// # Panics
    /// For another number of predictors.
    pub fn probability(&self, predictors: &[f64]) -> f64 {
        assert_eq!(predictors.len(), self.means.len(), "the predictors that it was fitted to");
        logistic(dot(&self.weights, &self.row(predictors)))
    }

    /// Intercept and weights of the standardised predictors.
    pub fn weights(&self) -> &[f64] {
        &self.weights
    }

    /// 1, then the standardised predictors; a predictor that never changes counts nothing.
    fn row(&self, predictors: &[f64]) -> Vec<f64> {
        let standardised = predictors.iter().zip(self.means.iter().zip(&self.deviations));
        let standardised = standardised.map(|(x, (mean, deviation))| match *deviation > 0.0 {
            true => (x - mean) / deviation,
            false => 0.0,
        });
        std::iter::once(1.0).chain(standardised).collect()
    }

    /// The logarithm of the likelihood, minus the penalty.
    fn objective(&self, rows: &[Vec<f64>], occurred: &[bool]) -> f64 {
        let case = |(row, &occurred): (&Vec<f64>, &bool)| {
            let odds = dot(&self.weights, row);
            let signed = if occurred { -odds } else { odds };
            // ln(1 + eˣ) without overflow.
            -(signed.max(0.0) + (-signed.abs()).exp().ln_1p())
        };
        let likelihood: f64 = rows.iter().zip(occurred).map(case).sum();
        likelihood - RIDGE / 2.0 * self.weights[1..].iter().map(|w| w * w).sum::<f64>()
    }

    fn newton_step(&self, rows: &[Vec<f64>], occurred: &[bool]) -> Result<Vec<f64>, String> {
        let n = self.weights.len();
        let (mut gradient, mut curvature) = (vec![0.0; n], vec![0.0; n * n]);
        for (row, &occurred) in rows.iter().zip(occurred) {
            let p = logistic(dot(&self.weights, row));
            let error = f64::from(u8::from(occurred)) - p;
            let weight = p * (1.0 - p);
            for i in 0..n {
                gradient[i] += error * row[i];
                for j in 0..=i {
                    curvature[i * n + j] += weight * row[i] * row[j];
                }
            }
        }
        for i in 1..n {
            gradient[i] -= RIDGE * self.weights[i];
            curvature[i * n + i] += RIDGE;
        }
        solve_positive(curvature, gradient)
            .ok_or_else(|| "the predictors depend on each other".to_owned())
    }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn logistic(odds: f64) -> f64 {
    1.0 / (1.0 + (-odds).exp())
}

fn moments(predictors: &[Vec<f64>], n_predictors: usize) -> (Vec<f64>, Vec<f64>) {
    let n = predictors.len() as f64;
    let mean = |of: &dyn Fn(&Vec<f64>) -> f64| predictors.iter().map(of).sum::<f64>() / n;
    let means: Vec<f64> = (0..n_predictors).map(|i| mean(&|case| case[i])).collect();
    let deviation = |i: usize| mean(&|case| (case[i] - means[i]).powi(2)).sqrt();
    let deviations = (0..n_predictors).map(deviation).collect();
    (means, deviations)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulate::Random;

    /// Cases drawn from a known law.
    fn cases(n: usize) -> (Vec<Vec<f64>>, Vec<bool>) {
        let mut random = Random::new(3);
        let case = |random: &mut Random| {
            let x = vec![10.0 + 2.0 * random.normal(), random.normal(), 5.0];
            let odds = -1.0 + 0.8 * (x[0] - 10.0) / 2.0 - 1.5 * x[1];
            let occurred = random.chance(logistic(odds));
            (x, occurred)
        };
        (0..n).map(|_| case(&mut random)).unzip()
    }

    /// Weights are known to about 2.5 / √n for such data: 0.06 are four standard errors of 30,000 cases.
    #[test]
    fn a_known_law_is_found() {
        let (predictors, occurred) = cases(30_000);
        let fitted = Logistic::fit(&predictors, &occurred).unwrap();
        for (found, expected) in fitted.weights().iter().zip([-1.0, 0.8, -1.5, 0.0]) {
            assert!((found - expected).abs() < 0.06, "{:?}", fitted.weights());
        }
        // At the optimum the mean of the probabilities is the share of events.
        let mean =
            predictors.iter().map(|x| fitted.probability(x)).sum::<f64>() / occurred.len() as f64;
        assert!((mean - fitted.n_events as f64 / fitted.n_cases as f64).abs() < 1e-9, "{mean}");
    }

    #[test]
    fn the_gradient_vanishes_where_it_ends() {
        let (predictors, occurred) = cases(500);
        let fitted = Logistic::fit(&predictors, &occurred).unwrap();
        let rows: Vec<Vec<f64>> = predictors.iter().map(|case| fitted.row(case)).collect();
        let best = fitted.objective(&rows, &occurred);
        for i in 0..fitted.weights.len() {
            for change in [-1e-3, 1e-3] {
                let mut moved = fitted.clone();
                moved.weights[i] += change;
                assert!(moved.objective(&rows, &occurred) <= best, "{i}");
            }
        }
    }

    #[test]
    fn what_parts_perfectly_keeps_finite_weights() {
        let predictors: Vec<Vec<f64>> = (0..20).map(|i| vec![f64::from(i)]).collect();
        let occurred: Vec<bool> = (0..20).map(|i| i >= 10).collect();
        let fitted = Logistic::fit(&predictors, &occurred).unwrap();
        assert!(fitted.weights().iter().all(|w| w.abs() < 10.0));
        assert!(fitted.probability(&[0.0]) < 0.05 && fitted.probability(&[19.0]) > 0.95);
    }

    #[test]
    fn what_cannot_be_fitted_is_refused() {
        assert!(
            Logistic::fit(&[vec![1.0]], &[true]).unwrap_err().contains("1 of 1 cases are events")
        );
        assert!(Logistic::fit(&[], &[]).is_err());
        assert!(
            Logistic::fit(&[vec![1.0], vec![f64::NAN]], &[true, false])
                .unwrap_err()
                .contains("none missing")
        );
        assert!(Logistic::fit(&[vec![1.0], vec![]], &[true, false]).is_err());
    }
}
