//! Whoever forecasts: networks, and what needs none.

use anyhow::Context as _;
use stormlens_data::archive::Sample;
use stormlens_data::card::Nowcasting;
use stormlens_data::field::Field;
use stormlens_data::forecast::{Forecaster, reference_forecasters};
use stormlens_data::network::Input;

use crate::cli::compare::RunNetwork;
use crate::tasks::nowcast::references::forecast;

/// Forecasts of samples.
pub trait Forecasts {
    /// Name in tables, e.g. `persistence`, `sar-unet/germany-2018`.
    fn name(&self) -> &str;

    /// Name, and what else the forecasts depend on.
    fn identity(&self) -> String;

    /// How many of the last frames it looks at.
    fn n_frames(&self) -> usize;

    /// A map for each lead time, in the field's unit; NaN where nothing can be known.
    ///
    /// # Errors
    /// Where it cannot forecast from these frames.
    fn forecast(&self, sample: &Sample, lead_times_min: &[u32]) -> anyhow::Result<Vec<Field>>;
}

/// A forecast without a network.
pub struct Reference(pub Box<dyn Forecaster>);

/// All of them, simplest first.
pub fn references() -> impl Iterator<Item = Reference> {
    reference_forecasters().into_iter().map(Reference)
}

impl Forecasts for Reference {
    fn name(&self) -> &str {
        self.0.name()
    }

    fn identity(&self) -> String {
        self.0.name().to_owned()
    }

    fn n_frames(&self) -> usize {
        // The step between frames is that of the last two.
        self.0.n_frames().max(2)
    }

    fn forecast(&self, sample: &Sample, lead_times_min: &[u32]) -> anyhow::Result<Vec<Field>> {
        forecast(self.0.as_ref(), sample, lead_times_min)
    }
}

/// A network with weights.
pub struct Network<'a> {
    pub name: String,
    pub weights_sha256: String,
    pub task: Nowcasting,
    pub run: Box<RunNetwork<'a>>,
}

impl Forecasts for Network<'_> {
    fn name(&self) -> &str {
        &self.name
    }

    fn identity(&self) -> String {
        format!("{} {}", self.name, self.weights_sha256)
    }

    fn n_frames(&self) -> usize {
        self.task.n_input_frames
    }

    fn forecast(&self, sample: &Sample, lead_times_min: &[u32]) -> anyhow::Result<Vec<Field>> {
        let grid = &sample.sequence.grid;
        let n_pixels = grid.height * grid.width;
        let n_values = self.task.n_input_frames * n_pixels;
        let values = &sample.inputs_normalised;
        // Of frames that somebody else wants, the last are the network's.
        let values = values[values.len() - n_values..].to_vec();
        let shape = [self.task.n_input_frames, grid.height, grid.width];
        let answer = (self.run)(&Input { values, shape })?;
        let map = |lead: &u32| {
            let place = self.task.lead_times_min.iter().position(|own| own == lead);
            let place = place
                .with_context(|| format!("{} does not forecast {lead} min ahead", self.name))?;
            let own = &answer.prediction[place * n_pixels..][..n_pixels];
            let values = own.iter().map(|&x| self.task.field.to_physical(x)).collect();
            Ok(Field::new(grid.height, grid.width, values))
        };
        lead_times_min.iter().map(map).collect()
    }
}
