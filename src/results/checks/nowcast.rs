//! The shapes of a nowcast.

use stormlens_data::archive::Sample;
use stormlens_data::card::ModelCard;
use stormlens_data::outcome::{
    Forecast, GradCam, IntegratedGradients, LayerMap, NowcastOutcome, Target,
};
use stormlens_data::request::NowcastRequest;

use super::{Unfit, are_layers, ensure, is_map, is_of};

/// Checks a nowcast against the question, the network's card and the sample as it lies there now.
pub(super) fn check(
    outcome: &NowcastOutcome,
    request: &NowcastRequest,
    card: &ModelCard,
    sample: &Sample,
) -> Result<(), Unfit> {
    ensure(outcome.request == *request, Unfit::Question)?;
    ensure(outcome.provenance.data_sha256 == sample.data_sha256, Unfit::Data)?;
    forecast(&outcome.forecast, sample)?;
    let has_cam = request.grad_cam && !card.layers.is_empty();
    ensure(outcome.grad_cam.is_some() == has_cam, Unfit::Shape("Grad-CAM"))?;
    let has_gradients = outcome.integrated_gradients.is_some();
    let gradients_part = Unfit::Shape("integrated gradients");
    ensure(has_gradients == request.ig_steps.is_some(), gradients_part)?;
    let explained = Explained { request, card, sample };
    outcome.grad_cam.as_ref().map_or(Ok(()), |cam| explained.grad_cam(cam))?;
    outcome.integrated_gradients.as_ref().map_or(Ok(()), |found| explained.gradients(found))
}

fn size(sample: &Sample) -> [usize; 2] {
    [sample.sequence.grid.height, sample.sequence.grid.width]
}

/// Maps lie on the sample's grid, at its times.
fn forecast(forecast: &Forecast, sample: &Sample) -> Result<(), Unfit> {
    let (sequence, size) = (&sample.sequence, size(sample));
    ensure(forecast.grid == sequence.grid, Unfit::Shape("the grid"))?;
    let inputs = &forecast.inputs_mm_h;
    let are_all = !inputs.is_empty() && inputs.len() == sequence.frames.len();
    let fit = inputs.iter().all(|input| is_of(input, size));
    ensure(are_all && fit, Unfit::Shape("the input"))?;
    ensure(is_of(&forecast.prediction_mm_h, size), Unfit::Shape("the prediction"))?;
    let observation = forecast.observation_mm_h.as_ref();
    let is_complete = observation.is_some() == sample.observation_mm_h.is_some();
    let fits = observation.is_none_or(|observation| is_of(observation, size));
    ensure(is_complete && fits, Unfit::Shape("the observation"))?;
    let lead_time_min =
        sequence.times.last().map(|last| (sample.valid_time - *last).total(jiff::Unit::Minute));
    let times_fit = forecast.input_times == sequence.times
        && forecast.valid_time == sample.valid_time
        && lead_time_min.and_then(Result::ok) == Some(f64::from(forecast.lead_time_min));
    ensure(times_fit, Unfit::Shape("the time axis"))
}

/// What explanations of a sample must look like.
struct Explained<'a> {
    request: &'a NowcastRequest,
    card: &'a ModelCard,
    sample: &'a Sample,
}

impl Explained<'_> {
    fn target(&self, target: &Target) -> Result<(), Unfit> {
        ensure(target.threshold_mm_h == self.request.threshold_mm_h, Unfit::Question)?;
        let mask = &target.mask;
        let mask_fits = is_of(mask, size(self.sample)) && target.n_pixels <= mask.values.len();
        ensure(mask_fits, Unfit::Shape("the target"))
    }

    fn grad_cam(&self, cam: &GradCam) -> Result<(), Unfit> {
        self.target(&cam.target)?;
        let names = cam.layers.iter().map(|map| map.layer.as_str());
        ensure(are_layers(names, self.card), Unfit::Shape("Grad-CAM"))?;
        let fits = |map: &LayerMap| is_map(&map.raw) && is_of(&map.cam, size(self.sample));
        ensure(cam.layers.iter().all(fits), Unfit::Shape("a layer's map"))
    }

    fn gradients(&self, gradients: &IntegratedGradients) -> Result<(), Unfit> {
        self.target(&gradients.target)?;
        ensure(Some(gradients.n_steps) == self.request.ig_steps, Unfit::Question)?;
        let n_frames = self.sample.sequence.frames.len();
        let are_all =
            gradients.frames.len() == n_frames && gradients.frame_sums_mm_h.len() == n_frames;
        let fit = gradients.frames.iter().all(|frame| is_of(frame, size(self.sample)));
        ensure(are_all && fit, Unfit::Shape("the frames' attribution"))
    }
}
