//! What a trained network makes of the scenes of its training: the measure of how familiar another scene is.

use burn::tensor::Device;
use rayon::prelude::*;
use stormlens_data::scene::FeatureRange;

use super::SceneSupervision;
use super::pictures::Pictures;
use crate::layers::fold;
use crate::models::HostTensors;
use crate::parameters::Mode;
use crate::registry::ModelEntry;
use crate::train::TrainError;
use crate::{Parameters, Tap};

impl SceneSupervision {
    /// Where the training scenes lie in the features of the network, and how far from them the scenes for validation,
    /// none of them augmented. `None` if there are too few scenes.
    ///
    /// # Errors
    /// For a scene that has become unreadable.
    pub fn feature_range(
        &self,
        entry: &ModelEntry,
        tensors: HostTensors,
        device: &Device,
    ) -> Result<Option<FeatureRange>, TrainError> {
        let parameters = Parameters::from_host(fold(tensors, entry.norm), device);
        let of = |pictures: &Pictures| self.features(pictures, entry, &parameters, device);
        Ok(FeatureRange::new(&of(&self.train)?, &of(&self.validation)?))
    }

    fn features(
        &self,
        pictures: &Pictures,
        entry: &ModelEntry,
        parameters: &Parameters,
        device: &Device,
    ) -> Result<Vec<Vec<f32>>, TrainError> {
        let all: Vec<usize> = (0..pictures.files.len()).collect();
        let mut features = Vec::with_capacity(all.len());
        for picks in all.chunks(self.batch_size) {
            let crop = |&i: &usize| Ok(pictures.read(i)?.crop(self.crop_px));
            let crops = picks.par_iter().map(crop).collect::<Result<Vec<_>, TrainError>>()?;
            let (input, _) = self.batch(crops, self.labels(pictures, picks)).into_tensor(device);
            let said =
                entry.network.forward(parameters, input, &mut Tap::off(), &Mode::inference());
            let found = said.features();
            features.extend(found.chunks_exact(found.len() / picks.len()).map(<[f32]>::to_vec));
        }
        Ok(features)
    }
}
