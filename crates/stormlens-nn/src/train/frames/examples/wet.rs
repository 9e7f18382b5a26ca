//! Samples with enough rain.

use std::collections::BTreeSet;
use std::sync::Arc;

use stormlens_data::card::NowcastField;
use stormlens_data::dataset::DatasetError;

use super::{Example, Examples};
use crate::train::supervision::Block;

/// Rain from which a pixel is wet, mm/h; of cloud cover any cloud.
const WET: f32 = 0.1;

/// Samples of which those that train or validate are wet.
pub(super) struct WetExamples {
    all: Box<dyn Examples>,
    dry: BTreeSet<String>,
}

impl WetExamples {
    /// Reads the targets of all samples that train or validate.
    ///
    /// # Errors
    /// For a share outside 0 to 1, and for a sample that cannot be read.
    pub fn new(
        all: Box<dyn Examples>,
        field: NowcastField,
        least_share: f64,
    ) -> Result<Self, DatasetError> {
        if !(0.0..=1.0).contains(&least_share) {
            return Err(DatasetError::Options(format!(
                "wet_share_at_least is {least_share}; it is a share of pixels, from 0 to 1"
            )));
        }
        let mut dry = BTreeSet::new();
        for id in [Block::Train, Block::Validation].into_iter().flat_map(|block| all.ids(block)) {
            let share = wet_share(&all.target(&id)?, field);
            if share.is_none_or(|share| share < least_share) {
                dry.insert(id);
            }
        }
        Ok(Self { all, dry })
    }
}

/// Share of the known pixels that are wet; `None` where none is known.
fn wet_share(target: &[f32], field: NowcastField) -> Option<f64> {
    let known = target.iter().filter(|v| !v.is_nan());
    let (n_known, n_wet) = known.fold((0, 0), |(n_known, n_wet), &v| {
        (n_known + 1, n_wet + usize::from(field.to_physical(v) >= WET))
    });
    (n_known > 0).then(|| n_wet as f64 / f64::from(n_known))
}

impl Examples for WetExamples {
    fn ids(&self, block: Block) -> Vec<String> {
        self.all.ids(block).into_iter().filter(|id| !self.dry.contains(id)).collect()
    }

    fn read(&self, id: &str) -> Result<Arc<Example>, DatasetError> {
        self.all.read(id)
    }

    fn target(&self, id: &str) -> Result<Vec<f32>, DatasetError> {
        self.all.target(id)
    }

    fn event(&self, id: &str) -> Option<String> {
        self.all.event(id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of four pixels, sample `n` has n wet ones; the last pixel of sample 3 is not known.
    struct Rain;

    impl Examples for Rain {
        fn ids(&self, block: Block) -> Vec<String> {
            let n = if block == Block::Validation { 2 } else { 5 };
            (0..n).map(|i| format!("{block:?}/{i}")).collect()
        }

        fn read(&self, id: &str) -> Result<Arc<Example>, DatasetError> {
            let (_, n) = id.split_once('/').expect("our own name");
            let n: usize = n.parse().expect("our own name");
            let one_mm_h = (1.0 / NowcastField::Precipitation.factor()) as f32;
            let mut target = vec![0.05 * one_mm_h; 4];
            target[..n].fill(one_mm_h);
            if n == 3 {
                target[3] = f32::NAN;
            }
            Ok(Arc::new(Example { inputs: vec![0.0; 4], target, height: 2, width: 2 }))
        }
    }

    #[test]
    fn wet_samples_train_and_all_samples_test() {
        let ids = |share: f64, block: Block| {
            let open = WetExamples::new(Box::new(Rain), NowcastField::Precipitation, share);
            open.expect("a share").ids(block)
        };
        assert_eq!(ids(0.5, Block::Train), ["Train/2", "Train/3", "Train/4"]);
        assert_eq!(ids(1.0, Block::Train), ["Train/3", "Train/4"], "what is known of 3 is wet");
        assert_eq!(ids(0.25, Block::Validation), ["Validation/1"]);
        assert_eq!(ids(1.0, Block::Test).len(), 5);
        assert!(WetExamples::new(Box::new(Rain), NowcastField::Precipitation, 20.0).is_err());
    }

    #[test]
    fn of_nothing_known_there_is_no_share() {
        assert_eq!(wet_share(&[f32::NAN; 3], NowcastField::Precipitation), None);
        assert_eq!(wet_share(&[f32::NAN, 1.0, 0.0], NowcastField::CloudCover), Some(0.5));
    }
}
