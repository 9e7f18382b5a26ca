//! Networks of a comparison, asked through the queue: each sample is a question beside those of visitors, who go
//! first.

use std::sync::Arc;
use std::thread::sleep;
use std::time::Duration;

use anyhow::{Context as _, bail};
use stormlens_data::archive::Sample;
use stormlens_data::card::{CheckpointCard, Hides, NowcastField};
use stormlens_data::field::Field;
use stormlens_data::outcome::Outcome;
use stormlens_data::request::{Cancelled, Request, Subject};
use tokio::runtime::Handle;

use super::runs::Run;
use crate::catalog::Catalog;
use crate::jobs::{JobState, Jobs, SubmitError};
use crate::parameters::QuestionError;
use crate::tasks::nowcast::Nowcasts;
use crate::tasks::nowcast::compare::choices;
use crate::tasks::nowcast::study::{Network, Plan};
use crate::web::{AppError, AppState};

/// Before a question is put again that found no room.
const PAUSE: Duration = Duration::from_millis(200);

/// A network and the queue that leads to it.
pub struct Asked {
    name: String,
    dataset: String,
    card: Arc<CheckpointCard>,
    hides_patches: bool,
    jobs: Jobs,
    runtime: Handle,
}

/// Refuses networks that there are not, or that forecast something else than rain.
pub fn check(plan: &Plan, catalog: &Catalog) -> Result<(), QuestionError> {
    let known: Vec<String> =
        choices(catalog, NowcastField::Precipitation).into_iter().map(|c| c.name).collect();
    match plan.networks().find(|name| known.iter().all(|other| other != name)) {
        Some(other) => Err(QuestionError::unknown("network", other, known)),
        None => Ok(()),
    }
}

/// The networks of a plan, in its order.
pub fn networks(plan: &Plan, state: &AppState, _: &Nowcasts) -> Result<Vec<Asked>, AppError> {
    let asked = |name: &str| {
        let (model, checkpoint) = name.split_once('/')?;
        let card = state.catalog.checkpoints(model).find(|card| card.name == checkpoint)?.clone();
        let hides_patches = state.catalog.model(model)?.hides() == Some(Hides::Patches);
        let (name, dataset) = (name.to_owned(), plan.dataset.clone());
        let (jobs, runtime) = (state.jobs.clone(), Handle::current());
        Some(Asked { name, dataset, card, hides_patches, jobs, runtime })
    };
    let gone = || AppError::Internal("a network has gone".to_owned());
    plan.networks().map(|name| asked(name).ok_or_else(gone)).collect()
}

impl Asked {
    /// The network as one of the compared forecasts, until the run is stopped.
    pub fn forecasts<'a>(&'a self, run: &'a Run) -> Network<'a> {
        Network {
            name: self.name.clone(),
            weights_sha256: self.card.weights_sha256.clone(),
            training_data: self.card.training_data.clone(),
            // Only weights with a task are among the choices.
            task: self.card.nowcasting.clone().expect("weights that take frames"),
            hides_patches: self.hides_patches,
            run: Box::new(move |sample| maps(&*self.answer(sample, run)?)),
        }
    }

    fn answer(&self, sample: &Sample, run: &Run) -> anyhow::Result<Arc<Outcome>> {
        let (model, checkpoint) = self.name.split_once('/').unwrap_or_default();
        let request = Request {
            model: model.to_owned(),
            checkpoint: checkpoint.to_owned(),
            subject: Subject::Nowcast {
                sample: format!("{}-{}", self.dataset, sample.id),
                mask: Default::default(),
                steps_mean: false,
            },
            explain: Vec::new(),
        };
        loop {
            if run.is_stopped() {
                return Err(Cancelled.into());
            }
            let id = match self.jobs.submit_to_count(request.clone()) {
                Ok(id) => id,
                Err(SubmitError::ShuttingDown) => bail!("the server is shutting down"),
                Err(_) => {
                    sleep(PAUSE);
                    continue;
                }
            };
            let Some(subscription) = self.jobs.subscribe(&id) else { continue };
            match self.runtime.block_on(subscription.finished()) {
                JobState::Done(outcome) => return Ok(outcome),
                JobState::Failed(crate::jobs::WorkerError::TooBusy(_)) => sleep(PAUSE),
                JobState::Failed(error) => bail!("{}: {error}", self.name),
                // Somebody stopped the same question on its own page.
                _ => sleep(PAUSE),
            }
        }
    }
}

/// The forecast of a result, a map for each lead time.
fn maps(outcome: &Outcome) -> anyhow::Result<Vec<Field>> {
    let forecast = outcome.variable("prediction").context("a result without a forecast")?;
    Ok((0..forecast.n_maps()).map(|index| forecast.map(index)).collect())
}
