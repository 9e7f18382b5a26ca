//! Linear equations of a symmetric, positive matrix (Cholesky's decomposition).

/// Solves A x = b. Only the lower triangle of `a`, row by row, is looked at; `None` where it is not positive.
pub(super) fn solve_positive(mut a: Vec<f64>, mut b: Vec<f64>) -> Option<Vec<f64>> {
    let n = b.len();
    for i in 0..n {
        for j in 0..=i {
            let sum: f64 = (0..j).map(|k| a[i * n + k] * a[j * n + k]).sum();
            let rest = a[i * n + j] - sum;
            a[i * n + j] = match i == j {
                true if rest > 1e-12 => rest.sqrt(),
                true => return None,
                false => rest / a[j * n + j],
            };
        }
    }
    for i in 0..n {
        let sum: f64 = (0..i).map(|k| a[i * n + k] * b[k]).sum();
        b[i] = (b[i] - sum) / a[i * n + i];
    }
    for i in (0..n).rev() {
        let sum: f64 = (i + 1..n).map(|k| a[k * n + i] * b[k]).sum();
        b[i] = (b[i] - sum) / a[i * n + i];
    }
    Some(b)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equations_are_solved() {
        let found = solve_positive(vec![4.0, 0.0, 2.0, 3.0], vec![10.0, 8.0]).unwrap();
        assert!((found[0] - 1.75).abs() < 1e-12 && (found[1] - 1.5).abs() < 1e-12, "{found:?}");
        assert_eq!(solve_positive(vec![1.0, 0.0, 1.0, 1.0], vec![1.0, 1.0]), None);
    }
}
