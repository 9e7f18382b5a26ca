//! Whoever forecasts: networks, and what needs none.

use anyhow::{Context as _, bail};
use stormlens_data::archive::Sample;
use stormlens_data::card::Nowcasting;
use stormlens_data::field::Field;
use stormlens_data::forecast::{Forecaster, reference_forecasters};
use stormlens_data::network::Input;

use crate::tasks::nowcast::references::forecast;
use crate::tasks::nowcast::seen::is_anything_seen;

/// Forecasts of samples.
pub trait Forecasts {
    /// Name in tables, e.g. `persistence`, `sar-unet/germany-2018`.
    fn name(&self) -> &str;

    /// Name, and what else the forecasts depend on.
    fn identity(&self) -> String;

    /// How many of the last frames it looks at.
    fn n_frames(&self) -> usize;

    /// Whether enough was measured of them to forecast from.
    fn has_input(&self, sample: &Sample) -> bool;

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

    /// Each of the frames has to be known: motion is that from one to the next.
    fn has_input(&self, sample: &Sample) -> bool {
        let mut frames = sample.sequence.frames.iter().rev().take(self.0.n_frames());
        frames.all(|frame| frame.finite().next().is_some())
    }

    fn forecast(&self, sample: &Sample, lead_times_min: &[u32]) -> anyhow::Result<Vec<Field>> {
        forecast(self.0.as_ref(), sample, lead_times_min)
    }
}

/// The last frames of a sample as a network takes them, and which of their values a radar measured: of frames that somebody
/// else wants, the last are the network's.
pub fn input(sample: &Sample, n_frames: usize) -> (Input, Vec<bool>) {
    let grid = &sample.sequence.grid;
    let values = &sample.inputs_normalised;
    let first = values.len() - n_frames * grid.height * grid.width;
    let shape = [n_frames, grid.height, grid.width];
    let frames = &sample.sequence.frames;
    let last = frames[frames.len() - n_frames..].iter().flat_map(|frame| &frame.values);
    let known = last.map(|value| !value.is_nan()).collect();
    (Input { values: values[first..].to_vec(), shape }, known)
}

/// A network with weights.
pub struct Network<'a> {
    /// `MODEL/CHECKPOINT`
    pub name: String,
    pub weights_sha256: String,
    /// On which data they were trained, in words.
    pub training_data: String,
    pub task: Nowcasting,
    /// Whether it can do without patches of the frames, and does not see those of which too little was measured.
    pub hides_patches: bool,
    /// A map in the field's unit for each lead time of the task.
    pub run: Box<RunNetwork<'a>>,
}

/// The forecast of a sample.
pub type RunNetwork<'a> = dyn Fn(&Sample) -> anyhow::Result<Vec<Field>> + 'a;

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

    fn has_input(&self, sample: &Sample) -> bool {
        let (input, known) = input(sample, self.task.n_input_frames);
        is_anything_seen(self.hides_patches, &input, &known)
    }

    fn forecast(&self, sample: &Sample, lead_times_min: &[u32]) -> anyhow::Result<Vec<Field>> {
        let own = &self.task.lead_times_min;
        let place = |lead: &u32| {
            let place = own.iter().position(|other| other == lead);
            place.with_context(|| format!("{} does not forecast {lead} min ahead", self.name))
        };
        let places = lead_times_min.iter().map(place).collect::<anyhow::Result<Vec<usize>>>()?;
        let maps = (self.run)(sample)?;
        if maps.len() != own.len() {
            bail!("{} gives {} maps for {} lead times", self.name, maps.len(), own.len());
        }
        Ok(places.into_iter().map(|place| maps[place].clone()).collect())
    }
}
