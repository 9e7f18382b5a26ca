//! Motion vectors at some places: those unlike their neighbours go, those near each other become one.

/// Sides of the squares in which vectors become one.
const CLUSTER_PX: f64 = 20.0;
/// Neighbours that a vector is compared with.
const N_NEIGHBOURS: usize = 30;
/// Mahalanobis distance from them from which on a vector is an outlier.
const MAX_DEVIATIONS: f64 = 3.0;

/// Motion at a place.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MotionVector {
    /// Column and row.
    pub x: f64,
    pub y: f64,
    /// Columns and rows a step.
    pub u: f64,
    pub v: f64,
}

impl MotionVector {
    pub(super) fn squared_distance(&self, x: f64, y: f64) -> f64 {
        (self.x - x).powi(2) + (self.y - y).powi(2)
    }
}

/// Without those that are more than three standard deviations, as Mahalanobis measures them, from the mean of their
/// nearest 30 others.
pub(super) fn without_outliers(vectors: &[MotionVector]) -> Vec<MotionVector> {
    let is_kept = |&i: &usize| {
        let distance = mahalanobis_squared(&vectors[i], &neighbours(vectors, i));
        distance.is_none_or(|d| d <= MAX_DEVIATIONS * MAX_DEVIATIONS)
    };
    (0..vectors.len()).filter(is_kept).map(|i| vectors[i]).collect()
}

fn neighbours(vectors: &[MotionVector], i: usize) -> Vec<MotionVector> {
    let MotionVector { x, y, .. } = vectors[i];
    let mut others: Vec<(f64, usize)> = (0..vectors.len())
        .filter(|&j| j != i)
        .map(|j| (vectors[j].squared_distance(x, y), j))
        .collect();
    if others.len() > N_NEIGHBOURS {
        others.select_nth_unstable_by(N_NEIGHBOURS - 1, |a, b| {
            a.0.total_cmp(&b.0).then(a.1.cmp(&b.1))
        });
        others.truncate(N_NEIGHBOURS);
    }
    others.into_iter().map(|(_, j)| vectors[j]).collect()
}

/// `None` where the neighbours do not spread in both directions.
fn mahalanobis_squared(vector: &MotionVector, others: &[MotionVector]) -> Option<f64> {
    let n = others.len() as f64;
    let mean = |of: fn(&MotionVector) -> f64| others.iter().map(of).sum::<f64>() / n;
    let (u, v) = (mean(|o| o.u), mean(|o| o.v));
    let covariance =
        |of: &dyn Fn(&MotionVector) -> f64| others.iter().map(of).sum::<f64>() / (n - 1.0);
    let uu = covariance(&|o| (o.u - u).powi(2));
    let uv = covariance(&|o| (o.u - u) * (o.v - v));
    let vv = covariance(&|o| (o.v - v).powi(2));
    let determinant = uu * vv - uv * uv;
    let (du, dv) = (vector.u - u, vector.v - v);
    let distance = (vv * du * du - 2.0 * uv * du * dv + uu * dv * dv) / determinant;
    (determinant > 0.0 && distance.is_finite()).then_some(distance)
}

/// One vector for each square of 20 pixels: medians of places and of motion.
pub(super) fn declustered(vectors: &[MotionVector]) -> Vec<MotionVector> {
    let square = |vector: &MotionVector| {
        ((vector.x / CLUSTER_PX).floor() as i64, (vector.y / CLUSTER_PX).floor() as i64)
    };
    let mut sorted = vectors.to_vec();
    sorted.sort_by_key(square);
    let clusters = sorted.chunk_by(|a, b| square(a) == square(b));
    let merge = |cluster: &[MotionVector]| MotionVector {
        x: median(cluster.iter().map(|vector| vector.x)),
        y: median(cluster.iter().map(|vector| vector.y)),
        u: median(cluster.iter().map(|vector| vector.u)),
        v: median(cluster.iter().map(|vector| vector.v)),
    };
    clusters.map(merge).collect()
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len().is_multiple_of(2) {
        true => 0.5 * (values[middle - 1] + values[middle]),
        false => values[middle],
    }
}
