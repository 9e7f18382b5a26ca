//! Structural similarity.

use std::sync::Arc;

use stormlens_kernels::similarity::Similarity;
use stormlens_kernels::{Level, Maps, Shape};

use super::{Needs, Operation, Pass};

/// The mean similarity of a batch of maps with others, as one number.
#[derive(Clone, Debug)]
pub(crate) struct SimilarityOperation {
    pub level: Level,
    pub measure: Similarity,
    pub others: Arc<[f32]>,
}

impl Operation for SimilarityOperation {
    /// The gradient of the maps.
    type Kept = Arc<[f32]>;

    const NEEDS: Needs = Needs::Nothing;

    fn forward(&self, maps: &[Maps]) -> (Shape, Vec<f32>, Arc<[f32]>) {
        let others = Maps::new(&self.others, maps[0].shape.dims());
        let found = self.measure.measure(self.level, maps[0], others);
        (Shape::new([1; 4]), vec![found.mean as f32], found.gradient.into())
    }

    fn backward(&self, pass: &Pass<Arc<[f32]>>, gradient: Maps) -> Vec<Option<Vec<f32>>> {
        let factor = gradient.values[0];
        vec![Some(pass.kept.iter().map(|v| v * factor).collect())]
    }
}
