//! How far a scene lies from the training scenes in what a network sees in it.
//!
//! The features are means over the plane of channels of early layers: later ones tell classes apart and little else, so
//! that pictures of any kind look alike to them. The distance is that of Mahalanobis, as Lee et al. (2018,
//! arXiv 1807.03888) use it in the layers of a network to find inputs of another kind than those of the training.

#[cfg(test)]
mod tests;

/// Training scenes for each feature, at least: a covariance of fewer says little.
const MIN_SCENES_PER_FEATURE: usize = 5;
/// Other scenes, at least.
const MIN_HELD_OUT: usize = 20;
/// What is added to the variances, as a share of their mean, so that none is zero.
const RIDGE: f64 = 1e-3;
/// The least standard deviation of a feature, as a share of the mean over all features: one that never varied in training
/// would make any difference infinite.
const MIN_STD: f64 = 0.01;
/// A scene is unlike the training scenes if this share of scenes that did not train lies nearer to them.
const LIMIT: f64 = 0.99;

/// Where the training scenes lie, and how far away scenes are that did not train.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct FeatureRange {
    pub n_train: usize,
    /// Of each feature over the training scenes.
    mean: Vec<f32>,
    std: Vec<f32>,
    /// Lower triangle of the Cholesky factor of the scaled features' covariance, row by row.
    factor: Vec<f64>,
    /// Distances of the scenes that did not train, ascending.
    held_out: Vec<f64>,
}

/// Where a scene lies.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FeatureDistance {
    /// About √n for a training scene, where there are n features.
    pub distance: f64,
    /// The distance that 99 % of the scenes that did not train stay below.
    pub limit: f64,
    pub n_train: usize,
    pub n_held_out: usize,
}

impl FeatureDistance {
    /// Whether the scene lies farther away than scenes of the training's kind do. What is no number is far.
    pub fn is_far(&self) -> bool {
        self.distance.is_nan() || self.distance > self.limit
    }
}

impl FeatureRange {
    /// From the features of training scenes and of others of their kind. `None` for too few of either, and for features that
    /// are no numbers or of different lengths.
    pub fn new(train: &[Vec<f32>], held_out: &[Vec<f32>]) -> Option<Self> {
        let n_features = train.first()?.len();
        let all = || train.iter().chain(held_out);
        let is_usable = all().all(|f| f.len() == n_features && f.iter().all(|v| v.is_finite()));
        if !is_usable || n_features == 0 || held_out.len() < MIN_HELD_OUT {
            return None;
        }
        if train.len() < MIN_SCENES_PER_FEATURE * n_features {
            return None;
        }
        let (mean, std) = moments(train);
        let mut range =
            Self { n_train: train.len(), mean, std, factor: Vec::new(), held_out: Vec::new() };
        let scaled: Vec<Vec<f64>> = train.iter().map(|features| range.scaled(features)).collect();
        range.factor = cholesky(&covariance(&scaled))?;
        range.held_out = held_out.iter().map(|features| range.length(features)).collect();
        range.held_out.sort_by(f64::total_cmp);
        Some(range)
    }

    /// How far a scene lies from the training scenes. `None` if these are not features of the same network.
    pub fn distance(&self, features: &[f32]) -> Option<FeatureDistance> {
        let n = self.mean.len();
        let is_whole = self.std.len() == n && self.factor.len() == n * (n + 1) / 2;
        (is_whole && n == features.len() && !self.held_out.is_empty()).then(|| FeatureDistance {
            distance: self.length(features),
            limit: self.held_out[(LIMIT * (self.held_out.len() - 1) as f64).round() as usize],
            n_train: self.n_train,
            n_held_out: self.held_out.len(),
        })
    }

    /// Features in standard deviations from their means.
    fn scaled(&self, features: &[f32]) -> Vec<f64> {
        let scaled = |((&value, &mean), &std): ((&f32, &f32), &f32)| {
            (f64::from(value) - f64::from(mean)) / f64::from(std)
        };
        features.iter().zip(&self.mean).zip(&self.std).map(scaled).collect()
    }

    /// √(s C⁻¹ s): with C = L Lᵀ the length of the solution of L y = s.
    fn length(&self, features: &[f32]) -> f64 {
        let mut solved: Vec<f64> = Vec::with_capacity(features.len());
        for (row, value) in self.scaled(features).into_iter().enumerate() {
            let factors = &self.factor[row * (row + 1) / 2..];
            let known: f64 = solved.iter().zip(factors).map(|(y, l)| y * l).sum();
            solved.push((value - known) / factors[row]);
        }
        solved.iter().map(|y| y * y).sum::<f64>().sqrt()
    }
}

/// Mean and standard deviation of each feature.
fn moments(scenes: &[Vec<f32>]) -> (Vec<f32>, Vec<f32>) {
    let n = scenes.len() as f64;
    let of_all = |value: &dyn Fn(usize, f64) -> f64| -> Vec<f64> {
        let mean = |i: usize| scenes.iter().map(|s| value(i, f64::from(s[i]))).sum::<f64>() / n;
        (0..scenes[0].len()).map(mean).collect()
    };
    let mean = of_all(&|_, value| value);
    let std: Vec<f64> =
        of_all(&|i, value| (value - mean[i]).powi(2)).into_iter().map(f64::sqrt).collect();
    let floor =
        (MIN_STD * std.iter().sum::<f64>() / std.len() as f64).max(f64::from(f32::MIN_POSITIVE));
    let single = |values: Vec<f64>| values.into_iter().map(|value| value as f32).collect();
    (single(mean), single(std.into_iter().map(|std| std.max(floor)).collect()))
}

/// Of features whose means are zero, with a ridge.
fn covariance(scaled: &[Vec<f64>]) -> Vec<Vec<f64>> {
    let n_features = scaled[0].len();
    let product =
        |a: usize, b: usize| scaled.iter().map(|x| x[a] * x[b]).sum::<f64>() / scaled.len() as f64;
    let row = |a: usize| (0..n_features).map(|b| product(a, b)).collect();
    let mut covariance: Vec<Vec<f64>> = (0..n_features).map(row).collect();
    let trace: f64 = (0..n_features).map(|a| covariance[a][a]).sum();
    (0..n_features).for_each(|a| covariance[a][a] += RIDGE * trace / n_features as f64);
    covariance
}

/// The lower triangle L of A = L Lᵀ, row by row; `None` if A is not positive definite.
fn cholesky(a: &[Vec<f64>]) -> Option<Vec<f64>> {
    let mut rows: Vec<Vec<f64>> = Vec::with_capacity(a.len());
    for (i, of_a) in a.iter().enumerate() {
        let mut row: Vec<f64> = Vec::with_capacity(i + 1);
        for (j, above) in rows.iter().enumerate() {
            let known: f64 = row.iter().zip(above).map(|(x, y)| x * y).sum();
            row.push((of_a[j] - known) / above[j]);
        }
        let rest = of_a[i] - row.iter().map(|x| x * x).sum::<f64>();
        if rest.is_nan() || rest <= 0.0 {
            return None;
        }
        row.push(rest.sqrt());
        rows.push(row);
    }
    Some(rows.concat())
}
